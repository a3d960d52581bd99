"""Finished orders of a year, in SQL: each recorded row is one INSERT for all orders of its shape.

Everything is one transaction with a rollback journal: what is new is appended, so the journal stays small, and a killed
run leaves the file as it was.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from kiosk.clock import rfc3339
from tests.growth.cells import Cells, minute_column
from tests.growth.orders import COLUMNS, Orders
from tests.growth.shapes import Shape, read_shapes

#: Every shape comes within the first fourteen orders, a customer's visits some orders apart; then what sells most.
CYCLE = (
    "one", "earned", "combo", "refunded", "two", "spent", "pieces", "in_part", "told", "points_back", "declined",
    "cancelled", "mailed", "not_cooked", *("drink", "one", "two", "drink", "combo", "told", "drink", "one") * 5,
    "drink", "cancelled", "two", "one", "pieces", "two",
)  # fmt: skip
_CHUNK = 20_000
_MADE = (
    f"CREATE TEMP TABLE made ({', '.join(COLUMNS)})",
    "CREATE INDEX temp.made_shape ON made (shape)",
    "CREATE TEMP TABLE told (rank INTEGER PRIMARY KEY, event_id TEXT, type TEXT, order_id TEXT, at TEXT, data TEXT)",
    "CREATE TEMP TABLE counted (hour TEXT, shape INTEGER, orders INTEGER, PRIMARY KEY (hour, shape)) WITHOUT ROWID",
)


class Multiplying:
    """Adds `count` orders to an open connection, in one transaction of its own."""

    def __init__(self, connection: sqlite3.Connection, count: int, now: datetime) -> None:
        self._db = connection
        self._count = count
        self._charts, shapes = read_shapes()
        by_name = {shape.name: number for number, shape in enumerate(shapes)}
        self._shapes = shapes
        self._cycle = tuple(by_name[name] for name in CYCLE)
        self._run = secrets.token_hex(6)
        self._orders = Orders(connection, shapes, self._cycle, count, now)
        self._now = now

    def run(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for statement in _MADE:
            self._db.execute(statement)
        self._set_events_aside()
        for chart in self._charts:
            self._db.execute(
                "INSERT INTO chart VALUES (:fingerprint, :code, :revision, :body) ON CONFLICT DO NOTHING", chart
            )
        statements = [list(self._statements(number, shape)) for number, shape in enumerate(self._shapes)]
        indexes = self._drop_indexes()
        for chunk in self._orders.chunks(_CHUNK):
            self._db.executemany(f"INSERT INTO made VALUES ({', '.join('?' * len(COLUMNS))})", chunk)
            for of_shape in statements:
                for statement in of_shape:
                    self._db.execute(statement)
            self._db.execute(_COUNTED)
            self._tell(True)
            self._db.execute("DELETE FROM made")
        self._tell(False)
        for index in indexes:
            self._db.execute(index)
        self._summarise()
        for table in ("made", "told", "counted"):
            self._db.execute(f"DROP TABLE temp.{table}")
        self._db.execute("COMMIT")

    # Rows.

    def _statements(self, number: int, shape: Shape) -> Iterator[str]:
        customers = [n for n, other in enumerate(self._shapes) if _customer(other) == _customer(shape) is not None]
        first = min(customers, key=self._cycle.index) if customers else number
        cells = Cells(shape, self._cycle.index(number) - self._cycle.index(first), self._run)
        for row in shape.rows:
            if row.table == "customer" and number != first:
                continue
            into = "temp.told" if row.table == "event" else row.table
            values = ", ".join(cells.expression(column, value) for column, value in row.values.items())
            yield f"INSERT INTO {into} ({', '.join(row.values)}) SELECT {values} FROM made WHERE shape = {number}"

    def _drop_indexes(self) -> list[str]:
        """Their SQL; made again at the end they are sorted at once. Where more stands than is added they stay."""
        if self._db.execute("SELECT count(*) FROM orders").fetchone()[0] > self._count:
            return []
        found = self._db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in found:
            self._db.execute(f"DROP INDEX {name}")
        return [sql for _, sql in found]

    # Events: by their time, without a gap, those that were there in their places between.

    def _set_events_aside(self) -> None:
        first: int = self._db.execute("SELECT coalesce(min(sequence), 1) FROM event").fetchone()[0]
        columns = "event_id, type, order_id, at, data"
        self._db.execute(f"INSERT INTO temp.told ({columns}) SELECT {columns} FROM event ORDER BY sequence")
        if self._db.execute("DELETE FROM event").rowcount > _CHUNK:
            self._db.execute("CREATE INDEX temp.told_at ON told (at)")
        self._db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'event'", (first - 1,))

    def _tell(self, more: bool) -> None:
        """Every event, or while more orders come those before the last one: no later order's can come before them."""
        last = f"SELECT {minute_column(0)} FROM made ORDER BY serial DESC LIMIT 1"
        (end,) = self._db.execute(last).fetchone() if more else ("9999",)
        columns = "event_id, type, order_id, at, data"
        self._db.execute(
            f"INSERT INTO event ({columns}) SELECT {columns} FROM temp.told WHERE at < ? ORDER BY at, rank", (end,)
        )
        self._db.execute("DELETE FROM temp.told WHERE at < ?", (end,))

    # What is counted and kept by day.

    def _summarise(self) -> None:
        for number, shape in enumerate(self._shapes):
            for row in shape.statistics:
                self._db.execute(_statistic(row.table, row.values), {**row.values, "shape": number})
        for statement in (_SHIFTS, _DRIVES, _Z_REPORTS):
            self._db.execute(statement, {"first": self._orders.first_intent})
        self._db.execute(_DAY_REPORTS, {"now": rfc3339(self._now)})
        last = self._db.execute("SELECT max(sequence) FROM event").fetchone()[0]
        self._db.execute("UPDATE cursor SET sequence = ?", (last,))
        self._db.execute("UPDATE endpoint SET sequence = ?", (last,))


def _customer(shape: Shape) -> str | None:
    found: str | None = shape.column("orders", "customer_id")[0]
    return found


_COUNTED = (
    "INSERT INTO temp.counted SELECT hour, shape, count(*) FROM made"
    " GROUP BY hour, shape ON CONFLICT DO UPDATE SET orders = orders + excluded.orders"
)
_KEYS = {"stat_hour": ("hour",), "stat_dish": ("day", "item_id"), "stat_choice": ("day", "kind", "choice_id")}
_WORDS = ("item_id", "kind", "choice_id", "name")


def _statistic(table: str, values: dict[str, object]) -> str:
    """What one shape's orders add to the hours, or days, that they were made in."""
    when = "hour" if table == "stat_hour" else "substr(hour, 1, 10)"
    sums = [name for name in values if name not in (*_KEYS[table], *_WORDS)]
    columns = [
        f":{name}" if name in _WORDS else f"sum(orders) * :{name}" for name in values if name not in ("hour", "day")
    ]
    adds = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    return (
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join([when, *columns])} FROM temp.counted"
        f" WHERE shape = :shape GROUP BY {when} ON CONFLICT ({', '.join(_KEYS[table])}) DO UPDATE SET {adds}"
    )


_DOCUMENTS = (
    "SELECT drive_number, document_shift, min(intended_at) AS first, max(intended_at) AS last,"
    " sum(operation = 'sale') AS sales, sum(iif(operation = 'sale', total_kopecks, 0)) AS sold,"
    " sum(operation = 'refund') AS refunds, sum(iif(operation = 'refund', total_kopecks, 0)) AS returned"
    " FROM fiscal_intent WHERE intent_id >= :first GROUP BY 1, 2"
)
_SHIFTS = f"INSERT INTO shift SELECT drive_number, document_shift, first, last FROM ({_DOCUMENTS})"
_DRIVES = (
    "INSERT INTO fiscal_drive SELECT drive_number, min(first), 'staff', 'the one before is full'"
    f" FROM ({_DOCUMENTS}) GROUP BY 1"
)
_Z_REPORTS = (
    "INSERT INTO fiscal_report (kind, drive_number, shift, at, actor, body)"
    " SELECT 'z', drive_number, document_shift, last, 'kiosk', json_object('kind', 'z', 'fiscal_drive_number',"
    "   drive_number, 'shift', document_shift, 'at', last, 'sales', json_object('count', sales, 'sum_kopecks', sold),"
    "   'refunds', json_object('count', refunds, 'sum_kopecks', returned), 'methods', json_array(), 'rates',"
    "   json_array(), 'dishes', json_array(), 'bonus_spent', 0, 'differences', json_array(), 'text', '')"
    f" FROM ({_DOCUMENTS}) ORDER BY first"
)
_DAY_REPORTS = (
    "INSERT OR REPLACE INTO stat_report SELECT substr(hour, 1, 10), json_object('first_day', substr(hour, 1, 10),"
    "  'last_day', substr(hour, 1, 10), 'currency', 'RUB', 'orders_created', sum(orders_created), 'orders',"
    "  sum(orders_paid), 'orders_completed', sum(orders_completed), 'orders_refunded', sum(orders_refunded),"
    "  'revenue_kopecks', sum(revenue_kopecks), 'refunded_kopecks', sum(refunded_kopecks), 'average_kopecks',"
    "  ifnull(sum(revenue_kopecks) / nullif(sum(orders_paid), 0), 0), 'bonus_spent', sum(bonus_spent), 'hours',"
    "  json_array(), 'dishes', json_array()), :now FROM stat_hour"
    " WHERE substr(hour, 1, 10) IN (SELECT substr(hour, 1, 10) FROM temp.counted) GROUP BY 1"
)
