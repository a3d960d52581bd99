"""1234 to 1238, money without cash: golden bytes, what any register stores and shows of it, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from drivers.errors import DeviceRefused
from drivers.fiscal.atol_web.compose import receipt_task
from drivers.fiscal.ffd import tlv as tags
from drivers.fiscal.ffd.cashless import cashless_of, cashless_tlv, sound_cashless
from drivers.fiscal.ffd.tlv import Tlv, encode_tlvs, text_tlv
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import Cashless, Correction, CorrectionKind, Operation, OrderTag
from tests.drivers.contract.lines import SERIAL, line_of, sell
from tests.drivers.shtrih_rig import receipt

TOLD = Cashless(72800, 1, "rrn=028810000045&tid=25201221", "auth=005991")
#: 1234 {1235 {1082 = 728.00 roubles in three bytes, 1236 = 1, 1237, 1238}}, each tag and length low byte first.
GOLDEN = (
    "d2044000 d3043c00 3a040300 601c01 d4040100 01"
    " d5041d00 72726e3d303238383130303030303435267469643d3235323031323231 d6040b00 617574683d303035393931"
)


def test_the_bytes_are_those_of_the_format() -> None:
    found = cashless_tlv(TOLD)
    assert found.encode().hex() == GOLDEN.replace(" ", "")
    assert cashless_of([found]) == [TOLD]
    bare = replace(TOLD, more="")
    assert cashless_of([cashless_tlv(bare)]) == [bare]


@pytest.mark.parametrize("kopecks", [1, 0xFF, 0x100, 72800, 2**40])
def test_a_sum_has_as_few_bytes_as_it_needs(kopecks: int) -> None:
    (found,) = cashless_of([cashless_tlv(replace(TOLD, sum_kopecks=kopecks))])
    assert found.sum_kopecks == kopecks


@pytest.mark.parametrize(
    "wrong", [replace(TOLD, way=256), replace(TOLD, identifiers=""), replace(TOLD, identifiers="7" * 230)]
)
def test_what_fits_no_register_is_not_composed(wrong: Cashless) -> None:
    with pytest.raises(CodecError):
        cashless_tlv(wrong)


def _group(*parts: Tlv) -> Tlv:
    return Tlv(tags.CASHLESS, encode_tlvs((Tlv(tags.CASHLESS_PAYMENT, encode_tlvs(parts)),)))


_SUM, _WAY = Tlv(tags.CASHLESS_SUM, b"\x60\x1c\x01"), Tlv(tags.CASHLESS_WAY, b"\1")
_ID = text_tlv(tags.CASHLESS_IDENTIFIERS, "rrn=1")


@pytest.mark.parametrize(
    "group",
    [
        _group(_WAY, _ID),
        _group(_SUM, _ID),
        _group(_SUM, _WAY),
        _group(_SUM, _SUM, _WAY, _ID),
        _group(_SUM, Tlv(tags.CASHLESS_WAY, b"\1\0"), _ID),
        _group(Tlv(tags.CASHLESS_SUM, bytes(7)), _WAY, _ID),
        _group(_SUM, _WAY, _ID, text_tlv(tags.CASHIER, "Ира")),
        Tlv(tags.CASHLESS, b""),
        Tlv(tags.CASHLESS, b"\1"),
    ],
)
def test_a_group_that_is_none_is_refused(group: Tlv) -> None:
    with pytest.raises(CodecError):
        cashless_of([group])


def test_it_stands_once_in_a_receipt_and_beside_as_much_without_cash() -> None:
    found = cashless_tlv(TOLD)
    assert sound_cashless([found], 72800, correction=False) == [TOLD]
    assert sound_cashless([], 0, correction=True) == []
    for tlvs, electronic, correction in (
        ([found], 72700, False),
        ([found], 72800, True),
        ([found, found], 72800, False),
    ):
        with pytest.raises(CodecError):
            sound_cashless(tlvs, electronic, correction=correction)


@pytest.mark.parametrize("line", SERIAL)
async def test_a_register_stores_it_in_sale_and_refund(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        await sell(bench, registrar, receipt(cashless=TOLD))
        await sell(bench, registrar, receipt(operation=Operation.REFUND, cashless=replace(TOLD, more="")))
        told = {"sum_kopecks": 72800, "way": 1, "identifiers": TOLD.identifiers}
        assert [row["cashless"] for row in bench.receipts()] == [[told | {"more": more}] for more in (TOLD.more, "")]


@pytest.mark.parametrize("line", SERIAL)
async def test_a_register_refuses_another_sum_than_was_paid_without_cash_and_registers_nothing(line: str) -> None:
    async with line_of(line) as (bench, registrar):
        before = await registrar.counter()
        with pytest.raises(DeviceRefused):
            await sell(bench, registrar, receipt(cashless=replace(TOLD, sum_kopecks=100)))
        with pytest.raises(DeviceRefused):
            await sell(bench, registrar, receipt(cashless=TOLD, electronic_kopecks=0, cash_kopecks=72800))
        assert (await registrar.counter()).last_document == before.last_document
        await sell(bench, registrar, receipt(cashless=TOLD))


@pytest.mark.parametrize("line", SERIAL)
async def test_a_register_refuses_it_in_a_correction(line: str) -> None:
    async with line_of(line, ffd="1.2" if line.startswith("shtrih") else "1.1") as (bench, registrar):
        asked = receipt(cashless=TOLD)
        intent = bench.intent(asked, await registrar.counter(), correction=True)
        with pytest.raises(DeviceRefused):
            await registrar.print_correction(Correction(asked, CorrectionKind.SELF, date(2026, 11, 21)), intent)


def test_the_tasks_of_the_driver_have_no_word_for_it() -> None:
    with pytest.raises(DeviceRefused):
        receipt_task(receipt(cashless=TOLD), OrderTag.TAG_1192)
