"""A menu together with the charts that cook it: what a revision keeps, so that one brought back cooks what it did."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from drivers.robot.equipment import Equipment
from kiosk.domain.menu import checks
from kiosk.domain.menu.chart import Chart, ChartError, ChartFile, compile_chart
from kiosk.domain.menu.checks import Errors
from kiosk.domain.menu.menu import Menu, MenuFile
from kiosk.domain.menu.rows import MenuError, Strict
from kiosk.domain.text import Text

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


class CloudPicture(Strict, frozen=True):
    """`path`: where the file is, at the place that the menu comes from; `sha256`: of the file, in hex."""

    path: str
    sha256: str


class CloudBundle(Strict, frozen=True, kw_only=True):
    """What the cloud sends. `revision`: its own number, which only grows; `pictures`: by the name that `image` of the
    menu has for them."""

    revision: Annotated[int, msgspec.Meta(ge=1, le=10**15)]
    made_at: str
    menu: MenuFile
    charts: dict[str, ChartFile]
    pictures: dict[str, CloudPicture] = msgspec.field(default_factory=dict)


def encoded(bundle: Bundle) -> bytes:
    """As it is kept. Raises `MenuError`."""
    found = msgspec.json.encode(bundle)
    if len(found) > MAX_BYTES:
        raise MenuError(f"the menu and its charts: at most {MAX_BYTES} bytes, not {len(found)}")
    return found


def version_of(bundle: Bundle) -> str:
    """Names this very content."""
    return hashlib.sha256(msgspec.json.encode(bundle)).hexdigest()[:16]


def decoded(body: str | bytes | None) -> Bundle | None:
    """What is kept as JSON; None for nothing, and for what only a program that knows more can read."""
    try:
        return None if body is None else msgspec.json.decode(body, type=Bundle)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return None


def holds(body: str | None, bundle: Bundle) -> bool:
    """Whether this JSON, as a program kept it, has this very content; what cannot be read has not."""
    found = decoded(body)
    return found is not None and version_of(found) == version_of(bundle)


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with a menu, in words about `field` of the row `id` of `table` of the document; empty: of all."""

    table: str
    id: str
    field: str
    text: Text


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check of everything came to: the menu, or why there is none."""

    menu: Menu | None
    errors: Sequence[MenuError]

    @property
    def findings(self) -> list[Finding]:
        return [Finding(row.table, row.row_id, row.field, row.text) for row in self.errors]


def look_through(bundle: Bundle, equipment: Equipment) -> Looked:
    """Everything that keeps it from being sold with this complex."""
    errors = Errors()
    if len(bundle.charts) > MAX_CHARTS:
        errors.add(ChartError(f"more than {MAX_CHARTS} charts"))
        return Looked(None, errors.found)
    charts = _charts(bundle, equipment, errors)
    menu = checks.look_through(bundle.menu, charts, equipment, errors, bundle.charts.keys() - charts.keys())
    return Looked(None if errors.found else menu, errors.found)


def _charts(bundle: Bundle, equipment: Equipment, errors: Errors) -> dict[str, Chart]:
    units = {row.id: row.unit for row in bundle.menu.ingredients}
    found: dict[str, Chart] = {}
    by_code: dict[int, str] = {}
    for name, file in bundle.charts.items():
        try:
            chart = compile_chart(file, units, equipment)
        except ChartError as error:
            errors.add(error.of(name))
            continue
        if (other := by_code.setdefault(chart.code, name)) != name:
            text = Text(f"номер {chart.code} уже у {other}", f"{other} has the code {chart.code} too")
            errors.add(ChartError("chart codes repeat", text, table="charts", row_id=name, field="code"))
        found[name] = chart
    return found


def build(bundle: Bundle, equipment: Equipment) -> Menu:
    """The menu as it is sold with this complex. Raises `MenuError`, the first."""
    looked = look_through(bundle, equipment)
    if looked.menu is None:
        raise looked.errors[0]
    return looked.menu
