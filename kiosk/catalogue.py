"""Reads the complex, the menu, its process charts and the customers' notices from disk; the demo's ship along, and are
read once by a process."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from drivers.robot.equipment import Equipment, EquipmentError, demo_file, of_tables
from kiosk.domain.menu.bundle import MAX_CHARTS, Bundle, build
from kiosk.domain.menu.chart import ChartError, ChartFile
from kiosk.domain.menu.menu import Menu, MenuFile
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.ordering.notice import Notices
from kiosk.files import Unreadable, read_file, toml_of

T = TypeVar("T")
_LONGEST_BYTES = 1_048_576
#: The menus that were built last, each of what it was built from: none of the three ever changes.
_BUILT: deque[tuple[MenuOfFile, Equipment, Menu]] = deque(maxlen=4)


def load_complex(path: Path | None) -> Equipment:
    """`path` None: the demo's. Raises `EquipmentError`."""
    return _demo_complex() if path is None else _complex(path)


@cache
def _demo_complex() -> Equipment:
    return _complex(demo_file())


def _complex(file: Path) -> Equipment:
    try:
        return _described(read_file(file, _LONGEST_BYTES), str(file))
    except Unreadable as error:
        raise EquipmentError(str(error)) from error


@lru_cache(2)
def _described(raw: bytes, file: str) -> Equipment:
    """The same bytes are the same complex: nobody changes one. Raises `Unreadable`, `EquipmentError`."""
    return of_tables(toml_of(file, raw), raw.decode("utf-8-sig"), file)


@dataclass(frozen=True, slots=True)
class MenuOfFile:
    """What a menu's file and its charts hold. `digest`: of what is written there, whatever this program makes of it."""

    bundle: Bundle
    digest: str


def read_menu(path: Path | None) -> MenuOfFile:
    """`path` None: the demo menu. Charts lie in `charts/` beside the file. Raises `MenuError` or `ChartError`."""
    return _demo_of_file() if path is None else _of_file(path)


def load_menu(path: Path | None, equipment: Equipment | None = None) -> Menu:
    """`path` None: the demo menu. For this complex or the demo's. Raises `MenuError` or `ChartError`."""
    return menu_of(read_menu(path), equipment or load_complex(None))


def menu_of(found: MenuOfFile, equipment: Equipment) -> Menu:
    """As it is sold with this complex; what is asked for again is built once. Raises `MenuError` or `ChartError`."""
    for known, of, menu in _BUILT:
        if known is found and of is equipment:
            return menu
    menu = build(found.bundle, equipment)
    _BUILT.append((found, equipment, menu))
    return menu


@cache
def _demo_of_file() -> MenuOfFile:
    return _of_file(_demo_menu_file())


def _demo_menu_file() -> Path:
    return Path(str(files("kiosk") / "demo" / "menu.toml"))


def _of_file(file: Path) -> MenuOfFile:
    found = sorted(islice((file.parent / "charts").glob("*.toml"), MAX_CHARTS + 1))
    if len(found) > MAX_CHARTS:
        raise ChartError(f"{file.parent / 'charts'}: more than {MAX_CHARTS} charts")
    menu, charts = _read(file), {chart.stem: _read(chart) for chart in found}
    written = json.dumps([menu, charts], sort_keys=True, default=str)
    decoded = {name: _convert(file.parent / "charts" / f"{name}.toml", row, ChartFile) for name, row in charts.items()}
    bundle = Bundle(menu=_convert(file, menu, MenuFile), charts=decoded)
    return MenuOfFile(bundle, hashlib.sha256(written.encode()).hexdigest())


def load_notices(menu: Path | None) -> Notices:
    """The demo's, with those that the site's own `notices.toml` beside its menu has. Raises `MenuError`."""
    if menu is None or not (own := menu.parent / "notices.toml").exists():
        return _demo_notices()
    return _notices(own, _read(_demo_notices_file()) | _read(own))


@cache
def _demo_notices() -> Notices:
    return _notices(_demo_notices_file(), _read(_demo_notices_file()))


def _demo_notices_file() -> Path:
    return Path(str(files("kiosk") / "demo" / "notices.toml"))


def _notices(file: Path, tables: dict[str, Any]) -> Notices:
    notices = _convert(file, tables, Notices)
    try:
        notices.check()
    except ValueError as error:
        raise MenuError(f"{file}: {error}") from error
    return notices


def _read(path: Path) -> dict[str, Any]:
    """Raises `MenuError`."""
    try:
        return toml_of(path, read_file(path, _LONGEST_BYTES))
    except Unreadable as error:
        raise MenuError(str(error)) from error


def _convert(path: Path, tables: dict[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(msgspec.to_builtins(tables), kind)  # days as text, as JSON has them
    except (msgspec.ValidationError, RecursionError) as error:
        raise MenuError(f"{path}: {error}") from error


def web_root() -> Path:
    """The pages: inside the wheel, or beside the package in a checkout."""
    packaged = Path(str(files("kiosk"))) / "web"
    return packaged if packaged.is_dir() else Path(str(files("kiosk"))).parent / "web"
