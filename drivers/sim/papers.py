"""Requisites that a simulated register adds to its documents by itself (FNS order ЕД-7-20/662)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drivers.fiscal.ffd import tlv as tags
from drivers.fiscal.ffd.cashless import cashless_of
from drivers.fiscal.ffd.drive import SHIFT_CLOSE_REPORT, SHIFT_OPEN_REPORT
from drivers.fiscal.ffd.tlv import Tlv, text_tlv
from drivers.fiscal.fields import uint
from drivers.sim.drive import ADDRESS, INN, PLACE, REGISTRATION_NUMBER, TAX_SYSTEMS, DriveState

_THOUSANDTHS = 3  # digits behind the point of a quantity
_SIGN_KINDS = {SHIFT_OPEN_REPORT: 0x23, SHIFT_CLOSE_REPORT: 0x24}
_RECEIPT_SIGN = 0x31


def registration_of(ffd: int, *, automatic: bool) -> tuple[Tlv, ...]:
    """What the registration report says of the restaurant and the register; `ffd` by its number in 1209."""
    return (
        text_tlv(tags.INN, INN.ljust(12)),
        text_tlv(tags.REGISTRATION_NUMBER, REGISTRATION_NUMBER.ljust(20)),
        text_tlv(tags.ADDRESS, ADDRESS),
        text_tlv(tags.PLACE, PLACE),
        Tlv(tags.TAX_SYSTEMS, bytes((TAX_SYSTEMS,))),
        Tlv(tags.AUTOMATIC_MODE, bytes((automatic,))),
        Tlv(tags.INTERNET, b"\1"),
        Tlv(tags.FFD_VERSION, bytes((ffd,))),
    )


def told_cashless(tlvs: Iterable[Tlv]) -> list[dict[str, Any]]:
    """1234 as the ledger keeps it."""
    return [
        {"sum_kopecks": x.sum_kopecks, "way": x.way, "identifiers": x.identifiers, "more": x.more}
        for x in cashless_of(tlvs)
    ]


def taxed(tax_system: int) -> Tlv:
    return Tlv(tags.TAX_SYSTEM, bytes((tax_system,)))


def paid(cash_kopecks: int, electronic_kopecks: int) -> tuple[Tlv, ...]:
    return (_sum(tags.PAID_CASH, cash_kopecks), _sum(tags.PAID_ELECTRONICALLY, electronic_kopecks))


def item(name: str, price_kopecks: int, quantity_milli: int, sum_kopecks: int, vat: int) -> Tlv:
    """1059; `vat` by its number in 1199."""
    return _group(
        tags.ITEM,
        text_tlv(tags.ITEM_NAME, name),
        _sum(tags.ITEM_PRICE, price_kopecks),
        Tlv(tags.QUANTITY, bytes((_THOUSANDTHS,)) + _number(quantity_milli)),
        _sum(tags.ITEM_SUM, sum_kopecks),
        Tlv(tags.ITEM_VAT, bytes((vat,))),
    )


def sign_of(kind: int, sign: int) -> bytes:
    """1077: two bytes of the document's kind and the length of what follows, the sign of four bytes (seen on a device:
    3104… a receipt, 2304… a shift opened, 2404… a shift closed)."""
    return bytes((_SIGN_KINDS.get(kind, _RECEIPT_SIGN), 4)) + sign.to_bytes(4, "big")


def shift_counters(state: DriveState) -> Tlv:
    """1194 of the closing report."""
    kinds = ((tags.SALE_COUNTERS, "1"), (tags.REFUND_COUNTERS, "2"))
    return _group(tags.SHIFT_COUNTERS, *(_counters(tag, kind, state) for tag, kind in kinds))


def _counters(tag: int, kind: str, state: DriveState) -> Tlv:
    cash, electronic = (_paid_so_far(state.shift_payments, f"{kind}:{payment}") for payment in (0, 1))
    count = Tlv(tags.RECEIPT_COUNT, uint(state.shift_counts.get(kind, 0), 4))
    sums = ((tags.ALL_SUM, cash + electronic), (tags.CASH_SUM, cash), (tags.ELECTRONIC_SUM, electronic))
    return _group(tag, count, *(_sum(name, kopecks) for name, kopecks in sums))


def _paid_so_far(payments: Mapping[str, int], name: str) -> int:
    return payments.get(name, 0)


def _group(tag: int, *parts: Tlv) -> Tlv:
    return Tlv(tag, b"".join(part.encode() for part in parts))


def _sum(tag: int, kopecks: int) -> Tlv:
    return Tlv(tag, _number(kopecks))


def _number(value: int) -> bytes:
    """As short as it gets, at least one byte."""
    return uint(value, 6).rstrip(b"\0") or b"\0"
