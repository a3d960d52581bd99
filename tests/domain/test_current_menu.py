"""One menu at a time: what is made of it is made anew once another is published, and whoever has taken one keeps it."""

from __future__ import annotations

from typing import Any

import msgspec

from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.ordering.pricing import Pricing, WantedLine
from tests.domain.dishes import menu, menu_of


def shown(page: tuple[bytes, str]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(page[0])["categories"][0]["items"][0]
    return found


def test_the_page_of_the_menu_is_another_once_one_that_differs_by_a_price_alone_is_published() -> None:
    current = CurrentMenu(menu())
    bytes_ = MenuBytes(current, Kitchen())
    before = bytes_.page("ru")
    current.publish(menu(lambda raw: raw["items"][0].update(price_kopecks=31100)), 2)
    after = bytes_.page("ru")
    assert (shown(before)["price_kopecks"], shown(after)["price_kopecks"], current.revision) == (28900, 31100, 2)
    assert before[1] != after[1]
    assert shown(before)["available"] == shown(after)["available"]


def test_prices_are_those_of_the_menu_that_was_published_last() -> None:
    current = CurrentMenu(menu())
    pricing, wish = Pricing(current, Kitchen()), [WantedLine("fried-rice", 1)]
    (before,) = pricing.lines(wish)
    current.publish(menu(lambda raw: raw["items"][0].update(price_kopecks=31100)), 2)
    (after,) = pricing.lines(wish)
    assert (before.price_kopecks, after.price_kopecks) == (28900, 31100)


def test_the_kitchen_knows_the_charts_of_a_new_menu_before_anybody_orders_of_it_and_keeps_the_old_ones() -> None:
    old = menu()
    kitchen, current = Kitchen(old.charts()), CurrentMenu(old)
    current.when_published(lambda new: kitchen.sell(new.charts()))
    new = menu_of(lambda raw: None, [("rice", 170)])
    current.publish(new, 2)
    (before,), (after,) = old.charts(), new.charts()
    assert before.fingerprint != after.fingerprint
    assert kitchen.now.works.keys() == kitchen.charts.keys() == {before.fingerprint, after.fingerprint}
    assert kitchen.now.usual == after.fingerprint


def test_a_menu_says_by_which_number_the_robot_knows_its_ingredients() -> None:
    found = menu()
    assert {row.id: code for code, row in found.by_code.items()} == {n: r.code for n, r in found.ingredients.items()}
    assert found.units == {name: row.unit for name, row in found.ingredients.items()}
