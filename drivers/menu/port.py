"""What the kiosk asks of the place its menu may come from: the menu, unless it is the same still, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drivers.errors import DeviceError

__all__ = ["DeviceError"]


@dataclass(frozen=True, slots=True)
class MenuAnswer:
    """As it came, believed by nobody yet: the members of a signature by Standard Webhooks, over `identity`, `timestamp`
    and `body`. `etag`: names this very answer."""

    body: bytes
    identity: str
    timestamp: str
    signatures: str
    etag: str


class MenuSource(Protocol):
    async def menu(self, etag: str) -> MenuAnswer | None:
        """None where what is there is still what `etag` names. Raises `DeviceError`: nothing came."""

    async def picture(self, place: str) -> bytes:
        """By its path at the same place. Raises `DeviceError`."""

    async def close(self) -> None: ...
