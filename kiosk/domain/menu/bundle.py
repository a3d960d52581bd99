"""A menu together with the charts that cook it: what a revision keeps, so that one brought back cooks what it did."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.domain.menu.chart import ChartError, ChartFile, compile_chart
from kiosk.domain.menu.menu import Menu, MenuFile, build_menu
from kiosk.domain.menu.rows import MenuError, Strict

MAX_CHARTS = 1000
MAX_BYTES = 2 * 1024 * 1024


class Origin(StrEnum):
    """Where a revision of the menu came from."""

    FILE = "file"
    EDITOR = "editor"
    CLOUD = "cloud"
    ROLLBACK = "rollback"


class Bundle(Strict, frozen=True, kw_only=True):
    """As it is written, checked by nobody yet. `charts`: by the name that items have for them."""

    menu: MenuFile
    charts: dict[str, ChartFile]


def encoded(bundle: Bundle) -> bytes:
    """As it is kept. Raises `MenuError`."""
    found = msgspec.json.encode(bundle)
    if len(found) > MAX_BYTES:
        raise MenuError(f"the menu and its charts: at most {MAX_BYTES} bytes, not {len(found)}")
    return found


def version_of(bundle: Bundle) -> str:
    """Names this very content."""
    return hashlib.sha256(msgspec.json.encode(bundle)).hexdigest()[:16]


def build(bundle: Bundle, equipment: Equipment) -> Menu:
    """The menu as it is sold with this complex. Raises `MenuError`, `ChartError`."""
    if len(bundle.charts) > MAX_CHARTS:
        raise ChartError(f"more than {MAX_CHARTS} charts")
    units = {row.id: row.unit for row in bundle.menu.ingredients}
    charts = {name: compile_chart(file, units, equipment) for name, file in bundle.charts.items()}
    codes = [chart.code for chart in charts.values()]
    if len(set(codes)) != len(codes):
        raise ChartError("chart codes repeat")
    return build_menu(bundle.menu, charts, equipment)
