"""A backup put back in place: it may not know of a charge that happened, so it is marked until bank and registrar agree
(database.md#restore)."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from drivers.text import shown
from kiosk.clock import rfc3339
from kiosk.domain.errors import DatabaseBroken
from kiosk.store import journal
from kiosk.store.file import standby
from kiosk.store.file.copying import sync
from kiosk.store.file.opening import (
    GIVES_BACK,
    INCREMENTAL,
    clear,
    inspect,
    make_private,
    migrate,
    require_schema,
    take_lock,
)
from kiosk.store.file.soundness import Kinds, require_sound
from kiosk.store.keep.personal import ERASE_AGAIN
from kiosk.store.stock.charts import JOB_EPOCH
from kiosk.store.transaction import Reader, Tx

RESTORED = "restored_at"
_JUMP = 1_000_000  # sequences that a receiver has seen already are never used again
_TICKETS = 300


def restore(path: Path, file: Path, actor: str, now: datetime, kinds: Kinds) -> Path | None:
    """Put `file` in the place of the database at `path`; where what stood there is kept, or None. A folder is that of
    a standby copy: its newest generation is put back. `kinds`: what `require_sound` says. Raises `DatabaseBroken`: a
    kiosk is running, or the file is no sound backup of this program; nothing is changed then."""
    if not file.is_dir():
        return _restore(path, file, actor, now, kinds)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f"{path.name}.standby-", dir=path.parent) as place:
            copy = standby.lay_out(file, Path(place))
            kept = _restore(path, copy, actor, now, kinds)
        for beside in standby.beside(file):
            _put_beside(beside, path)
    except OSError as error:
        raise DatabaseBroken(f"{file}: {error}") from error
    return kept


def _put_beside(file: Path, path: Path) -> None:
    """What stands there already is newer."""
    target = path.parent / file.name
    if not os.path.lexists(target):
        target.write_bytes(b"")
        _give_to(target, path)
        target.write_bytes(file.read_bytes())
        sync(target)
        sync(path.parent)


def _restore(path: Path, file: Path, actor: str, now: datetime, kinds: Kinds) -> Path | None:
    if not file.is_file():
        raise DatabaseBroken(f"{file}: no such file")
    inspect(file)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = take_lock(path)
    staged = path.with_name(f"{path.name}.restoring")
    try:
        staged.unlink(missing_ok=True)
        try:
            _copy(file, staged, actor, now, kinds)
        except sqlite3.Error as error:
            raise DatabaseBroken(f"{file} cannot be read into {staged}: {error}") from error
        kept = _set_aside(path, now)
        _give_to(staged, path if path.exists() else path.parent)
        staged.rename(path)
        clear(path)
        sync(path.parent)
        return kept
    except (OSError, sqlite3.Error) as error:
        raise DatabaseBroken(f"{path}: {error}") from error
    finally:
        staged.unlink(missing_ok=True)
        os.close(held)


def _copy(file: Path, staged: Path, actor: str, now: datetime, kinds: Kinds) -> None:
    source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(staged, isolation_level=None)
    try:
        source.backup(target)
        target.execute("PRAGMA trusted_schema=0")
        if target.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders'").fetchone() is None:
            raise DatabaseBroken(f"{file} is no database of a kiosk")
        target.execute("PRAGMA journal_mode=DELETE")
        if found := target.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone():
            raise DatabaseBroken(f"{file} holds {found[0]}, which no kiosk made")
        migrate(target)
        require_schema(target, file)
        require_sound(target, file, kinds)
    finally:
        source.close()
        target.close()
    _make_giving_back(staged)
    target = sqlite3.connect(staged, isolation_level=None)
    try:
        target.execute("BEGIN IMMEDIATE")
        _mark(target, file, actor, now)
        target.execute("COMMIT")
    finally:
        target.close()
    sync(staged)


def _make_giving_back(staged: Path) -> None:
    """A file of an older program keeps its free pages for ever: it is written anew as one that hands them back."""
    packed = staged.with_name(f"{staged.name}.packed")
    packed.unlink(missing_ok=True)
    connection = sqlite3.connect(staged, isolation_level=None)
    try:
        if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == INCREMENTAL:
            return
        make_private(packed)
        connection.execute(GIVES_BACK)
        connection.execute("VACUUM INTO ?", (str(packed),))
        packed.rename(staged)
    finally:
        connection.close()
        packed.unlink(missing_ok=True)


def _give_to(staged: Path, owner: Path) -> None:
    """Restored by root or by the service, the file is the service's, and nobody else's."""
    os.chmod(staged, 0o600)
    found = owner.stat()
    if os.geteuid() == 0:
        os.chown(staged, found.st_uid, found.st_gid)


def _mark(target: sqlite3.Connection, file: Path, actor: str, now: datetime) -> None:
    """Nothing of the lost hours may be counted, called, cooked or paid again under the same name."""
    moment = rfc3339(now)
    jobs = int((now - JOB_EPOCH).total_seconds())
    target.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) + 100000 WHERE name = 'portion'", (jobs,))
    target.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'event'", (_JUMP,))
    resumed = target.execute("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'event'").fetchone()
    if resumed is not None:
        target.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"sequence_resumed:{moment}", str(resumed[0])))
    target.execute(
        "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ? AS TEXT) WHERE key = 'ticket_serial'", (_TICKETS,)
    )
    target.execute(
        "UPDATE portion SET status = 'failed', fault = 'restored' WHERE status IN"
        " ('planned', 'waiting', 'submitting', 'queued', 'cooking') AND order_id IN"
        " (SELECT order_id FROM orders WHERE status IN ('paid', 'cooking', 'ready'))"
    )
    target.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RESTORED, moment))
    target.execute("INSERT OR REPLACE INTO meta VALUES (?, '1')", (ERASE_AGAIN,))
    journal.add(Tx(target), shown(actor), "restore", shown(str(file)), now)


def _set_aside(path: Path, now: datetime) -> Path | None:
    """The database that stood here stays as evidence, with its write-ahead log. That log must be gone before the
    backup takes the place: SQLite would replay it into the wrong file."""
    if not path.exists():
        return None
    with contextlib.suppress(sqlite3.Error):  # a damaged one keeps its log as it is
        old = sqlite3.connect(path, isolation_level=None)
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.close()
    name = f"{path.name}.before-restore-{now:%Y%m%dT%H%M%S}"
    names = (path.with_name(f"{name}-{number}" if number else name) for number in itertools.count())
    kept = next(name for name in names if not name.exists())  # a second restore of the same second keeps both
    for suffix in ("", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            os.link(part, kept.with_name(kept.name + suffix))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return kept


def restored_at(reader: Reader) -> str | None:
    """When a backup was put back that is not reconciled yet."""
    value: str | None = reader.scalar("SELECT value FROM meta WHERE key = ?", (RESTORED,))
    return value


def end_reconciling(tx: Tx) -> None:
    tx.execute("DELETE FROM meta WHERE key = ?", (RESTORED,))


def newest_moment(reader: Reader) -> datetime | None:
    """The last thing the restored books know of."""
    value = reader.scalar(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM event UNION SELECT max(created_at) FROM payment)"
    )
    return None if value is None else datetime.fromisoformat(value)


def drives_in_use(reader: Reader, since: datetime) -> list[str]:
    """Drives whose shifts were opened since then, the latest first."""
    rows = reader.all(
        _DriveRow,
        "SELECT drive_number FROM shift WHERE opened_at >= ? GROUP BY drive_number ORDER BY max(opened_at) DESC",
        (rfc3339(since),),
    )
    return [row.drive_number for row in rows]


class _DriveRow(msgspec.Struct, frozen=True):
    drive_number: str


def last_document(reader: Reader, drive_number: str) -> int | None:
    """The newest document number of a drive that the books know."""
    value: int | None = reader.scalar(
        "SELECT max(max(fd_before, ifnull(document_number, 0))) FROM fiscal_intent WHERE drive_number = ?",
        (drive_number,),
    )
    return value
