"""How long food may stand in its cell: the dish's own time comes first, and reminders fit into it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from kiosk.domain.kitchen.holding import HoldingRules, Told, is_too_cold
from kiosk.domain.menu.chart import Chart

USUAL = Chart(1, 1, "Удон", {}, ())
ICE_CREAM = Chart(2, 1, "Мороженое", {}, (), hold_s=600)
SOUP = Chart(3, 1, "Суп", {}, (), lowest_c=50)
RULES = HoldingRules(remind_s=300, call_staff_s=1800, hold_s=3600)


def test_the_dishs_own_hold_comes_before_that_of_the_settings() -> None:
    assert RULES.hold_of(ICE_CREAM) == timedelta(seconds=600)
    assert RULES.hold_of(USUAL) == RULES.hold_of(None) == timedelta(seconds=3600)


@pytest.mark.parametrize(
    ("age_s", "charts", "told"),
    [
        (299, [USUAL], Told.NOBODY), (300, [USUAL], Told.GUEST), (1799, [USUAL], Told.GUEST),
        (1800, [USUAL], Told.STAFF), (199, [ICE_CREAM], Told.NOBODY), (200, [USUAL, ICE_CREAM], Told.GUEST),
        (400, [USUAL, ICE_CREAM], Told.STAFF), (300, [], Told.GUEST),
    ],
)  # fmt: skip
def test_guest_and_staff_hear_in_time_for_the_dish_with_the_shortest_life(
    age_s: int, charts: list[Chart], told: Told
) -> None:
    assert RULES.due(timedelta(seconds=age_s), charts) is told


@pytest.mark.parametrize(
    ("chart", "temp_c", "cold"),
    [(SOUP, 49.9, True), (SOUP, 50.0, False), (SOUP, None, False), (USUAL, -10.0, False), (None, 0.5, False)],
)
def test_only_a_dish_with_a_lowest_temperature_becomes_too_cold(
    chart: Chart | None, temp_c: float | None, cold: bool
) -> None:
    assert is_too_cold(chart, temp_c) is cold


def test_charts_of_before_keep_their_fingerprints() -> None:
    assert b"hold_s" not in msgspec.json.encode(USUAL)
