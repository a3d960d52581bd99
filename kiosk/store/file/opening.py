"""How the database file is opened: the lock of the process, pragmas, checks and migrations.

`synchronous=FULL` because NORMAL lost acknowledged commits in a power-cut replay (database.md#durability).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from kiosk.domain.errors import DatabaseBroken, DatabaseInUse

_WAY_OUT = "put the last backup in its place: kiosk restore FILE (this file is kept)"
_STEPS = 1_000_000  # instructions of SQLite's machine between two words of a long start: a tenth of a second
PRAGMAS: dict[str, str | int] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
    "secure_delete": 1,  # what is deleted is overwritten: a number that was forgotten cannot be read in the file
}
#: How many statements a connection keeps compiled: more than the product has. Python's own 128 are too few, and what is
#: dropped is compiled anew, which takes longer than most answers.
STATEMENTS_KEPT = 512
#: Of a new file, before anything is written to it: pages that are free can be handed back to the disk little by little.
GIVES_BACK = "PRAGMA auto_vacuum=INCREMENTAL"
INCREMENTAL = 2  # what `PRAGMA auto_vacuum` says of it then


#: In `meta`: the next start packs the file, once.
WRITE_ANEW = "write_anew"


def make_private(path: Path) -> None:
    """An empty file that is nobody else's to read, where none is: SQLite takes it, and gives its log the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def take_lock(path: Path) -> int:
    """Raises `DatabaseInUse`. Taken by root for a restore, the file is the service's all the same: it is given to the
    owner of the folder; a link in its place is none of ours."""
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DatabaseInUse(f"{path}.lock cannot be opened: {error.strerror}") from error
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DatabaseInUse(f"{path} is in use by another process") from error
    return descriptor


def was_closed(path: Path) -> bool:
    """Whether the last process came to its end: SQLite removes the write-ahead log at the last close, and what died
    leaves it. SQLite itself puts back what is in it."""
    return not path.with_name(f"{path.name}-wal").exists()


def suspicion_of(path: Path) -> Path:
    """The mark beside a file in which damage was met: the next start looks through all of it before anything else."""
    return path.with_name(f"{path.name}.suspect")


def is_suspect(path: Path) -> bool:
    """Whatever is in the place of the mark counts as one: a file, a folder, a link to nothing."""
    return os.path.lexists(suspicion_of(path))


def suspect(path: Path, what: str) -> None:
    """Leave the mark, for nobody else to read: it may quote a row. A link is not followed, a pipe not
    waited for. A disk that takes not even this shows in everything else."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError), open(os.open(suspicion_of(path), flags, 0o600), "w", encoding="utf-8") as mark:
        mark.write(f"{what}\n")


def clear(path: Path) -> bool:
    """Take the mark away; False where it cannot be, then the next start looks through all of it again."""
    try:
        suspicion_of(path).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def open_writer(path: Path, still: Callable[[str], None] | None = None) -> sqlite3.Connection:
    """`still` is called, on this thread, with what a long start is doing. The whole file is looked through only where
    damage was met before: that takes as long as the file is large. Raises `DatabaseBroken`."""
    make_private(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS_KEPT)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(GIVES_BACK)
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")
        for name, value in PRAGMAS.items():
            _check_pragma(name, value, connection.execute(f"PRAGMA {name}").fetchall())
        if is_suspect(path):
            _tell(connection, still, "the whole file is checked: damage was met in it")
            _require_whole(connection, path)
            if not clear(path):
                _tell(connection, still, f"{suspicion_of(path)} cannot be removed: the next start checks all again")
        migrate(connection, partial(_tell, connection, still))
        if connection.execute("SELECT 1 FROM meta WHERE key = ?", (WRITE_ANEW,)).fetchone():
            _write_anew(connection, still)
        connection.set_progress_handler(None, 0)
    except sqlite3.Error as error:
        connection.close()
        if is_damage(error):
            suspect(path, str(error))
        raise DatabaseBroken(f"{path}: {error}" + (f"; {_WAY_OUT}" if is_damage(error) else "")) from error
    except DatabaseBroken:
        connection.close()
        raise
    return connection


def _write_anew(connection: sqlite3.Connection, still: Callable[[str], None] | None) -> None:
    """Where the disk has no room for a second file, or the file is held, it stays for the next start."""
    _tell(connection, still, "the database is written anew: what was erased stood in its free space")
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DELETE FROM meta WHERE key = ?", (WRITE_ANEW,))
    except sqlite3.OperationalError as error:
        if is_damage(error):
            raise
        _tell(connection, still, f"the database was not written anew, the next start tries again: {error}")


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    if (found := connection.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
        raise DatabaseBroken(f"{path} is damaged: {found}; {_WAY_OUT}")
    if orphan := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise DatabaseBroken(f"{path}: a row of {orphan[0]} refers to nothing; {_WAY_OUT}")


def _tell(connection: sqlite3.Connection, still: Callable[[str], None] | None, doing: str) -> None:
    """Say now what is being done, and again all the while it takes."""
    if still is not None:
        still(doing)
        connection.set_progress_handler(partial(still, doing), _STEPS)


def prepare_reader(connection: sqlite3.Connection) -> None:
    """Rows by name, the pragmas set and checked, nothing to be written. Raises `DatabaseBroken`."""
    connection.row_factory = sqlite3.Row
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA query_only=1")
    for name, value in PRAGMAS.items():
        _check_pragma(name, value, connection.execute(f"PRAGMA {name}").fetchall())


def inspect(path: Path) -> str:
    """A look that changes nothing: version and size. Raises `DatabaseBroken`."""
    if not path.exists():
        return "none yet, the first start makes it"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise DatabaseBroken(f"{path}: {error}") from error
    try:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseBroken(f"{path}: {error}") from error
    finally:
        connection.close()
    if found != "ok":
        raise DatabaseBroken(f"{path} is damaged: {found}")
    if version > (newest := newest_version()):
        raise DatabaseBroken(f"the database is of version {version}, this program knows {newest}")
    return f"version {version}, {path.stat().st_size} bytes"


def _check_pragma(name: str, wanted: str | int, rows: Sequence[Any]) -> None:
    found = rows[0][0] if rows else 0  # no row: mmap is not compiled in
    if found != wanted:
        raise DatabaseBroken(f"PRAGMA {name} is {found!r}, not {wanted!r}")


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of every `migrations/NNNN_*.sql`, in order."""
    return [(int(name[:4]), (_migrations_folder() / name).read_text()) for name in _migration_names()]


def newest_version() -> int:
    """Of the schema, as this program knows it."""
    return int(_migration_names()[-1][:4])


@cache
def _migration_names() -> tuple[str, ...]:
    return tuple(sorted(entry.name for entry in _migrations_folder().iterdir() if entry.name.endswith(".sql")))


def _migrations_folder() -> Traversable:
    return files("kiosk.store") / "migrations"


def migrate(
    connection: sqlite3.Connection,
    tell: Callable[[str], None] = lambda _doing: None,
    steps: Sequence[tuple[int, str]] = (),
) -> None:
    """Bring the file to the newest version by these steps (those of `migrations()` where none are given), each in one
    transaction: one that was interrupted is taken up where it stood. Raises `DatabaseBroken` when the file is newer."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = steps[-1][0] if steps else newest_version()
    if version > newest:
        raise DatabaseBroken(f"the database is of version {version}, this program knows {newest}")
    if version == newest:
        return  # as at nearly every start: no step is read
    for number, sql in steps or migrations():
        if number > version:
            if version:
                tell(f"the database is brought from version {number - 1} to {number} of {newest}")
            connection.executescript(f"BEGIN IMMEDIATE; {sql}; PRAGMA user_version={number}; COMMIT;")


def require_schema(connection: sqlite3.Connection, file: Path) -> None:
    """Tables and indexes are those of this program, no more and no fewer. Raises `DatabaseBroken`."""
    own, found = _own_shape(), _shape(connection)
    missing, foreign = own - found, found - own
    if missing or foreign:
        names = ", ".join(sorted({name for _, name, _ in missing | foreign})[:5])
        raise DatabaseBroken(f"{file} is no database of a kiosk: {names}")


@cache
def _own_shape() -> frozenset[tuple[str, str, str]]:
    """As the migrations of this program make it: every archive that is opened is compared with it."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(own)
        return _shape(own)
    finally:
        own.close()


def _shape(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT type, name, ifnull(sql, '') FROM sqlite_master WHERE name NOT IN ('sqlite_stat1', 'sqlite_stat4')"
    )
    return frozenset((kind, name, " ".join(sql.split())) for kind, name, sql in rows)
