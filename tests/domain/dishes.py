"""A small menu and chart as plain values, for tests that spoil one place of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.catalogue import load_complex
from kiosk.domain.menu.chart import Chart, ChartFile, compile_chart
from kiosk.domain.menu.checks import Errors, look_through
from kiosk.domain.menu.menu import Menu, MenuFile

Raw = dict[str, Any]
COMPLEX = load_complex(None)
UNITS = {"rice": "g", "egg": "pcs"}
NAME = {"ru": "Имя", "en": "Name"}
RICE = {"kcal": 130, "protein_g": 2.7, "fat_g": 0.3, "carbohydrate_g": 28.6}
EGG = {"kcal": 157, "protein_g": 12.7, "fat_g": 11.5, "carbohydrate_g": 0.7}

CHART: Raw = {
    "chart": {"code": 1, "revision": 1, "name": "Рис"},
    "formula": [{"ingredient": "rice", "amount": 150, "unit": "g"}],
    "unit_procedure": [
        {
            "unit": "line",
            "operation": [
                {
                    "name": "portion",
                    "phase": [
                        {"id": "p1", "do": "dispense", "station": "dispenser", "nominal_s": 20, "max_s": 60},
                        {"id": "p2", "do": "heat", "station": "wok", "nominal_s": 60, "max_s": 90, "after": ["p1"]},
                        {"id": "p3", "do": "plate", "station": "plating", "nominal_s": 9, "max_s": 9, "after": ["p2"]},
                    ],
                }
            ],
        }
    ],
}

MENU: Raw = {
    "ingredients": [
        {"id": "rice", "code": 1, "unit": "g", "name": NAME, "allergens": [], "nutrition": RICE, "origin": "plant"},
        {
            "id": "egg",
            "code": 2,
            "unit": "pcs",
            "name": NAME,
            "allergens": ["egg"],
            "nutrition": EGG,
            "grams_per_unit": 50,
            "origin": "animal",
        },
    ],
    "allergens": [{"id": "egg", "name": NAME}],
    "modifier_groups": [
        {
            "id": "spice",
            "name": NAME,
            "min": 1,
            "max": 1,
            "options": [{"id": "mild", "name": NAME}, {"id": "hot", "name": NAME, "price_kopecks": 500}],
        },
        {
            "id": "extra",
            "name": NAME,
            "min": 0,
            "max": 2,
            "options": [
                {"id": "egg-1", "name": NAME, "price_kopecks": 4900, "ingredients": {"egg": 1}},
                {"id": "egg-2", "name": NAME, "price_kopecks": 8900, "ingredients": {"egg": 2}},
                {"id": "less-rice", "name": NAME, "ingredients": {"rice": -200}},
            ],
        },
    ],
    "categories": [{"id": "rice", "name": NAME, "image": "rice.webp"}],
    "items": [
        {
            "id": "fried-rice",
            "category": "rice",
            "name": NAME,
            "description": NAME,
            "price_kopecks": 28900,
            "image": "rice.webp",
            "chart": "rice",
            "modifier_groups": ["spice", "extra"],
        }
    ],
}

Spoil = Callable[[Raw], object]


def build_menu(file: MenuFile, charts: Mapping[str, Chart], equipment: Equipment) -> Menu:
    """Raises `MenuError`, the first."""
    errors = Errors()
    menu = look_through(file, charts, equipment, errors)
    if menu is None:
        raise errors.found[0]
    return menu


def chart(spoil: Spoil = lambda raw: None) -> Chart:
    """The chart after `spoil` has changed its raw values."""
    raw = copy.deepcopy(CHART)
    spoil(raw)
    return compile_chart(msgspec.convert(raw, ChartFile), UNITS, COMPLEX)


def phases(raw: Raw) -> list[Raw]:
    found: list[Raw] = raw["unit_procedure"][0]["operation"][0]["phase"]
    return found


def menu(spoil: Spoil = lambda raw: None) -> Menu:
    """The menu after `spoil` has changed its raw values."""
    return menu_of(spoil, [("rice", 150)])


def menu_of(spoil: Spoil, formula: list[tuple[str, int]]) -> Menu:
    """The same, its one chart with this formula."""
    raw = copy.deepcopy(MENU)
    spoil(raw)
    file = msgspec.convert(raw, MenuFile)
    units = {row.id: row.unit for row in file.ingredients}
    lines = [{"ingredient": name, "amount": amount, "unit": units.get(name, "g")} for name, amount in formula]
    chart_file = msgspec.convert({**copy.deepcopy(CHART), "formula": lines}, ChartFile)
    return build_menu(file, {"rice": compile_chart(chart_file, {**UNITS, **units}, COMPLEX)}, COMPLEX)
