"""What the kiosk asks of the way to a webhook endpoint: one delivery, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drivers.errors import DeviceError

__all__ = ["DeviceError"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The endpoint's answer; `retry_after_s` where it asked for a pause."""

    status: int
    retry_after_s: float | None = None

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


class WebhookSender(Protocol):
    async def deliver(self, url: str, headers: dict[str, str], body: bytes) -> Delivery:
        """`DeviceError` when there was no answer: deliver again with the same id."""

    async def close(self) -> None: ...
