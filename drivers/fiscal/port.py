"""What the kiosk asks of any fiscal registrar, in words of 54-FZ and none of a vendor's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Protocol

from drivers.errors import DeviceError, ForeignState

__all__ = ["DEVICE", "DeviceError", "ForeignState"]

DEVICE = "fiscal"  # whose errors these are


class Operation(IntEnum):
    """Settlement sign, FFD tag 1054."""

    SALE = 1
    REFUND = 2


def operation_told(value: int) -> Operation:
    """What a document of the drive says it is. Raises `ForeignState`: purchases and what is none are not ours."""
    if value not in (Operation.SALE, Operation.REFUND):
        raise ForeignState(DEVICE, "foreign_operation", f"operation {value}")
    return Operation(value)


class Vat(StrEnum):
    """VAT rate of a receipt line, FFD tag 1199."""

    NONE = "none"
    VAT_0 = "0"
    VAT_5 = "5"
    VAT_7 = "7"
    VAT_10 = "10"
    VAT_20 = "20"
    VAT_22 = "22"
    # Of an advance: the rate is inside the sum.
    VAT_5_105 = "5/105"
    VAT_7_107 = "7/107"
    VAT_10_110 = "10/110"
    VAT_20_120 = "20/120"
    VAT_22_122 = "22/122"


class TaxSystem(StrEnum):
    """Tax system, FFD tag 1055."""

    GENERAL = "general"
    USN_INCOME = "usn_income"
    USN_INCOME_EXPENSE = "usn_income_expense"
    ESHN = "eshn"
    PATENT = "patent"


class OrderTag(StrEnum):
    """The requisite that carries the order id; `none` where the firmware refuses both."""

    TAG_1192 = "1192"
    TAG_1084 = "1084"
    NONE = "none"


class Paper(StrEnum):
    PRESENT = "present"
    LOW = "low"  # where the device has a sensor for it: receipts still print
    OUT = "out"  # also: ran out in mid-print, or back and waiting for "continue"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """`price_kopecks × quantity == sum_kopecks`, exactly. `subject` is FFD tag 1212 (1 goods, 4 service…)."""

    name: str
    price_kopecks: int
    quantity: int
    sum_kopecks: int
    vat: Vat = Vat.NONE
    subject: int = 1


@dataclass(frozen=True, slots=True)
class Cashless:
    """What is known of the money that came without cash, FFD tag 1234; how to fill it the tax service has not said yet.
    `way` is 1236, one byte; `identifiers` (1237) and `more` (1238) are ASCII, together at most 219 characters."""

    sum_kopecks: int
    way: int
    identifiers: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What we ask to be registered. Paid wholly by `electronic_kopecks` (card) + `cash_kopecks` = total."""

    operation: Operation
    order_id: str  # ASCII, at most 16 characters
    lines: tuple[ReceiptLine, ...]
    total_kopecks: int
    electronic_kopecks: int
    tax_system: TaxSystem
    cash_kopecks: int = 0
    customer_contact: str | None = None  # 1008: "+79…" or an e-mail address
    automat_number: str | None = None  # 1036
    cashier: str | None = None  # 1021; None in automatic mode
    cashier_inn: str | None = None  # 1203
    paperless: bool = False  # only where the customer gets it by `customer_contact`
    cashless: Cashless | None = None  # 1234; of receipts, not of corrections


@dataclass(frozen=True, slots=True)
class FiscalCounter:
    """Read before a receipt and stored in the intent: after a crash it shows whether a document was added."""

    drive_number: str
    last_document: int
    shift: int


@dataclass(frozen=True, slots=True)
class FiscalIntent:
    """The stored intent of one document: enough to prove later whether it was registered. `others`: documents after
    the counter that are known to be somebody else's."""

    counter: FiscalCounter
    operation: Operation
    order_id: str
    total_kopecks: int
    intended_at: datetime  # UTC
    correction: bool = False
    others: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """What the fiscal drive answers. `issued_at` is the drive's local wall time, naive, to the minute."""

    number: int
    fiscal_sign: int
    drive_number: str
    shift: int
    issued_at: datetime
    operation: Operation
    total_kopecks: int
    correction: bool = False


class CorrectionKind(IntEnum):
    """Why a correction is made, FFD tag 1173."""

    SELF = 0
    ORDERED = 1  # by the tax service's instruction


@dataclass(frozen=True, slots=True)
class Correction:
    """A settlement that got no receipt in its time: `receipt` as it should have been. FFD 1.05 sends its totals only,
    1.1 and 1.2 its lines (drive.md#requisites)."""

    receipt: Receipt
    kind: CorrectionKind
    base_date: date  # 1178: the day of the settlement, of the restaurant's calendar
    base_number: str = ""  # 1179: of the tax service's instruction, else empty


@dataclass(frozen=True, slots=True)
class Registration:
    """How the drive is registered with the tax service. None where the device does not report."""

    device_serial: str
    drive_number: str
    registration_number: str | None  # 1037
    inn: str | None  # 1018
    ffd: str | None  # 1209: "1.05", "1.1", "1.2"
    tax_systems: frozenset[TaxSystem] | None  # 1062
    automatic: bool | None  # 1001
    internet: bool | None  # 1108
    address: str | None  # 1009
    place: str | None  # 1187
    vats: frozenset[Vat]  # the rates a receipt line can carry on this device
    taxes_left_out: str | None = None  # the setting of the device by which receipts would carry no tax sums


@dataclass(frozen=True, slots=True)
class OperationTotals:
    count: int = 0
    total_kopecks: int = 0
    cash_kopecks: int = 0
    electronic_kopecks: int = 0


@dataclass(frozen=True, slots=True)
class ShiftTotals:
    """The counters of the current shift, of the last one where it is closed."""

    shift: int
    sales: OperationTotals
    refunds: OperationTotals


@dataclass(frozen=True, slots=True)
class FiscalStatus:
    """One look at the registrar. `blocked` is a stable word (`drive_full`, `cover_open`, `wrong_mode`…) or None;
    `warnings` are stable words for what a person should see to soon (`drive_replace_soon`, `drive_memory_low`…)."""

    drive_number: str
    last_document: int
    shift: int
    shift_open: bool
    shift_expired: bool  # older than 24 h
    paper: Paper
    document_open: bool
    unsent_documents: int
    first_unsent_at: datetime | None
    device_time: datetime | None  # local wall time, naive; None: its clock was reset and shows no time
    blocked: str | None = None
    drive_valid_until: date | None = None
    warnings: tuple[str, ...] = ()
    last_ticket_at: datetime | None = None  # the operator's latest, drive's local time; None where nobody reports it

    def why_not(self) -> str | None:
        """Why no receipt can be printed now, as a stable word, or None."""
        if self.blocked is not None:
            return self.blocked
        if self.paper is Paper.OUT:
            return "no_paper"
        if self.shift_expired:
            return "shift_over_24h"
        if not self.shift_open:
            return "shift_closed"
        return "document_open" if self.document_open else None


@dataclass(frozen=True, slots=True)
class ShiftReport:
    shift: int
    document_number: int
    fiscal_sign: int


class OfdRoute(StrEnum):
    """Who carries documents from the drive to the operator of fiscal data."""

    DEVICE = "device"  # the register by its own network
    HOST = "host"  # this process
    EXTERNAL = "external"  # somebody else on this machine: the vendor's service, address translation


@dataclass(frozen=True, slots=True)
class OfdSettings:
    """What the register says of the way. `address` and `port` are empty where nothing is set; the rest is None where
    it does not report it."""

    address: str
    port: int
    by_host: bool | None  # it waits for somebody to take its documents
    host_possible: bool | None


class DocumentCarrier(Protocol):
    """A registrar whose documents the host can carry; calls raise as `FiscalRegistrar`'s do, or a `DeviceError` of
    device `ofd` where it is the operator that fails. Any call may be given up and repeated: the drive holds what is
    unsent."""

    async def settings(self) -> OfdSettings:
        """What the register's own settings say of the way to the operator."""

    async def carry(self) -> int | None:
        """The oldest unsent document to the operator and its ticket into the drive; its number, None: none waits."""


class FiscalRegistrar(Protocol):
    """One registrar. Calls are serialised inside; every call ends within a finite time.

    All raise `DeviceUnreachable` (nothing happened), `DeviceRefused` (nothing happened, the device says why),
    `OutcomeUnknown` (a state-changing command stayed unanswered) or `ForeignState` (a person must look).
    """

    async def status(self) -> FiscalStatus:
        """One look; nothing is printed. What keeps it from working is in `blocked`, not raised."""

    async def counter(self) -> FiscalCounter:
        """Drive, last document and shift, to be stored in the intent before a receipt."""

    async def open_shift(self) -> ShiftReport:
        """Also after an unanswered attempt: returns the shift that is open."""

    async def close_shift(self) -> ShiftReport:
        """The Z report: closes the shift with a document in the drive."""

    async def x_report(self) -> None:
        """The counters of the open shift on paper; registers nothing."""

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        """Register one document. `DeviceRefused`: proved absent and nothing is left open. Paper running out after
        the document was registered is success. `OutcomeUnknown`: ask `find_receipt` later."""

    async def rehearse(self, receipt: Receipt) -> bool:
        """Compose `receipt` up to what would register it, and cancel: would it be taken? Nothing is registered, and
        nothing printed where the device can be kept from it. False where the device knows no such thing."""

    async def find_receipt(self, intent: FiscalIntent) -> FiscalDocument | None:
        """Was the intended document registered (shtrih.md#doubt)? `None` is a proof of absence: an open
        document of ours has been cancelled. `ForeignState`: the drive was swapped or documents do not match.
        `OutcomeUnknown` / `DeviceUnreachable`: cannot say now."""

    async def read_document(self, number: int) -> FiscalDocument | None:
        """A receipt or correction from the drive's archive, its `shift` 0 where the archive does not report; None for
        another kind of document or a number it does not have."""

    async def cancel_open_document(self) -> None:
        """A document left open that belongs to no intent (start-up rule, shtrih.md#doubt)."""

    async def resume_printing(self) -> None:
        """Continue a print that paper end interrupted; no effect otherwise."""

    async def print_text(self, lines: tuple[str, ...], *, cut: bool) -> None:
        """A non-fiscal slip."""

    async def close(self) -> None:
        """Gives the line up. Later calls open it again."""


class FiscalOffice(FiscalRegistrar, Protocol):
    """What the fiscal day needs beyond single receipts; raises as `FiscalRegistrar` does."""

    async def registration(self) -> Registration:
        """How the drive is registered with the tax service, read from the device."""

    async def totals(self) -> ShiftTotals:
        """The counters of the shift as the device has them, to compare with our own books."""

    async def set_time(self, now: datetime) -> None:
        """`now` is local wall time, naive. Only with the shift closed: else `DeviceRefused`, code `shift_open`."""

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        """As `print_receipt`, with `intent.correction` set; found again by `find_receipt`."""


class FiscalSwitch(FiscalOffice, Protocol):
    """Several registrars by name, one of them in use."""

    @property
    def active(self) -> str:
        """Name of the registrar in use."""

    @property
    def names(self) -> list[str]:
        """All of them, in the order of the configuration."""

    def at(self, name: str) -> FiscalOffice:
        """Any of them, in use or not. Raises `KeyError` for a name that is not configured."""

    def use(self, name: str) -> None:
        """Raises `KeyError` for a name that is not configured. Only while no document is in doubt."""
