"""The fiscal day's keeper: the shift is open before sales begin, closed at a quiet hour, never amid a payment.

Whatever forbids a receipt stops sales before money moves, and lets them go on by itself (drive.md#what-stops-it).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from drivers.errors import DeviceError, DeviceRefused, pause_word
from drivers.fiscal.port import FiscalOffice, FiscalStatus, Paper, ShiftTotals
from kiosk.clock import Clock
from kiosk.domain.events import ShiftClosedEvent, ShiftOpenedEvent
from kiosk.domain.fiscal.fiscal_day import Closing, FiscalDay
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import SHIFT_CLOSING
from kiosk.flows.fiscal.day import DayClose
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.documents import DocumentDelivery, OfdView
from kiosk.flows.fiscal.readiness import (
    WATCHED,
    Difference,
    Expected,
    clock_is_wrong,
    registration_differences,
    unsent_alarm,
    warnings_of,
    why_stopped,
)
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import device_faults, outbox
from kiosk.store.fiscal import reports, shifts
from kiosk.store.payment import payments
from kiosk.store.staff import troubles
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_REGISTRATION_AGAIN = timedelta(minutes=1)
_CLOSED = "shift_closed"
SWAPPED, MISMATCH = "drive_swapped", "registration_mismatch"


class FiscalRules(msgspec.Struct, frozen=True):
    """Of a registrar, by its name: its day, and what is asked of it. `rates`: those a receipt may carry from a day
    on."""

    day: Callable[[str], FiscalDay]
    expected: Callable[[str], Expected]
    rates: Callable[[datetime], frozenset[str]]
    zone: ZoneInfo


class ShiftKeeper:
    """One loop: poll, mend what can be mended, say in `readiness` why nothing can be sold."""

    def __init__(
        self,
        database: Database,
        desk: RegistrarDesk,
        clock: Clock,
        readiness: Readiness,
        *,
        day_close: DayClose,
        delivery: DocumentDelivery,
        rules: FiscalRules,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = database
        self._desk = desk
        self._day_close = day_close
        self._delivery = delivery
        self._rules = rules
        self._readiness = readiness
        self._clock = clock
        self._examined: tuple[str, datetime, list[Difference]] | None = None  # drive, when, mismatches
        self.held_closed = False
        self.hand = asyncio.Lock()  # one hand on the shift at a time: the loop's or a technician's
        self.status: FiscalStatus | None = None
        self.warnings: dict[str, str] = {}

    @property
    def _day(self) -> FiscalDay:
        return self._rules.day(self._desk.active)

    async def run(self) -> None:
        while True:
            try:
                async with self.hand:
                    await self.look()
            except DeviceError as error:
                self.status = None
                await self._tell(f"fiscal_{pause_word(error)}", str(error))
                raise
            await self._clock.sleep(self._periods.registrar_s)

    async def look(self) -> FiscalStatus:
        """One round. A look at a registrar that needs no hand takes no turn: it delays no receipt by more than one of
        its questions. Raises `DeviceError`."""
        status = await self._desk.status()
        if await self._needs_a_hand(status):
            return await self._attend()
        self._readiness.set("shift", None)
        await self._conclude(status, why_stopped(status, self._clock.now(), self._rules.zone), "")
        return status

    async def _needs_a_hand(self, status: FiscalStatus) -> bool:
        sound = status.shift_open and not status.document_open and status.paper is not Paper.OUT
        sound = sound and await self._is_recorded(status)
        known = self._examined is not None and self._examined[0] == status.drive_number and not self._examined[2]
        return not (sound and known) or await self._closing(status) is not Closing.NOT_YET

    async def _is_recorded(self, status: FiscalStatus) -> bool:
        """Not one that somebody opened at the device while it was out of sight."""
        return await self._db.poll(shifts.read_opened, status.drive_number, status.shift) is not None

    async def _attend(self) -> FiscalStatus:
        """In the registrar's turn: whose drive it is, then what can be mended."""
        async with self._desk.turn() as registrar:
            status = await registrar.status()
            reason, detail = await self._why_not_ours(registrar, status)
            if reason is None:
                status = await self._mend(registrar, status)
                reason = why_stopped(status, self._clock.now(), self._rules.zone)
            if reason == _CLOSED and not self.held_closed and not self._day.wants_open(self._clock.now()):
                reason = None  # nothing is sold at this hour: the doors say so
        await self._conclude(status, reason, detail)
        return status

    async def _conclude(self, status: FiscalStatus, reason: str | None, detail: str) -> None:
        self.status = status
        await self._warn(status)
        await self._tell(None if reason is None else f"fiscal_{reason}", detail)

    async def _why_not_ours(self, registrar: FiscalOffice, status: FiscalStatus) -> tuple[str | None, str]:
        """A drive nobody put in, or one that is registered for something else: nothing is opened or sold on it."""
        drives = await self._db.read(reports.known_drives)
        if not drives:
            await self.adopt_drive(status.drive_number, "kiosk", "the first one")
        elif status.drive_number not in drives:
            return SWAPPED, f"{status.drive_number} was never put in"
        mismatches = await self._registration(registrar, status.drive_number)
        return (MISMATCH, "; ".join(map(str, mismatches))) if mismatches else (None, "")

    async def adopt_drive(self, drive_number: str, actor: str, reason: str) -> None:
        now = self._clock.now()
        await self._db.write(reports.adopt_drive, drive_number, actor, reason, now)

    async def _registration(self, registrar: FiscalOffice, drive_number: str) -> list[Difference]:
        """Compared once for a drive, again each minute while it does not fit."""
        now, known = self._clock.now(), self._examined
        if known is None or known[0] != drive_number or (known[2] and now - known[1] > _REGISTRATION_AGAIN):
            expected = self._rules.expected(self._desk.active)
            mismatches = registration_differences(await registrar.registration(), expected, self._rules.rates(now))
            for mismatch in mismatches:
                _log.error("registration_differs", field=mismatch.field, ours=mismatch.ours, device=mismatch.device)
            self._examined = known = (drive_number, now, mismatches)
        return known[2]

    async def is_fit(self, name: str) -> bool:
        """Whether a registrar that is not in use is registered for what we sell. Raises `DeviceError`."""
        async with self._desk.at(name) as registrar:
            told = await registrar.registration()
        return not registration_differences(told, self._rules.expected(name), self._rules.rates(self._clock.now()))

    async def _mend(self, registrar: FiscalOffice, status: FiscalStatus) -> FiscalStatus:
        """What needs no person: a stale document, a print waiting for paper, a clock, a shift to close or open."""
        if status.document_open and not await self._receipt_under_way():
            _log.warning("stale_document_cancelled")
            await registrar.cancel_open_document()
            status = await registrar.status()
        if status.paper is Paper.OUT:
            await registrar.resume_printing()
            status = await registrar.status()
        if status.shift_open:
            status = await self._close_in_time(registrar, status)
        await self._catch_up(registrar, status)
        if not status.shift_open:
            self._readiness.set("shift", None)
            status = await self._set_clock(registrar, status)
        now = self._clock.now()
        if status.shift_open:
            await self._record_open(status)
        elif not self.held_closed and self._day.wants_open(now) and self._can_open(status, now):
            status = await self.open(registrar)
        return status

    def _can_open(self, status: FiscalStatus, now: datetime) -> bool:
        sound = status.blocked is None and status.paper is not Paper.OUT
        return sound and not clock_is_wrong(status, now, self._rules.zone)

    async def _close_in_time(self, registrar: FiscalOffice, status: FiscalStatus) -> FiscalStatus:
        """By schedule and before 24 h: payments are let end first; at the last moment it is closed whatever happens.
        A clock far off is set once the shift is closed, for which a quiet moment is taken too."""
        closing = await self._closing(status)
        self._readiness.set("shift", None if closing is Closing.NOT_YET else SHIFT_CLOSING)
        if closing is Closing.NOT_YET or (closing is Closing.DUE and await self.payment_under_way()):
            return status
        return await self.close(registrar, "kiosk")

    async def _closing(self, status: FiscalStatus) -> Closing:
        now = self._clock.now()
        opened_at = await self._db.poll(shifts.read_opened, status.drive_number, status.shift)
        closing = Closing.NOT_YET if opened_at is None else self._day.closing(opened_at, now)
        if status.shift_expired:
            return Closing.NOW
        if closing is Closing.NOT_YET and clock_is_wrong(status, now, self._rules.zone):
            return Closing.DUE
        return closing

    async def _set_clock(self, registrar: FiscalOffice, status: FiscalStatus) -> FiscalStatus:
        """Only with the shift closed; a device that refuses leaves it to a person (the reason says so)."""
        now, zone = self._clock.now(), self._rules.zone
        if not clock_is_wrong(status, now, zone):
            return status
        _log.warning("fiscal_clock_set", device_time=str(status.device_time))
        try:
            await registrar.set_time(now.astimezone(zone).replace(tzinfo=None))
        except DeviceRefused as error:
            _log.error("fiscal_clock_refused", error=str(error))
        return await registrar.status()

    async def _receipt_under_way(self) -> bool:
        return any(row.step in ("charged", "printing") for row in await self._db.read(payments.unfinished))

    async def payment_under_way(self) -> bool:
        """A payment that goes on to its receipt. The day's close is not held by one that waits: for a silent bank or
        registrar, for a guest who has yet to come to the till, for a person, or for nothing but its money."""
        return await self._db.read(_is_one_under_way)

    async def open(self, registrar: FiscalOffice) -> FiscalStatus:
        """With `hand`, in the registrar's turn. Raises `DeviceError`."""
        report = await registrar.open_shift()
        status = await registrar.status()  # verified: what the drive says counts
        _log.info("shift_opened", shift=report.shift)
        await self._record_open(status)
        return status

    async def _record_open(self, status: FiscalStatus) -> None:
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if shifts.record_open(tx, status.drive_number, status.shift, now):
                outbox.put(tx, ShiftOpenedEvent(shift=status.shift, fiscal_drive_number=status.drive_number), now)

        await self._db.write(run)

    async def close(self, registrar: FiscalOffice, actor: str) -> FiscalStatus:
        """Z report, kept with what the other books say; with `hand`, in the registrar's turn. Raises `DeviceError`."""
        before = await registrar.status()
        totals = await self._totals_anyhow(registrar)
        await registrar.close_shift()
        totals = totals or await self._totals_anyhow(registrar)
        await self._record_closed(before.drive_number, before.shift, totals, actor)
        return await registrar.status()

    async def _record_closed(self, drive_number: str, shift: int, totals: ShiftTotals | None, actor: str) -> None:
        _log.info("shift_closed", shift=shift)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            if shifts.record_close(tx, drive_number, shift, now):
                outbox.put(tx, ShiftClosedEvent(shift=shift, fiscal_drive_number=drive_number), now)

        await self._db.write(run)
        await self._day_close.keep_z(drive_number, shift, totals, actor)

    async def _catch_up(self, registrar: FiscalOffice, status: FiscalStatus) -> None:
        """A shift that was closed by a process that died, or at the device: its Z report is kept now. The registrar
        still reports the totals of the last one."""
        owed = await self._db.read(reports.unreported_shifts, status.drive_number)
        for row in owed:
            if row.shift < status.shift or not status.shift_open:
                last = row.shift == status.shift
                totals = await self._totals(registrar) if last else None
                await self._record_closed(row.drive_number, row.shift, totals, "kiosk")

    async def _totals_anyhow(self, registrar: FiscalOffice) -> ShiftTotals | None:
        """Nothing about totals keeps a shift from being closed in time; a silent device refuses that by itself."""
        try:
            return await self._totals(registrar)
        except DeviceError as error:
            _log.error("totals_not_told", error=str(error))
        return None

    async def _totals(self, registrar: FiscalOffice) -> ShiftTotals | None:
        """None where the device does not report: the day is closed all the same."""
        try:
            return await registrar.totals()
        except DeviceRefused as error:
            _log.error("totals_refused", error=str(error))
        return None

    async def _warn(self, status: FiscalStatus) -> None:
        now = self._clock.now()
        wrong = self._tell_of_ofd(status, now)
        found = {**warnings_of(status, now, self._rules.zone), **({"fiscal_ofd": wrong} if wrong else {})}
        words = {device: word for device, word in found.items() if word is not None}
        if words == self.warnings:
            return
        self.warnings = words
        _log.warning("fiscal_warnings", **words)
        detail = f"{self.ofd(status).own}, drive valid until {status.drive_valid_until}"

        def run(tx: Tx) -> None:
            for device in WATCHED:
                device_faults.record(tx, device, found[device], detail, now)

        await self._db.write(run)

    def _tell_of_ofd(self, status: FiscalStatus, now: datetime) -> str | None:
        """A check of its own that blocks nothing; the word of a contradiction between settings and register."""
        wrong = self._delivery.way(self._desk.active).wrong
        word = wrong or unsent_alarm(status, now, self._rules.zone)
        reason = None if word is None else f"ofd_{word}"
        self._readiness.set("ofd", reason, blocks=False, detail=self.ofd(status).own)
        return wrong

    def ofd(self, status: FiscalStatus) -> OfdView:
        return self._delivery.view(self._desk.active, status, self._rules.zone)

    async def _tell(self, reason: str | None, detail: str) -> None:
        if self._readiness.set("fiscal", reason, detail=detail):
            _log.info("fiscal_readiness", reason=reason, detail=detail)
            now = self._clock.now()
            await self._db.write(device_faults.record, "fiscal", reason, detail, now)


def _is_one_under_way(reader: Reader) -> bool:
    aside = troubles.read_set_aside(reader)
    return any(row.nears_its_receipt and f"pay:{row.payment_id}" not in aside for row in payments.unfinished(reader))
