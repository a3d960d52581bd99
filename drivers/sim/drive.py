"""The simulated fiscal drive (ФН): numbered documents that never change, the shift, the queue for the tax operator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from drivers.fiscal.ffd.drive import (
    CORRECTION,
    RECEIPT,
    REGISTRATION,
    SHIFT_CLOSE_REPORT,
    SHIFT_OPEN_REPORT,
    DriveStatus,
    FoundDocument,
)
from drivers.fiscal.ffd.exchange import OfdStatus
from drivers.fiscal.ffd.tlv import DATE_TIME, DOCUMENT_NUMBER, OPERATION, SHIFT_NUMBER, TOTAL, Tlv
from drivers.fiscal.fields import CodecError, moment_bytes
from drivers.sim.ofd.container import Ticket
from drivers.sim.world import Change, World

INN = "7700000000"
ADDRESS, PLACE = "г. Москва, ул. Примерная, д. 1", "Киоск самообслуживания"
REGISTRATION_NUMBER = "0000000001012345"
TAX_SYSTEMS = 0x01 | 0x02 | 0x04 | 0x10 | 0x20
CURRENT_SHIFT_OPEN, CURRENT_RECEIPT, CURRENT_SHIFT_CLOSE, CURRENT_CORRECTION = 0x02, 0x04, 0x08, 0x14
CURRENT_SETTLEMENT_REPORT = 0x17
ARCHIVE_90_PERCENT = 0x04
_SHIFT_LIMIT = timedelta(hours=24)
_OFD_WARN, _OFD_LIMIT = timedelta(days=5), timedelta(days=30)  # without a ticket: the sign 1053, the block
OFD_SILENT = 0x08  # a warning of FF01
_FIRST_DOCUMENT = 1


@dataclass(frozen=True, slots=True)
class Document:
    """One record of the archive. `at` is the drive's local time to the second."""

    number: int
    kind: int
    at: datetime
    sign: int
    shift: int
    operation: int = 0
    total_kopecks: int = 0
    tlvs: tuple[Tlv, ...] = ()
    receipt: int = 0  # its ordinal within the shift

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "kind": self.kind,
            "at": self.at.isoformat(),
            "sign": self.sign,
            "shift": self.shift,
            "operation": self.operation,
            "total_kopecks": self.total_kopecks,
            "tlvs": [[tlv.tag, tlv.value.hex()] for tlv in self.tlvs],
            "receipt": self.receipt,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Document:
        tlvs = tuple(Tlv(tag, bytes.fromhex(value)) for tag, value in raw["tlvs"])
        return cls(**{**raw, "at": datetime.fromisoformat(raw["at"]), "tlvs": tlvs})

    def found(self, *, acknowledged: bool) -> FoundDocument:
        rest = b""
        if self.kind == REGISTRATION:
            rest = INN.ljust(12).encode() + REGISTRATION_NUMBER.ljust(20).encode() + bytes((TAX_SYSTEMS, 0))
        return FoundDocument(
            kind=self.kind,
            ticket=int(acknowledged),
            issued_at=self.at.replace(second=0, microsecond=0),
            number=self.number,
            sign=self.sign,
            operation=self.operation,
            total_kopecks=self.total_kopecks,
            shift=self.shift,
            rest=rest,
        )

    def requisites(self) -> tuple[Tlv, ...]:
        """As FF3B hands them out."""
        stamp = int((self.at - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - local, as the drive has it
        numbers = [Tlv(DOCUMENT_NUMBER, self.number.to_bytes(4, "little")), Tlv(DATE_TIME, stamp.to_bytes(4, "little"))]
        if self.shift:
            numbers.append(Tlv(SHIFT_NUMBER, self.shift.to_bytes(4, "little")))
        if self.kind in (RECEIPT, CORRECTION):
            numbers.append(Tlv(OPERATION, bytes((self.operation,))))
            numbers.append(Tlv(TOTAL, self.total_kopecks.to_bytes(5, "little").rstrip(b"\0")))
        return (*numbers, *self.tlvs)


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """The operator's, as the drive keeps it: its local time."""

    at: datetime
    sign: bytes


@dataclass(slots=True)
class DriveState:
    """What the drive keeps besides the archive."""

    serial: str
    last_document: int = 0
    shift: int = 0
    shift_open: bool = False
    shift_opened_at: str | None = None
    receipt: int = 0
    current_document: int = 0
    shift_totals: dict[str, int] = field(default_factory=dict)
    shift_counts: dict[str, int] = field(default_factory=dict)  # of receipts, by operation
    shift_payments: dict[str, int] = field(default_factory=dict)  # by "operation:kind of payment", 0 is cash
    sent: int = 0  # the last document whose ticket somebody brought


class FiscalDrive:
    """Non-volatile: every change goes to the world's memory before it is visible.

    `by_host` says who carries documents to the operator: the register itself, then tickets come after `ofd_delay_s`;
    or the host, then a document is sent when its ticket was taken.
    """

    def __init__(
        self,
        world: World,
        *,
        serial: str,
        now: Callable[[], datetime],
        ofd_delay_s: float,
        registration: Sequence[Tlv] = (),
        by_host: Callable[[], bool] = lambda: False,
    ) -> None:
        self._world = world
        self._now = now
        self._by_host = by_host
        self._ofd_delay = timedelta(seconds=ofd_delay_s)
        stored = world.get("drive")
        self.state = DriveState(**stored) if stored else DriveState(serial)
        if self.state.last_document < _FIRST_DOCUMENT:
            with world.change() as change:
                self.register(change, REGISTRATION, tlvs=registration)

    @property
    def last_document_at(self) -> datetime | None:
        document = self.document(self.state.last_document)
        return None if document is None else document.at.replace(second=0, microsecond=0)

    def shift_age(self) -> timedelta:
        opened = self.state.shift_opened_at
        if not self.state.shift_open or opened is None:
            return timedelta()
        return self._now() - datetime.fromisoformat(opened)

    def expired(self, early: timedelta = timedelta()) -> bool:
        return self.state.shift_open and self.shift_age() >= _SHIFT_LIMIT - early

    def document(self, number: int) -> Document | None:
        raw = self._world.get(f"document:{number:08d}")
        return None if raw is None else Document.from_json(raw)

    def acknowledged(self, document: Document) -> bool:
        """The tax operator's ticket comes a little later."""
        if document.number <= self.state.sent:
            return True
        return not self._by_host() and self._now() - document.at >= self._ofd_delay

    def remember_sent(self, change: Change) -> None:
        """Before the way changes: what has its ticket keeps it."""
        waiting = self.first_unsent()
        self.state.sent = self.state.last_document if waiting is None else waiting.number - 1
        self.save(change)

    def take_ticket(self, change: Change, message: bytes) -> None:
        """Raises `CodecError` where it is not the ticket of the oldest unsent document of this drive."""
        ticket, waiting = Ticket.parse(message), self.first_unsent()
        if waiting is None or (ticket.drive_number, ticket.number) != (self.state.serial, waiting.number):
            raise CodecError("the ticket of another document")
        self.state.sent = ticket.number
        at = self._now().replace(second=0, microsecond=0).isoformat()
        change.put(f"ticket:{ticket.number:08d}", {"at": at, "sign": ticket.sign.hex()})
        self.save(change)

    def ticket(self, document: Document) -> OwnTicket | None:
        if not self.acknowledged(document):
            return None
        kept = self._world.get(f"ticket:{document.number:08d}")
        if kept is None:  # the register's own network brought it
            return OwnTicket((document.at + self._ofd_delay).replace(second=0, microsecond=0), b"")
        return OwnTicket(datetime.fromisoformat(kept["at"]), bytes.fromhex(kept["sign"]))

    def waits_for_ofd(self) -> timedelta:
        """The age of the oldest unsent document."""
        waiting = self.first_unsent()
        return timedelta() if waiting is None else self._now() - waiting.at

    @property
    def ofd_expired(self) -> bool:
        """Thirty days without a ticket: nothing more is registered until one comes."""
        return self.waits_for_ofd() >= _OFD_LIMIT

    @property
    def ofd_warning(self) -> int:
        return OFD_SILENT if self.waits_for_ofd() >= _OFD_WARN else 0

    def status(self, *, warnings: int) -> DriveStatus:
        return DriveStatus(
            life=0x03,
            current_document=self.state.current_document,
            has_data=int(self.state.current_document != 0),
            shift_open=self.state.shift_open,
            warnings=warnings,
            last_document_at=self.last_document_at,
            serial=self.state.serial,
            last_document=self.state.last_document,
        )

    def first_unsent(self) -> Document | None:
        if self._by_host():
            return self.document(self.state.sent + 1)
        return next(iter(self.unsent()), None)

    def unsent(self) -> list[Document]:
        """Oldest first."""
        found: list[Document] = []
        for number in range(self.state.last_document, 0, -1):
            document = self.document(number)
            if document is None or self.acknowledged(document):
                break
            found.insert(0, document)
        return found

    def ofd(self) -> OfdStatus:
        queue = self.unsent()
        if not queue:
            return OfdStatus(0, 0, 0, 0, None)
        return OfdStatus(0x02, 0, len(queue), queue[0].number, queue[0].at)

    def begin(self, change: Change, current_document: int) -> None:
        self.state.current_document = current_document
        self.save(change)

    def cancel(self, change: Change) -> None:
        self.begin(change, 0)

    def open_shift(self, change: Change, tlvs: Sequence[Tlv] = ()) -> Document:
        self.state.shift += 1
        self.state.shift_open = True
        self.state.shift_opened_at = self._now().isoformat()
        self.state.receipt = 0
        self.state.shift_totals = {}
        self.state.shift_counts = {}
        self.state.shift_payments = {}
        document = self.register(change, SHIFT_OPEN_REPORT, tlvs=tlvs)
        self._report(change, "shift_opened", document)
        return document

    def close_shift(self, change: Change, tlvs: Sequence[Tlv] = ()) -> Document:
        self.state.shift_open = False
        document = self.register(change, SHIFT_CLOSE_REPORT, tlvs=tlvs)
        self._report(change, "shift_closed", document)
        return document

    def register(
        self,
        change: Change,
        kind: int,
        *,
        operation: int = 0,
        total_kopecks: int = 0,
        cash_kopecks: int = 0,
        tlvs: Sequence[Tlv] = (),
    ) -> Document:
        """Write the next document; the caller adds its effect to the same change."""
        state = self.state
        number, at = state.last_document + 1, self._now().replace(microsecond=0)
        sign = self._sign(number, kind, at, total_kopecks)
        ordinal = state.receipt + 1 if kind in (RECEIPT, CORRECTION) else 0
        document = Document(number, kind, at, sign, state.shift, operation, total_kopecks, tuple(tlvs), ordinal)
        state.last_document = number
        state.current_document = 0
        if kind in (RECEIPT, CORRECTION):
            state.receipt = ordinal
            key = str(operation)
            state.shift_totals[key] = state.shift_totals.get(key, 0) + total_kopecks
        if kind == RECEIPT:
            state.shift_counts[key] = state.shift_counts.get(key, 0) + 1
            for payment, kopecks in enumerate((cash_kopecks, total_kopecks - cash_kopecks)):
                name = f"{key}:{payment}"
                state.shift_payments[name] = state.shift_payments.get(name, 0) + kopecks
        change.put(f"document:{number:08d}", document.to_json())
        self.save(change)
        return document

    def save(self, change: Change) -> None:
        state = self.state
        change.put("drive", {name: getattr(state, name) for name in DriveState.__slots__})

    def _report(self, change: Change, effect: str, document: Document) -> None:
        change.effect(
            effect,
            fiscal_document_number=document.number,
            total_kopecks=sum(self.state.shift_totals.values()),
            order_id=None,
            shift=document.shift,
            fiscal_sign=document.sign,
            drive_number=self.state.serial,
        )

    def _sign(self, number: int, kind: int, at: datetime, total_kopecks: int) -> int:
        source = f"{self.state.serial}:{number}:{kind}:{total_kopecks}".encode() + moment_bytes(at)
        return int.from_bytes(hashlib.sha256(source).digest()[:4], "little")
