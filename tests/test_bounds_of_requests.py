"""No number of a request reaches the database without a bound: SQLite's integers have 64 bits, those of JSON none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import inspect

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ("api", "flows")
    for path in (ROOT / "kiosk" / room).rglob("*.py")
)
_MOST = 2**53


def requests(module: str) -> Iterator[type[msgspec.Struct]]:
    """Bodies are read strictly: that tells them from answers."""
    for found in vars(importlib.import_module(module)).values():
        ours = isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__module__ == module
        if ours and found.__struct_config__.forbid_unknown_fields:
            yield found


def unbounded(kind: type[msgspec.Struct]) -> list[str]:
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return [field.name for field in described.fields if any(_is_unbounded(part) for part in _parts(field.type))]


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    yield kind
    if isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _parts(part)
    if isinstance(kind, inspect.ListType):
        yield from _parts(kind.item_type)
    if isinstance(kind, inspect.DictType):
        yield from _parts(kind.value_type)


def _is_unbounded(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.IntType) and (kind.le is None or kind.le > _MOST or kind.ge is None)


@pytest.mark.parametrize("module", MODULES)
def test_every_number_of_a_request_has_its_bounds(module: str) -> None:
    found = {kind.__name__: unbounded(kind) for kind in requests(module) if kind.__name__ not in _NO_DATABASE}
    assert {name: fields for name, fields in found.items() if fields} == {}


#: Its numbers are parameters of a simulated fault, which checks them.
_NO_DATABASE = {"FaultSwitch"}


class Planted(msgspec.Struct, forbid_unknown_fields=True):
    sequence: Annotated[int, msgspec.Meta(ge=1)] | None = None
    many: list[int] = []
    fine: Annotated[int, msgspec.Meta(ge=0, le=9)] = 0


def test_planted_number_without_a_bound_is_caught() -> None:
    assert unbounded(Planted) == ["sequence", "many"]
