"""Everything that is wrong with a menu is found at once: each thing once, at its row and field, in both languages."""

from __future__ import annotations

import copy
from collections.abc import Callable

import msgspec
import pytest

from kiosk.domain.menu.bundle import Bundle, Finding, build, look_through
from kiosk.domain.menu.rows import MenuError
from tests.domain.dishes import CHART, COMPLEX, MENU, Raw


def found(spoil: Callable[[Raw], object]) -> list[Finding]:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    spoil(raw)
    looked = look_through(msgspec.convert(raw, Bundle), COMPLEX)
    assert (looked.menu is None) == bool(looked.errors)
    return looked.findings


def places(rows: list[Finding]) -> set[tuple[str, str, str]]:
    return {(row.table, row.id, row.field) for row in rows}


def several(raw: Raw) -> None:
    menu, combo = raw["menu"], {"ru": "Обед", "en": "Lunch"}
    second = {**copy.deepcopy(menu["items"][0]), "id": "soup", "category": "soups"}
    third = {**copy.deepcopy(menu["items"][0]), "id": "tea", "chart": "tea", "price_kopecks": 50}
    menu["items"] += [second, third]
    menu["items"][0]["price_kopecks"] = 50
    slots = [
        {"id": f"s{n}", "name": combo, "options": [{"id": f"o{n}", "item": item}]}
        for n, item in enumerate(["soup", "nothing"])
    ]
    menu["combos"] = [
        {
            "id": "lunch", "category": "none", "name": combo, "description": combo, "price_kopecks": 1,
            "image": "a.webp", "slots": slots,
        }
    ]  # fmt: skip


def test_all_that_is_wrong_is_found_and_what_only_follows_from_it_is_not() -> None:
    assert places(found(several)) == {
        ("items", "fried-rice", "price_kopecks"),
        ("items", "soup", "category"),
        ("items", "tea", "chart"),
        ("combos", "lunch", "category"),
    }


def test_a_menu_that_sells_nothing_is_no_menu() -> None:
    for spoil in (lambda raw: raw["menu"]["items"].clear(), lambda raw: raw["menu"]["items"][0].update(sellable=False)):
        assert [row.text.en for row in found(spoil)] == ["nothing is sold"]


def every_option_at_every_dish(raw: Raw) -> None:
    menu, said = raw["menu"], {"ru": "Имя", "en": "Name"}
    options = [[{"id": f"o{g}-{n}", "name": said} for n in range(40)] for g in range(10)]
    groups = [{"id": f"g{g}", "name": said, "min": 0, "max": 1, "options": options[g]} for g in range(10)]
    menu["modifier_groups"] = groups
    dish = {**menu["items"][0], "modifier_groups": [group["id"] for group in groups]}
    menu["items"] = [{**dish, "id": f"d{n}"} for n in range(51)]


def test_a_menu_whose_page_would_stop_the_kiosk_for_seconds_is_too_large() -> None:
    assert places(found(every_option_at_every_dish)) == {("modifier_groups", "", "")}


def words_and_ingredients(raw: Raw) -> None:
    menu = raw["menu"]
    menu["items"][0]["name"] = {"ru": "Плов 🍚", "en": " "}
    menu["items"][0]["description"] = {"ru": "", "en": "Rice"}
    menu["ingredients"][1]["grams_per_unit"] = 0
    menu["ingredients"][1]["nutrition"]["kcal"] = 1000
    menu["ingredients"][1]["code"] = menu["ingredients"][0]["code"]
    menu["modifier_groups"][1]["options"][0]["ingredients"] = {"trout": 1}
    menu["modifier_groups"][1]["options"][1]["allergens"] = []


def test_words_ingredients_and_options_are_found_together() -> None:
    rows = found(words_and_ingredients)
    assert places(rows) == {
        ("items", "fried-rice", "name"),
        ("items", "fried-rice", "description"),
        ("ingredients", "egg", "grams_per_unit"),
        ("ingredients", "egg", "nutrition.kcal"),
        ("ingredients", "egg", "code"),
        ("ingredients", "rice", "code"),
        ("modifier_groups", "extra", "options.egg-1.ingredients"),
        ("modifier_groups", "extra", "options.egg-2.allergens"),
    }
    assert all(row.text.ru != row.text.en for row in rows)
    assert not [char for row in rows for char in row.text.en if "а" <= char <= "я"]


def test_a_chart_that_cannot_be_cooked_is_found_by_its_name_and_its_dishes_are_not_blamed() -> None:
    def spoil(raw: Raw) -> None:
        raw["charts"]["rice"]["unit_procedure"][0]["operation"][0]["phase"][1]["station"] = "grill"
        raw["charts"]["tea"] = copy.deepcopy(CHART)

    (row,) = found(spoil)
    assert (row.table, row.id) == ("charts", "rice")
    assert row.text.ru.startswith("фаза p2: в комплексе нет станции 'grill'")


def test_what_is_raised_is_the_first_finding_in_one_line() -> None:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    several(raw)
    with pytest.raises(MenuError, match=r"^item fried-rice: a price is at least one rouble$"):
        build(msgspec.convert(raw, Bundle), COMPLEX)
