"""What counts come to: percentiles, approvals, the funnel, the estimate of what was not sold, the days before."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import get_args
from xml.etree import ElementTree

import pytest

from kiosk.domain.staff import figures
from kiosk.domain.staff.figures import Usual
from kiosk.domain.staff.spreadsheet import Table, csv_bytes, xlsx_bytes
from kiosk.flows.guards import visits

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def test_a_percentile_is_a_value_that_was_there_and_so_many_are_not_above_it() -> None:
    counts = [(3, 10), (5, 9), (20, 1)]
    assert [figures.percentile(counts, share) for share in (0.5, 0.51, 0.95, 1.0)] == [3, 5, 5, 20]
    assert figures.percentile([], 0.5) is None
    assert [figures.whole_minutes(seconds) for seconds in (0, 1, 60, 61, -5, 1e9)] == [0, 1, 1, 2, 0, 1440]


def test_only_what_the_bank_answered_counts_for_its_approvals() -> None:
    counts = [
        ("token", "", "", 8), ("token", "payment_declined", "insufficient_funds", 2),
        ("token", "payment_declined", "cancelled", 30), ("token", "fiscal_unavailable", "", 5),
        ("till", "payment_declined", "expired", 1),
    ]  # fmt: skip
    (till, token), refusals = figures.payments_of(counts)
    assert (token.attempts, token.approved, token.declined, token.approval_rate) == (45, 8, 2, 0.8)
    assert (till.attempts, till.approval_rate) == (1, None)
    assert sum(row.attempts for row in refusals) == 38


def test_visits_are_a_funnel_whose_steps_only_shrink_and_every_visit_ends_once() -> None:
    steps, left, screens = figures.funnel_of(
        [("k1", "touched", "track", 2), ("k1", "cart", "cart", 3), ("k2", "paid", "done", 5), ("k2", "cart", "menu", 1)]
    )
    assert [(row.step, row.visits, row.left) for row in steps] == [
        ("touched", 11, 2), ("chosen", 9, 0), ("cart", 9, 4), ("ordered", 5, 0), ("paying", 5, 0), ("paid", 5, 0),
    ]  # fmt: skip
    assert sum(row.left for row in steps) + steps[-1].visits == 11
    assert [(row.screen, row.visits) for row in left] == [("cart", 3), ("track", 2), ("menu", 1)]
    assert [(row.terminal_id, row.visits, row.paid) for row in screens] == [("k1", 5, 0), ("k2", 6, 5)]
    assert figures.funnel_of([]) == ([], [], [])


def test_the_pages_steps_and_screens_are_those_that_are_counted() -> None:
    assert get_args(visits.Step) == figures.STEPS
    assert {"cart", "attract"} & set(get_args(visits.Screen)) == {"cart"}


def test_lost_roubles_are_the_usual_rate_of_minutes_in_which_it_could_be_had_and_unknown_without_enough_of_them() -> (
    None
):
    usual = Usual(1600, {"soup": 600, "tea": 1100}, {"soup": 500_000, "tea": 900_000})
    rows = figures.sold_out_of(
        [("tea", "stopped", 1100), ("soup", "sold_out", 60), ("soup", "stopped", 40), ("new", "stopped", 5)],
        {"soup": "Суп"},
        usual,
    )
    assert [(row.item_id, row.name, row.reason, row.minutes, row.lost_kopecks) for row in rows] == [
        ("soup", "Суп", "sold_out", 100, 50_000), ("new", "new", "stopped", 5, 0),
        ("tea", "tea", "stopped", 1100, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-11-30", "2026-11-30", ("2026-11-23", "2026-11-23")),  # a day: the same of the week before
        ("2026-11-23", "2026-11-29", ("2026-11-16", "2026-11-22")),  # a week
        ("2026-11-25", "2026-12-03", ("2026-11-11", "2026-11-19")),  # nine days: two weeks earlier
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),  # a month: the month before
        ("2026-03-01", "2026-03-30", ("2026-02-01", "2026-02-28")),  # as much of it as there is
        ("2026-11-01", "2026-11-20", ("2026-10-01", "2026-10-20")),
        ("2026-11-01", "2026-11-02", ("2026-10-25", "2026-10-26")),  # two days are held against two weekdays
    ],
)
def test_a_period_is_held_against_the_same_days_before(first: str, last: str, before: tuple[str, str]) -> None:
    found = figures.days_before(date.fromisoformat(first), date.fromisoformat(last))
    assert tuple(day.isoformat() for day in found) == before


FORMULAS = ("=1+1", "+7", "-2+3", "@SUM(A1)", "\t=1")
TABLES = [
    Table("a", "Блюда: [всё]/\\?*'", ("имя", "₽"), [*((word, 1.5) for word in FORMULAS), ('"a", b\n<&>\x01', None)]),
    Table("b", "Блюда: [всё]/\\?*'", ("n",), [(7,)]),
]


def test_no_text_is_a_formula_in_a_spreadsheet() -> None:
    text = csv_bytes(TABLES).decode("utf-8-sig")
    assert csv_bytes(TABLES).startswith(b"\xef\xbb\xbf")
    for word in FORMULAS:
        assert f"'{word},1.5" in text
    assert '"""a"", b\n<&>\x01",' in text
    for sheet in (1, 2):
        assert sheet_of(xlsx_bytes(TABLES), sheet).findall(f".//{MAIN}f") == []


def sheet_of(book: bytes, number: int) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))


def test_a_workbook_holds_every_cell_as_text_or_number_under_names_excel_takes() -> None:
    book = xlsx_bytes(TABLES)
    assert book == xlsx_bytes(TABLES)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert parts.testzip() is None
        for name in parts.namelist():
            ElementTree.fromstring(parts.read(name))
        names = [one.get("name") for one in ElementTree.fromstring(parts.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
    assert (len(set(names)), max(len(str(name)) for name in names) <= 31) == (2, True)
    rows = sheet_of(book, 1).findall(f".//{MAIN}row")
    texts = [["".join(cell.itertext()) for cell in row] for row in rows]
    assert texts == [["имя", "₽"], *([word, "1.5"] for word in FORMULAS), ['"a", b\n<&>', ""]]
