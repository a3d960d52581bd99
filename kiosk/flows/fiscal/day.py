"""The day's close: the Z report is kept with what bank, receipts and points say of the same shift.

Every difference is named, looked at again, and then shown to a person (seed 6, drive.md#what-stops-it)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from datetime import timedelta

import msgspec
import structlog

from drivers.bank.port import Acquirer
from drivers.errors import DeviceError
from drivers.fiscal.port import OperationTotals, ShiftTotals
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.fiscal import reports
from kiosk.store.fiscal.reports import BookLine, Money
from kiosk.store.staff import troubles
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_TRIES = 3
_LISTED = 60
_SHIFT = timedelta(hours=25)
_DEVICE, _FINDING = "fiscal_day", "day_difference"


class Counted(msgspec.Struct, frozen=True):
    count: int
    sum_kopecks: int


class KeptReportView(msgspec.Struct, frozen=True):
    fiscal_drive_number: str
    shift: int
    at: str
    actor: str
    differences: int


class KeptReportsView(msgspec.Struct, frozen=True):
    """Z reports, the newest first."""

    reports: list[KeptReportView]


Told = tuple[Counted, Counted]  # the registrar's sales and refunds


class ShiftReportView(msgspec.Struct, frozen=True):
    """A kept X or Z report: the registrar's totals (where it did not report them, the books' own), our books by method,
    rate and dish, and the differences. `bank_asked`: not yet, right after a shift is closed."""

    kind: str
    fiscal_drive_number: str
    shift: int
    at: str
    sales: Counted
    refunds: Counted
    methods: list[BookLine]
    rates: list[BookLine]
    dishes: list[BookLine]
    bonus_spent: int
    differences: list[str]
    text: str
    registrar_told: bool = True
    bank_asked: bool = True

    @property
    def told(self) -> Told | None:
        return (self.sales, self.refunds) if self.registrar_told else None


class DayClose:
    """A Z report is kept at once by registrar and books, then compared with the bank's list, which may be long in
    coming; one with differences is compared again before somebody is called."""

    def __init__(
        self, database: Database, bank: Acquirer, clock: Clock, periods: Periods = USUAL, *, listed: Collection[str]
    ) -> None:
        """`listed`: the ways to pay whose payments are in the bank's list."""
        self._listed = listed
        self._periods = periods
        self._db = database
        self._bank = bank
        self._clock = clock
        self._open: dict[tuple[str, int], int] = {}  # drive and shift of what is not compared or named: how often asked
        self._owed = asyncio.Event()
        self._asking = asyncio.Lock()

    async def keep_z(self, drive_number: str, shift: int, totals: ShiftTotals | None, actor: str) -> None:
        """Asks no device. `totals` None: the registrar reported none."""
        told = None if totals is None else _told(totals)
        await self._store(await self._compare("z", drive_number, shift, told, ask_bank=False), actor)
        self._open[(drive_number, shift)] = 0
        self._owed.set()

    async def keep_x(self, drive_number: str, totals: ShiftTotals, actor: str) -> ShiftReportView:
        report = await self._compare("x", drive_number, totals.shift, _told(totals))
        await self._store(report, actor)
        return report

    async def run(self) -> None:
        """Runs until cancelled: differences of a closed shift are looked at again; what stays is named to a person."""
        unnamed = await self._db.read(reports.unnamed_differences, self._clock.now() - _SHIFT - _SHIFT)
        self._open |= {(row.drive_number, row.shift): 0 for row in unnamed}  # a process before this one left them
        while True:
            await self.ask_bank()
            if await self._is_woken(self._periods.shift_difference_s if self._open else self._periods.shift_report_s):
                continue
            async with self._asking:
                for drive_number, shift in list(self._open):
                    await self._look_again(drive_number, shift)
            await self._recover()

    async def _is_woken(self, within_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                return await self._owed.wait()
        return False

    async def ask_bank(self) -> None:
        """Compare with the bank's list what was kept without it; as long as the bank takes."""
        async with self._asking:
            self._owed.clear()
            for drive_number, shift in [key for key, tries in self._open.items() if not tries]:
                await self._look_again(drive_number, shift)

    async def _look_again(self, drive_number: str, shift: int) -> None:
        row = await self._db.read(reports.read_report, drive_number, shift)
        if row is None:  # forgotten meanwhile, with everything of its day
            del self._open[(drive_number, shift)]
            return
        known = msgspec.json.decode(row.body, type=ShiftReportView)
        report = await self._compare("z", drive_number, shift, known.told)
        await self._store(report, row.actor)
        tries = self._open[(drive_number, shift)] + 1
        if report.differences and tries < _TRIES:
            self._open[(drive_number, shift)] = tries
            return
        if report.differences:
            await self._alarm(report)
        del self._open[(drive_number, shift)]

    async def _recover(self) -> None:
        """The alarm ends when a person has accepted the last difference."""
        over = await self._db.read(reports.differences_are_over, _DEVICE, _FINDING)
        if over:
            now = self._clock.now()
            await self._db.write(device_faults.record, _DEVICE, None, "", now)

    async def _alarm(self, report: ShiftReportView) -> None:
        now = self._clock.now()

        def run(tx: Tx) -> None:
            for number, difference in enumerate(report.differences, 1):
                subject = f"{report.fiscal_drive_number} {report.shift} {number}"
                troubles.add_finding(tx, _FINDING, subject, difference, now)
            device_faults.record(tx, _DEVICE, _FINDING, "; ".join(report.differences)[:500], now)

        await self._db.write(run)

    async def _compare(
        self, kind: str, drive_number: str, shift: int, told: Told | None, *, ask_bank: bool = True
    ) -> ShiftReportView:
        ours = await self._db.read(reports.read_shift, drive_number, shift)
        documents = {row.name: row for row in ours.documents}
        books = _booked(documents.get("sale")), _booked(documents.get("refund"))
        sales, refunds = told or books
        differences = [
            *([] if told else ["registrar: told no totals of the shift"]),
            *_against_books("sales", sales, books[0]),
            *_against_books("refunds", refunds, books[1]),
            *(await self._against_bank([row for row in ours.money if row.method in self._listed]) if ask_bank else []),
            *_against_points(ours.money, ours.points_spent),
        ]
        now = self._clock.now()
        methods = _by_method(ours.money)
        report = ShiftReportView(
            kind, drive_number, shift, rfc3339(now), sales, refunds, methods, ours.rates, ours.dishes,
            ours.points_spent, differences, "", told is not None, ask_bank,
        )  # fmt: skip
        return msgspec.structs.replace(report, text=_text(report))

    async def _against_bank(self, money: list[Money]) -> list[str]:
        """The bank's own list: every charge of the shift with what has come back of it."""
        if not money:
            return []
        try:
            listed = await self._bank.listing(self._clock.now() - _SHIFT - _SHIFT)
        except DeviceError as error:
            return [f"bank: not asked, {error.code}"]
        rows = {row.transaction.transaction_id: row for row in listed}
        found = []
        for payment in money:
            row = rows.get(payment.transaction_id)
            if row is None:
                found.append(f"bank: does not list {payment.transaction_id} of {payment.payment_id}")
            elif row.amount_kopecks is not None and row.amount_kopecks != payment.amount_kopecks:
                found.append(f"bank: {payment.payment_id} {row.amount_kopecks} instead of {payment.amount_kopecks}")
            elif row.returned_kopecks is not None and row.returned_kopecks != payment.returned_kopecks:
                came_back = f"{row.returned_kopecks} came back instead of {payment.returned_kopecks}"
                found.append(f"bank: {payment.payment_id} {came_back}")
        return found

    async def _store(self, report: ShiftReportView, actor: str) -> None:
        body = msgspec.json.encode(report).decode()
        now = self._clock.now()
        for difference in report.differences:
            _log.warning("day_difference", shift=report.shift, difference=difference)

        def run(tx: Tx) -> None:
            drive_number = report.fiscal_drive_number
            reports.keep_report(tx, report.kind, drive_number, report.shift, actor, body, now)

        await self._db.write(run)

    async def kept(self) -> KeptReportsView:
        rows = await self._db.read(reports.newest_reports, _LISTED)
        return KeptReportsView(
            [KeptReportView(row.drive_number, row.shift, rfc3339(row.at), row.actor, row.differences) for row in rows]
        )

    async def report(self, shift: int, drive_number: str | None = None) -> ShiftReportView:
        """The kept Z report of a shift. Raises `NotFound`."""
        row = await self._db.read(reports.read_report, drive_number, shift)
        if row is None:
            raise NotFound
        return msgspec.json.decode(row.body, type=ShiftReportView)


def _told(totals: ShiftTotals) -> Told:
    return _counted(totals.sales), _counted(totals.refunds)


def _counted(totals: OperationTotals) -> Counted:
    return Counted(totals.count, totals.total_kopecks)


def _booked(line: BookLine | None) -> Counted:
    return Counted(0, 0) if line is None else Counted(line.count, line.sum_kopecks)


def _against_books(name: str, told: Counted, ours: Counted) -> list[str]:
    if told == ours:
        return []
    told_text, our_text = (f"{side.count} for {side.sum_kopecks}" for side in (told, ours))
    return [f"{name}: the registrar says {told_text}, the books {our_text}"]


def _against_points(money: list[Money], spent: int) -> list[str]:
    ours = sum(payment.bonus_points for payment in money)
    return [] if ours == spent else [f"points: the ledger says {spent}, the payments {ours}"]


def _by_method(money: list[Money]) -> list[BookLine]:
    """What staff took is told apart by what they were given: `till:cash`, `till:card`."""
    return [
        BookLine(
            way,
            sum(payment.way == way for payment in money),
            sum(payment.amount_kopecks - payment.returned_kopecks for payment in money if payment.way == way),
        )
        for way in sorted({payment.way for payment in money})
    ]


def _text(report: ShiftReportView) -> str:
    """As a person reads it."""
    lines = [
        f"{report.kind.upper()} report, shift {report.shift}, drive {report.fiscal_drive_number}, {report.at}",
        f"sales     {report.sales.count:6d}  {_roubles(report.sales.sum_kopecks)}",
        f"refunds   {report.refunds.count:6d}  {_roubles(report.refunds.sum_kopecks)}",
        f"points    {report.bonus_spent:6d}",
    ]
    for title, rows in (("by method", report.methods), ("by rate", report.rates), ("by dish", report.dishes)):
        lines += [title, *(f"  {row.name:<40} {row.count:6d}  {_roubles(row.sum_kopecks)}" for row in rows)]
    lines += ["differences", *(f"  {row}" for row in report.differences)] if report.differences else ["no differences"]
    lines += [] if report.bank_asked else ["the bank's list is not compared yet"]
    return "\n".join(lines)


def _roubles(kopecks: int) -> str:
    return f"{kopecks / 100:12.2f}"
