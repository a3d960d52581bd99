"""What is eaten: weight, energy, allergens and tags follow from what is cooked; what a menu hides is refused."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.text import said
from kiosk.catalogue import load_menu
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.dish import Dish, Option
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.rows import MenuError
from kiosk.flows.ordering.menu import MenuBytes
from tests.domain.dishes import EGG, NAME, RICE, Raw, Spoil, menu, menu_of
from tests.domain.test_combo import with_combo

DEMO = Path(str(files("kiosk") / "demo"))


def ways(dish: Dish) -> Iterator[tuple[Option, ...]]:
    """Every choice that may be ordered."""
    per_group = [
        [way for n in range(group.min, group.max + 1) for way in itertools.combinations(group.options, n)]
        for group in dish.groups
    ]
    for way in itertools.product(*per_group):
        yield tuple(option for part in way for option in part)


def harms(raw: Raw, formula: dict[str, int]) -> set[str]:
    """By the file itself: every allergen of every ingredient that goes in."""
    listed = {row["id"]: row["allergens"] for row in raw["ingredients"]}
    return {name for ingredient, amount in formula.items() if amount > 0 for name in listed[ingredient]}


@pytest.fixture(scope="module")
def demo() -> Menu:
    return load_menu(None)


def test_every_dish_of_the_demo_with_every_option_shows_whatever_its_ingredients_have(demo: Menu) -> None:
    raw = tomllib.loads((DEMO / "menu.toml").read_text("utf-8"))
    pairs, hidden = 0, []
    for dish in demo.dishes.values():
        for way in ways(dish):
            pairs += 1
            if missing := harms(raw, dish.formula(way)) - set(dish.contents(way).allergens):
                hidden.append((dish.item.id, [option.id for option in way], missing))
    for combo in demo.combos.values():
        for choice in itertools.product(*(slot.options for slot in combo.item.slots)):
            pairs += 1
            if missing := harms(raw, combo.formula(choice)) - set(combo.contents(choice).allergens):
                hidden.append((combo.item.id, [option.id for option in choice], missing))
    assert pairs > 500, pairs
    assert hidden == []


def test_what_a_dish_alone_tells_would_hide_what_its_options_bring(demo: Menu) -> None:
    """The twin of the sweep above: a list that ignores the choice is caught."""
    raw = tomllib.loads((DEMO / "menu.toml").read_text("utf-8"))
    assert any(
        harms(raw, dish.formula(way)) - set(dish.contents(dish.standing()).allergens)
        for dish in demo.dishes.values()
        for way in ways(dish)
    )


def test_every_ingredient_of_the_demo_says_where_it_comes_from(demo: Menu) -> None:
    assert [row.id for row in demo.ingredients.values() if row.origin is None] == []


@pytest.mark.parametrize("row", tomllib.loads((DEMO / "menu.toml").read_text("utf-8"))["ingredients"])
def test_energy_of_the_demos_ingredients_fits_what_they_consist_of(row: dict[str, Any]) -> None:
    """Regulation (EU) 1169/2011, annex XIV: 4 kcal a gram of protein and carbohydrate, 9 of fat."""
    found = row["nutrition"]
    by_parts = 4 * found["protein_g"] + 9 * found["fat_g"] + 4 * found["carbohydrate_g"]
    assert found["kcal"] == pytest.approx(by_parts, rel=0.12, abs=6)


@pytest.fixture
def dish() -> Dish:
    return menu().dishes["fried-rice"]


def test_figures_follow_the_formula_that_is_cooked(dish: Dish) -> None:
    plain, with_egg = dish.contents(dish.choose(())), dish.contents(dish.choose(["egg-2"]))
    assert (plain.weight_g, plain.nutrition.kcal, plain.allergens) == (150, 195, ())
    assert (with_egg.weight_g, with_egg.nutrition.kcal, with_egg.allergens) == (250, 195 + 157, ("egg",))
    assert with_egg.nutrition.protein_g == pytest.approx(1.5 * RICE["protein_g"] + EGG["protein_g"], abs=0.06)
    without_rice = dish.contents(dish.choose(["less-rice", "egg-1"]))
    assert (without_rice.weight_g, without_rice.nutrition.kcal) == (50, 79)


def test_weight_is_that_of_the_cooked_portion_and_cooking_takes_no_energy() -> None:
    found = menu(lambda raw: raw["items"][0].update({"yield": 0.8})).dishes["fried-rice"]
    contents = found.contents(found.choose(()))
    assert (contents.weight_g, contents.nutrition.kcal) == (120, 195)


def test_an_allergen_leaves_with_the_last_ingredient_that_has_it() -> None:
    def change(raw: Raw) -> None:
        raw["ingredients"].append({**raw["ingredients"][1], "id": "mayonnaise", "code": 3})
        raw["modifier_groups"][1]["options"] += [
            {"id": "no-egg", "name": NAME, "ingredients": {"egg": -1}},
            {"id": "no-mayo", "name": NAME, "ingredients": {"mayonnaise": -1}},
        ]

    formula = [("rice", 100), ("egg", 1), ("mayonnaise", 1)]
    found = menu_of(change, formula).dishes["fried-rice"]
    assert found.contents(found.choose(["no-egg"])).allergens == ("egg",)
    assert found.contents(found.choose(["no-egg", "no-mayo"])).allergens == ()


def test_traces_that_no_ingredient_tells_of_stay_whatever_is_left_out() -> None:
    found = menu(lambda raw: raw["items"][0].update(allergens=["egg"])).dishes["fried-rice"]
    assert found.contents(found.choose(["less-rice", "egg-1"])).allergens == ("egg",)
    assert found.contents(found.choose(())).allergens == ("egg",)


def test_filters_count_on_nothing_that_is_not_stated() -> None:
    silent = menu(lambda raw: raw["ingredients"][0].pop("origin")).dishes["fried-rice"]
    assert silent.contents(silent.choose(())).tags == ()
    known = menu().dishes["fried-rice"]
    assert known.contents(known.choose(())).tags == ("no_meat", "no_lactose")


def ingredient(**changes: object) -> Spoil:
    return lambda raw: raw["ingredients"][1].update(changes)


def nutrition(**changes: float) -> Spoil:
    return lambda raw: raw["ingredients"][1].update(nutrition={**EGG, **changes})


def first_item(**changes: object) -> Spoil:
    return lambda raw: raw["items"][0].update(changes)


def name(words: str) -> Raw:
    return {"ru": words, "en": "Name"}


def rice_harms(raw: Raw) -> None:
    raw["ingredients"][0]["allergens"] = ["egg"]


def both(*spoils: Spoil) -> Spoil:
    def change(raw: Raw) -> None:
        for spoil in spoils:
            spoil(raw)

    return change


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (both(rice_harms, first_item(allergens=[])), r"item fried-rice: allergens do not name \['egg'\]"),
        (
            lambda raw: raw["modifier_groups"][1]["options"][0].update(allergens=[]),
            "option egg-1: allergens do not name",
        ),
        (
            lambda raw: raw["modifier_groups"][1]["options"][0].update(allergens=["x"]),
            "option egg-1: unknown allergens",
        ),
        (ingredient(allergens=["kryptonite"]), "ingredient egg: unknown allergens"),
        (ingredient(allergens=["egg", "egg"]), "ingredient egg: allergens repeat"),
        (ingredient(code=0), "ingredient egg: code must fit"),
        (ingredient(unit="kg"), "ingredient egg: unit 'kg'"),
        (lambda raw: raw["ingredients"][1].pop("grams_per_unit"), "ingredient egg: grams_per_unit is missing"),
        (ingredient(grams_per_unit=0), "grams_per_unit must be above 0"),
        (ingredient(grams_per_unit=-50), "grams_per_unit must be above 0"),
        (ingredient(grams_per_unit=math.nan), "grams_per_unit must be above 0"),
        (ingredient(grams_per_unit=math.inf), "grams_per_unit must be above 0"),
        (lambda raw: raw["ingredients"][0].update(grams_per_unit=2), "grams_per_unit of a gram is 1"),
        (nutrition(kcal=-1), r"nutrition\.kcal of 100 g must be 0…900"),
        (nutrition(kcal=901), r"nutrition\.kcal of 100 g must be 0…900"),
        (nutrition(kcal=math.nan), r"nutrition\.kcal of 100 g must be 0…900"),
        (nutrition(protein_g=-0.1), r"nutrition\.protein_g of 100 g must be 0…100"),
        (nutrition(fat_g=math.nan), r"nutrition\.fat_g of 100 g must be 0…100"),
        (nutrition(carbohydrate_g=math.inf), r"nutrition\.carbohydrate_g of 100 g must be 0…100"),
        (nutrition(fat_g=90), "more than 100 g of 100 g"),
        (first_item(**{"yield": 0}), "item fried-rice: yield must be"),
        (first_item(**{"yield": math.nan}), "item fried-rice: yield must be"),
        (first_item(tags=["spicy"]), "tag spicy does not follow from its ingredients"),
        (both(ingredient(origin="meat"), lambda raw: raw["items"][0].update(tags=["no_lactose"])), ""),
        (first_item(name=name("")), r"item fried-rice: name\.ru is empty"),
        (first_item(name=name("  ")), r"item fried-rice: name\.ru is empty"),
        (first_item(name={"ru": "Рис", "en": ""}), r"item fried-rice: name\.en is empty"),
        (first_item(name=name("Фри\tс сыром")), r"name\.ru holds a character that cannot be shown"),
        (first_item(name=name("Рис\u202eсир")), r"name\.ru holds a character that cannot be shown"),
        (first_item(name=name("Рис\u200b")), r"name\.ru holds a character that cannot be shown"),
        (first_item(name=name(" Рис")), r"name\.ru begins or ends with a space"),
        (first_item(name=name("Рис" * 50)), r"name\.ru is longer than 128"),
        (first_item(name=name("Рис 飯")), r"no registrar can say '飯'"),
        (first_item(name=name("Рис 🍚")), r"no registrar can say '🍚'"),
        (first_item(description={"ru": "", "en": "Text"}), r"item fried-rice: description\.ru is empty"),
        (ingredient(name=name("")), r"ingredient egg: name\.ru is empty"),
        (lambda raw: raw["allergens"][0].update(name=name("")), r"allergen egg: name\.ru is empty"),
        (lambda raw: raw["categories"][0].update(name=name("\n")), r"category rice: name\.ru is empty"),
        (lambda raw: raw["modifier_groups"][0].update(name=name("")), r"modifier group spice: name\.ru is empty"),
        (lambda raw: raw["modifier_groups"][0]["options"][0].update(name=name("")), r"option mild: name\.ru is empty"),
        (first_item(id="fried rice"), "an id is 1…36 letters"),
        (first_item(id=""), "an id is 1…36 letters"),
    ],
)
def test_a_menu_that_hides_something_or_says_what_cannot_be_is_refused(spoil: Spoil, why: str) -> None:
    if not why:
        assert menu(spoil)
        return
    with pytest.raises(MenuError, match=why):
        menu(spoil)


def test_a_combo_that_hides_an_allergen_of_one_of_its_dishes_is_refused() -> None:
    def hide(stated: list[str]) -> Callable[[], Menu]:
        return lambda: with_combo(spoil=both(rice_harms, lambda raw: raw["combos"][0].update(allergens=stated)))

    assert hide(["egg"])()
    with pytest.raises(MenuError, match=r"combo combo: allergens do not name \['egg'\], which dish-0 has"):
        hide([])()


@pytest.mark.parametrize(
    ("words", "receipt"),
    [
        ("Чай «Цезарь» — №1 за 5$", 'Чай "Цезарь" - №1 за 5$'),
        ("Бенто «Робот»", 'Бенто "Робот"'),
        ("\u0438\u0306огурт", "йогурт"),
        ("Café crème", "Cafe creme"),
        ("Набор 2×3…", "Набор 2x3..."),
    ],
)
def test_marks_that_no_registrar_has_are_said_plainly(words: str, receipt: str) -> None:
    assert said(words) == receipt
    assert menu(first_item(name=name(words)))


# ---- one price, one portion: what the menu shows adds up to what is cooked and paid, whatever the menu is like

_PRICES = st.integers(0, 5_000)


@st.composite
def odd_menus(draw: st.DrawFn) -> Spoil:
    """Menus whose every choice costs extra, whose first options add and take away."""
    options = [
        {
            "id": f"o{group}-{n}",
            "name": NAME,
            "price_kopecks": draw(_PRICES),
            "ingredients": draw(
                st.dictionaries(st.sampled_from(["rice", "egg"]), st.integers(-60, 60).filter(bool), max_size=2)
            ),
        }
        for group in range(3)
        for n in range(3)
    ]
    bounds = [(1, 1), (1, 1), (draw(st.integers(0, 1)), 2)]

    def change(raw: Raw) -> None:
        raw["modifier_groups"] = [
            {"id": f"g{n}", "name": NAME, "min": low, "max": high, "options": options[3 * n : 3 * n + 3]}
            for n, (low, high) in enumerate(bounds)
        ]
        raw["items"][0].update({"modifier_groups": ["g0", "g1", "g2"], "yield": draw(st.sampled_from([0.8, 1, 1.3]))})

    return change


def shown_item(found: Menu) -> dict[str, Any]:
    import json

    page, _ = MenuBytes(CurrentMenu(found), Kitchen()).page("en")
    item: dict[str, Any] = json.loads(page)["categories"][0]["items"][0]
    return item


@settings(max_examples=60, deadline=None)
@given(odd_menus())
def test_what_the_menu_shows_adds_up_to_what_is_cooked_and_paid(spoil: Spoil) -> None:
    try:
        found = menu_of(spoil, [("rice", 150), ("egg", 5)])
    except MenuError as refusal:
        assert "take more" in str(refusal) or "nothing is in a portion" in str(refusal)  # noqa: PT017
        return
    dish, item = found.dishes["fried-rice"], shown_item(found)
    options = {option["id"]: option for group in item["modifier_groups"] for option in group["options"]}
    for way in ways(dish):
        shown = [options[option.id] for option in way]
        assert item["price_kopecks"] + sum(one["price_kopecks"] for one in shown) == dish.price_kopecks(way)
        amounts = {row["ingredient"]: row["amount"] for row in item["composition"]}
        for row in (row for one in shown for row in one["composition"]):
            amounts[row["ingredient"]] = amounts.get(row["ingredient"], 0) + row["amount"]
        assert {key: amount for key, amount in amounts.items() if amount > 0} == dish.formula(way)
        told = set(item["allergens"]) | {name for one in shown for name in one["allergens"]}
        assert told >= set(dish.contents(way).allergens)


def test_a_dish_and_a_combo_whose_every_choice_costs_extra_have_one_price_as_they_stand() -> None:
    def dear(raw: Raw) -> None:
        raw["modifier_groups"][0]["options"] = [
            {"id": "mild", "name": NAME, "price_kopecks": 1001},
            {"id": "hot", "name": NAME, "price_kopecks": 1},
        ]

    item = shown_item(menu(dear))
    assert item["price_kopecks"] == 28900 + 1001 == menu(dear).dishes["fried-rice"].default_price_kopecks()
    assert [option["price_kopecks"] for option in item["modifier_groups"][0]["options"]] == [0, -1000]

    def extra(raw: Raw) -> None:
        raw["items"].append({**raw["items"][0], "id": "soup", "price_kopecks": 40000})
        raw["combos"][0]["slots"][0]["options"] = [
            {"id": "take-0", "item": "dish-0", "price_kopecks": 1001},
            {"id": "take-soup", "item": "soup", "price_kopecks": 1},
        ]

    found = with_combo(prices=(40000, 40000), price=56789, spoil=extra)
    combo, item = found.combos["combo"], shown_item(found)
    assert item["price_kopecks"] == combo.price_kopecks(combo.choose()) == 57790
    cheaper = item["modifier_groups"][0]["options"][1]
    assert item["price_kopecks"] + cheaper["price_kopecks"] == combo.price_kopecks(combo.choose(["take-soup"])) == 56790
