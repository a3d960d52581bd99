"""The menu: what must never be sold is refused when it is read; choices are completed and checked."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from kiosk.catalogue import load_menu, web_root
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.dish import Dish
from kiosk.domain.menu.menu import Menu, MenuFile
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.text import Text
from tests.domain.dishes import Raw, Spoil, menu

DEMO = Path(str(files("kiosk") / "demo"))


@pytest.fixture(scope="module")
def demo() -> Menu:
    return load_menu(None)


@pytest.fixture
def dish() -> Dish:
    return menu().dishes["fried-rice"]


def texts(value: object) -> list[Text]:
    """Every word in two languages under `value`."""
    if isinstance(value, Text):
        return [value]
    if isinstance(value, msgspec.Struct):
        return [text for name in value.__struct_fields__ for text in texts(getattr(value, name))]
    return [text for part in value for text in texts(part)] if isinstance(value, list | tuple) else []


def test_the_demo_menu_offers_a_restaurants_choice(demo: Menu) -> None:
    assert len(demo.dishes) >= 24
    assert len(demo.categories) == 8
    assert sum(bool(dish.groups) for dish in demo.dishes.values()) >= 6
    sold = {row.item.category for rows in (demo.dishes, demo.combos) for row in rows.values()}
    assert sold == {category.id for category in demo.categories}


def test_every_word_of_the_demo_stands_in_both_languages() -> None:
    file = msgspec.convert(tomllib.loads((DEMO / "menu.toml").read_text("utf-8")), MenuFile)
    found = texts(file)
    assert len(found) > 100
    assert [text for text in found if not (text.ru.strip() and text.en.strip())] == []


def test_every_picture_of_the_demo_exists(demo: Menu) -> None:
    named = {row.item.image for rows in (demo.dishes, demo.combos) for row in rows.values()}
    named |= {category.image for category in demo.categories}
    images = web_root() / "images"
    assert [name for name in sorted(named) if not (images / name).is_file()] == []


def test_every_dish_of_the_demo_can_be_cooked_as_it_comes(demo: Menu) -> None:
    for dish in demo.dishes.values():
        assert dish.chart.nominal_s > 0
        assert dish.default_formula()


def test_a_dish_that_is_not_sold_needs_no_chart_and_is_not_offered() -> None:
    other = {"id": "coke", "category": "drinks", "sellable": False, "marked": True, "chart": ""}
    drinks = {"id": "drinks"}
    found = menu(lambda raw: (second("categories", **drinks)(raw), second("items", **other)(raw)))
    assert list(found.dishes) == ["fried-rice"]
    assert "drinks" not in [row.id for row in found.categories]


def second(table: str, **changes: object) -> Spoil:
    """A copy of the first row beside it, changed."""
    return lambda raw: raw[table].append({**raw[table][0], **changes})


def first_option(**changes: object) -> Spoil:
    return lambda raw: raw["modifier_groups"][1]["options"][0].update(changes)


def item(**changes: object) -> Spoil:
    return lambda raw: raw["items"][0].update(changes)


def many_ingredients(raw: Raw) -> None:
    for n in range(12):
        raw["ingredients"].append({**raw["ingredients"][0], "id": f"i{n}", "code": 100 + n})
    raw["modifier_groups"][1]["options"][0]["ingredients"] = {f"i{n}": 1 for n in range(12)}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (item(marked=True), "must not be sellable"),
        (item(age_restricted=True), "must not be sellable"),
        (item(category="sushi"), "unknown category sushi"),
        (item(allergens=["kryptonite"]), "unknown allergens"),
        (item(modifier_groups=["sauce"]), "unknown modifier groups"),
        (item(modifier_groups=["spice", "spice"]), "modifier groups repeat"),
        (item(chart="soup"), "no process chart 'soup'"),
        (item(chart=""), "no process chart"),
        (item(price_kopecks=99), "at least one rouble"),
        (item(price_kopecks=-28900), "at least one rouble"),
        (first_option(price_kopecks=-28801), "at least one rouble"),
        (first_option(ingredients={"truffle": 1}), "unknown ingredients"),
        (first_option(ingredients={"rice": 65536 - 150}), "more of rice than 65535"),
        (first_option(id="mild"), "option ids repeat"),
        (second("ingredients", code=3), "ingredient ids repeat"),
        (second("ingredients", id="oats"), "ingredient codes repeat"),
        (second("allergens"), "allergen ids repeat"),
        (second("modifier_groups"), "modifier group ids repeat"),
        (second("categories"), "category ids repeat"),
        (second("items"), "item ids repeat"),
        (lambda raw: raw["modifier_groups"][0].update(min=3, max=3), "min and max"),
        (lambda raw: raw["modifier_groups"][0].update(min=2), "min and max"),
        (lambda raw: raw["modifier_groups"][0].update(min=-1), "min and max"),
        (many_ingredients, "more than 12 formula lines"),
    ],
)
def test_what_must_not_be_sold_is_refused(spoil: Spoil, why: str) -> None:
    with pytest.raises(MenuError, match=why):
        menu(spoil)


@pytest.mark.parametrize(
    "spoil",
    [
        item(price_kopecks=289.5),
        item(price_kopecks=28900.0),
        item(price_kopecks="28900"),
        first_option(price_kopecks=49.5),
        item(pricekopecks=1),
        item(name={"ru": "Рис"}),
        item(name={"ru": "Рис", "en": "Rice", "xx": "Riisi"}),
        lambda raw: raw["items"][0].pop("price_kopecks"),
        lambda raw: raw.update(drinks=[]),
    ],
)
def test_a_typo_or_a_fraction_of_a_kopeck_is_no_menu(spoil: Spoil) -> None:
    with pytest.raises(msgspec.ValidationError):
        menu(spoil)


def ids(dish: Dish, *wanted: str) -> list[str]:
    return [option.id for option in dish.choose(wanted)]


def test_a_compulsory_group_left_open_takes_its_first_option(dish: Dish) -> None:
    assert ids(dish) == ["mild"]
    assert ids(dish, "egg-1") == ["mild", "egg-1"]


def test_choices_come_back_in_the_menus_order(dish: Dish) -> None:
    assert ids(dish, "egg-2", "hot", "egg-1") == ["hot", "egg-1", "egg-2"]


@pytest.mark.parametrize(
    "wanted",
    [["nothing"], [""], ["hot", "hot"], ["mild", "hot"], ["egg-1", "egg-2", "less-rice"], ["mild", "egg-1", "egg-1"]],
)
def test_an_unknown_a_repeated_or_one_option_too_many_is_refused(dish: Dish, wanted: list[str]) -> None:
    with pytest.raises(MenuError):
        dish.choose(wanted)


def test_options_change_the_formula_and_nothing_goes_below_zero(dish: Dish) -> None:
    assert dish.formula(dish.choose(["egg-1", "egg-2"])) == {"rice": 150, "egg": 3}
    assert dish.formula(dish.choose(["less-rice", "egg-1"])) == {"egg": 1}


def copy_demo(folder: Path) -> Path:
    (folder / "charts").mkdir()
    (folder / "menu.toml").write_bytes((DEMO / "menu.toml").read_bytes())
    for chart in (DEMO / "charts").iterdir():
        (folder / "charts" / chart.name).write_bytes(chart.read_bytes())
    return folder / "menu.toml"


def test_a_menu_of_ones_own_is_read_with_the_charts_beside_it(tmp_path: Path, demo: Menu) -> None:
    assert load_menu(copy_demo(tmp_path)).dishes.keys() == demo.dishes.keys()


def test_two_charts_with_one_code_are_refused(tmp_path: Path) -> None:
    file = copy_demo(tmp_path)
    (tmp_path / "charts/copy.toml").write_bytes((tmp_path / "charts/tea.toml").read_bytes())
    with pytest.raises(ChartError, match="codes repeat"):
        load_menu(file)


def test_a_missing_chart_is_refused_by_the_dish(tmp_path: Path) -> None:
    file = copy_demo(tmp_path)
    (tmp_path / "charts/tea.toml").unlink()
    with pytest.raises(MenuError, match="no process chart 'tea'"):
        load_menu(file)


@pytest.mark.parametrize("raw", [b"[[items]", b"\xff", b"", b"items = 5"])
def test_what_is_no_menu_is_refused_by_the_files_name(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "menu.toml").write_bytes(raw)
    with pytest.raises(MenuError, match=r"menu\.toml"):
        load_menu(tmp_path / "menu.toml")


def test_a_menu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MenuError):
        load_menu(tmp_path / "menu.toml")
