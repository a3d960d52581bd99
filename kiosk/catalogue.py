"""Reads the menu, its process charts and the customers' notices from disk; the demo's ship inside the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from kiosk.domain.chart import ChartError, ChartFile, compile_chart
from kiosk.domain.menu import Menu, MenuFile, build_menu
from kiosk.domain.menu_rows import MenuError
from kiosk.domain.notice import Notices

T = TypeVar("T")


def load_menu(path: Path | None) -> Menu:
    """`path` None: the demo menu. Charts lie in `charts/` beside the file. Raises `MenuError` or `ChartError`."""
    file = path or Path(str(files("kiosk") / "demo" / "menu.toml"))
    menu = _decode(file, MenuFile)
    units = {ingredient.id: ingredient.unit for ingredient in menu.ingredients}
    charts = {
        chart.stem: compile_chart(_decode(chart, ChartFile), units)
        for chart in sorted((file.parent / "charts").glob("*.toml"))
    }
    codes = [chart.code for chart in charts.values()]
    if len(set(codes)) != len(codes):
        raise ChartError(f"{file.parent / 'charts'}: chart codes repeat")
    return build_menu(menu, charts)


def load_notices(menu: Path | None) -> Notices:
    """`notices.toml` beside the site's menu where it has one, else the demo's. Raises `MenuError`."""
    file = Path(str(files("kiosk") / "demo" / "notices.toml"))
    if menu is not None and (own := menu.parent / "notices.toml").exists():
        file = own
    notices = _decode(file, Notices)
    try:
        notices.check()
    except ValueError as error:
        raise MenuError(f"{file}: {error}") from error
    return notices


def _decode(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise MenuError(f"{path}: {error}") from error


def web_root() -> Path:
    """The pages: inside the wheel, or beside the package in a checkout."""
    packaged = Path(str(files("kiosk"))) / "web"
    return packaged if packaged.is_dir() else Path(str(files("kiosk"))).parent / "web"
