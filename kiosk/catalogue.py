"""Reads the menu, its process charts and the customers' notices from disk; the demo's ship inside the package."""

from __future__ import annotations

from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kiosk.domain.chart import ChartError, ChartFile, compile_chart
from kiosk.domain.menu import Menu, MenuFile, build_menu
from kiosk.domain.menu_rows import MenuError
from kiosk.domain.notice import Notices
from kiosk.files import Unreadable, read_file, toml_of

T = TypeVar("T")
_LONGEST_BYTES = 1_048_576
_MAX_CHARTS = 1000


def load_menu(path: Path | None) -> Menu:
    """`path` None: the demo menu. Charts lie in `charts/` beside the file. Raises `MenuError` or `ChartError`."""
    file = path or Path(str(files("kiosk") / "demo" / "menu.toml"))
    menu = _decode(file, MenuFile)
    units = {ingredient.id: ingredient.unit for ingredient in menu.ingredients}
    found = sorted(islice((file.parent / "charts").glob("*.toml"), _MAX_CHARTS + 1))
    if len(found) > _MAX_CHARTS:
        raise ChartError(f"{file.parent / 'charts'}: more than {_MAX_CHARTS} charts")
    charts = {chart.stem: compile_chart(_decode(chart, ChartFile), units) for chart in found}
    codes = [chart.code for chart in charts.values()]
    if len(set(codes)) != len(codes):
        raise ChartError(f"{file.parent / 'charts'}: chart codes repeat")
    return build_menu(menu, charts)


def load_notices(menu: Path | None) -> Notices:
    """The demo's, with those that the site's own `notices.toml` beside its menu has. Raises `MenuError`."""
    file = Path(str(files("kiosk") / "demo" / "notices.toml"))
    tables = _read(file)
    if menu is not None and (own := menu.parent / "notices.toml").exists():
        file, tables = own, tables | _read(own)
    notices = _convert(file, tables, Notices)
    try:
        notices.check()
    except ValueError as error:
        raise MenuError(f"{file}: {error}") from error
    return notices


def _decode(path: Path, kind: type[T]) -> T:
    return _convert(path, _read(path), kind)


def _read(path: Path) -> dict[str, Any]:
    """Raises `MenuError`."""
    try:
        return toml_of(path, read_file(path, _LONGEST_BYTES))
    except Unreadable as error:
        raise MenuError(str(error)) from error


def _convert(path: Path, tables: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(tables, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise MenuError(f"{path}: {error}") from error


def web_root() -> Path:
    """The pages: inside the wheel, or beside the package in a checkout."""
    packaged = Path(str(files("kiosk"))) / "web"
    return packaged if packaged.is_dir() else Path(str(files("kiosk"))).parent / "web"
