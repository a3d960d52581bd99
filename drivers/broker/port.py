"""What the kiosk asks of a broker: keep one record, and say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """`key`: records with the same one stay in order; `headers` say what it is without reading `value`."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, str], ...]


class Broker(Protocol):
    async def publish(self, record: Record) -> None:
        """Returns once every in-sync replica has it. `OutcomeUnknown` otherwise: publish the same record again."""

    async def close(self) -> None: ...
