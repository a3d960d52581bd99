"""A damaged file is found beside the running process and refused at the next start; a start looks through nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from kiosk.domain.errors import DatabaseBroken
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.file.looking_through import NotLookedThrough, look_through
from kiosk.store.file.opening import is_suspect, suspect, suspicion_of, was_closed
from kiosk.store.transaction import Reader, Tx
from kiosk.wiring.restoring import REPORTS

PAGE = 4096


async def filled(path: Path, **values: str) -> Path:
    def run(tx: Tx) -> None:
        for n in range(200):
            meta.put(tx, f"k{n}", "v" * 500)
        for key, value in values.items():
            meta.put(tx, key, value)

    database = await Database.open(path, print)
    await database.write(run)
    await database.close()
    return path


def spoil(path: Path) -> None:
    """Overwrite every page after the schema's."""
    with path.open("r+b") as file:
        file.seek(30 * PAGE)
        file.write(os.urandom(path.stat().st_size - 30 * PAGE))


def looked(path: Path) -> list[tuple[int, int, str]]:
    told: list[tuple[int, int, str]] = []
    look_through(path, REPORTS, lambda done, of, table: told.append((done, of, table)))
    return told


async def test_a_sound_file_is_looked_through_piece_by_piece(tmp_path: Path) -> None:
    told = looked(await filled(tmp_path / "kiosk.db"))
    assert [done for done, _, _ in told] == list(range(len(told)))
    assert {of for _, of, _ in told} == {len(told)}
    assert {"orders", "payment", "event", "fiscal_intent"} <= {table for _, _, table in told}


async def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    spoil(path)
    with pytest.raises(DatabaseBroken):
        looked(path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("INSERT INTO timeline VALUES ('nobody', 'paid', '2026-11-22T12:00:00.000Z')", "timeline refers to nothing"),
        ("INSERT INTO cursor VALUES ('x', 9e15)", "cursor.sequence cannot be"),
        (
            "INSERT INTO stat_report VALUES ('2026-11-22', '{}', '2026-11-22T12:00:00.000Z')",
            "stat_report.body cannot be",
        ),
        ("INSERT INTO meta VALUES ('note', CAST(x'ff31' AS TEXT))", r"meta.value cannot be .*xff1"),
        ("INSERT INTO stat_report VALUES ('2026-11-22', '{}', CAST(x'ff' AS TEXT))", "stat_report.* cannot be"),
    ],
)
async def test_rows_that_no_kiosk_wrote_are_found(tmp_path: Path, wrong: str, says: str) -> None:
    path = await filled(tmp_path / "kiosk.db")
    with sqlite3.connect(path) as other:
        other.execute(wrong)
    other.close()
    with pytest.raises(DatabaseBroken, match=says):
        looked(path)


async def test_a_marked_file_that_is_damaged_is_refused_at_every_start(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    spoil(path)
    suspect(path, "a page was bad")
    for _ in range(2):
        with pytest.raises(DatabaseBroken, match="kiosk restore FILE"):
            await Database.open(path, print)


async def test_a_marked_file_that_is_sound_after_all_starts_and_loses_its_mark(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    suspect(path, "a page was bad")
    said: list[str] = []
    database = await Database.open(path, print, still=said.append)
    await database.close()
    assert said
    assert "damage" in said[0]
    assert not suspicion_of(path).exists()


async def test_damage_that_a_reader_meets_marks_the_file(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    database = await Database.open(path, print)
    spoil(path)
    with pytest.raises(sqlite3.DatabaseError):
        await database.read(Reader.scalar, "SELECT sum(length(value)) FROM meta")
    await database.close()
    with pytest.raises(DatabaseBroken, match="kiosk restore FILE"):
        await Database.open(path, print)


async def test_who_ended_well_leaves_no_log_and_who_died_leaves_one(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    assert was_closed(path)
    database = await Database.open(path, print)
    assert database.was_closed
    await database.write(lambda tx: meta.put(tx, "a", "b"))
    dead = tmp_path / "dead"
    dead.mkdir()
    for file in tmp_path.glob("kiosk.db*"):
        shutil.copy(file, dead)  # as a power cut leaves it
    await database.close()
    assert was_closed(path)
    again = await Database.open(dead / "kiosk.db", print)
    assert await again.read(meta.read, "a") == "b"
    assert not again.was_closed
    await again.close()
    assert was_closed(dead / "kiosk.db")


@pytest.mark.parametrize("stands", ["folder", "link", "link_to_itself", "pipe"])
async def test_whatever_stands_where_the_mark_would_is_a_mark_and_stops_no_start(tmp_path: Path, stands: str) -> None:
    path = await filled(tmp_path / "kiosk.db")
    mark, other = suspicion_of(path), tmp_path / "other"
    other.write_text("mine")
    {
        "folder": lambda: mark.mkdir(),
        "link": lambda: mark.symlink_to(other),
        "link_to_itself": lambda: mark.symlink_to(mark),
        "pipe": lambda: os.mkfifo(mark),
    }[stands]()
    suspect(path, "a page was bad")
    assert is_suspect(path)
    assert other.read_text() == "mine"
    said: list[str] = []
    await (await Database.open(path, print, still=said.append)).close()
    assert "damage" in said[0]
    assert is_suspect(path) == (stands == "folder")
    assert ("cannot be removed" in said[-1]) == (stands == "folder")


async def test_the_mark_is_nobody_elses_to_read(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    suspect(path, "one_time_code.phone cannot be '+79991234567'")
    assert suspicion_of(path).stat().st_mode & 0o777 == 0o600


async def test_names_that_need_quoting_do_not_keep_the_rest_from_being_looked_through(tmp_path: Path) -> None:
    path = await filled(tmp_path / "kiosk.db")
    with sqlite3.connect(path) as other:
        other.execute("""CREATE TABLE "a 'b"" c" ("order at" TEXT, "x; y" INTEGER)""")
        other.execute("INSERT INTO meta VALUES ('note', CAST(x'ff' AS TEXT))")
    other.close()
    with pytest.raises(DatabaseBroken, match=r"meta.value"):
        looked(path)


def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(NotLookedThrough, match="unable to open"):
        looked(tmp_path / "none.db")


@pytest.mark.parametrize("key", ["forgotten_up_to:event", "archive:2025"])
async def test_moments_that_the_file_remembers_are_read_as_moments(tmp_path: Path, key: str) -> None:
    """It stood in every file that had forgotten an event: no backup of it could be put back, nor looked through."""
    looked(await filled(tmp_path / "kiosk.db", **{key: "2026-11-01T00:00:00.000Z"}))
    with pytest.raises(DatabaseBroken, match="value"):
        looked(await filled(tmp_path / "other.db", **{key: "yesterday"}))
