"""Finished orders of a year, in SQL: each recorded row is one INSERT for all orders of its shape.

Everything is one transaction with a rollback journal: what is new is appended, so the journal stays small, and a killed
run leaves the file as it was.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from kiosk.clock import rfc3339
from kiosk.store import journal
from tests.growth.cells import MINUTES, Cells, minute_column
from tests.growth.orders import Orders
from tests.growth.shapes import Shape, read_shapes

#: Every shape comes within the first fourteen orders, a customer's visits some orders apart; then what sells most.
CYCLE = (
    "one", "earned", "combo", "refunded", "two", "spent", "pieces", "in_part", "told", "points_back", "declined",
    "cancelled", "mailed", "not_cooked", *("drink", "one", "two", "drink", "combo", "told", "drink", "one") * 5,
    "drink", "cancelled", "two", "one", "pieces", "two",
)  # fmt: skip
_CHUNK = 20_000
_EVENT = "event_id, type, order_id, at, data"
#: The table is kept in the order of its first column, which is chance: rows that come sorted touch each page once.
_BY_CHANCE = ("session", "reservation", "idempotency", "message")
_MADE = (
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
        self._statements = [list(self._of_shape(number, shape)) for number, shape in enumerate(shapes)]
        self._events = self._all_events()
        asked = " ".join(sql for of_shape in self._statements for _, sql in of_shape)
        minutes = [n for n in range(len(MINUTES)) if re.search(rf"\bminute_{n}\b", asked)]
        self._orders = Orders(connection, shapes, self._cycle, count, now, minutes)
        self._now = now

    def run(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(f"CREATE TEMP TABLE made ({', '.join(self._orders.columns)})")
        self._db.execute("CREATE INDEX temp.made_shape ON made (shape)")
        for statement in _MADE:
            self._db.execute(statement)
        self._set_events_aside()
        for chart in self._charts:
            self._db.execute(
                "INSERT INTO chart VALUES (:fingerprint, :code, :revision, :body) ON CONFLICT DO NOTHING", chart
            )
        indexes = self._drop_indexes()
        marks = ", ".join("?" * len(self._orders.columns))
        for chunk in self._orders.chunks(_CHUNK):
            self._db.executemany(f"INSERT INTO made VALUES ({marks})", chunk)
            for table, rows in self._rows_by_table():
                self._db.execute(f"INSERT INTO {table} {rows}")
            self._db.execute(_COUNTED)
            self._tell()
            self._db.execute("DELETE FROM made")
        self._db.execute(f"INSERT INTO event ({_EVENT}) SELECT {_EVENT} FROM temp.told ORDER BY at, rank")
        for index in indexes:
            self._db.execute(index)
        self._summarise()
        self._seal_journal()
        for table in ("made", "told", "counted"):
            self._db.execute(f"DROP TABLE temp.{table}")
        self._db.execute("COMMIT")

    def _seal_journal(self) -> None:
        """The new lines go on the chain that is there."""
        meta = dict(self._db.execute("SELECT key, value FROM meta WHERE key LIKE 'journal_seal%'").fetchall())
        older, seal = int(meta.get("journal_sealed_from", "0")), meta.get("journal_seal", "")
        seal = seal or str(older)
        new = self._db.execute(
            "SELECT entry, at, actor, action, detail FROM journal WHERE entry > ? AND seal = '' ORDER BY entry",
            (older,),
        )
        sealed = []
        for entry, at, actor, action, detail in new:
            if action not in journal.PASSING:
                seal = journal.seal_of(seal, at, actor, action, detail)
                sealed.append((seal, entry))
        self._db.executemany("UPDATE journal SET seal = ? WHERE entry = ?", sealed)
        if sealed:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('journal_seal', ?)", (seal,))

    # Rows.

    def _rows_by_table(self) -> Iterator[tuple[str, str]]:
        """(table with its columns, the rows of all shapes): parents first, a table kept by chance sorted at once."""
        for of_shape in self._statements:
            for table, rows in of_shape:
                if table.partition(" ")[0] not in ("event", *_BY_CHANCE):
                    yield table, rows
        for name in _BY_CHANCE:
            found = [(table, rows) for of_shape in self._statements for table, rows in of_shape
                     if table.partition(" ")[0] == name]  # fmt: skip
            for table in dict.fromkeys(table for table, _ in found):
                yield table, " UNION ALL ".join(rows for other, rows in found if other == table) + " ORDER BY 1"

    def _all_events(self) -> str:
        """Of all orders at hand, each with its place among those of one moment."""
        rows = [rows for of_shape in self._statements for table, rows in of_shape if table.startswith("event ")]
        return " UNION ALL ".join(row.replace("SELECT ", f"SELECT {n} AS rank, ", 1) for n, row in enumerate(rows))

    def _of_shape(self, number: int, shape: Shape) -> Iterator[tuple[str, str]]:
        """(table with its columns, the SELECT of its rows)."""
        customers = [n for n, other in enumerate(self._shapes) if _customer(other) == _customer(shape) is not None]
        first = min(customers, key=self._cycle.index) if customers else number
        cells = Cells(shape, self._cycle.index(number) - self._cycle.index(first), self._run)
        for row in shape.rows:
            if row.table == "customer" and number != first:
                continue
            values = ", ".join(f"{cells.expression(column, value)} AS {column}" for column, value in row.values.items())
            yield f"{row.table} ({', '.join(row.values)})", f"SELECT {values} FROM made WHERE shape = {number}"

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
        self._db.execute(f"INSERT INTO temp.told ({_EVENT}) SELECT {_EVENT} FROM event ORDER BY sequence")
        if self._db.execute("DELETE FROM event").rowcount > _CHUNK:
            self._db.execute("CREATE INDEX temp.told_at ON told (at)")
        self._db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'event'", (first - 1,))

    def _tell(self) -> None:
        """The events of the orders at hand, whole days of them, and of those that were there the ones before them and
        between; a night is longer than any order: what comes later is told later."""
        (end,) = self._db.execute(f"SELECT max({minute_column(0)}) || '~' FROM made").fetchone()
        before = f"SELECT rank, {_EVENT} FROM temp.told WHERE at < '{end}'"
        self._db.execute(
            f"INSERT INTO event ({_EVENT}) SELECT {_EVENT} FROM ({before} UNION ALL {self._events}) ORDER BY at, rank"
        )
        self._db.execute("DELETE FROM temp.told WHERE at < ?", (end,))

    # What is counted and kept by day.

    def _summarise(self) -> None:
        for number, shape in enumerate(self._shapes):
            for row in (*shape.statistics, *shape.day_counts):
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
_KEYS = {
    "stat_hour": ("hour",), "stat_dish": ("day", "item_id"), "stat_choice": ("day", "kind", "choice_id"),
    "stat_service": ("day", "service"), "stat_payment": ("day", "method", "code", "reason"),
    "stat_minutes": ("day", "kind", "minutes"),
}  # fmt: skip
_WORDS = ("item_id", "kind", "choice_id", "name", "service", "method", "code", "reason", "minutes")


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
