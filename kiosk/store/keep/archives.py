"""The archives: `kiosk-2025.db` beside `kiosk.db`, one file for each year of orders that have moved out.

An archive has the tables and the version of the database, so whatever reads an order reads it there too; an older one
is brought to the present version when it is opened. It is a plain file without a log of its own (rollback journal), and
a commit in it is on the disk, its folder's entry included (`synchronous=EXTRA`), before anything is deleted elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from kiosk.domain.errors import ArchiveBroken, DatabaseBroken
from kiosk.domain.text import Text
from kiosk.store.file.copying import sync
from kiosk.store.file.opening import GIVES_BACK, is_damage, make_private, migrate, newest_version, require_schema
from kiosk.store.keep import moving
from kiosk.store.transaction import Reader, Tx

T = TypeVar("T")
P = ParamSpec("P")
_YEAR_OF = "archive_of"  # in the archive's own `meta`: whose year it is
PRAGMAS = {
    "journal_mode": "DELETE",
    "synchronous": "EXTRA",
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
    "secure_delete": 1,
}
_MISSING = Text("файла нет", "the file is missing")
_NO_FILE = Text("это не файл", "is no file")
_FOREIGN = Text("это не архив заказов этого года", "is no archive of this year's orders")
_DAMAGED = Text("файл повреждён", "the file is damaged")
_FULL = Text("на диске нет места", "there is no room on the disk")
_READ_ONLY = Text("в файл нельзя писать", "the file may not be written")
_BUSY = Text("файл занят другой программой", "another program holds the file")


class ArchiveFile(msgspec.Struct, frozen=True):
    """An archive as it lies there; `bytes` of its size."""

    year: int
    path: str
    bytes: int


def archive_path(database: Path, year: int) -> Path:
    """`kiosk-2025.db` for `kiosk.db`."""
    return database.with_name(f"{database.stem}-{year:04}{database.suffix}")


def archives_beside(database: Path) -> list[ArchiveFile]:
    """All that lie there, whatever is in them, the newest year first."""
    name = re.compile(rf"{re.escape(database.stem)}-(\d{{4}}){re.escape(database.suffix)}")
    found = []
    with contextlib.suppress(OSError):
        for path in database.parent.iterdir():
            if match := name.fullmatch(path.name):
                size = path.stat().st_size if path.is_file() else 0
                found.append(ArchiveFile(int(match[1]), str(path), size))
    return sorted(found, key=lambda file: -file.year)


def inspect_archive(database: Path, year: int) -> str:
    """A look that changes nothing: version and size. Raises `ArchiveBroken`."""
    path = archive_path(database, year)
    if not os.path.lexists(path):
        raise ArchiveBroken(path.name, _MISSING)
    if not path.is_file():
        raise ArchiveBroken(path.name, _NO_FILE)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            _require_archive(connection, path, year)
            orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise ArchiveBroken(path.name, _why(error)) from error
    return f"{path.name}: version {version}, {orders} orders, {path.stat().st_size} bytes"


def moved_years(database: Path) -> list[int]:
    """The years whose archive lies there or must, as far as a closed database tells."""
    years = {file.year for file in archives_beside(database)}
    with contextlib.suppress(sqlite3.Error):
        uri = f"{database.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            years |= set(moving.years_moved(Reader(connection)))
    return sorted(years)


class Archives:
    """Runs what it is given on a thread of its own, one after another; it never holds the database's writer. Each call
    opens its file anew: one that was taken away is not written to."""

    def __init__(self, database: Path, trace: Callable[[str], None] | None = None) -> None:
        """`trace` hears every statement, on the archive's thread."""
        self._database = database
        self._trace = trace
        self._thread = ThreadPoolExecutor(1, "archive")
        self._known: set[tuple[int, int]] = set()  # files whose tables were compared with ours
        self._reading: sqlite3.Connection | None = None

    def path(self, year: int) -> Path:
        return archive_path(self._database, year)

    def files(self) -> list[ArchiveFile]:
        return archives_beside(self._database)

    async def copy(self, year: int, orders: Sequence[str], *, made: bool) -> str:
        """Copy orders of the database to their year's archive, which is made where there is none yet (`made`: it was
        made before, and must be there); what stands there of them once that is on the disk. Raises `ArchiveBroken`."""
        return await self._run(self._copy, year, orders, made=made)

    async def read(self, year: int, run: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `run(reader, …)` in one archive; what stays in the database (points, events) is seen where it stands.
        Raises `ArchiveBroken`."""
        return await self._run(self._read, year, lambda reader: run(reader, *args, **kwargs))

    async def examine(self, year: int) -> None:
        """Open it as for writing: brings an older one to the present version. Raises `ArchiveBroken`."""
        await self._run(self._examine, year)

    async def close(self) -> None:
        """What is read just now is given up; what is written comes to its end."""
        if (connection := self._reading) is not None:
            connection.interrupt()
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args, **kwargs))

    # The archive's thread.

    def _copy(self, year: int, orders: Sequence[str], *, made: bool) -> str:
        with self._opened(year, may_make=not made) as connection:
            self._attach(connection)
            connection.execute("BEGIN IMMEDIATE")
            moving.copy(Tx(connection), orders)
            copied = moving.content(Reader(connection), orders)
            connection.execute("COMMIT")
            return copied

    def _read(self, year: int, run: Callable[[Reader], T]) -> T:
        with self._opened(year) as connection:
            self._attach(connection)
            for table in moving.STAYS:
                connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM {moving.BOOKS}.{table}")
            connection.execute("PRAGMA query_only=1")
            connection.execute("BEGIN")
            self._reading = connection
            try:
                return run(Reader(connection))
            finally:
                self._reading = None
                connection.rollback()

    def _examine(self, year: int) -> None:
        with self._opened(year):
            return

    def _attach(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"ATTACH ? AS {moving.BOOKS}", (f"{self._database.resolve().as_uri()}?mode=ro",))

    @contextlib.contextmanager
    def _opened(self, year: int, *, may_make: bool = False) -> Iterator[sqlite3.Connection]:
        """The file, known to be this year's archive in the present version. Raises `ArchiveBroken`, also for what goes
        wrong while it is used."""
        path = self.path(year)
        try:
            if not os.path.lexists(path) and not may_make:
                raise ArchiveBroken(path.name, _MISSING)
            if not os.path.lexists(path) or (path.is_file() and path.stat().st_size == 0):
                _make(path, year)
            if not path.is_file():
                raise ArchiveBroken(path.name, _NO_FILE)
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
            try:
                self._require_ours(connection, path, year)
                yield connection
            finally:
                connection.close()
        except DatabaseBroken as error:
            raise ArchiveBroken(path.name, _FOREIGN) from error
        except (OSError, sqlite3.Error) as error:
            raise ArchiveBroken(path.name, _why(error)) from error

    def _require_ours(self, connection: sqlite3.Connection, path: Path, year: int) -> None:
        connection.set_trace_callback(self._trace)
        connection.row_factory = sqlite3.Row
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")
        _require_archive(connection, path, year)
        migrate(connection)
        found = path.stat()
        if (found.st_dev, found.st_ino) not in self._known:
            require_schema(connection, path)
            self._known.add((found.st_dev, found.st_ino))


def _require_archive(connection: sqlite3.Connection, path: Path, year: int) -> None:
    """Raises `ArchiveBroken`."""
    version, newest = connection.execute("PRAGMA user_version").fetchone()[0], newest_version()
    if version > newest:
        newer = Text(f"версия {version}, программа знает {newest}", f"of version {version}, we know {newest}")
        raise ArchiveBroken(path.name, newer)
    marked = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
    if not marked or _year_of(connection) != str(year):
        raise ArchiveBroken(path.name, _FOREIGN)


def _year_of(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_YEAR_OF,)).fetchone()
    return None if row is None else str(row[0])


def _make(path: Path, year: int) -> None:
    """Made whole under another name, so that what bears the name is an archive."""
    path = path.resolve()  # a link may lead to another disk
    making = path.with_name(f"{path.name}.making")
    making.unlink(missing_ok=True)
    make_private(making)
    connection = sqlite3.connect(making, isolation_level=None)
    try:
        connection.execute(GIVES_BACK)
        connection.execute("PRAGMA synchronous=OFF")
        migrate(connection)
        connection.execute("INSERT INTO meta VALUES (?, ?)", (_YEAR_OF, str(year)))
    finally:
        connection.close()
    sync(making)
    making.rename(path)
    sync(path.parent)


def _why(error: OSError | sqlite3.Error) -> Text:
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, sqlite3.Error) and is_damage(error):
        return _DAMAGED
    for start, why in (("SQLITE_FULL", _FULL), ("SQLITE_READONLY", _READ_ONLY), ("SQLITE_BUSY", _BUSY)):
        if name.startswith(start):
            return why
    return Text(f"ошибка {name or error}", f"error {name or error}")
