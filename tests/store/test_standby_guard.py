"""Who keeps the standby copy and the hourly backups: whose they are, what a clock or a full disk does to them."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path, PosixPath

import pytest

from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import STANDBY_LATE
from kiosk.flows.guards.backups import BackupRules, HourlyBackups
from kiosk.flows.guards.standby import CUT_BYTES, StandbyGuard
from kiosk.store.database import Database
from kiosk.store.file.copying import copy
from kiosk.store.file.standby import NAME, Standby, generations, lay_out
from kiosk.store.transaction import Reader
from tests.clocks import START, ManualClock
from tests.databases.ready import lay_ready

RULES = BackupRules(hours=2, days=1)


async def is_sound(_file: Path) -> str | None:
    return None


def guard_of(database: Database, folder: Path, clock: ManualClock | None = None) -> StandbyGuard:
    return StandbyGuard(database, folder, (), Readiness(("sales",)), clock or ManualClock())


def backups_of(database: Database, folder: Path, clock: ManualClock) -> HourlyBackups:
    return HourlyBackups(database, folder, RULES, is_sound, Readiness(("sales",)), clock)


async def brought_up(guard: StandbyGuard) -> None:
    for _ in range(3):  # the first looks may find that the log has begun anew
        await guard.look()
    assert guard.error is None


async def fill(database: Database, n_bytes: int) -> None:
    await database.write(lambda tx: tx.insert("meta", key="big", value="v" * n_bytes))


async def test_a_database_disk_without_room_ends_no_copy_for_good(database: Database, tmp_path: Path) -> None:
    guard = guard_of(database, tmp_path / "other")
    await brought_up(guard)
    await fill(database, CUT_BYTES + 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))  # no file may grow beyond it
    try:
        await guard.look()
        assert guard.error is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await brought_up(guard)
    with closing(sqlite3.connect(generations(tmp_path / "other")[0] / NAME)) as copy:
        assert copy.execute("SELECT length(value) FROM meta WHERE key = 'big'").fetchone() == (CUT_BYTES + 1,)


async def test_a_fresh_database_takes_no_copy_of_the_lost_one_away(database: Database, tmp_path: Path) -> None:
    other, clock = tmp_path / "other", ManualClock()
    await fill(database, 1000)
    await brought_up(guard_of(database, other))
    await backups_of(database, other / "hourly", clock).look()
    kept = sorted(path for path in other.rglob("*") if path.is_file())

    lay_ready(tmp_path / "fresh.db")  # the disk was lost, and the service has started before anybody put the copy back
    fresh = await Database.open(tmp_path / "fresh.db", pytest.fail)
    guard, backups = guard_of(fresh, other), backups_of(fresh, other / "hourly", clock)
    clock.advance(3600)
    for _ in range(3):
        await guard.look()
        await backups.look()
    await fresh.close()
    assert "another database" in str(guard.error)
    assert "another database" in str(backups.error)
    assert sorted(path for path in other.rglob("*") if path.is_file()) == kept


async def test_folders_that_only_look_like_copies_stay_and_are_no_copies(database: Database, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "copy-of-the-photos").mkdir(parents=True)
    guard = guard_of(database, other)
    await brought_up(guard)
    (made,) = generations(other)
    shutil.copytree(made, other / "copy-to-keep")
    (other / "copy-20260101T000000000000").symlink_to(other / "copy-to-keep")
    await brought_up(guard_of(database, other, ManualClock()))
    await fill(database, 10)
    again = guard_of(database, other)
    await database.between(Standby(database.path, other).let_go)  # the log begins anew: a new copy is wanted
    await brought_up(again)
    assert (other / "copy-of-the-photos").is_dir()
    assert (other / "copy-to-keep" / NAME).exists()
    assert generations(other) != [made]
    assert len(generations(other)) == 1


async def test_a_copy_that_is_made_after_the_clock_was_set_back_is_the_newest(
    database: Database, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    await brought_up(guard_of(database, other))
    (first,) = generations(other)
    shutil.copytree(first, tmp_path / "kept")
    await fill(database, 10)
    await database.between(Standby(database.path, other).let_go)
    await brought_up(guard_of(database, other, ManualClock(START - timedelta(days=400))))
    (second,) = generations(other)
    (tmp_path / "kept").rename(first)  # as if the process had died before the old one went
    assert generations(other) == [second, first]


async def test_a_backup_made_by_a_clock_that_runs_behind_is_not_thrown_away_at_once(
    database: Database, tmp_path: Path
) -> None:
    clock = ManualClock()
    backups = backups_of(database, tmp_path / "other" / "hourly", clock)
    for _ in range(3):
        await backups.look()
        clock.advance(3600)
    backups = backups_of(database, tmp_path / "other" / "hourly", ManualClock(datetime(2000, 1, 1, 12, tzinfo=UTC)))
    await backups.look()  # its battery is empty
    assert backups.error is None
    assert "kiosk-20000101T12Z.db" in [path.name for path in (tmp_path / "other" / "hourly").iterdir()]


class FoldedMeanwhile(PosixPath):
    """A place to lay a copy out; once its database is there, the kiosk that still runs brings the copy's log into the
    copy's file."""

    def __truediv__(self, key: str | PathLike[str]) -> FoldedMeanwhile:
        if str(key).endswith("-wal") and self.exists():
            (copy,) = (self.parent / "other").glob(f"copy-*/{NAME}")
            with closing(sqlite3.connect(copy)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return super().__truediv__(key)


async def test_a_copy_that_changes_while_it_is_laid_out_is_refused(database: Database, tmp_path: Path) -> None:
    guard = guard_of(database, tmp_path / "other")
    await brought_up(guard)
    await fill(database, 100_000)
    await brought_up(guard)
    whole = tmp_path / "whole"
    whole.mkdir()
    with closing(sqlite3.connect(lay_out(tmp_path / "other", whole))) as connection:
        assert Reader(connection).scalar("SELECT length(value) FROM meta WHERE key = 'big'", ()) == 100_000
    place = FoldedMeanwhile(tmp_path / "place")
    place.mkdir()
    with pytest.raises(DatabaseBroken, match="stop the kiosk"):
        lay_out(tmp_path / "other", place)


async def test_a_disk_that_is_pulled_out_at_night_is_missed_though_nothing_is_written(
    database: Database, tmp_path: Path
) -> None:
    other, clock = tmp_path / "other", ManualClock()
    guard = guard_of(database, other, clock)
    await brought_up(guard)
    other.rename(tmp_path / "pulled-out")
    other.write_text("no folder")
    clock.advance(400)
    await guard.look()
    assert guard.error is not None
    assert guard.age_s >= 400


async def test_a_copy_to_a_disk_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    lay_ready(tmp_path / "kiosk.db")
    held = sqlite3.connect(tmp_path / "kiosk.db", isolation_level=None)  # SQLite asks again and again, as long as it is
    held.execute("PRAGMA locking_mode=EXCLUSIVE")
    held.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await copy(tmp_path / "kiosk.db", tmp_path / "copy.db")
    finally:
        held.close()


async def test_a_copy_that_is_late_is_told_while_nobody_can_look_at_it(database: Database, tmp_path: Path) -> None:
    clock, readiness = ManualClock(), Readiness(("sales",))
    guard = StandbyGuard(database, tmp_path / "other", (), readiness, clock)
    telling = asyncio.create_task(guard.tell())
    await clock.until_asleep()
    clock.advance(301)
    await clock.until_asleep()
    assert readiness.checks()["standby"].reason == STANDBY_LATE
    telling.cancel()
