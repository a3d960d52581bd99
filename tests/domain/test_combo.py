"""Combos: every choice costs what it says, to the kopeck; what cannot be sold is refused when the menu is read."""

from __future__ import annotations

import copy
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.catalogue import load_menu
from kiosk.domain.menu.combo import Combo
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.rows import MenuError
from tests.domain.dishes import MENU, NAME, Raw, Spoil, menu


def with_combo(prices: tuple[int, ...] = (28900, 9900), price: int = 30000, spoil: Spoil = lambda raw: None) -> Menu:
    """One dish a place; the dishes cost `prices`, their compulsory first option nothing."""

    def change(raw: Raw) -> None:
        first = raw["items"][0]
        raw["items"] = [{**copy.deepcopy(first), "id": f"dish-{n}", "price_kopecks": p} for n, p in enumerate(prices)]
        slots = [
            {"id": f"place-{n}", "name": NAME, "options": [{"id": f"take-{n}", "item": f"dish-{n}"}]}
            for n in range(len(prices))
        ]
        words = {"category": "rice", "name": NAME, "description": NAME, "image": "rice.webp"}
        raw["combos"] = [{"id": "combo", **words, "price_kopecks": price, "slots": slots}]
        spoil(raw)

    return menu(change)


def combo(price: int = 30000) -> Combo:
    """Two dishes for the first place."""

    def second_dish(raw: Raw) -> None:
        raw["items"].append({**copy.deepcopy(MENU["items"][0]), "id": "soup", "price_kopecks": 31900})
        raw["combos"][0]["slots"][0]["options"].append({"id": "take-soup", "item": "soup", "price_kopecks": 2000})

    return with_combo(price=price, spoil=second_dish).combos["combo"]


def test_every_choice_of_the_demo_costs_its_price_and_saves_something() -> None:
    combos = load_menu(None).combos
    assert len(combos) >= 3
    for found in combos.values():
        for way in itertools.product(*(slot.options for slot in found.item.slots)):
            parts = found.parts(way)
            assert sum(part.price_kopecks for part in parts) == found.price_kopecks(way)
            assert sum(part.dish.default_price_kopecks() for part in parts) > found.price_kopecks(way)
            assert all(part.price_kopecks % 100 == 0 for part in parts)


@given(st.lists(st.integers(100, 100_000), min_size=2, max_size=5), st.data())
def test_a_price_is_spread_to_the_kopeck_and_no_dish_costs_less_than_a_rouble(
    own: list[int], data: st.DataObject
) -> None:
    price = data.draw(st.integers(100 * len(own), sum(own)))
    found = with_combo(tuple(own), price).combos["combo"]
    parts = found.parts(found.choose())
    assert sum(part.price_kopecks for part in parts) == price
    assert all(100 <= part.price_kopecks <= cost for part, cost in zip(parts, own, strict=True))


def test_an_open_place_takes_its_first_dish_that_is_there() -> None:
    found = combo()
    assert [option.id for option in found.choose()] == ["take-0", "take-1"]
    assert [option.id for option in found.choose(gone={"dish-0"})] == ["take-soup", "take-1"]
    assert [option.id for option in found.choose(gone={"dish-0", "soup"})] == ["take-0", "take-1"]
    assert [option.id for option in found.choose(["take-soup"])] == ["take-soup", "take-1"]
    assert found.price_kopecks(found.choose(["take-soup"])) == 32000
    assert found.saving_kopecks(found.choose()) == 28900 + 9900 - 30000


@pytest.mark.parametrize("wanted", [["take-0", "take-soup"], ["take-9"], ["take-1", "take-1"]])
def test_two_dishes_for_one_place_an_unknown_and_a_repeated_one_are_refused(wanted: list[str]) -> None:
    with pytest.raises(MenuError):
        combo().choose(wanted)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda raw: raw["combos"][0].update(price_kopecks=38801), "must cost"),
        (lambda raw: raw["combos"][0].update(price_kopecks=199), "must cost"),
        (lambda raw: raw["combos"][0]["slots"].pop(), "at least two places"),
        (lambda raw: raw["combos"][0]["slots"][0].update(options=[]), "at least two places"),
        (lambda raw: raw["combos"][0]["slots"][0]["options"][0].update(item="sushi"), "not sold"),
        (lambda raw: raw["items"][0].update(sellable=False), "not sold"),
        (lambda raw: raw["combos"][0].update(category="sushi"), "unknown category"),
        (lambda raw: raw["combos"][0].update(id="dish-0"), "item ids repeat"),
        (lambda raw: raw["combos"].append(copy.deepcopy(raw["combos"][0])), "item ids repeat"),
        (lambda raw: raw["combos"][0]["slots"][1].update(id="place-0"), "place ids repeat"),
        (lambda raw: raw["combos"][0]["slots"][1]["options"][0].update(id="mild"), "option ids repeat"),
    ],
)
def test_a_combo_that_must_not_be_sold_is_refused(spoil: Spoil, why: str) -> None:
    with pytest.raises(MenuError, match=why):
        with_combo(spoil=spoil)
