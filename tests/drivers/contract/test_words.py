"""What a receipt cannot say as written it says plainly, the same on every register; never a question mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fiscal.atol.frames import text_bytes as atol_bytes
from drivers.fiscal.ffd.tlv import PLACE, text_tlv
from drivers.fiscal.fields import text_bytes as shtrih_bytes
from drivers.fiscal.port import Operation, Receipt, ReceiptLine, TaxSystem
from drivers.text import said, unsaid
from tests.drivers.contract.lines import LINES, line_of

WORDS = {
    "Чай «Цезарь» — №1 за 5$": 'Чай "Цезарь" - №1 за 5$',
    "Бенто «Робот»": 'Бенто "Робот"',
    "И\u0306огурт д’Артаньян": "Йогурт д'Артаньян",
    "Café crème 2×3…": "Cafe creme 2x3...",
    "Сырники\u00a05\u202f₽": "Сырники\u00a05 руб.",
}


@pytest.mark.parametrize("line", LINES)
async def test_3_4_what_a_menu_may_say_stands_on_the_receipt_without_a_question_mark(line: str) -> None:
    lines = tuple(ReceiptLine(name, 100, 1, 100) for name in WORDS)
    total = 100 * len(lines)
    wanted = Receipt(
        operation=Operation.SALE,
        order_id="o-1",
        lines=lines,
        total_kopecks=total,
        electronic_kopecks=total,
        tax_system=TaxSystem.USN_INCOME,
    )
    async with line_of(line) as (bench, registrar):
        await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))
        (made,) = bench.receipts()
    assert [position["name"] for position in made["lines"]] == list(WORDS.values())


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co"))))
def test_whatever_can_be_said_reaches_every_charset_whole(text: str) -> None:
    if unsaid(text):
        return
    plain = said(text)
    assert said(plain) == plain
    assert shtrih_bytes(text, 10_000).decode("cp1251") == plain
    assert text_tlv(PLACE, text).text == plain
    assert atol_bytes(text).count(b"?") == plain.count("?")


@pytest.mark.parametrize("letter", ["茶", "🍜", "\u0301", "Œ"])
def test_what_no_plain_form_helps_is_named(letter: str) -> None:
    assert unsaid(f"Чай {letter} и {letter}") == letter
