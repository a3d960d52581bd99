"""Requisites that a simulated register adds to its documents by itself (FNS order ЕД-7-20/662)."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.fiscal.ffd import tlv as tags
from drivers.fiscal.ffd.tlv import Tlv, text_tlv
from drivers.fiscal.fields import uint
from drivers.sim.drive import ADDRESS, INN, PLACE, REGISTRATION_NUMBER, TAX_SYSTEMS, DriveState


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


def taxed(tax_system: int) -> Tlv:
    return Tlv(tags.TAX_SYSTEM, bytes((tax_system,)))


def paid(cash_kopecks: int, electronic_kopecks: int) -> tuple[Tlv, ...]:
    return (_sum(tags.PAID_CASH, cash_kopecks), _sum(tags.PAID_ELECTRONICALLY, electronic_kopecks))


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
    """As short as it gets, at least one byte."""
    return Tlv(tag, uint(kopecks, 6).rstrip(b"\0") or b"\0")
