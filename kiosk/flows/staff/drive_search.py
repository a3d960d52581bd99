"""Where a receipt that the books have lost may be: in the drive of any registrar, in use or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from drivers.errors import DeviceError, DeviceUnreachable, ForeignState
from drivers.fiscal.port import FiscalCounter, FiscalDocument, FiscalIntent, FiscalRegistrar, Operation
from kiosk.store.database import Database
from kiosk.store.keep import backups

_log = structlog.get_logger()
_DOCUMENTS = 2000
_IN_USE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that may be in some drive. `corrections`: whether it is one, the likelier first."""

    operation: Operation
    order_id: str
    total_kopecks: int
    corrections: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class SearchedDrive:
    """`since`: the drive as the books knew it last; `documents`: what it has registered meanwhile."""

    registrar: FiscalRegistrar
    since: FiscalCounter
    last_document: int
    documents: tuple[FiscalDocument, ...]

    @property
    def is_whole(self) -> bool:
        """All of them were read."""
        return self.last_document - self.since.last_document <= _DOCUMENTS

    async def find(self, wanted: Wanted, moment: datetime, taken: Set[tuple[str, int]]) -> FiscalDocument | None:
        """The first that is this order's and none of those `taken`. Raises `DeviceError`."""
        asked = FiscalIntent(self.since, wanted.operation, wanted.order_id, wanted.total_kopecks, moment)
        numbers = frozenset(document.number for document in self.documents)
        for correction in wanted.corrections:
            alike = (wanted.operation, wanted.total_kopecks, correction)
            for document in self.documents:
                told = (document.operation, document.total_kopecks, document.correction)
                if told != alike or (document.drive_number, document.number) in taken:
                    continue
                others = numbers - {document.number}
                try:
                    found = await self.registrar.find_receipt(replace(asked, correction=correction, others=others))
                except ForeignState:  # another order's
                    continue
                if found is not None:
                    return found
        return None


@dataclass(frozen=True, slots=True)
class Search:
    """`drives`: of the registrars that answer, the one in use first; `silent`: registrars that do not, and why;
    `missing`: drives that were in use lately and are in no registrar that answers, the latest first, and those that
    have too much behind them to be read; `taken`: found already, so that each document stands for one claim."""

    since: datetime
    drives: Sequence[SearchedDrive]
    silent: Sequence[tuple[str, DeviceError]]
    missing: Sequence[str]
    taken: set[tuple[str, int]] = field(default_factory=set)

    async def find(self, wanted: Wanted) -> tuple[SearchedDrive, FiscalDocument] | None:
        """The document that was found. Raises `DeviceError` also where a registrar that is silent may have it."""
        for drive in self.drives:
            document = await drive.find(wanted, self.since, self.taken)
            if document is not None:
                self.taken.add((document.drive_number, document.number))
                return drive, document
        for name, error in self.silent:
            raise DeviceUnreachable(f"registrar {name}", error.code, str(error))
        return None


class DriveSearch:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def begin(self, registrars: Mapping[str, FiscalRegistrar], since: datetime, zone: ZoneInfo) -> Search:
        """Ask each of `registrars` for its drive. Raises `DeviceError` of the first, the one in use: a spare that is
        silent matters only where something is not found without it."""
        active = next(iter(registrars))
        drives: dict[str, SearchedDrive] = {}
        silent: list[tuple[str, DeviceError]] = []
        for name, registrar in registrars.items():
            try:
                drive = await self._drive(registrar, since, zone)
            except DeviceError as error:
                if name == active:
                    raise
                _log.warning("registrar_not_searched", registrar=name, error=str(error))
                silent.append((name, error))
                continue
            drives.setdefault(drive.since.drive_number, drive)
        used = await self._db.read(backups.drives_in_use, since - _IN_USE)
        missing = [] if silent else [number for number in used if number not in drives]
        missing += [number for number, drive in drives.items() if not drive.is_whole]
        return Search(since, list(drives.values()), silent, missing)

    async def _drive(self, registrar: FiscalRegistrar, since: datetime, zone: ZoneInfo) -> SearchedDrive:
        counter = await registrar.counter()
        known = await self._db.read(backups.last_document, counter.drive_number)
        if known is None:
            local = since.astimezone(zone).replace(tzinfo=None)
            known = await _before(registrar, counter.last_document, local)
        documents = await _documents(registrar, known, counter.last_document)
        began = FiscalCounter(counter.drive_number, known, counter.shift)
        return SearchedDrive(registrar, began, counter.last_document, documents)


async def _documents(registrar: FiscalRegistrar, known: int, last: int) -> tuple[FiscalDocument, ...]:
    numbers = range(max(known, last - _DOCUMENTS) + 1, last + 1)
    read = [await registrar.read_document(number) for number in numbers]
    return tuple(document for document in read if document is not None)


async def _before(registrar: FiscalRegistrar, last: int, moment: datetime) -> int:
    """Of a drive that the books do not know: the last receipt before `moment`, its local time."""
    furthest = max(0, last - _DOCUMENTS)
    for number in range(last, furthest, -1):
        document = await registrar.read_document(number)
        if document is not None and document.issued_at < moment:
            return number
    return furthest
