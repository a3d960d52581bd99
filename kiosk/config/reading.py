"""From a TOML table to the sections: every problem of the file is found in one reading, each with its path."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from kiosk.config.problems import ConfigError, nearest, problem

S = TypeVar("S", bound=msgspec.Struct)
_KINDS = {dict: "a table", list: "a list", str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def read(raw: object, kind: type[S]) -> S:
    """`raw` as `kind`, with types, ranges and forms checked. Raises `ConfigError` with a line for each problem."""
    problems: list[str] = []
    found = _section(raw, kind, "$", problems)
    if problems or found is None:
        raise ConfigError(*problems)
    return found


def _section(raw: object, kind: type[S], where: str, problems: list[str], usual: S | None = None) -> S | None:
    """What `raw` does not say is as in `usual`, where the section that holds this one has one, else as in `kind`."""
    if not isinstance(raw, dict):
        problems.append(problem(where, f"expected a table, got {_kind_of(raw)}"))
        return None
    hints = _hints(kind)
    before = len(problems)
    for key in [key for key in raw if key not in hints]:
        problems.append(problem(f"{where}.{_shown(key)}", f"unknown key{nearest(key, hints)}"))
    values = {}
    for field in _fields(kind):
        if field.name in raw:
            at = f"{where}.{field.name}"
            values[field.name] = _value(raw[field.name], hints[field.name], at, problems, field.default)
        elif usual is not None:
            values[field.name] = getattr(usual, field.name)
        elif field.required:
            problems.append(problem(f"{where}.{field.name}", "is missing"))
    return kind(**values) if len(problems) == before else None


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


@cache
def _hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Of the fields: asked for every section of every file, and dear."""
    return get_type_hints(kind, include_extras=True)


def _value(raw: object, hint: Any, where: str, problems: list[str], usual: Any = None) -> Any:
    bare, metas = plain(hint)
    if get_origin(bare) in (Union, UnionType):  # one section, or a list of them
        bare = next(part for part in get_args(bare) if (get_origin(part) is list) is isinstance(raw, list))
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return _section(raw, bare, where, problems, usual if isinstance(usual, bare) else None)
    if get_origin(bare) is list and isinstance(raw, list):
        if any(meta.min_length is not None and len(raw) < meta.min_length for meta in metas):
            problems.append(problem(where, "an empty list"))
        (row,) = get_args(bare)
        return [_value(part, row, f"{where}[{n}]", problems) for n, part in enumerate(raw)]
    return _single(raw, hint, metas, where, problems)


def _single(raw: object, hint: Any, metas: tuple[msgspec.Meta, ...], where: str, problems: list[str]) -> object:
    try:
        value = msgspec.convert(raw, hint, strict=True, dec_hook=_path)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("expected a finite number")
        for form in forms_of(metas):
            form(str(raw))
    except ValueError as error:  # msgspec's own is one
        problems.append(problem(where, str(error).partition(" - at `")[0]))
        return None
    return value


def plain(hint: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """A type without its annotations, and those of them that are msgspec's."""
    if get_origin(hint) is not Annotated:
        return hint, ()
    bare, *more = get_args(hint)
    return bare, tuple(meta for meta in more if isinstance(meta, msgspec.Meta))


def forms_of(metas: tuple[msgspec.Meta, ...]) -> Iterator[Callable[[str], None]]:
    return (meta.extra["form"] for meta in metas if meta.extra)


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"expected a path, got {_kind_of(value)}")


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "a date or time")


def _shown(key: str) -> str:
    return key if key.isprintable() and len(key) <= 60 else repr(key[:60])
