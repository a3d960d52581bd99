"""An order is never lost on its way: killed at any statement, on a full disk, beside an archive that is no archive."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.domain.errors import ArchiveBroken
from kiosk.domain.reasons import ARCHIVE
from kiosk.store.file.opening import migrate, migrations, open_writer
from kiosk.store.keep import moving
from kiosk.store.keep.archives import Archives, archive_path
from kiosk.store.ordering import orders
from kiosk.store.transaction import Tx
from tests.store.past import Content, archived, archiving, move_out, no_rest, old_term, orders_in, past_books
from tests.store.test_archive import old_ones
from tests.store.test_reserve import small_disk
from tests.store.test_upgrade import kill_at

ORDERS = 24
Making = Callable[[Path, Callable[[str], None]], Archives]


@pytest.fixture(scope="module")
def bytes_of_past_books(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return past_books(tmp_path_factory.mktemp("past") / "kiosk.db", ORDERS).read_bytes()


@pytest.fixture
def path(bytes_of_past_books: bytes, tmp_path: Path) -> Path:
    found = tmp_path / "kiosk.db"
    found.write_bytes(bytes_of_past_books)
    return found


class DeletesFirst(Archives):
    """Planted: what stands in the database goes before it stands in the archive."""

    def __init__(self, path: Path, trace: Callable[[str], None]) -> None:
        super().__init__(path, trace)
        self._traced = trace

    async def copy(self, year: int, ids: Sequence[str], *, made: bool) -> str:
        await super().copy(year, (), made=made)
        with closing(open_writer(self.path(year).with_name("kiosk.db"))) as books:
            books.set_trace_callback(self._traced)
            tx = Tx(books)
            rows = {order_id: moving.rows_of(tx, order_id) for order_id in ids}
            copied = moving.content(tx, ids)
            books.execute("BEGIN IMMEDIATE")
            moving.leave(tx, old_term(), ids, copied, year)
            books.execute("COMMIT")
        with closing(sqlite3.connect(self.path(year), isolation_level=None)) as archive:
            archive.set_trace_callback(self._traced)
            archive.row_factory = sqlite3.Row
            for order_id, values in rows.items():
                moving.take_back(Tx(archive), order_id, values)
        return copied


def dies_at(path: Path, number: int, making: Making) -> bool:
    """Whether the process that moves orders came so far as to be killed there."""
    pid = os.fork()
    if pid == 0:
        trace = kill_at(number)
        asyncio.run(move_out(path, making(path, trace), trace))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def lost(path: Path, before: Content) -> list[str]:
    """What an order says that stands nowhere, or otherwise than it was."""
    here, there = orders_in(path), archived(path)
    wrong = [order_id for order_id in before if order_id not in here and there.get(order_id) != before[order_id]]
    return wrong + [order_id for order_id, rows in here.items() if rows != before[order_id]]


def swept(path: Path, making: Making, stride: int) -> tuple[int, list[str]]:
    """(how many kills, what was lost, up to the first loss); after each the next process ends the work."""
    whole, before = path.read_bytes(), orders_in(path)
    wrong: list[str] = []
    kills, died, number = 0, True, 0
    while died and not wrong:
        for part in path.parent.iterdir():
            part.unlink()
        path.write_bytes(whole)
        died = dies_at(path, number, making)
        open_writer(path).close()  # what a killed process left in the log
        wrong += lost(path, before)
        asyncio.run(move_out(path))
        wrong += lost(path, before)
        wrong += old_ones(orders_in(path))
        kills, number = kills + died, number + stride
    return kills, wrong


@pytest.mark.heavy
def test_killed_at_any_statement_no_order_is_lost_and_the_next_process_ends_it(path: Path) -> None:
    kills, wrong = swept(path, Archives, stride=13)
    assert wrong == []
    assert kills > 15


def test_planted_deletion_before_the_copy_is_caught(path: Path) -> None:
    _, wrong = swept(path, DeletesFirst, stride=41)
    assert wrong


@pytest.mark.long
def test_killed_at_each_statement(path: Path) -> None:
    kills, wrong = swept(path, Archives, stride=1)
    assert wrong == []
    assert kills > 150


# What lies in an archive's place.


def folder(file: Path) -> None:
    file.mkdir()


def text(file: Path) -> None:
    file.write_text("no database, but longer than the head of one would be" * 20)


def half(file: Path) -> None:
    """Of a sound archive, the pages of its tables overwritten."""
    whole = bytearray(file.read_bytes())
    whole[4096:] = b"\xa5" * (len(whole) - 4096)
    file.write_bytes(whole)


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as archive:
        archive.execute(f"PRAGMA user_version={migrations()[-1][0] + 1}")


def foreign(file: Path) -> None:
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE somebody_elses (x)")


def database_of_a_kiosk(file: Path) -> None:
    file.unlink(missing_ok=True)
    open_writer(file).close()


def gone(file: Path) -> None:
    file.unlink()


_IN_ITS_PLACE, _OF_AN_ARCHIVE = (folder, text, foreign, database_of_a_kiosk), (half, newer, gone)


@pytest.mark.parametrize(
    ("harm", "made"),
    [*((harm, made) for harm in _IN_ITS_PLACE for made in (True, False)), *((harm, True) for harm in _OF_AN_ARCHIVE)],
)
async def test_beside_a_broken_archive_nothing_is_deleted_and_it_is_told_by_name(
    path: Path, harm: Callable[[Path], None], made: bool
) -> None:
    """`made`: orders of that year had moved before. The other years go on."""
    before = orders_in(path)
    old = sorted(old_ones(before))
    file = archive_path(path, 2025)
    if made:
        await Archives(path).copy(2025, old[:1], made=False)
        with closing(sqlite3.connect(path)) as books, books:
            books.execute("INSERT INTO meta VALUES ('archive:2025', '2026-01-01T00:00:00.000Z')")
        if harm in _IN_ITS_PLACE:
            file.unlink()
    harm(file)
    async with archiving(path) as (archive, database, readiness):
        await archive.examine()
        assert await archive.move_out(old_term, no_rest) == 0
        check = readiness.checks()["archive"]
        assert (check.ok, check.reason, check.blocks) == (False, ARCHIVE, False)
        assert check.told is not None
        assert "kiosk-2025.db" in check.told.ru
        view = archive.views()[0]
        assert view.says is not None
        assert (view.year, view.file) == (2025, str(file))
        assert await archive.find(lambda reader: orders.get(reader, old[0])) is not None, "it stands in the database"
        with pytest.raises(ArchiveBroken):
            await archive.find(lambda reader: orders.get(reader, "0" * 16))
        assert await database.write(lambda tx: tx.scalar("SELECT count(*) FROM orders")) == ORDERS
    assert orders_in(path) == before


async def test_put_back_or_replaced_by_an_empty_file_it_goes_on(path: Path) -> None:
    file, aside = archive_path(path, 2025), path.with_name("aside")
    old = old_ones(orders_in(path))
    await move_out(path)
    moved = len(archived(path))
    file.rename(aside)
    async with archiving(path) as (archive, _, readiness):
        await archive.examine()
        assert not readiness.checks()["archive"].ok
        aside.rename(file)
        await archive.examine()
        assert readiness.checks()["archive"].ok
        assert await archive.find(lambda reader: orders.get(reader, min(old))) is not None
        file.write_bytes(b"")
        await archive.examine()
        assert readiness.checks()["archive"].ok, "a person's word that it is lost for good"
        assert await archive.find(lambda reader: orders.get(reader, min(old))) is None
    assert moved == len(old)


def as_of(file: Path, version: int) -> None:
    """The archive as the program of that version would have written it: its tables, and of the rows what they hold."""
    present = file.with_name("present.db")
    file.rename(present)
    with closing(sqlite3.connect(file, isolation_level=None)) as old:
        migrate(old, steps=[step for step in migrations() if step[0] <= version])
        old.execute("ATTACH ? AS present", (str(present),))
        old.execute("PRAGMA foreign_keys=0")
        for (table,) in old.execute(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ):
            known = [name for _, name, *_ in old.execute(f"PRAGMA main.table_info({table})")]
            columns = ", ".join(f'"{name}"' for name in known)
            old.execute(f"INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM present.{table}")
        old.execute("DETACH present")
    present.unlink()


CONTACT = "+79161234567"


@pytest.mark.parametrize("version", [23, 25])
async def test_an_archive_of_an_older_program_is_brought_to_the_present_version(path: Path, version: int) -> None:
    """23: before the pace of the kitchen was learned. Where receipts went to is known no more afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as books:
        books.execute("UPDATE payment SET receipt_to = NULL, fingerprint = ''")
        before = orders_in(path)
        books.execute("UPDATE payment SET receipt_to = ?", (CONTACT,))
    await move_out(path)
    file = archive_path(path, 2025)
    as_of(file, version)
    assert CONTACT.encode() in file.read_bytes()
    async with archiving(path) as (archive_of, _, readiness):
        await archive_of.examine()
        assert "archive" not in readiness.checks()
    with closing(sqlite3.connect(file)) as archive:
        assert archive.execute("PRAGMA user_version").fetchone() == (migrations()[-1][0],)
    assert archived(path).items() <= before.items()
    assert CONTACT.encode() not in file.read_bytes()


ON_A_SMALL_DISK = """
import asyncio, json, sys
from pathlib import Path
from tests.store.past import archiving, no_rest, old_term, orders_in, past_books

async def fill(folder):
    path = past_books(folder / "kiosk.db", 300)
    before = orders_in(path)
    filler = folder / "filler"
    found = []
    async with archiving(path) as (archive, database, readiness):
        with filler.open("wb") as file:
            while file.tell() < 10**9:
                try:
                    file.write(b"x" * 65536); file.flush()
                except OSError:
                    break
        with filler.open("r+b") as file:
            file.truncate(max(0, filler.stat().st_size - 300_000))
        moved = await archive.move_out(old_term, no_rest)
        told = {name: check.told.en for name, check in readiness.checks().items() if not check.ok}
        sold = await database.read(lambda reader: reader.scalar("SELECT count(*) FROM orders"))
        filler.unlink()
        again = await archive.move_out(old_term, no_rest)
    print(json.dumps({"moved": moved, "told": told, "again": again, "sold": sold, "all": len(before),
                      "left": len(orders_in(path))}))

asyncio.run(fill(Path(sys.argv[1])))
"""


def test_on_a_full_disk_nothing_is_deleted_that_is_not_copied_and_with_room_it_goes_on(tmp_path: Path) -> None:
    words = small_disk(tmp_path, 16)
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, timeout=10).returncode:
        pytest.skip("no disk of one's own can be mounted here")
    command = [*words, sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert "no room" in told["told"]["archive"]
    assert told["sold"] == told["all"] - told["moved"]
    assert told["again"] > 0
    assert told["left"] == told["sold"] - told["again"]
