"""What the drive reports about documents on their way to the operator of fiscal data: FF30–FF3F (drive.md#exchange)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers.fiscal.fields import Fields, moment_or_none, some_moment, uint

_TICKET_SIGN = 18


@dataclass(frozen=True, slots=True)
class OfdStatus:
    """FF39."""

    state: int
    reading: int
    queue: int
    first_document: int
    first_at: datetime | None

    def encode(self) -> bytes:
        head = bytes((self.state, self.reading)) + uint(self.queue, 2) + uint(self.first_document, 4)
        return head + some_moment(self.first_at)

    @classmethod
    def parse(cls, data: bytes) -> OfdStatus:
        f = Fields(data)
        return cls(f.uint(1), f.uint(1), f.uint(2), f.uint(4), moment_or_none(f.take(5)))


@dataclass(frozen=True, slots=True)
class OfdBuffer:
    """FF30: bytes of the message for the operator, 0 where none waits, and how many FF31 hands out at once."""

    size: int
    block: int

    def encode(self) -> bytes:
        return uint(self.size, 2) + uint(self.block, 1)

    @classmethod
    def parse(cls, data: bytes) -> OfdBuffer:
        f = Fields(data)
        return cls(f.uint(2), f.uint(1))


@dataclass(frozen=True, slots=True)
class BlockSize:
    """FF32: how many bytes FF33 takes at once."""

    block: int

    def encode(self) -> bytes:
        return uint(self.block, 1)

    @classmethod
    def parse(cls, data: bytes) -> BlockSize:
        return cls(Fields(data).uint(1))


@dataclass(frozen=True, slots=True)
class KeptTicket:
    """FF3C: the operator's ticket as the drive keeps it: time, the operator's sign, number of the document."""

    at: datetime | None
    sign: bytes
    number: int

    def encode(self) -> bytes:
        return some_moment(self.at) + self.sign.ljust(_TICKET_SIGN, b"\0") + uint(self.number, 4)

    @classmethod
    def parse(cls, data: bytes) -> KeptTicket:
        f = Fields(data)
        return cls(moment_or_none(f.take(5)), f.take(_TICKET_SIGN), f.uint(4))


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """FF3F."""

    count: int

    def encode(self) -> bytes:
        return uint(self.count, 2)

    @classmethod
    def parse(cls, data: bytes) -> Unacknowledged:
        return cls(Fields(data).uint(2))
