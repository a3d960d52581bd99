"""The orders to be made: when, under which names and numbers, one row of `made` for each."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from kiosk.domain.ordering.order import ticket_number
from tests.growth.cells import MINUTES
from tests.growth.shapes import Shape

#: Names of the columns of `made`: what tells one order from another, and the minutes around it as text.
COLUMNS = (
    "serial INTEGER PRIMARY KEY", "shape INTEGER", "order_id TEXT", "number TEXT", "phone INTEGER", "portion INTEGER",
    "intent INTEGER", "document INTEGER", "drive TEXT", "shift INTEGER", "hour TEXT", "second TEXT",
    "local_minute TEXT", "printed_minute TEXT",
)  # fmt: skip
_HOUR = next(n for n, column in enumerate(COLUMNS) if column.startswith("hour "))
_YEAR_D = 365
#: The bank remembers a day: what is older is not asked of it. Nothing may end within these hours.
_SETTLED = timedelta(hours=26)
_OPENS_S, _OPEN_S = 7 * 3600, 12 * 3600  # of the day in UTC: 10 to 22 in Moscow
_LOCAL_MIN = 180
_DRIVE_HOLDS = 200_000  # documents; a drive takes 250,000
_CLOCK = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]


class Orders:
    """`count` orders evenly over the open hours of a year, the oldest first. `cycle`: the shapes as they follow."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        shapes: Sequence[Shape],
        cycle: Sequence[int],
        count: int,
        now: datetime,
        minutes: Sequence[int],
    ) -> None:
        """`minutes`: which of `MINUTES` have a column."""
        self._db = connection
        self._minutes = [MINUTES[n] for n in minutes]
        self.columns = (*COLUMNS, *(f"minute_{n} TEXT" for n in minutes))
        self._cycle = cycle
        self._count = count
        self._portions = [len(shape.column("portion", "portion_id")) for shape in shapes]
        self._documents = [len(shape.column("fiscal_intent", "intent_id")) for shape in shapes]
        last_day = (now - _SETTLED - timedelta(hours=19)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._first_day = last_day - timedelta(days=_YEAR_D - 1)
        self.first_intent = self._next("fiscal_intent", "intent_id")

    def chunks(self, size: int) -> Iterator[list[Sequence[Any]]]:
        """About so many at once, whole days."""
        chunk: list[Sequence[Any]] = []
        for made in self._made():
            if len(chunk) >= size and made[_HOUR][:10] != chunk[-1][_HOUR][:10]:
                yield chunk
                chunk = []
            chunk.append(made)
        if chunk:
            yield chunk

    def _made(self) -> Iterator[Sequence[Any]]:
        portion, intent = self._next("portion", "portion_id"), self.first_intent
        phone, drive, document = self._free_phones(), self._free_drive(), 1
        shift, day, day_text, midnight_ms = 0, -1, "", 0
        for serial in range(self._count):
            shape = self._cycle[serial % len(self._cycle)]
            open_s = serial * _YEAR_D * _OPEN_S / self._count
            if (today := int(open_s // _OPEN_S)) != day:
                day, shift = today, shift + 1
                date = self._first_day + timedelta(days=day)
                day_text, midnight_ms = f"{date:%Y-%m-%d}", int(date.timestamp() * 1000)
                if document > _DRIVE_HOLDS:
                    drive, document, shift = drive + 1, 1, 1
            numbers = phone + serial, portion, intent, document, f"{drive:016d}", shift
            second = _OPENS_S + open_s % _OPEN_S
            moment = _texts(day_text, second, self._minutes)
            yield serial, shape, order_id(midnight_ms, second), ticket_number(serial), *numbers, *moment
            portion += self._portions[shape]
            intent, document = intent + self._documents[shape], document + self._documents[shape]

    def _next(self, table: str, column: str) -> int:
        given = self._db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()[0]
        highest = self._db.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
        return int(max(given or 0, highest or 0)) + 1

    def _free_phones(self) -> int:
        """The first of as many numbers in a row that nobody has, ten digits."""
        first = 9_000_000_000
        taken = "SELECT max(phone) FROM customer WHERE phone BETWEEN '+7' || ? AND '+7' || ?"
        while (last := self._db.execute(taken, (first, first + self._count)).fetchone()[0]) is not None:
            first = int(last[2:]) + 1
        return first

    def _free_drive(self) -> int:
        """Drives of the past: none that the books know."""
        rows = self._db.execute("SELECT drive_number FROM fiscal_drive UNION SELECT drive_number FROM shift")
        known = {row[0] for row in rows}
        number = 9_960_440_300_000_001
        while any(f"{number + after:016d}" in known for after in range(100)):
            number += 100
        return number


def _texts(day: str, second: float, minutes: Sequence[int]) -> tuple[str, ...]:
    """The local hour, the seconds, the local minute as the registrar tells and prints it, and the minutes."""
    minute = int(second // 60)
    seconds = second % 60
    printed = _CLOCK[minute + _LOCAL_MIN + 1]
    start = f"{day}T"
    return (
        start + _CLOCK[minute + _LOCAL_MIN][:2],
        f":{seconds:06.3f}Z" if seconds < 59.9995 else ":59.999Z",
        start + printed,
        f"{day.replace('-', '')}T{printed[:2]}{printed[3:]}",
        *[start + _CLOCK[minute + after] for after in minutes],
    )


def order_id(midnight_ms: int, second: float) -> str:
    """As `kiosk.domain.ordering.order.new_order_id` makes it, ten times as quickly. `midnight_ms`: of the day in UTC,
    Unix time."""
    value = (midnight_ms + int(second * 1000) & (1 << 40) - 1) << 40 | random.getrandbits(40)
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(70, -1, -10)])
