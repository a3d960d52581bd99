"""The simulated ATOL register around the drive: paper, clock, cash, the open receipt; a power cut loses none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.fiscal.atol import errors
from drivers.fiscal.ffd.cashless import sound_cashless
from drivers.fiscal.ffd.drive import CORRECTION, RECEIPT, SETTLEMENT_REPORT
from drivers.fiscal.ffd.tags import Settlement
from drivers.fiscal.ffd.tlv import AUTOMAT_NUMBER, Tlv
from drivers.fiscal.fields import CodecError
from drivers.sim.atol.printer import Printer
from drivers.sim.atol.receipt import CASH, PAYMENT_TYPES, RETURN_CORRECTIONS, Line, OpenReceipt
from drivers.sim.drive import CURRENT_CORRECTION, CURRENT_RECEIPT, Document, FiscalDrive
from drivers.sim.faults import Faults
from drivers.sim.papers import paid, shift_counters
from drivers.sim.refusal import Refusal
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.world import Change, World

_CLOCK, _CASH, _TOTALS, _RECEIPT = "clock_offset_s", "cash", "totals", "receipt"
_LAST, _CLOSED, _EVER = "last_receipt", "closed_totals", "totals_ever"
_SELL, _SELL_RETURN = 1, 2
_DRIVE_FULL, _BAD_PARAMETERS, _TOTAL, _OFD_EXPIRED = 0xD8, 0xE7, 0xDB, 0xEB
VALID_UNTIL = datetime(2039, 12, 31)  # noqa: DTZ001 - the drive's calendar
_EFFECTS = {1: "receipt", 2: "refund_receipt", 3: "receipt", 4: "refund_receipt"}


class Till:
    """What commands over the line and JSON tasks work on; refuses with the register's own error bytes."""

    def __init__(
        self, world: World, faults: Faults, *, serial: str, now: Callable[[], datetime], setup: RegisterSetup
    ) -> None:
        self.world = world
        self.faults = faults
        self.printer = Printer(world, faults)
        self.ffd = setup.ffd
        self.automatic = setup.automatic
        self.automat_number = setup.automat_number  # receipts of an automat carry it by themselves
        self._utc_now = now
        self.timezone = ZoneInfo(setup.timezone)
        self._offset = timedelta(seconds=world.get(_CLOCK, 0))
        self.drive = FiscalDrive(world, serial=serial, now=self.now, ofd_delay_s=setup.ofd_delay_s)
        stored = world.get(_RECEIPT)
        self.receipt = OpenReceipt.from_json(stored) if stored else None
        self.cash_kopecks: int = world.get(_CASH, 0)
        self.totals: dict[str, int] = world.get(_TOTALS, {})
        self.ever: dict[str, int] = world.get(_EVER, {})  # by kind of receipt, since the register was made
        self.last_receipt: tuple[int, int] = tuple(world.get(_LAST, (0, 0)))  # document, receipt type
        self.closed_totals: tuple[int, int] = tuple(world.get(_CLOSED, (0, 0)))  # sales, refunds of the last shift

    @property
    def device_serial(self) -> str:
        """The factory number of the register, not of the drive."""
        return f"001{self.drive.state.serial[-11:]}"

    def now(self) -> datetime:
        """Local wall time of the register, naive."""
        return self._utc_now().astimezone(self.timezone).replace(tzinfo=None) + self._offset

    def set_clock(self, moment: datetime) -> None:
        if self.drive.state.shift_open:
            raise Refusal(errors.SHIFT_OPEN)
        self._offset += moment - self.now()
        with self.world.change() as change:
            change.put(_CLOCK, self._offset.total_seconds())

    @property
    def valid_until(self) -> datetime:
        """The drive's last day."""
        fault = self.faults.on("drive_expires")
        return VALID_UNTIL if fault is None else self.now() + timedelta(days=int(fault["days"]))

    @property
    def drive_warnings(self) -> int:
        """Bits as the drive itself sets them: 3 and 30 days left, archive 90 % full, no ticket for long, the drive has
        failed."""
        left = self.valid_until - self.now()
        expiring = 0x01 if left <= timedelta(days=3) else 0x02 if left <= timedelta(days=30) else 0
        return expiring | self.drive.ofd_warning | (0x84 if self.faults.on("drive_full") is not None else 0)

    def require_drive(self, *, closing: bool = False) -> None:
        """Thirty days without a ticket of the operator: a shift can be closed, nothing else is registered."""
        if self.drive.ofd_expired and not closing:
            raise Refusal(_OFD_EXPIRED)
        if self.faults.on("drive_full") is not None:
            raise Refusal(_DRIVE_FULL)
        last = self.drive.last_document_at
        if last is not None and self.now() < last:
            raise Refusal(0x20)

    # Shifts.

    def open_shift(self, tlvs: Sequence[Tlv] = ()) -> Document:
        if self.drive.state.shift_open:
            raise Refusal(errors.SHIFT_OPEN)
        self.printer.require()
        self.require_drive()
        with self.world.change() as change:
            self.totals = {}
            change.put(_TOTALS, {})
            document = self.drive.open_shift(change, tlvs)
            self.printer.print(change)
        return self._printed(document)

    def close_shift(self, tlvs: Sequence[Tlv] = ()) -> Document:
        if self.receipt is not None:
            raise Refusal(errors.RECEIPT_OPEN)
        if not self.drive.state.shift_open:
            raise Refusal(errors.SHIFT_CLOSED)
        self.printer.require()
        self.require_drive(closing=True)
        with self.world.change() as change:
            self.closed_totals = (self.sum_of(_SELL), self.sum_of(_SELL_RETURN))
            change.put(_CLOSED, self.closed_totals)
            self.totals = {}
            change.put(_TOTALS, {})
            document = self.drive.close_shift(change, (*tlvs, *self._counters()))
            self.printer.print(change)
        return self._printed(document)

    def sum_of(self, kind: int) -> int:
        """Of all payments of a kind of receipt, in the shift that is open."""
        return sum(self.totals.get(f"{kind}:{payment}", 0) for payment in PAYMENT_TYPES)

    def _counters(self) -> tuple[Tlv, ...]:
        """From FFD 1.1 on."""
        return () if self.ffd == "1.05" else (shift_counters(self.drive.state),)

    def report_exchange(self) -> Document:
        self.require_no_receipt()
        self.printer.require()
        self.require_drive()
        with self.world.change() as change:
            document = self.drive.register(change, SETTLEMENT_REPORT)
            self.printer.print(change)
        return self._printed(document)

    def require_no_receipt(self) -> None:
        if self.receipt is not None:
            raise Refusal(errors.RECEIPT_OPEN)

    def _printed(self, document: Document) -> Document:
        """The document is in the drive even where its paper failed: the answer is an error all the same."""
        if self.printer.stalled:
            raise Refusal(errors.NO_PAPER)
        return document

    # Receipts.

    def open_receipt(
        self,
        kind: int,
        *,
        electronic: bool,
        silent: bool = False,
        tlvs: Sequence[Tlv] = (),
        dry: bool = False,
    ) -> None:
        """`electronic` needs an addressee and no paper, `silent` only no paper."""
        self.require_no_receipt()
        if self.ffd == "1.05" and kind in RETURN_CORRECTIONS:
            raise Refusal(errors.WRONG_RECEIPT_TYPE)
        if not self.drive.state.shift_open:
            raise Refusal(errors.SHIFT_CLOSED)
        if self.drive.expired():
            raise Refusal(0x88)
        if not electronic and not silent:
            self.printer.require()
        self.require_drive()
        if dry:
            return
        self.receipt = OpenReceipt(kind, electronic, silent)
        for tlv in tlvs:
            self.receipt.put(tlv)
        with self.world.change() as change:
            self.drive.begin(change, CURRENT_CORRECTION if self.receipt.correction else CURRENT_RECEIPT)
            change.put(_RECEIPT, self.receipt.to_json())

    def the_receipt(self) -> OpenReceipt:
        if self.receipt is None:
            raise Refusal(errors.RECEIPT_CLOSED)
        return self.receipt

    def save_receipt(self) -> None:
        if self.receipt is not None:
            with self.world.change() as change:
                change.put(_RECEIPT, self.receipt.to_json())

    def take_tag(self, tlv: Tlv) -> Tlv:
        refused = self.faults.on("refuse_tag")
        if refused is not None and str(refused["tag"]) == str(tlv.tag):
            raise Refusal(_BAD_PARAMETERS)
        return tlv

    def put_tag(self, tlv: Tlv) -> None:
        self.the_receipt().put(self.take_tag(tlv))
        self.save_receipt()

    def add_line(self, line: Line) -> None:
        """The sum may differ from price × quantity by a kopeck of rounding."""
        receipt = self.the_receipt()
        exact = line.price_kopecks * line.quantity_milli
        if abs(line.sum_kopecks * 1000 - exact) > 1000 and line.sum_kopecks:
            raise Refusal(_TOTAL)
        if not line.sum_kopecks:
            line.sum_kopecks = (exact + 500) // 1000
        if not line.quantity_milli:
            raise Refusal(0x0A)
        receipt.lines.append(line)
        self.save_receipt()

    def pay(self, kind: int, kopecks: int) -> OpenReceipt:
        receipt = self.the_receipt()
        if kind not in PAYMENT_TYPES:
            raise Refusal(0x7E)
        cashless = sum(paid for other, paid in receipt.payments.items() if other != CASH)
        by_totals = receipt.correction and not receipt.lines
        if kind != CASH and not by_totals and cashless + kopecks > receipt.total_kopecks:
            raise Refusal(0x71)
        receipt.payments[kind] = receipt.payments.get(kind, 0) + kopecks
        self.save_receipt()
        return receipt

    def cancel_receipt(self) -> None:
        self.the_receipt()
        self.receipt = None
        with self.world.change() as change:
            self.drive.cancel(change)
            change.delete(_RECEIPT)

    def close_receipt(self) -> Document:
        """One atomic step: document, effect, totals, cash, the receipt gone, the paper's fate."""
        receipt = self.the_receipt()
        self._require_closable(receipt)
        self.receipt = None
        with self.world.change() as change:
            kind = CORRECTION if receipt.correction else RECEIPT
            cash, electronic = receipt.spent
            document = self.drive.register(
                change,
                kind,
                operation=receipt.sign,
                total_kopecks=receipt.total_kopecks,
                cash_kopecks=cash,
                tlvs=(*receipt.tlvs, *receipt.items, *paid(cash, electronic)),
            )
            change.delete(_RECEIPT)
            self.last_receipt = (document.number, receipt.kind)
            change.put(_LAST, self.last_receipt)
            self._count(change, receipt)
            if receipt.on_paper:
                self.printer.print(change)
            change.effect(_effect(receipt), **receipt.story(document, self.drive.state.serial))
        return self._printed(document)

    def _require_closable(self, receipt: OpenReceipt) -> None:
        settlement = Settlement.AUTOMAT if self.automatic else Settlement.ATTENDED
        if receipt.missing(settlement, self.ffd, {AUTOMAT_NUMBER} if self.automat_number else set()):
            raise Refusal(_BAD_PARAMETERS)
        try:
            sound_cashless(receipt.tlvs, receipt.spent[1], correction=receipt.correction)
        except CodecError as error:
            raise Refusal(_BAD_PARAMETERS) from error
        if receipt.total_kopecks <= 0:
            raise Refusal(_TOTAL)
        if receipt.remainder_kopecks:
            raise Refusal(0x72)
        if self._cash_of(receipt) < 0 and self.cash_kopecks + self._cash_of(receipt) < 0:
            raise Refusal(0x98)
        if receipt.on_paper and not self.printer.ready:
            raise Refusal(errors.NO_PAPER)
        self.require_drive()

    @staticmethod
    def _cash_of(receipt: OpenReceipt) -> int:
        """What the drawer gains by it."""
        cash = receipt.payments.get(CASH, 0) - receipt.change_kopecks
        return cash if receipt.sign in (1, 4) else -cash

    def _count(self, change: Change, receipt: OpenReceipt) -> None:
        self.cash_kopecks += self._cash_of(receipt)
        for kind, given in receipt.payments.items():
            spent = given - (receipt.change_kopecks if kind == CASH else 0)
            self._add(f"{receipt.kind}:{kind}", spent)
        self._add(f"{receipt.kind}:count", 1)
        self.ever[str(receipt.kind)] = self.ever.get(str(receipt.kind), 0) + receipt.total_kopecks
        change.put(_EVER, self.ever)
        change.put(_CASH, self.cash_kopecks)
        change.put(_TOTALS, self.totals)

    def _add(self, key: str, amount: int) -> None:
        self.totals[key] = self.totals.get(key, 0) + amount

    def move_cash(self, kopecks: int) -> None:
        """Cash in, or out where negative."""
        self.require_no_receipt()
        self.printer.require()
        if self.cash_kopecks + kopecks < 0:
            raise Refusal(0x98)
        self.cash_kopecks += kopecks
        way = "in" if kopecks > 0 else "out"
        self._add(way, abs(kopecks))
        self._add(f"{way}:count", 1)
        with self.world.change() as change:
            change.put(_CASH, self.cash_kopecks)
            change.put(_TOTALS, self.totals)


def _effect(receipt: OpenReceipt) -> str:
    return "correction" if receipt.correction else _EFFECTS[receipt.sign]
