"""A standby copy of the database in a folder of another disk, never more than a moment old (database.md#standby-copy).

A generation is a folder with a copy of the whole file and, beside it, the write-ahead log as far as it was taken over:
SQLite opens the pair as it opens what a crash leaves. The log of the original begins anew only after all of it was
taken over; then the copy's log is brought into its file. Whatever else begins the log anew, shows in the number of
its header, and a new generation is made; the one before stays until that is whole.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file import wal
from kiosk.store.file.copying import sync

NAME = "kiosk.db"
_WHOLE = "whole"  # stands in a generation that can be restored
_NAME_OF = re.compile(r"copy-\d{8}T\d{12}")  # what only begins like it is somebody else's, and stays
_STAMP = "copy-%Y%m%dT%H%M%S%f"
_BESIDE = "beside"
_OWNER = "database"  # stands in the folder: whose copies these are


class NotContinued(Exception):
    """The copy cannot be brought up to date from the log: a new generation is wanted."""


class Standby:
    """Its methods run on a thread that may wait for the other disk, one at a time; `measure` and `cut` on the writer's
    own between two transactions. Those that touch the other disk raise `OSError`."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._generation: Path | None = None
        self._head: wal.Header | None = None
        self._shipped = 0  # bytes of the log that the copy has on its disk
        self._sum = b""  # the checksum of the last frame of them
        self._checkpointed = 0  # as far as the log was brought into the original's file
        self._changes = 0  # what the writer has changed when it was last measured
        self._changes_cut = 0  # and when the log was last cut
        self.same_disk = False  # as the database: a disk that was not mounted, most of all

    @property
    def copy(self) -> Path | None:
        """The database of the generation that is followed."""
        return None if self._generation is None else self._generation / NAME

    @property
    def uncut_bytes(self) -> int:
        """So much of the log was taken over since it was last brought into the file. Where somebody reads all the while
        the log goes on growing, and each try costs a flush."""
        return self._shipped - self._checkpointed

    def forget(self) -> None:
        """What comes next is a new generation."""
        self._generation = self._head = None

    # On the writer's thread, between two transactions.

    def measure(self, writer: sqlite3.Connection) -> int:
        """How many bytes the log has: no transaction is half written in them. From now on SQLite leaves it alone."""
        writer.execute("PRAGMA wal_autocheckpoint=0")
        self._changes = writer.total_changes
        return wal.size(self._database)

    def let_go(self, writer: sqlite3.Connection) -> None:
        """Nobody takes the log over: SQLite brings it into the file by itself again."""
        writer.execute("PRAGMA wal_autocheckpoint=1000")
        _checkpoint(writer)

    def cut(self, writer: sqlite3.Connection) -> bytes:
        """Bring the log into the file; what of it was not taken over yet. It begins anew, where nobody reads."""
        if self._head is None or wal.header(self._database) != self._head:
            return b""
        rest = wal.read(self._database, self._shipped, wal.size(self._database))
        rest = rest[: wal.committed(self._head, rest)]
        _checkpoint(writer)
        self._checkpointed = self._shipped + len(rest)
        self._changes_cut = writer.total_changes
        return rest

    # On a thread that may wait.

    def take_up(self) -> bool:
        """Whether the newest generation is that of this very log: after a crash of the kiosk it is simply continued."""
        head = wal.header(self._database)
        for found in generations(self._folder)[:1]:
            copy = found / NAME
            if head is None or wal.header(copy) != head:
                continue
            taken = wal.read(copy, wal.HEADER_BYTES, wal.size(copy))
            taken = taken[: wal.committed(head, taken)]
            end = wal.HEADER_BYTES + len(taken)
            self._look_where()
            if taken and wal.read(self._database, wal.HEADER_BYTES, end) == taken:
                self._generation, self._head, self._shipped = found, head, end
                self._sum = wal.sum_of(head, taken[-head.frame_bytes :])
                os.truncate(wal.log_of(copy), end)
                return True
        return False

    def _look_where(self) -> None:
        self.same_disk = self._folder.stat().st_dev == self._database.stat().st_dev

    def begin(self, now: datetime, small: Sequence[Path]) -> tuple[Path, wal.Header]:
        """The file to which the whole database is to be copied for a new generation, and the log as it is before.
        Small files that go along, where they exist, stand in `beside`. Raises `NotContinued` where the log is empty."""
        head = wal.header(self._database)
        if head is None:
            raise NotContinued("the log holds nothing yet")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._look_where()
        for left in _made_here(self._folder):
            if not (left / _WHOLE).exists():
                shutil.rmtree(left)
        fresh = self._folder / _name_of(now, generations(self._folder))
        (fresh / _BESIDE).mkdir(mode=0o700, parents=True)
        for path in small:
            if path.is_file():
                _copy_private(path, fresh / _BESIDE / path.name)
        return fresh / NAME, head

    def finish(self, copy: Path, before: wal.Header, limit: int, now: datetime) -> None:
        """The log as far as `limit` beside the copy that was made of the file; then generations before go.
        Raises `NotContinued` where the log began anew meanwhile."""
        if wal.header(self._database) != before:
            raise NotContinued("the log began anew while the database was copied")
        sync(copy)
        self._generation, self._head, self._checkpointed = copy.parent, before, 0
        _append(copy, 0, before.raw)
        self._shipped, self._sum = wal.HEADER_BYTES, wal.sum_of(before, b"")
        self.follow(limit)
        mark = copy.parent / _WHOLE
        mark.write_text(f"{now:%Y-%m-%dT%H:%M:%SZ}\n", "ascii")
        sync(mark)
        sync(copy.parent)
        sync(self._folder)
        for old in generations(self._folder):
            if old != copy.parent:
                (old / _WHOLE).unlink()  # killed in the middle, it counts no more
                shutil.rmtree(old)

    def follow(self, limit: int) -> None:
        """Take over what is committed up to `limit`, as `measure` gave it. Raises `NotContinued`."""
        head = wal.header(self._database)
        if head is None:
            self._require_all_taken(self._changes)
            return
        if self._head is None or head != self._head:
            self._turn_over(head)
        for frames in wal.pieces(self._database, head, self._shipped, limit):
            self._take(head, frames)

    def see(self) -> None:
        """The copy is there: at night nothing else shows that its disk is away. Raises `OSError`."""
        (self._followed.parent / _WHOLE).stat()

    def take_rest(self, rest: bytes) -> None:
        """What `cut` has returned."""
        if self._head is not None:
            self._take(self._head, rest)

    def _take(self, head: wal.Header, frames: bytes) -> None:
        if not frames:
            return
        if not wal.follows(head, self._sum, frames[: head.frame_bytes]):
            raise NotContinued("the log was written over")
        _append(self._followed, self._shipped, frames)
        self._shipped += len(frames)
        self._sum = wal.sum_of(head, frames[-head.frame_bytes :])

    def _turn_over(self, head: wal.Header) -> None:
        """The log began anew: what was taken over of the last one becomes part of the copy's file."""
        if self._head is None or head.generation != self._head.next_generation():
            raise NotContinued("the log is not the one that follows")
        self._require_all_taken()
        _fold(self._followed, (self._shipped - wal.HEADER_BYTES) // self._head.frame_bytes)
        _append(self._followed, 0, head.raw)
        self._head, self._checkpointed = head, 0
        self._shipped, self._sum = wal.HEADER_BYTES, wal.sum_of(head, b"")

    def _require_all_taken(self, changes: int | None = None) -> None:
        """`changes`: of the writer, where there is no log now: one may have begun and ended unseen since the cut."""
        unseen = changes is not None and changes != self._changes_cut
        if self._head is None or unseen or self._shipped != self._checkpointed:
            raise NotContinued("the log began anew before all of it was taken over")

    @property
    def _followed(self) -> Path:
        if self._generation is None:
            raise NotContinued("no generation is followed")
        return self._generation / NAME


def claim(folder: Path, database_id: str) -> None:
    """The folder is there, for this database alone: a fresh one begun after a disk was lost, or another kiosk by
    mistake, would take the last copies of the other away. Raises `OSError`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    mark = folder / _OWNER
    if not mark.exists():
        mark.write_text(f"{database_id}\n", "ascii")
        sync(mark)
        sync(folder)
    elif (found := mark.read_text("ascii", "replace").strip()) not in ("", database_id):
        raise OSError(f"{folder} holds copies of another database ({found}): restore from them, or move them away")


def generations(folder: Path) -> list[Path]:
    """Those that are whole, the newest first."""
    return sorted((found for found in _made_here(folder) if (found / _WHOLE).exists()), reverse=True)


def _made_here(folder: Path) -> list[Path]:  # also those that are not whole
    found = folder.iterdir() if folder.is_dir() else ()
    return [path for path in found if _NAME_OF.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]


def _name_of(now: datetime, before: Sequence[Path]) -> str:
    """Later than those that are there, whatever the clock says."""
    moment = now.replace(tzinfo=None)
    for found in before:
        moment = max(moment, datetime.strptime(found.name, _STAMP) + timedelta(microseconds=1))  # noqa: DTZ007 - a name
    return moment.strftime(_STAMP)


def lay_out(folder: Path, place: Path) -> Path:
    """The newest generation of a folder of copies, copied to `place`, where SQLite may open it: its database. The
    folder may be one of its generations. Raises `DatabaseBroken` where none is whole, and where a kiosk that runs
    brought the log into the file meanwhile: the two parts do not belong together then."""
    found = [folder] if (folder / _WHOLE).exists() else generations(folder)
    if not found:
        raise DatabaseBroken(f"{folder}: no standby copy that is whole")
    copy, log = found[0] / NAME, wal.header(found[0] / NAME)
    for part, target in ((copy, place / NAME), (wal.log_of(copy), place / wal.log_of(copy).name)):
        if part.exists():
            shutil.copyfile(part, target)
    if not wal.header(copy) == wal.header(place / NAME) == log:
        raise DatabaseBroken(f"{found[0]} is written at this moment: stop the kiosk that keeps it")
    return place / NAME


def beside(folder: Path) -> list[Path]:
    """The small files that went along with the newest generation."""
    found = [folder] if (folder / _WHOLE).exists() else generations(folder)
    return sorted((found[0] / _BESIDE).iterdir())


def _copy_private(path: Path, target: Path) -> None:
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(path.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _append(copy: Path, at: int, raw: bytes) -> None:
    """Write into the copy's log, and wait until the disk has it. A log is made for nobody else to read."""
    descriptor = os.open(wal.log_of(copy), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, at)
        view = memoryview(raw)
        while view:
            written = os.pwrite(descriptor, view, at)
            at, view = at + written, view[written:]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checkpoint(writer: sqlite3.Connection) -> None:
    """Without waiting for who reads: then the log is brought into the file as far as that goes. Where the disk has no
    room or does not take it, the log stays as it is, with every commit in it, as when SQLite tries by itself."""
    waits_ms = writer.execute("PRAGMA busy_timeout").fetchone()[0]
    writer.execute("PRAGMA busy_timeout=0")
    try:
        with suppress(sqlite3.OperationalError):
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        writer.execute(f"PRAGMA busy_timeout={waits_ms}")


def _fold(copy: Path, frames: int) -> None:
    """Bring the copy's log into its file. Raises `NotContinued` where SQLite does not take every frame for good."""
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            _, found, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if (found, done) != (frames, frames):
                raise NotContinued(f"of {frames} frames of the copy's log {found} are good")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise NotContinued(f"the copy's log cannot be brought into its file: {error}") from error
