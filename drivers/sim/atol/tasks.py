"""JSON tasks of the vendor's driver carried out on a simulated ATOL register (atol_web.md#tasks)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from drivers.fiscal.atol import errors
from drivers.fiscal.ffd.tlv import (
    AUTOMAT_NUMBER,
    CASHIER,
    CASHIER_INN,
    CUSTOMER_CONTACT,
    EXTRA_NAME,
    EXTRA_REQUISITE,
    EXTRA_VALUE,
    RECEIPT_EXTRA,
    Tlv,
    encode_tlvs,
    text_tlv,
)
from drivers.fiscal.fields import uint
from drivers.sim.atol import looks
from drivers.sim.atol.receipt import (
    BASE_DATE,
    BASE_NUMBER,
    CASH,
    CORRECTION_BASE,
    CORRECTION_KIND,
    ELECTRONIC,
    Line,
)
from drivers.sim.atol.till import Till
from drivers.sim.drive import Document
from drivers.sim.refusal import Refusal

Task = Mapping[str, Any]
_TAX_SYSTEM = 1055
_RECEIPTS = {"sell": 1, "sellReturn": 2, "buy": 4, "buyReturn": 5}
_CORRECTIONS = {"sellCorrection": 7, "sellReturnCorrection": 8, "buyCorrection": 9, "buyReturnCorrection": 10}
_PAYMENTS = {"cash": CASH, "electronically": ELECTRONIC, "prepaid": 3, "credit": 4, "other": 5}
_TAXATION = {"osn": 0x01, "usnIncome": 0x02, "usnIncomeOutcome": 0x04, "envd": 0x08, "esn": 0x10, "patent": 0x20}
_VATS = ("vat20", "vat10", "vat120", "vat110", "vat0", "none", "vat5", "vat7", "vat105", "vat107", "vat22", "vat122")


class TaskError(Exception):
    """`code` is the vendor driver's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code} {errors.driver_text(code)}")
        self.code = code


def run_task(till: Till, task: Task) -> Any:
    """The result object of one task; raises `TaskError`."""
    runner = TASKS.get(task.get("type", ""))
    if runner is None:
        raise TaskError(501)
    try:
        return runner(till, task)
    except Refusal as refusal:
        raise TaskError(errors.driver_code(refusal.code)) from refusal
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise TaskError(501) from error


def _operator(till: Till, task: Task) -> list[Tlv]:
    operator = task.get("operator") or {}
    found = []
    if operator.get("name"):
        found.append(till.take_tag(text_tlv(CASHIER, operator["name"])))
    if operator.get("vatin"):
        found.append(till.take_tag(text_tlv(CASHIER_INN, operator["vatin"].ljust(12))))
    return found


def _fiscal(till: Till, document: Document, total_kopecks: int = 0) -> dict[str, Any]:
    return {
        "fiscalParams": {
            "fiscalDocumentDateTime": looks.moment(till, document.at),
            "fiscalDocumentNumber": document.number,
            "fiscalDocumentSign": str(document.sign),
            "fiscalReceiptNumber": till.drive.state.receipt,
            "fnNumber": till.drive.state.serial,
            "fnsUrl": "www.nalog.gov.ru",
            "registrationNumber": looks.REGISTRATION_NUMBER,
            "shiftNumber": document.shift,
            "total": total_kopecks / 100,
        },
        "warnings": {"notPrinted": True} if till.printer.stalled else None,
    }


def _registered(till: Till, work: Callable[[], Document]) -> Document:
    """Paper that fails after the registration is a warning, no error: the driver compares FD (atol.md#sale)."""
    before = till.drive.state.last_document
    try:
        return work()
    except Refusal as refusal:
        last = till.drive.document(till.drive.state.last_document)
        if refusal.code != errors.NO_PAPER or last is None or last.number == before:
            raise
        return last


def open_shift(till: Till, task: Task) -> Any:
    tlvs = _operator(till, task)
    return _fiscal(till, _registered(till, lambda: till.open_shift(tlvs)))


def close_shift(till: Till, task: Task) -> Any:
    receipts, tlvs = till.drive.state.receipt, _operator(till, task)
    answer = _fiscal(till, _registered(till, lambda: till.close_shift(tlvs)))
    answer["fiscalParams"]["receiptsCount"] = receipts
    return answer


def receipt(till: Till, task: Task) -> Any:
    kind = _RECEIPTS.get(task["type"]) or _CORRECTIONS[task["type"]]
    tags = [*_operator(till, task), *_requisites(till, task)]
    lines = [_line(item) for item in task.get("items", []) if item["type"] == "position"]
    payments = [(_PAYMENTS[payment["type"]], kopecks(payment["sum"])) for payment in task["payments"]]
    till.open_receipt(kind, electronic=bool(task.get("electronically")))
    try:
        return _compose(till, task, tags, lines, payments)
    except Exception:
        if till.receipt is not None:
            till.cancel_receipt()
        raise


def _compose(till: Till, task: Task, tags: list[Tlv], lines: list[Line], payments: list[tuple[int, int]]) -> Any:
    open_receipt = till.the_receipt()
    for tlv in tags:
        till.put_tag(tlv)
    for line in lines:
        till.add_line(line)
    if open_receipt.correction and not lines:
        if till.ffd != "1.05" or not task.get("taxes"):
            raise Refusal(0xE7)
        open_receipt.fixed_total = sum(paid for _, paid in payments)
    for kind, paid in payments:
        till.pay(kind, paid)
    total = open_receipt.total_kopecks
    if "total" in task and kopecks(task["total"]) != total:
        raise Refusal(0xDB)
    return _fiscal(till, _registered(till, till.close_receipt), total)


def _requisites(till: Till, task: Task) -> list[Tlv]:
    by_totals = till.ffd == "1.05" and task["type"] in _CORRECTIONS  # the driver leaves out what is no total
    if by_totals and not task.get("correctionBaseNumber"):
        raise Refusal(0xE7)
    if by_totals:
        kept = [item for item in task.get("items", []) if item["type"] == "position"]
        task = {name: value for name, value in task.items() if name != "clientInfo"} | {"items": kept}
    found = [Tlv(_TAX_SYSTEM, bytes((_TAXATION[task["taxationType"]],)))] if "taxationType" in task else []
    contact = (task.get("clientInfo") or {}).get("emailOrPhone")
    if contact:
        found.append(text_tlv(CUSTOMER_CONTACT, contact))
    if task.get("machineNumber"):
        found.append(text_tlv(AUTOMAT_NUMBER, task["machineNumber"]))
    for item in task.get("items", []):
        if item["type"] == "additionalAttribute":
            found.append(text_tlv(RECEIPT_EXTRA, item["value"]))
        elif item["type"] == "userAttribute":
            inner = encode_tlvs((text_tlv(EXTRA_NAME, item["name"]), text_tlv(EXTRA_VALUE, item["value"])))
            found.append(Tlv(EXTRA_REQUISITE, inner))
    return [till.take_tag(tlv) for tlv in [*found, *_correction(task)]]


def _correction(task: Task) -> list[Tlv]:
    if task["type"] not in _CORRECTIONS:
        return []
    day = datetime.strptime(task["correctionBaseDate"], "%Y.%m.%d")  # noqa: DTZ007 - the calendar's day
    stamp = uint(int((day - datetime(1970, 1, 1)).total_seconds()), 4)  # noqa: DTZ001
    kind = {"self": 0, "instruction": 1}[task["correctionType"]]
    number = task["correctionBaseNumber"] if kind else task.get("correctionBaseNumber", "")
    base = encode_tlvs((Tlv(BASE_DATE, stamp), text_tlv(BASE_NUMBER, number)))
    return [Tlv(CORRECTION_KIND, bytes((kind,))), Tlv(CORRECTION_BASE, base)]


def _line(item: Task) -> Line:
    return Line(
        name=item["name"],
        price_kopecks=kopecks(item["price"]),
        quantity_milli=int(Decimal(str(item["quantity"])) * 1000),
        sum_kopecks=kopecks(item["amount"]),
        tax=_VATS.index(item["tax"]["type"]) + 1,
    )


def kopecks(roubles: Any) -> int:
    """Sums are rounded to the kopeck (atol_web.md#tasks)."""
    return int((Decimal(str(roubles)) * 100).to_integral_value())


def move_cash(till: Till, task: Task) -> Any:
    amount = kopecks(task["cashSum"])
    till.move_cash(amount if task["type"] == "cashIn" else -amount)
    return {"counters": {"cashSum": till.cash_kopecks / 100}}


def exchange_report(till: Till, task: Task) -> Any:
    return _fiscal(till, _registered(till, till.report_exchange))


def print_something(till: Till, task: Task) -> Any:
    till.require_no_receipt()
    till.printer.require()
    return ""


def continue_print(till: Till, task: Task) -> Any:
    till.printer.require()
    return ""


def nothing(till: Till, task: Task) -> Any:
    return ""


def set_time(till: Till, task: Task) -> Any:
    till.set_clock(datetime.strptime(task["dateTime"], "%Y.%m.%d %H:%M:%S"))  # noqa: DTZ007 - the register's clock
    return ""


TASKS: Mapping[str, Callable[[Till, Task], Any]] = MappingProxyType(
    {
        **dict.fromkeys((*_RECEIPTS, *_CORRECTIONS), receipt),
        "openShift": open_shift,
        "closeShift": close_shift,
        "cashIn": move_cash,
        "cashOut": move_cash,
        "reportX": print_something,
        "reportOfdExchangeStatus": exchange_report,
        "printLastReceiptCopy": print_something,
        "nonFiscal": print_something,
        "continuePrint": continue_print,
        "openCashDrawer": nothing,
        "setDateTime": set_time,
        **looks.LOOKS,
    }
)
