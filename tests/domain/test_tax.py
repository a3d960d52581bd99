"""Rates by dish, service and day: the own row before the general one, the newest that is valid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.fiscal.tax import TaxRule, TaxTable

YEAR = date(2026, 1, 1)
TABLE = TaxTable(
    [
        TaxRule("none", 1, date.min),
        TaxRule("20", 1, date(2025, 1, 1)),
        TaxRule("22", 1, YEAR),
        TaxRule("10", 1, date(2025, 1, 1), item="milk"),
        TaxRule("22", 4, YEAR, service="dine_in"),
        TaxRule("5", 4, YEAR, item="milk", service="dine_in"),
    ]
)


@pytest.mark.parametrize(
    ("item", "service", "day", "found"),
    [
        ("tea", "take_away", date(2024, 12, 31), ("none", 1)),
        ("tea", "take_away", date(2025, 12, 31), ("20", 1)),
        ("tea", "take_away", YEAR, ("22", 1)),
        ("tea", "dine_in", date(2025, 12, 31), ("20", 1)),
        ("tea", "dine_in", YEAR, ("22", 4)),
        ("milk", "take_away", YEAR, ("10", 1)),
        ("milk", "dine_in", date(2025, 6, 1), ("10", 1)),
        ("milk", "dine_in", YEAR, ("5", 4)),
    ],
)
def test_a_dish_carries_the_rate_of_its_own_row_and_day(
    item: str, service: str, day: date, found: tuple[str, int]
) -> None:
    rule = TABLE.of(item, service, day)
    assert (rule.vat, rule.subject) == found


def test_no_row_at_all_is_an_error_and_never_a_guess() -> None:
    with pytest.raises(LookupError, match="tea"):
        TaxTable([TaxRule("20", 1, YEAR)]).of("tea", "dine_in", YEAR - timedelta(days=1))


def test_rates_that_are_past_need_no_device_that_knows_them() -> None:
    assert TABLE.rates(date(2025, 6, 1)) == {"20", "22", "10", "5"}
    assert TABLE.rates(YEAR) == {"22", "10", "5"}


@given(
    st.dates(min_value=date(2025, 1, 1)), st.sampled_from(["tea", "milk"]), st.sampled_from(["dine_in", "take_away"])
)
def test_every_rate_a_receipt_gets_is_among_those_the_device_was_asked_about(
    day: date, item: str, service: str
) -> None:
    assert TABLE.of(item, service, day).vat in TABLE.rates(day)
