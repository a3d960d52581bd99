"""The simulated cash register around the drive: mode, paper, the open receipt; all of it survives a power cut."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.fiscal.ffd.drive import CORRECTION, RECEIPT
from drivers.fiscal.ffd.tags import Document as Document54
from drivers.fiscal.ffd.tags import Occasion, Settlement, is_ordered, tags_of
from drivers.fiscal.ffd.tlv import AUTOMAT_NUMBER, CASHIER, Tlv, order_id_of
from drivers.fiscal.port import Operation
from drivers.fiscal.shtrih.answers import FLAG_COVER_OPEN, FLAG_PAPER_SENSOR, FLAG_ROLL
from drivers.sim.drive import CURRENT_CORRECTION, CURRENT_RECEIPT, Document, FiscalDrive
from drivers.sim.faults import Faults
from drivers.sim.papers import paid, registration_of, taxed, told_cashless
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.models import MODELS
from drivers.sim.shtrih.open_receipt import OpenReceipt
from drivers.sim.shtrih.setup import AS_SOLD, SYSADMIN, ShtrihSetup, cells
from drivers.sim.shtrih.tables import AUTOMAT_NUMBER as AUTOMAT_NUMBER_FIELD
from drivers.sim.shtrih.tables import (
    CASHIER_NAME,
    CASHIERS,
    EARLY_EXPIRY,
    EMBEDDED,
    FFD_VALUES,
    NETWORK,
    OFD_EXCHANGE,
    REGIONAL,
    SKIP_PRINTING,
    TURNS_RATES,
    Tables,
)
from drivers.sim.world import Change, World

SALE, REFUND, BUY, BUY_REFUND = 1, 2, 3, 4  # FF46; also the drive's operation sign
_MODE_HIGH = {SALE: 0, BUY: 1, REFUND: 2, BUY_REFUND: 3}
_EFFECTS = {SALE: "receipt", REFUND: "refund_receipt", BUY: "receipt", BUY_REFUND: "refund_receipt"}
_FLAGS = FLAG_ROLL | 1 << 4 | FLAG_PAPER_SENSOR | 1 << 9  # roll, decimal point, paper sensor, lever down
MODE_DATA, MODE_OPEN, MODE_EXPIRED, MODE_CLOSED, MODE_DATE, MODE_DOCUMENT = 1, 2, 3, 4, 6, 8
PRINTER_LINK = 0xC8
NO_PAPER = 1  # a submode
_RATE_CHANGE, _TURNED = 2026, {0x01: 0xCB, 0x10: 0xCC}


class Register:
    """What the command handlers work on."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        *,
        serial: str,
        now: Callable[[], datetime],
        setup: ShtrihSetup = AS_SOLD,
    ) -> None:
        self.world = world
        self.faults = faults
        self.setup = setup
        self.model = MODELS[setup.model]
        self.last_error = 0
        self.settlement = Settlement.AUTOMAT if setup.automatic else Settlement.ATTENDED
        self.tables = Tables(world, cells(setup, serial))
        self._utc_now = now
        self._timezone = ZoneInfo(setup.timezone)
        self._offset = timedelta(seconds=world.get("clock_offset_s", 0))
        self.drive = FiscalDrive(
            world,
            serial=serial,
            now=self.now,
            ofd_delay_s=setup.ofd_delay_s,
            registration=registration_of(FFD_VALUES[setup.ffd], automatic=setup.automatic),
            by_host=lambda: self.carried_by_host,
        )
        stored = world.get("receipt")
        self.receipt = OpenReceipt.from_json(stored) if stored else None
        self._stalled: bool = world.get("stalled", False)
        self._printing_until = 0.0
        self.new_date: tuple[int, int, int] | None = None  # 22h waits for 23h
        self.reading: list[bytes] | None = None  # FF3A begun, pieces left
        self.paper: deque[str] = deque(maxlen=200)  # lines of text that came out last
        self.report_tlvs: list[Tlv] = []  # FF41, FF42, FF35 begun
        self.ticket, self.ticket_size = b"", 0  # FF32 begun, what FF33 brought

    def now(self) -> datetime:
        """Local wall time of the device, naive."""
        return self._utc_now().astimezone(self._timezone).replace(tzinfo=None) + self._offset

    def set_clock(self, moment: datetime) -> None:
        self._offset += moment - self.now()
        with self.world.change() as change:
            change.put("clock_offset_s", self._offset.total_seconds())

    @property
    def mode(self) -> int:
        if self.new_date is not None:
            return MODE_DATE
        if self.reading is not None:
            return MODE_DATA
        if self.receipt is not None:
            return MODE_DOCUMENT
        if not self.drive.state.shift_open:
            return MODE_CLOSED
        early = timedelta(minutes=self.tables.number(REGIONAL, EARLY_EXPIRY))
        return MODE_EXPIRED if self.drive.expired(early) else MODE_OPEN

    @property
    def mode_byte(self) -> int:
        high = _MODE_HIGH[self.receipt.kind] << 4 if self.receipt is not None else 0
        return self.mode | (high if self.mode == MODE_DOCUMENT else 0)

    @property
    def submode(self) -> int:
        if self._stalled:
            return 2 if self._no_paper else 3
        if self.printing:
            return 5
        return 1 if self._no_paper and self._paper_noticed else 0

    @property
    def flags(self) -> int:
        flags = _FLAGS
        if self._no_paper and (self._paper_noticed or self._stalled):
            flags &= ~(FLAG_ROLL | FLAG_PAPER_SENSOR)
        elif self.faults.on("paper_low") is not None:
            flags &= ~FLAG_ROLL
        return flags | (FLAG_COVER_OPEN if self.faults.on("cover_open") is not None else 0)

    @property
    def printing(self) -> bool:
        return asyncio.get_running_loop().time() < self._printing_until

    @property
    def _no_paper(self) -> bool:
        return self.faults.on("paper_out") is not None or self.faults.on("cover_open") is not None

    @property
    def _paper_noticed(self) -> bool:
        """Lines are buffered, so within a receipt the printer learns of it when the document closes only;
        `"at": "close"` says that a roll will end just there."""
        fault = self.faults.on("paper_out") or {}
        return self.receipt is None and fault.get("at") != "close"

    @property
    def off_paper(self) -> bool:
        return bool(self.tables.number(REGIONAL, SKIP_PRINTING))

    def require_printer(self) -> None:
        if self.off_paper and self.submode == NO_PAPER:
            return
        if self.faults.on("printer_fault") is not None:
            raise Refusal(PRINTER_LINK)
        refusal = {1: 0x6B, 2: 0x72, 3: 0x58, 5: 0x50}.get(self.submode)
        if refusal is not None:
            raise Refusal(refusal)

    def require_mode(self, *modes: int) -> None:
        if self.mode not in modes:
            raise Refusal(0x4A if self.mode == MODE_DOCUMENT else 0x73)

    @property
    def carried_by_host(self) -> bool:
        return self.tables.number(NETWORK, OFD_EXCHANGE) == 0

    def require_drive(self) -> None:
        if self.faults.on("drive_full") is not None:
            raise Refusal(0x06)
        if self.drive.ofd_expired:
            raise Refusal(0x15)

    def print_document(self, change: Change) -> None:
        """The document is in the drive; now it goes to paper, or stalls there."""
        if self.off_paper:
            self.tables.put(change, REGIONAL, SKIP_PRINTING, b"\0")
        elif self._no_paper:
            self._stall(change)
        else:
            self._print(self.setup.print_s)
            self.print_line()

    def print_line(self) -> None:
        """On a slow printer a line takes its time, and until then other lines are refused (50h)."""
        slow = None if self.off_paper else self.faults.on("slow_print")
        if slow is not None:
            self._print(float(slow["seconds"]))

    def _print(self, seconds: float) -> None:
        if seconds > 0:
            self._printing_until = asyncio.get_running_loop().time() + seconds

    def continue_printing(self) -> None:
        if self.submode != 3:
            raise Refusal(0x72)
        with self.world.change() as change:
            self._stalled = False
            change.put("stalled", value=False)
            self.print_document(change)

    def paper_taken_away(self) -> None:
        if self.printing:
            with self.world.change() as change:
                self._stall(change)

    def power_cut(self) -> None:
        """What is not in the memory is gone; an open receipt is in it."""
        self.reading = None
        self.new_date = None
        self._printing_until = 0.0
        self.ticket, self.ticket_size = b"", 0

    def open_shift(self) -> Document:
        if self.drive.state.shift_open:
            raise Refusal(0x3C)
        self.require_mode(MODE_CLOSED)
        self.require_printer()
        self.require_drive()
        with self.world.change() as change:
            document = self.drive.open_shift(change, self.report_tlvs)
            self.print_document(change)
        self.report_tlvs = []
        return document

    def open_receipt(self, kind: int, operator: int, *, correction: bool = False) -> None:
        if self.receipt is not None:
            raise Refusal(0x4A)
        if self.mode == MODE_EXPIRED:
            raise Refusal(0x4E)
        self.require_mode(MODE_OPEN)
        self.require_printer()
        self.require_drive()
        self.receipt = OpenReceipt(kind, operator, correction=correction)
        with self.world.change() as change:
            self.drive.begin(change, CURRENT_CORRECTION if correction else CURRENT_RECEIPT)
            change.put("receipt", self.receipt.to_json())

    def the_receipt(self, operator: int, *, sysadmin: bool = False) -> OpenReceipt:
        """The open receipt, for its own operator."""
        if self.receipt is None:
            raise Refusal(0x55)
        if operator != self.receipt.operator and not (sysadmin and operator == SYSADMIN):
            raise Refusal(0x59)
        return self.receipt

    def require_requisites(self, kind: int, tlvs: list[Tlv], operator: int, *, correction: bool) -> None:
        """What the host did not say is taken from the tables; what is nowhere is missing (33h)."""
        own = {
            CASHIER: self.tables.text(CASHIERS, operator, CASHIER_NAME),
            AUTOMAT_NUMBER: self.tables.text(EMBEDDED, 1, AUTOMAT_NUMBER_FIELD),
        }
        operation = Operation.SALE if kind in (SALE, BUY) else Operation.REFUND
        document, ordered = Document54.of(operation, correction=correction), is_ordered(tlvs)
        occasion = Occasion(document, self.settlement, self.setup.ffd, self.off_paper, ordered)
        if occasion.missing(tags_of(tlvs) | {tag for tag, text in own.items() if text}):
            raise Refusal(0x33)

    def turned(self, tax: int) -> int:
        """From 2026 on the register makes 22 % of 20 % by itself, unless it is told not to."""
        turns = self.now().year >= _RATE_CHANGE and self.tables.number(REGIONAL, TURNS_RATES)
        return _TURNED.get(tax, tax) if turns else tax

    def save_receipt(self) -> None:
        if self.receipt is not None:
            with self.world.change() as change:
                change.put("receipt", self.receipt.to_json())

    def cancel_receipt(self, operator: int) -> None:
        self.the_receipt(operator, sysadmin=True)
        self.receipt = None
        with self.world.change() as change:
            self.drive.cancel(change)
            change.delete("receipt")

    def close_receipt(
        self, receipt: OpenReceipt, *, total_kopecks: int, cash_kopecks: int, tax_system: int
    ) -> Document:
        """One atomic step: the document, its effect, the receipt gone, the paper's fate."""
        self.receipt = None
        with self.world.change() as change:
            document = self.drive.register(
                change,
                CORRECTION if receipt.correction else RECEIPT,
                operation=receipt.kind,
                total_kopecks=total_kopecks,
                cash_kopecks=cash_kopecks,
                tlvs=(*receipt.tlvs, taxed(tax_system), *paid(cash_kopecks, total_kopecks - cash_kopecks)),
            )
            change.delete("receipt")
            self.print_document(change)
            change.effect(
                "correction" if receipt.correction else _EFFECTS[receipt.kind],
                fiscal_document_number=document.number,
                total_kopecks=total_kopecks,
                order_id=order_id_of(receipt.tlvs),
                electronic_kopecks=total_kopecks - cash_kopecks,
                cash_kopecks=cash_kopecks,
                cashless=told_cashless(receipt.tlvs),
                operation=receipt.kind,
                tax_system=tax_system,
                shift=document.shift,
                fiscal_sign=document.sign,
                drive_number=self.drive.state.serial,
                lines=[
                    {"name": x.name, "price_kopecks": x.price_kopecks, "quantity": x.quantity_micro / 1_000_000}
                    | {"sum_kopecks": x.sum_kopecks, "tax": x.tax}
                    for x in receipt.lines
                ],
            )
        return document

    def _stall(self, change: Change) -> None:
        self._stalled = True
        self._printing_until = 0.0
        change.put("stalled", value=True)
