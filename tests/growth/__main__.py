"""`python -m tests.growth DATABASE N`: N finished orders of many shapes, spread over the past year.

The database is closed and holds at least one completed order; consumers have read everything afterwards, and
`kiosk audit` finds nothing. The added documents stand in drives of the past, their payments are older than the bank
remembers: no device is asked for them.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kiosk.domain.errors import DatabaseInUse
from kiosk.store.file.opening import migrations, take_lock
from tests.growth.multiplying import Multiplying

#: The file is closed to others and the whole run one transaction: nothing is to be waited for or checked twice.
_PRAGMAS = (
    "journal_mode=DELETE",
    "synchronous=OFF",
    "threads=2",
    "cache_size=-400000",
    "foreign_keys=0",
    "ignore_check_constraints=1",
)


class NotToBeGrown(Exception):
    """What was named is no database that orders can be added to."""


def grow(path: Path, count: int) -> None:
    """Raises `NotToBeGrown` and `DatabaseInUse`; the file is then as it was."""
    if not path.is_file():
        raise NotToBeGrown(f"{path}: no such file")
    lock = take_lock(path)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _check(connection, path)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        Multiplying(connection, count, datetime.now(UTC)).run()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise NotToBeGrown(f"{path}: {error}") from error
    finally:
        connection.close()
        os.close(lock)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version, newest = connection.execute("PRAGMA user_version").fetchone()[0], migrations()[-1][0]
    if version != newest:
        raise NotToBeGrown(f"{path} is of version {version}, not {newest}: start the kiosk with it once")
    if connection.execute("SELECT 1 FROM orders WHERE status = 'completed' LIMIT 1").fetchone() is None:
        raise NotToBeGrown(f"{path}: no order in it was completed")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("orders", type=int)
    options = parser.parse_args(words)
    if options.orders < 1:
        parser.error("at least one order")
    began = time.perf_counter()
    try:
        grow(options.database, options.orders)
    except (NotToBeGrown, DatabaseInUse) as error:
        print(error, file=sys.stderr)
        return 1
    took = time.perf_counter() - began
    size_mb = options.database.stat().st_size / 1e6
    print(f"{options.orders} orders in {took:.1f} s, {options.orders / took:.0f}/s; the file has {size_mb:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
