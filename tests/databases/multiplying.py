"""A closed database made as large as years make it, in SQL: copies of everything its orders left, each with ids and
moments of its own. The shape of the database may be an old one: columns are known by their names.

`python -m tests.databases.multiplying DATABASE ORDERS`
"""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path

#: What orders leave behind for good, tables before those that refer to them.
TABLES = (
    "customer", "session", "orders", "order_item", "portion", "timeline", "reservation", "reservation_line", "payment",
    "refund", "fiscal_intent", "receipt_line", "idempotency", "event", "bonus_entry", "message",
)  # fmt: skip
_IDS = (
    "order_id", "session_id", "customer_id", "reservation_id", "payment_id", "refund_id", "event_id", "code_id",
    "client_id", "source", "transaction_id",
)  # fmt: skip
_MOMENT = re.compile("(^|_)(at|since)$")
_YEAR_S = 365 * 86_400
_COUNTED = ("portion_id", "intent_id", "sequence", "entry_id", "document_number", "fd_before", "fiscal_sign")
_BATCH = 5_000


def multiply(path: Path, orders: int) -> int:
    """Copy the orders that are there until there are at least so many; how many there are then."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=0")
        connection.execute("PRAGMA cache_size=-400000")
        (there,) = connection.execute("SELECT count(*) FROM orders").fetchone()
        copies = max(0, -(-orders // there) - 1)
        present = [table for table in TABLES if _columns(connection, table)]
        asked = {table: _copy_of(connection, table, copies) for table in present}
        for first in range(1, copies + 1, _BATCH):
            connection.execute("BEGIN")
            connection.execute("PRAGMA defer_foreign_keys=1")
            for sql in asked.values():
                connection.execute(sql, {"first": first, "last": min(first + _BATCH - 1, copies)})
            connection.execute("COMMIT")
        for table in ("cursor", "endpoint"):
            connection.execute(f"UPDATE {table} SET sequence = (SELECT max(sequence) FROM event)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole: int = int(there) * (copies + 1)
        return whole
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]


def _copy_of(connection: sqlite3.Connection, table: str, copies: int) -> str:
    """Only the rows that stand there now are copied; order by the copy keeps sequences without gaps."""
    names = _columns(connection, table)
    values = ", ".join(_changed(connection, table, name, copies) for name in names)
    connection.execute(f"CREATE TEMP TABLE once_{table} AS SELECT * FROM {table}")
    return (
        f"WITH RECURSIVE n (k) AS (SELECT :first UNION ALL SELECT k + 1 FROM n WHERE k < :last)"
        f" INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM n CROSS JOIN temp.once_{table} ORDER BY k, 1"
    )


_FIXED = {
    "handed_over": "1",  # what was cooked, or given up, is held no more
    "drive_number": "substr(drive_number, 1, 14) || '00'",  # a drive that was replaced long ago
    "number": "char(65 + k / 100 % 26) || printf('%02d', k % 100)",
    "phone": "'+7' || printf('%010d', 9000000000 + k * 10 + substr(phone, -1))",
}


def _changed(connection: sqlite3.Connection, table: str, name: str, copies: int) -> str:
    """The SQL of a column's value in copy `k`."""
    if name in _IDS:
        return f"printf('0Z%05X', k) || substr({name}, 8)"  # like no id that is given, and older
    if name in _COUNTED:
        return f"{name} + k * {_span(connection, name)}"
    if name in _FIXED:
        return _FIXED[name]
    if name == "portions":
        step = _span(connection, "portion_id")
        return f"(SELECT json_group_array(value + k * {step}) FROM json_each(portions))"
    if (table, name) == ("reservation", "status"):
        return "CASE status WHEN 'held' THEN 'released' ELSE status END"
    if name in ("shift", "document_shift"):
        return f"{name} + k / 30"
    if _MOMENT.search(name):
        earlier_s = f"{_YEAR_S} * ({copies} - k + 1) / {copies + 1}"
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {name}, '-' || ({earlier_s}) || ' seconds')"
    return name


def _span(connection: sqlite3.Connection, name: str) -> int:
    """So much is added for each copy that no number stands twice."""
    table = {"portion_id": "portion", "sequence": "event", "entry_id": "bonus_entry"}.get(name, "fiscal_intent")
    ends = "fd_before" if name in ("document_number", "fd_before") else name
    low, high = connection.execute(f"SELECT min({ends}), max({ends}) FROM {table}").fetchone()
    return 1 if low is None else int(high - low + 1)


if __name__ == "__main__":
    print(multiply(Path(sys.argv[1]), int(sys.argv[2])))
