"""Where a receipt that the books have lost may stand: in the drive of any registrar, in use or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from drivers.errors import DeviceError, DeviceUnreachable, ForeignState
from drivers.fiscal.port import FiscalCounter, FiscalDocument, FiscalIntent, FiscalRegistrar, FiscalSwitch, Operation
from kiosk.store import backups
from kiosk.store.database import Database

_log = structlog.get_logger()
_DOCUMENTS = 2000
_IN_USE = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class SearchedDrive:
    """`since`: the drive as the books knew it last; it has come to `last_document` meanwhile."""

    registrar: FiscalRegistrar
    since: FiscalCounter
    last_document: int

    async def receipt(self, order_id: str, total_kopecks: int, since: datetime) -> FiscalDocument | None:
        """The sale's receipt, or the correction that made up for it. Raises `DeviceError`."""
        intent = FiscalIntent(self.since, Operation.SALE, order_id, total_kopecks, since)
        for asked in (intent, replace(intent, correction=True)):
            try:
                document = await self.registrar.find_receipt(asked)
            except ForeignState:  # receipts of other orders, none of this one
                continue
            if document is not None:
                return document
        return None

    async def sales(self) -> set[int]:
        """Raises `DeviceError`."""
        found: set[int] = set()
        for number in range(max(self.since.last_document + 1, self.last_document - _DOCUMENTS), self.last_document + 1):
            document = await self.registrar.read_document(number)
            if document is not None and document.operation is Operation.SALE:
                found.add(number)
        return found


@dataclass(frozen=True, slots=True)
class Search:
    """`drives`: of the registrars that answer, the one in use first; `silent`: registrars that do not, and why;
    `missing`: drives that were in use lately and are in no registrar that answers, the latest first."""

    drives: Sequence[SearchedDrive]
    silent: Sequence[tuple[str, DeviceError]]
    missing: Sequence[str]

    async def receipt(
        self, order_id: str, total_kopecks: int, since: datetime, but: str | None = None
    ) -> tuple[SearchedDrive, FiscalDocument] | None:
        """Where it stands, `but` in that drive. Raises `DeviceError` also where a registrar that is silent may have
        it."""
        for drive in self.drives:
            if drive.since.drive_number == but:
                continue
            document = await drive.receipt(order_id, total_kopecks, since)
            if document is not None:
                return drive, document
        for name, error in self.silent:
            raise DeviceUnreachable(f"registrar {name}", error.code, str(error))
        return None


class SearchingDrives:
    def __init__(self, database: Database, registrar: FiscalSwitch) -> None:
        self._db = database
        self._registrar = registrar

    async def begin(self, since: datetime, zone: ZoneInfo) -> Search:
        """Ask each configured registrar for its drive. Raises `DeviceError` of the one in use: a spare that is silent
        matters only where something is not found without it."""
        active = self._registrar.active
        drives: dict[str, SearchedDrive] = {}
        silent: list[tuple[str, DeviceError]] = []
        for name in (active, *(name for name in self._registrar.names if name != active)):
            try:
                drive = await self._drive(self._registrar.at(name), since, zone)
            except DeviceError as error:
                if name == active:
                    raise
                _log.warning("registrar_not_searched", registrar=name, error=str(error))
                silent.append((name, error))
                continue
            drives.setdefault(drive.since.drive_number, drive)
        used = await self._db.read(backups.drives_in_use, since - _IN_USE)
        missing = [] if silent else [number for number in used if number not in drives]
        return Search(list(drives.values()), silent, missing)

    async def _drive(self, registrar: FiscalRegistrar, since: datetime, zone: ZoneInfo) -> SearchedDrive:
        counter = await registrar.counter()
        known = await self._db.read(backups.last_document, counter.drive_number)
        if known is None:
            local = since.astimezone(zone).replace(tzinfo=None)
            known = await _before(registrar, counter.last_document, local)
        return SearchedDrive(
            registrar, FiscalCounter(counter.drive_number, known, counter.shift), counter.last_document
        )


async def _before(registrar: FiscalRegistrar, last: int, moment: datetime) -> int:
    """Of a drive that the books do not know: the last receipt before `moment`, its local time."""
    furthest = max(0, last - _DOCUMENTS)
    for number in range(last, furthest, -1):
        document = await registrar.read_document(number)
        if document is not None and document.issued_at < moment:
            return number
    return furthest
