"""What a function of this room gets to ask and to write with: one consistent snapshot, or one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")
_JSON = ":json"  # at the end of a column's name
Parameters = Sequence[Any] | dict[str, Any]
#: What a transaction function raises when the schema refuses a row; the file is sound.
ConstraintBroken = sqlite3.IntegrityError


class ForbiddenRow(Exception):
    """A row that the constraints of the tables refuse."""


class Reader:
    """Questions inside one transaction, on the thread that runs it. A question that a function of this folder asks
    is written once: `Database.read` runs it by itself, a transaction function calls it with its `Tx`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, kind: type[R], sql: str, parameters: Parameters = ()) -> R | None:
        """The first row as a record of `kind`, None without one. Raises `msgspec.ValidationError` for a row that is
        none."""
        row = self._connection.execute(sql, parameters).fetchone()
        return None if row is None else as_record(kind, row)

    def require(self, kind: type[R], sql: str, parameters: Parameters = ()) -> R:
        """The row that is known to be there. Raises `LookupError`."""
        found = self.one(kind, sql, parameters)
        if found is None:
            raise LookupError(f"no {kind.__name__} where {parameters!r}")
        return found

    def all(self, kind: type[R], sql: str, parameters: Parameters = ()) -> list[R]:
        """Every row as a record of `kind`."""
        rows = self._connection.execute(sql, parameters).fetchall()
        columns = _columns(tuple(rows[0].keys())) if rows else ((), ())
        return [_record_of(kind, row, *columns) for row in rows]

    def scalar(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, None without a row."""
        row = self._connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]


class Tx(Reader):
    """What a transaction function may do."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.published = False  # whether whoever carries events has something to do after this commit
        self.touched: set[str] = set()  # what else of it is published with it

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """One statement; questions are better asked by `one`, `all` and `scalar`."""
        return self._connection.execute(sql, parameters)

    def insert(self, table: str, **values: Any) -> int:
        """Insert one row of named values; the row id."""
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        cursor = self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return cursor.lastrowid or 0

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done within is undone alone where it raises; `ForbiddenRow` where the tables forbid it."""
        self._connection.execute("SAVEPOINT apart")
        try:
            yield
        except sqlite3.IntegrityError as error:
            self._connection.execute("ROLLBACK TO apart")
            raise ForbiddenRow(str(error)) from error
        except BaseException:
            self._connection.execute("ROLLBACK TO apart")
            raise
        finally:
            self._connection.execute("RELEASE apart")


def in_one_snapshot(connection: sqlite3.Connection, run: Callable[[Reader], T]) -> T:
    """What `run` finds, all of it as of one moment; nothing is left open behind it."""
    connection.execute("BEGIN")
    try:
        return run(Reader(connection))
    except StopIteration as error:  # no future takes it
        raise RuntimeError(repr(error)) from error
    finally:
        connection.rollback()


def as_record(kind: type[R], row: sqlite3.Row) -> R:
    """A row as a typed record; a column selected `AS "name:json"` is decoded."""
    return _record_of(kind, row, *_columns(tuple(row.keys())))


def _record_of(kind: type[R], row: sqlite3.Row, names: tuple[str, ...], in_json: tuple[str, ...]) -> R:
    values = dict(zip(names, row, strict=True))
    for name in in_json:
        values[name] = msgspec.json.decode(values[name])
    return msgspec.convert(values, kind, strict=False)


@lru_cache(1024)
def _columns(told: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of members by names of columns, and which of them are decoded."""
    names = tuple(name.removesuffix(_JSON) for name in told)
    return names, tuple(name for name, column in zip(names, told, strict=True) if column != name)
