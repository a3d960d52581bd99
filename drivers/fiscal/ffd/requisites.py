"""What requisites say in every vendor's register alike: tax systems, the base of a correction, sums by rate
(FNS order ЕД-7-20/662)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from drivers.fiscal.ffd.tags import FFD_1_05, FFD_1_1, FFD_1_2
from drivers.fiscal.ffd.tlv import (
    CORRECTION_BASE,
    CORRECTION_BASE_DATE,
    CORRECTION_BASE_NUMBER,
    CORRECTION_KIND,
    Tlv,
    encode_tlvs,
    text_tlv,
)
from drivers.fiscal.fields import uint
from drivers.fiscal.port import Correction, ReceiptLine, TaxSystem, Vat

#: 1055 and 1062.
TAX_SYSTEM_BITS: Mapping[TaxSystem, int] = MappingProxyType(
    {
        TaxSystem.GENERAL: 0x01,
        TaxSystem.USN_INCOME: 0x02,
        TaxSystem.USN_INCOME_EXPENSE: 0x04,
        TaxSystem.ESHN: 0x10,
        TaxSystem.PATENT: 0x20,
    }
)
#: 1209.
FORMATS: Mapping[int, str] = MappingProxyType({2: FFD_1_05, 3: FFD_1_1, 4: FFD_1_2})
NO_NUMBER = "б/н"  # 1179 where nobody ordered the correction
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the day of the settlement has no zone


def tax_systems_of(bits: int) -> frozenset[TaxSystem]:
    return frozenset(system for system, bit in TAX_SYSTEM_BITS.items() if bits & bit)


def correction_requisites(correction: Correction, *, numbered: bool) -> list[Tlv]:
    """1173 why, 1174 the document behind it."""
    return [Tlv(CORRECTION_KIND, bytes((correction.kind,))), correction_base(correction, numbered=numbered)]


def correction_base(correction: Correction, *, numbered: bool) -> Tlv:
    """1174: the day of the settlement, and a number: `numbered` even where there is none."""
    day = datetime.combine(correction.base_date, datetime.min.time())
    parts = [Tlv(CORRECTION_BASE_DATE, uint(int((day - _EPOCH).total_seconds()), 4))]
    number = correction.base_number or (NO_NUMBER if numbered else "")
    if number:
        parts.append(text_tlv(CORRECTION_BASE_NUMBER, number))
    return Tlv(CORRECTION_BASE, encode_tlvs(parts))


def sums_by_rate(lines: Iterable[ReceiptLine]) -> dict[Vat, int]:
    """Turnovers in kopecks."""
    sums: dict[Vat, int] = {}
    for line in lines:
        sums[line.vat] = sums.get(line.vat, 0) + line.sum_kopecks
    return sums


def included_vat(vat: Vat, sum_kopecks: int) -> int:
    """The tax within a sum; the whole turnover where there is none (1104, 1105)."""
    if vat in (Vat.NONE, Vat.VAT_0):
        return sum_kopecks
    rate = int(vat.value.partition("/")[0])
    return (2 * sum_kopecks * rate + 100 + rate) // (2 * (100 + rate))
