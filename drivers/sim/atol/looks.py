"""JSON tasks that only look at a simulated ATOL register: state, drive, shift, archive (atol_web.md#tasks)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from drivers.fiscal.atol import errors
from drivers.fiscal.ffd.drive import (
    CORRECTION,
    RECEIPT,
    REGISTRATION,
    SETTLEMENT_REPORT,
    SHIFT_CLOSE_REPORT,
    SHIFT_OPEN_REPORT,
)
from drivers.fiscal.ffd.tlv import (
    ALL_SUM,
    CASH_SUM,
    ELECTRONIC_SUM,
    EXTRA_REQUISITE,
    ITEM,
    ITEM_PRICE,
    ITEM_SUM,
    ITEM_VAT,
    PAID_CASH,
    PAID_ELECTRONICALLY,
    QUANTITY,
    RECEIPT_COUNT,
    REFUND_COUNTERS,
    SALE_COUNTERS,
    SHIFT_COUNTERS,
    Tlv,
    parse_tlvs,
)
from drivers.sim.atol.receipt import CORRECTION_BASE
from drivers.sim.atol.till import Till
from drivers.sim.drive import INN, OFD_SILENT, REGISTRATION_NUMBER, Document
from drivers.sim.papers import sign_of
from drivers.sim.refusal import Refusal

__all__ = ["LOOKS", "REGISTRATION_NUMBER", "moment"]

ADDRESS, PLACE = "г. Москва, ул. Примерная, д. 1", "Киоск самообслуживания"
INTERNET = True
_KINDS = {
    REGISTRATION: "registration",
    SHIFT_OPEN_REPORT: "openShift",
    RECEIPT: "receipt",
    SHIFT_CLOSE_REPORT: "closeShift",
    SETTLEMENT_REPORT: "ofdExchangeStatus",
    CORRECTION: "receiptCorrection",
}
_TAXATION = ["osn", "usnIncome", "usnIncomeOutcome", "esn", "patent"]
_GROUPS = (EXTRA_REQUISITE, CORRECTION_BASE, SHIFT_COUNTERS, SALE_COUNTERS, REFUND_COUNTERS)
_SUMS = (PAID_CASH, PAID_ELECTRONICALLY, ALL_SUM, CASH_SUM, ELECTRONIC_SUM, ITEM_PRICE, ITEM_SUM)
_NUMBERS = (RECEIPT_COUNT, ITEM_VAT)
_PAYMENTS = {"cash": 1, "electronically": 2, "prepaid": 3, "credit": 4, "other": 5}
_SHIFT_LIMIT = timedelta(hours=24)


def moment(till: Till, at: datetime) -> str:
    """Local time with its offset, as the driver writes it."""
    return at.replace(tzinfo=till.timezone).isoformat(timespec="seconds")


def device_status(till: Till, task: Mapping[str, Any]) -> Any:
    return {
        "deviceStatus": {
            "blocked": False,
            "cashDrawerOpened": False,
            "coverOpened": till.printer.cover_open,
            "currentDateTime": moment(till, till.now()),
            "fiscal": True,
            "fnFiscal": True,
            "fnPresent": True,
            "paperPresent": till.printer.paper,
            "shift": _shift_word(till),
        }
    }


def shift_status(till: Till, task: Mapping[str, Any]) -> Any:
    opened = till.drive.state.shift_opened_at
    expires = (datetime.fromisoformat(opened) if opened else till.now()) + _SHIFT_LIMIT
    return {
        "shiftStatus": {
            "state": _shift_word(till),
            "number": till.drive.state.shift,
            "expiredTime": moment(till, expires),
        }
    }


def _shift_word(till: Till) -> str:
    if not till.drive.state.shift_open:
        return "closed"
    return "expired" if till.drive.expired() else "opened"


def _warnings(till: Till) -> dict[str, bool]:
    bits = till.drive_warnings
    return {
        "criticalError": bool(bits & 0x80),
        "memoryOverflow": bool(bits & 0x04),
        "needReplacement": bool(bits & 0x01),
        "ofdTimeout": bool(bits & OFD_SILENT),
        "resourceExhausted": bool(bits & 0x02),
    }


def drive_info(till: Till, task: Mapping[str, Any]) -> Any:
    return {
        "fnInfo": {
            "serial": till.drive.state.serial,
            "version": "fn_v_1_2",
            "execution": "",
            "livePhase": "fiscalMode",
            "ffdVersion": till.ffd,
            "fnFfdVersion": till.ffd,
            "numberOfRegistrations": 1,
            "registrationsRemaining": 29,
            "validityDate": moment(till, till.valid_until),
            "warnings": _warnings(till),
        }
    }


def drive_status(till: Till, task: Mapping[str, Any]) -> Any:
    state = till.drive.state
    return {
        "fnStatus": {
            "fiscalDocumentNumber": state.last_document,
            "fiscalReceiptNumber": state.receipt,
            "warnings": _warnings(till),
        }
    }


def exchange_status(till: Till, task: Mapping[str, Any]) -> Any:
    queue = till.drive.unsent()
    no_error = {"code": 0, "description": "Ошибок нет"}
    return {
        "status": {
            "notSentCount": len(queue),
            "notSentFirstDocNumber": queue[0].number if queue else 0,
            "notSentFirstDocDateTime": moment(till, queue[0].at if queue else till.now()),
        },
        "errors": {"network": no_error, "ofd": no_error, "fn": no_error, "documentNumber": 0, "fnCommandCode": 0},
    }


def device_info(till: Till, task: Mapping[str, Any]) -> Any:
    return {
        "deviceInfo": {
            "model": 69,
            "modelName": "АТОЛ 77Ф",
            "serial": till.device_serial,
            "firmwareVersion": "5.8.100",
            "configurationVersion": "5.0",
            "ffdVersion": till.ffd,
            "fnFfdVersion": till.ffd,
            "receiptLineLength": 48,
            "receiptLineLengthPix": 576,
        }
    }


def registration_info(till: Till, task: Mapping[str, Any]) -> Any:
    device = {
        "registrationNumber": REGISTRATION_NUMBER,
        "autoMode": till.automatic,
        "machineInstallation": till.automatic,
        "machineNumber": till.automat_number,
        "internet": INTERNET,
        "offlineMode": False,
        "ffdVersion": till.ffd,
        "paymentsAddress": PLACE,
        "defaultTaxationType": "usnIncome",
        "fnsUrl": "www.nalog.gov.ru",
        "ofdChannel": "none",
    }
    organisation = {"name": "ООО «Огонёк»", "vatin": INN, "address": ADDRESS, "taxationTypes": _TAXATION, "email": ""}
    return {"device": device, "organization": organisation, "ofd": {"name": "ОФД", "vatin": "7704211201"}}


def shift_totals(till: Till, task: Mapping[str, Any]) -> Any:
    kinds = {"sell": 1, "sellReturn": 2, "buy": 4, "buyReturn": 5}
    return {
        "shiftTotals": {
            "shiftNumber": till.drive.state.shift,
            "cashDrawer": {"sum": till.cash_kopecks / 100},
            "receipts": {name: _totals(till, kind) for name, kind in kinds.items()},
        }
    }


def _totals(till: Till, kind: int) -> dict[str, Any]:
    sums = {name: till.totals.get(f"{kind}:{payment}", 0) for name, payment in _PAYMENTS.items()}
    if till.faults.on("no_counters") is not None:  # as driver 10.8 where the register refuses those registers
        return {"payments": {name: paid / 100 for name, paid in sums.items()}}
    return {
        "count": till.totals.get(f"{kind}:count", 0),
        "sum": sum(sums.values()) / 100,
        "payments": {name: paid / 100 for name, paid in sums.items()},
    }


def drawer(till: Till, task: Mapping[str, Any]) -> Any:
    return {"cashDrawerStatus": {"cashDrawerOpened": False}, "counters": {"cashSum": till.cash_kopecks / 100}}


def drive_document(till: Till, task: Mapping[str, Any]) -> Any:
    document = till.drive.document(int(task["fiscalDocumentNumber"]))
    if document is None:
        raise Refusal(errors.NO_DRIVE_DATA)
    head = {"fiscalDocumentType": _KINDS[document.kind], "short": False, "qr": _qr(till, document)}
    told: dict[str, Any] = {
        "1012": moment(till, document.at),
        "1038": document.shift,
        "1040": document.number,
        "1041": till.drive.state.serial,
        "1077": sign_of(document.kind, document.sign).hex().upper(),
    }
    if document.operation:
        told |= {"1054": document.operation, "1020": document.total_kopecks / 100, "1042": document.receipt}
    return {"documentTLV": head | told | _texts(document.tlvs)}


def _texts(tlvs: tuple[Tlv, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {str(tlv.tag): _told(tlv) for tlv in tlvs if tlv.tag != ITEM}
    items = [_texts(tuple(parse_tlvs(tlv.value))) for tlv in tlvs if tlv.tag == ITEM]
    return told | ({str(ITEM): items} if items else {})


def _told(tlv: Tlv) -> Any:
    if tlv.tag in _GROUPS:
        return _texts(tuple(parse_tlvs(tlv.value)))
    if tlv.tag == QUANTITY:
        return int.from_bytes(tlv.value[1:], "little") / 10 ** tlv.value[0]
    number = int.from_bytes(tlv.value, "little")
    return number if tlv.tag in _NUMBERS else number / 100 if tlv.tag in _SUMS else tlv.text.rstrip()


def _qr(till: Till, document: Document) -> str:
    if document.kind not in (RECEIPT, CORRECTION):
        return ""
    return (
        f"t={document.at:%Y%m%dT%H%M}&s={document.total_kopecks / 100:.2f}&fn={till.drive.state.serial}"
        f"&i={document.number}&fp={document.sign}&n={document.operation}"
    )


LOOKS: Mapping[str, Callable[[Till, Mapping[str, Any]], Any]] = MappingProxyType(
    {
        "getDeviceStatus": device_status,
        "getShiftStatus": shift_status,
        "getFnInfo": drive_info,
        "getFnStatus": drive_status,
        "ofdExchangeStatus": exchange_status,
        "getDeviceInfo": device_info,
        "getRegistrationInfo": registration_info,
        "getShiftTotals": shift_totals,
        "getCashDrawerStatus": drawer,
        "getFnDocument": drive_document,
    }
)
