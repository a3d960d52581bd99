"""What a settings table of the simulated registrar is made of (shtrih.md#settings)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import fixed_text
from drivers.fiscal.shtrih.table_answers import FieldShape, TableShape


@dataclass(frozen=True, slots=True)
class Field:
    """One column; `default` is raw."""

    name: str
    size: int
    default: bytes
    is_text: bool = False

    def shape(self) -> FieldShape:
        bounds = () if self.is_text else (0, 256**self.size - 1)
        return FieldShape(self.name, self.is_text, self.size, *bounds)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: int
    fields: tuple[Field, ...]
    locked: bool = False

    def shape(self) -> TableShape:
        return TableShape(self.name, self.rows, len(self.fields))


def number(name: str, size: int = 1, default: int = 0) -> Field:
    return Field(name, size, default.to_bytes(size, "little"))


def text(name: str, size: int, default: str = "") -> Field:
    return Field(name, size, fixed_text(default, size), is_text=True)


def numbers(*names: str, size: int = 1) -> tuple[Field, ...]:
    return tuple(number(name, size) for name in names)


def texts(*names: str, size: int) -> tuple[Field, ...]:
    return tuple(text(name, size) for name in names)


def numbered(count: int, **named: Field) -> tuple[Field, ...]:
    """`count` fields of one byte, but those that are given: `f8=number("…", default=1)`."""
    fields = [number(f"Параметр {at}") for at in range(1, count + 1)]
    for key, field in named.items():
        fields[int(key[1:]) - 1] = field
    return tuple(fields)
