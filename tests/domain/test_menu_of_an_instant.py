"""The menu of an instant follows from the menu and the instant alone: prices from a date, dayparts, and one timer that
turns it, however the clock is set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.hours import instant_of
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.moment import MenuOfInstant
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.menu.timetable import Again
from kiosk.flows.ordering.availability import Offer
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.ordering.turning import MenuTurns
from kiosk.periods import USUAL, Periods
from tests.clocks import ManualClock
from tests.domain.dishes import menu
from tests.domain.test_combo import with_combo

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
DISH = "fried-rice"
MORNING = {"id": "morning", "name": {"ru": "Завтрак", "en": "Breakfast"}, "hours": {"mon": "07:00-11:00"}}


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def priced(*prices: tuple[str, int], zone: ZoneInfo = MOSCOW) -> Callable[[str], int]:
    """What the dish costs at a time of the clock."""
    rows = [{"from": begins, "price_kopecks": price} for begins, price in prices]
    whole = menu(lambda raw: raw["items"][0].update(prices=rows))
    return lambda text: MenuOfInstant(zone).of(whole, at(text, zone)).dishes[DISH].item.price_kopecks


def with_dayparts(*dayparts: dict[str, Any]) -> Menu:
    def spoil(raw: dict[str, Any]) -> None:
        raw["dayparts"] = list(dayparts)
        raw["items"][0]["dayparts"] = [row["id"] for row in dayparts]

    return menu(spoil)


def test_a_price_begins_with_the_first_moment_of_its_day_or_at_its_time() -> None:
    price = priced(("2026-12-01", 31000), ("2026-12-01T18:00", 35000))
    found = [
        price(text) for text in ("2026-11-30T23:59:59", "2026-12-01T00:00", "2026-12-01T17:59:59", "2026-12-01T18:00")
    ]
    assert found == [28900, 31000, 31000, 35000]


def test_a_price_that_has_begun_does_not_end_where_the_clocks_go_back() -> None:
    whole = menu(lambda raw: raw["items"][0].update(prices=[{"from": "2026-10-25T02:30", "price_kopecks": 31000}]))
    begins = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    found = [MenuOfInstant(BERLIN).of(whole, begins + timedelta(minutes=n)) for n in (-1, 0, 30, 59, 60)]
    assert [one.dishes[DISH].item.price_kopecks for one in found] == [28900, 31000, 31000, 31000, 31000]


BAD_PRICES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "a price below a rouble": ([{"from": "2027-01-01", "price_kopecks": 99}], "from 2027-01-01T00:00.*one rouble"),
    "out of order": (
        [{"from": "2027-01-02", "price_kopecks": 900}, {"from": "2027-01-01", "price_kopecks": 900}],
        "does not come after",
    ),
    "no day": ([{"from": "soon", "price_kopecks": 900}], "prices: from 'soon'"),
    "a week": ([{"from": "2027-W01", "price_kopecks": 900}], "prices: from '2027-W01'"),
    "a day in another way": ([{"from": "20270101", "price_kopecks": 900}], "prices: from '20270101'"),
    "a zone": ([{"from": "2027-01-01T00:00:00+03:00", "price_kopecks": 900}], "without a zone"),
    "too dear": ([{"from": "2027-01-01", "price_kopecks": 10_000_001}], "at most 10000000"),
    "too many": ([{"from": f"20{n}-01-01", "price_kopecks": 900} for n in range(30, 43)], "at most 12"),
}


@pytest.mark.parametrize("what", BAD_PRICES)
def test_a_price_that_there_will_never_be_is_told_before_it_begins(what: str) -> None:
    rows, words = BAD_PRICES[what]
    with pytest.raises(MenuError, match=words):
        menu(lambda raw: raw["items"][0].update(prices=rows))


def test_a_combo_is_above_its_dishes_at_no_moment() -> None:
    """The dish becomes cheap on a day on which the combo is still dear."""

    def cheap(raw: dict[str, Any]) -> None:
        for item in raw["items"]:
            item["prices"] = [{"from": "2027-03-01", "price_kopecks": 5000}]

    with pytest.raises(MenuError, match=r"from 2027-03-01T00:00: combo combo: .*1 ₽ a dish"):
        with_combo(spoil=cheap)


BAD_TIMES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown daypart": ({"items": [{"dayparts": ["night"]}]}, "unknown dayparts"),
    "a daypart without hours": ({"dayparts": [{**MORNING, "hours": {}}]}, "no hours on any day"),
    "hours that are none": (
        {"dayparts": [{**MORNING, "hours": {"mon": "7-11"}}]},
        "daypart morning: hours: mon: expected",
    ),
    "dayparts twice": ({"dayparts": [MORNING, MORNING]}, "morning stands twice"),
    "always closed": ({"hours": {}}, "closed on every day"),
    "a day that is none": ({"holidays": [{"date": "2026-02-30"}]}, "no day like"),
    "a day of a week": ({"holidays": [{"date": "2026-W53-4"}]}, "no day like"),
    "a holiday twice": ({"holidays": [{"date": "2026-12-31"}] * 2}, "stands twice"),
}


@pytest.mark.parametrize("what", BAD_TIMES)
def test_hours_that_cannot_be_kept_are_refused(what: str) -> None:
    tables, words = BAD_TIMES[what]

    def spoil(raw: dict[str, Any]) -> None:
        first = tables.get("items")
        raw.update({name: rows for name, rows in tables.items() if name != "items"})
        if first:
            raw["items"][0].update(first[0])

    with pytest.raises(MenuError, match=words):
        menu(spoil)


NIGHT = {"id": "night", "name": {"ru": "Ночь", "en": "Night"}, "hours": {"fri": "22:00-03:00"}}


@pytest.mark.parametrize(
    ("now", "again"),
    [
        ("2026-11-23T06:59", Again("today", "07:00")),  # a Monday
        ("2026-11-23T07:00", None),
        ("2026-11-23T11:00", Again("fri", "22:00")),
        ("2026-11-26T23:00", Again("tomorrow", "22:00")),
        ("2026-11-28T02:59", None),  # the night of Friday
        ("2026-11-28T03:00", Again("mon", "07:00")),
    ],
)
def test_a_dish_outside_its_dayparts_is_not_sold_and_says_from_when_it_is(now: str, again: Again | None) -> None:
    found = MenuOfInstant(MOSCOW).of(with_dayparts(MORNING, NIGHT), at(now))
    assert found.out == ({} if again is None else {DISH: again})
    reason = Offer(found, Kitchen().now).of(DISH).reason
    assert reason == ("robot_offline" if again is None else "not_at_this_hour")
    page = MenuBytes(CurrentMenu(found), Kitchen()).page("ru")[0]
    assert (b'"available_from":{"day"' in page) is (again is not None)


def test_what_was_ordered_in_its_hour_can_be_paid_after_it() -> None:
    found = MenuOfInstant(MOSCOW).of(with_dayparts(MORNING), at("2026-11-23T11:01"))
    assert Offer(found, Kitchen().now).why_not_named(DISH) == "not_at_this_hour"
    assert Offer(found, Kitchen().now, any_hour=True).why_not_named(DISH) == "robot_offline"


# Any document, any instant.

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda two: two[0] != two[1])
HOURS = st.dictionaries(st.sampled_from(DAYS), SPAN.map(lambda two: f"{two[0]:02}:00-{two[1]:02}:30"), min_size=1)
BEGIN = datetime.fromisoformat("2026-10-20T00:00")
MINUTE = st.integers(min_value=0, max_value=12 * 1440)  # with the night in which Berlin sets its clocks
PRICES = st.lists(st.tuples(MINUTE, st.integers(100, 90_000)), max_size=6, unique_by=lambda row: row[0]).map(sorted)
INSTANTS = st.lists(MINUTE, min_size=1, max_size=8)


def document(prices: list[tuple[int, int]], hours: dict[str, str]) -> Menu:
    def spoil(raw: dict[str, Any]) -> None:
        raw["dayparts"] = [{**MORNING, "hours": hours}]
        rows = [
            {"from": (BEGIN + timedelta(minutes=n)).isoformat(timespec="minutes"), "price_kopecks": price}
            for n, price in prices
        ]
        raw["items"][0].update(dayparts=["morning"], prices=rows)

    return menu(spoil)


def said(found: Menu) -> tuple[int, object]:
    return found.dishes[DISH].item.price_kopecks, found.out.get(DISH)


@settings(max_examples=60, deadline=None)
@given(PRICES, HOURS, INSTANTS, st.sampled_from([MOSCOW, BERLIN]))
def test_the_timer_shows_what_follows_from_the_instant_whatever_was_before(
    prices: list[tuple[int, int]], hours: dict[str, str], jumps: list[int], zone: ZoneInfo
) -> None:
    """Jumps of the clock, forward and back, and a walk from each moment to the next: nothing changes in between."""
    whole, of_instant = document(prices, hours), MenuOfInstant(zone)
    now = instant_of(BEGIN, zone)
    current = CurrentMenu(whole, of_now=lambda one: of_instant.of(one, now))
    for jump in jumps:
        now = instant_of(BEGIN + timedelta(minutes=jump), zone)
        current.turn()
        assert said(current.now) == said(of_instant.of(whole, now))
        begun = [price for n, price in prices if instant_of(BEGIN + timedelta(minutes=n), zone) <= now]
        assert said(current.now)[0] == (begun[-1] if begun else 28900)
        following = of_instant.next_change(whole, now)
        assert following is not None
        assert following > now
        assert said(of_instant.of(whole, following - timedelta(microseconds=1))) == said(current.now), "it missed one"


def test_a_timer_that_waits_for_prices_alone_misses_a_daypart() -> None:
    """The planted twin: its next moment is that of a price."""
    of_instant, now = MenuOfInstant(MOSCOW), at("2026-10-20T00:00")
    whole = document([(1440, 500)], {"tue": "10:00-12:30"})
    twin = min(instant_of(local, MOSCOW) for local in whole.price_moments)
    assert said(of_instant.of(whole, twin - timedelta(microseconds=1))) != said(of_instant.of(whole, now))
    assert of_instant.next_change(whole, now) == at("2026-10-20T10:00")


class SetClock(ManualClock):
    """Whose wall time somebody sets."""

    def set_to(self, moment: datetime) -> None:
        self._now = moment


async def test_the_menu_turns_at_its_moment_and_after_a_jump_of_the_clock() -> None:
    clock = SetClock(at("2026-11-23T06:00"))
    told: list[list[str]] = []
    whole, of_instant = with_dayparts(MORNING), MenuOfInstant(MOSCOW)
    current = CurrentMenu(whole, of_now=lambda one: of_instant.of(one, clock.now()))
    current.when_published(lambda new: told.append(sorted(new.out)))
    turns = asyncio.ensure_future(MenuTurns(current, of_instant, clock, Periods(menu_s=86_400)).run())
    try:
        await clock.until_asleep()
        assert clock.asked_s == [3600], "until breakfast, and no look before it"
        clock.advance(3600)
        await clock.until_asleep()
        assert (clock.asked_s[-1], told) == (4 * 3600, [[]])
        clock.set_to(at("2026-11-23T12:00"))
        clock.advance(4 * 3600)
        await clock.until_asleep()
        clock.set_to(at("2026-11-23T08:00"))  # it was set wrong
        clock.advance(clock.asked_s[-1])
        await clock.until_asleep()
        assert told[1] == [DISH]
    finally:
        turns.cancel()


def test_a_look_is_never_farther_than_its_period_so_that_a_clock_that_was_set_is_noticed() -> None:
    assert USUAL.menu_s <= 10
