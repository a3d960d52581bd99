"""The database file: one owner, honest pragmas, group commit, snapshots, and what happens when the disk fails."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.domain.errors import DatabaseBroken, NotFound
from kiosk.domain.events import DeviceRecoveredEvent
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.stock import charts
from kiosk.store.transaction import ConstraintBroken, Reader, Tx
from tests.clocks import START
from tests.restaurant import until
from tests.store.test_looking_through import spoil

DEADLINE_S = 20.0


def put(key: str, value: str = "x") -> Callable[[Tx], str]:
    """Write one row of meta; the key."""

    def run(tx: Tx) -> str:
        tx.insert("meta", key=key, value=value)
        return key

    return run


async def keys(database: Database) -> list[str]:
    found: str = await database.read(
        Reader.scalar, "SELECT ifnull(group_concat(key), '') FROM (SELECT key FROM meta ORDER BY key)"
    )
    return found.split(",") if found else []


class Gate:
    """A write that holds the writer thread until `open()`: what is asked meanwhile becomes one batch."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def __call__(self, tx: Tx | None) -> None:
        self._entered.set()
        assert self._opened.wait(DEADLINE_S)

    async def entered(self) -> None:
        assert await asyncio.to_thread(self._entered.wait, DEADLINE_S)

    def open(self) -> None:
        self._opened.set()


async def batch(database: Database, *runs: Callable[[Tx], object]) -> list[object]:
    """Do `runs` in one group commit; each result or error."""
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered()
    asked = [asyncio.create_task(database.write(run)) for run in runs]
    await turn()
    gate.open()
    async with asyncio.timeout(DEADLINE_S):
        await held
        return list(await asyncio.gather(*asked, return_exceptions=True))


async def turn() -> None:
    """Let everything that can run now run once."""
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_soon(passed.set_result, None)
    await passed


# One owner.


async def test_the_second_process_is_refused(database: Database) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from kiosk.store.database import Database\n"
        "from kiosk.domain.errors import DatabaseBroken\n"
        "try: asyncio.run(Database.open(Path(sys.argv[1]), print))\n"
        "except DatabaseBroken as error: print(error); raise SystemExit(7)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, str(database.path)], capture_output=True, timeout=20, text=True
    )
    assert (done.returncode, "in use by another process" in done.stdout) == (7, True), done


async def test_the_same_process_cannot_open_it_twice_either(database: Database) -> None:
    with pytest.raises(DatabaseBroken, match="in use"):
        await Database.open(database.path, print)


async def test_what_was_refused_or_closed_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(DatabaseBroken, match="not a database"):
            await Database.open(path, print)
    path.unlink()
    for _ in range(2):
        await (await Database.open(path, print)).close()


# The settings of database.md#rules.

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "cell_size_check": 1,
}


async def test_the_writers_pragmas_are_what_was_asked(database: Database) -> None:
    found = await database.write(lambda tx: {name: tx.scalar(f"PRAGMA {name}") for name in PRAGMAS})
    assert found == PRAGMAS
    assert await database.write(lambda tx: tx.scalar("PRAGMA query_only")) == 0


async def test_every_readers_pragmas_are_what_was_asked(database: Database) -> None:
    together = threading.Barrier(3)  # three at once: each on a connection of its own

    def look(reader: Reader) -> dict[str, int]:
        together.wait(10)
        return {name: reader.scalar(f"PRAGMA {name}") for name in (*PRAGMAS, "query_only", "wal_autocheckpoint")}

    wanted = {**PRAGMAS, "query_only": 1, "wal_autocheckpoint": 0}
    assert await asyncio.gather(*(database.read(look) for _ in range(3))) == [wanted] * 3


# Group commit.


async def test_a_result_comes_back_from_the_writer(database: Database) -> None:
    assert await database.write(put("a")) == "a"
    assert await keys(database) == ["a"]


async def test_a_failing_function_undoes_only_itself(database: Database) -> None:
    def half(tx: Tx) -> None:
        put("half")(tx)
        raise NotFound

    commits: list[None] = []
    database.watch(lambda: commits.append(None))
    results = await batch(database, put("a"), half, put("a"), put("b"))
    assert len(commits) == 2  # the gate's, and one for all four
    assert [results[0], results[3]] == ["a", "b"]
    assert isinstance(results[1], NotFound)
    assert isinstance(results[2], sqlite3.IntegrityError)
    assert await keys(database) == ["a", "b"]


@pytest.mark.parametrize("error", [NotFound(), LookupError("x"), OverflowError("x"), AssertionError("x")])
async def test_what_a_function_raises_reaches_its_caller(database: Database, error: Exception) -> None:
    def run(tx: Tx) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await database.write(run)
    assert caught.value is error


async def test_an_exhausted_iterator_does_not_hold_up_the_batch(database: Database) -> None:
    results = await batch(database, put("a"), lambda tx: next(iter(())), put("b"))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], RuntimeError)


@pytest.mark.parametrize(
    "misuse",
    [
        lambda tx: tx.scalar("SELECT ?", (1, 2)),
        lambda tx: tx.scalar("SELECT ?", (object(),)),
        lambda tx: tx.scalar("SELECT ?", (10**30,)),
        lambda tx: tx.scalar("SELECT CAST(x'ff' AS TEXT)"),
    ],
)
async def test_a_misused_statement_hurts_its_own_caller_alone(
    database: Database, misuse: Callable[[Tx], object]
) -> None:
    results = await batch(database, put("a"), misuse, put("b"))
    assert isinstance(results[1], Exception)
    assert await keys(database) == ["a", "b"]


async def test_nobody_hears_of_a_write_before_its_batch_is_committed(database: Database) -> None:
    start, hold = Gate(), Gate()
    first = asyncio.create_task(database.write(start))
    await start.entered()
    written = asyncio.create_task(database.write(put("a")))
    last = asyncio.create_task(database.write(hold))
    await turn()
    start.open()
    await hold.entered()  # `put` has run, the batch has not ended
    assert not written.done()
    assert await keys(database) == []
    hold.open()
    assert await written == "a"
    assert await keys(database) == ["a"]
    await asyncio.gather(first, last)


async def test_what_a_caller_asked_for_is_done_also_when_it_has_gone(database: Database) -> None:
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered()
    gone = asyncio.create_task(database.write(put("gone")))
    await turn()
    gone.cancel()
    gate.open()
    await held
    assert await database.write(put("next")) == "next"
    assert await keys(database) == ["gone", "next"]


async def test_two_hundred_writers_at_once_lose_nothing(database: Database) -> None:
    names = [f"k{n:03d}" for n in range(200)]
    assert await asyncio.gather(*(database.write(put(name)) for name in names)) == names
    assert await keys(database) == names


async def test_more_than_one_batch_holds_is_committed_in_order(database: Database) -> None:
    seen: list[int] = []
    await batch(database, *(lambda tx, n=n: seen.append(n) for n in range(600)))
    assert seen == list(range(600))


async def test_a_rolled_back_event_gives_its_sequence_back(database: Database) -> None:
    def publish(tx: Tx) -> int:
        return outbox.put(tx, DeviceRecoveredEvent(device="robot"), START)

    def fail(tx: Tx) -> None:
        publish(tx)
        raise NotFound

    results = await batch(database, publish, fail, publish, fail)
    assert [results[0], results[2]] == [1, 2]
    with pytest.raises(NotFound):
        await database.write(fail)
    assert await database.write(publish) == 3


async def test_robot_job_ids_start_from_the_clock_in_a_new_database(database: Database) -> None:
    def first_id(tx: Tx) -> int:
        charts.prepare(tx, [], START)
        tx.execute("PRAGMA defer_foreign_keys=1")
        found = tx.insert("portion", order_id="x", line=1, ordinal=1, status="planned")
        tx.execute("DELETE FROM portion")
        return found

    seconds = int((START - START.replace(month=1, day=1, hour=0)).total_seconds())
    assert await database.write(first_id) == seconds + 1
    assert await database.write(first_id) == seconds + 2  # prepared again: the counter never goes back


async def test_whatever_a_request_raises_the_writer_lives_on(database: Database) -> None:
    def give_up(tx: Tx) -> None:
        tx.execute("INSERT INTO meta VALUES ('gone', 'x')")
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            await database.write(give_up)
    await database.write(put("a"))
    assert await keys(database) == ["a"]


# Readers.


async def test_a_reader_sees_one_moment_to_its_end(database: Database) -> None:
    asked, written = threading.Event(), threading.Event()

    def look(reader: Reader) -> tuple[int, int]:
        before = reader.scalar("SELECT count(*) FROM meta")
        asked.set()
        assert written.wait(10)
        return before, reader.scalar("SELECT count(*) FROM meta")

    looking = asyncio.create_task(database.read(look))
    assert await asyncio.to_thread(asked.wait, 10)
    await database.write(put("a"))
    written.set()
    assert await looking == (0, 0)
    assert await keys(database) == ["a"]


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(Reader.scalar, "INSERT INTO meta VALUES ('a', 'x') RETURNING key")
    assert await keys(database) == []


async def test_readers_cancelled_at_any_moment_go_back_to_the_pool(database: Database) -> None:
    going_on = threading.Event()

    def look(reader: Reader) -> int:
        assert going_on.wait(DEADLINE_S)
        return int(reader.scalar("SELECT 1"))

    looking = [asyncio.create_task(database.read(look)) for _ in range(5)]  # two of them wait for a connection
    await turn()
    for task, cancels in zip(looking, (1, 2, 1, 2, 2), strict=True):
        for _ in range(cancels):
            task.cancel()
            await turn()
    going_on.set()
    await asyncio.wait(looking)
    assert all(task.cancelled() for task in looking)
    async with asyncio.timeout(DEADLINE_S):
        assert await asyncio.gather(*(database.read(look) for _ in range(3))) == [1, 1, 1]


async def test_a_failing_question_does_not_spoil_the_next_readers(database: Database) -> None:
    for _ in range(4):
        with pytest.raises(sqlite3.OperationalError):
            await database.read(Reader.scalar, "SELECT nothing FROM nowhere")
    assert await keys(database) == []


# Starting on a bad file, and ending.


async def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    await (await Database.open(path, print)).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version=999")
    other.close()
    with pytest.raises(DatabaseBroken, match="version 999"):
        await Database.open(path, print)


async def test_closing_finishes_what_waits_and_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    database = await Database.open(tmp_path / "kiosk.db", print)
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered()
    waiting = asyncio.create_task(database.write(put("last")))
    await turn()
    closing = asyncio.create_task(database.close())
    await turn()
    gate.open()
    async with asyncio.timeout(DEADLINE_S):
        await closing
    await held
    assert await waiting == "last"
    ending = [thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("asyncio_")]
    for thread in ending:  # each has said its last word, and may be on its way out
        await asyncio.to_thread(thread.join, DEADLINE_S)
    assert [thread.name for thread in ending if thread.is_alive()] == []
    with pytest.raises(DatabaseBroken, match="closed"):
        await database.write(put("late"))
    again = await Database.open(tmp_path / "kiosk.db", print)
    assert await keys(again) == ["last"]
    await again.close()


# The disk.


async def test_a_full_disk_refuses_and_works_again_when_there_is_room(database: Database) -> None:
    most = await database.write(lambda tx: tx.scalar("PRAGMA max_page_count"))
    await database.write(lambda tx: tx.scalar("PRAGMA max_page_count=1"))  # SQLite: no less than it has now
    for _ in range(3):
        with pytest.raises(DatabaseBroken, match="full"):
            await database.write(put("big", "v" * 200_000))
    assert (database.broken, database.can_write()) == (False, False)
    assert await keys(database) == []
    await database.write(lambda tx: tx.scalar(f"PRAGMA max_page_count={most}"))
    assert await database.write(put("big", "v" * 200_000)) == "big"
    assert database.can_write()


async def test_on_a_full_disk_the_whole_batch_is_told_no(database: Database) -> None:
    await database.write(lambda tx: tx.scalar("PRAGMA max_page_count=1"))
    results = await batch(database, put("a"), put("big", "v" * 200_000), put("b"))
    assert [type(result) for result in results] == [DatabaseBroken] * 3
    assert await keys(database) == []
    assert await database.write(put("small")) == "small"


async def test_a_lock_held_by_a_stranger_refuses_and_passes(database: Database) -> None:
    await database.write(lambda tx: tx.scalar("PRAGMA user_version"))
    stranger = sqlite3.connect(database.path, isolation_level=None)
    try:
        await database.write(lambda tx: tx.scalar("PRAGMA busy_timeout=20"))
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBroken, match="locked"):
            await database.write(put("a"))
        stranger.execute("ROLLBACK")
        assert await database.write(put("b")) == "b"
    finally:
        stranger.close()


async def test_a_damaged_page_met_while_running_is_fatal(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.db"
    database = await Database.open(path, print)
    await database.write(lambda tx: [put(f"k{n:05d}", "v" * 2000)(tx) for n in range(4000)])
    await database.close()
    faults: list[str] = []
    database = await Database.open(path, faults.append)
    spoil(path)
    with pytest.raises(DatabaseBroken):
        await database.write(lambda tx: tx.scalar("SELECT sum(length(value)) FROM meta"))
    assert database.broken
    await turn()
    assert len(faults) == 1
    assert faults[0].startswith("SQLITE_CORRUPT")
    with pytest.raises(DatabaseBroken):
        await database.write(put("a"))
    await database.close()


IO_ERROR = """
import asyncio, resource, signal, sys
from pathlib import Path
from kiosk.domain.errors import DatabaseBroken
from kiosk.store.database import Database

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    faults = []
    database = await Database.open(Path(sys.argv[1]), faults.append)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))  # pwrite answers EFBIG
    for _ in range(2):
        try:
            await database.write(lambda tx: tx.insert("meta", key="big", value="v" * 500_000))
        except DatabaseBroken as error:
            print("refused:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        await database.write(lambda tx: tx.insert("meta", key="small", value="v"))
    except DatabaseBroken as error:
        print("refused:", error)
    print("faults:", faults)
    await database.close()

asyncio.run(main())
"""


async def test_a_write_error_of_the_disk_is_fatal_also_when_the_disk_comes_back(tmp_path: Path) -> None:
    command = [sys.executable, "-c", IO_ERROR, str(tmp_path / "kiosk.db")]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=20, text=True)
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["refused", "refused", "refused", "faults"], done
    assert "disk I/O error" in lines[0]
    assert "closed" in lines[2]
    assert lines[3].startswith("faults: ['SQLITE_IOERR")
    assert lines[3].count("SQLITE_IOERR") == 1


async def test_what_a_commit_touches_is_published_before_its_caller_goes_on(database: Database) -> None:
    told: list[str] = []
    database.publish_with(
        "meta", lambda reader: str(reader.scalar("SELECT value FROM meta WHERE key = 'k'")), told.append
    )

    def touch(tx: Tx, value: str, error: Exception | None = None) -> None:
        tx.touched.add("meta")
        tx.execute("INSERT OR REPLACE INTO meta VALUES ('k', ?)", (value,))
        if error is not None:
            raise error

    await database.write(touch, "one")
    assert told == ["one"]
    await database.write(put("other"))  # nothing of the topic
    assert told == ["one"]
    with pytest.raises(NotFound):
        await database.write(touch, "never", NotFound())
    await database.write(touch, "two")
    assert told[-1] == "two"
    assert "never" not in told


class Asked:
    """A question that counts how often it is put to the file."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, reader: Reader) -> int:
        self.times += 1
        found: int = reader.scalar("SELECT count(*) FROM meta")
        return found


async def test_who_asks_again_and_again_is_answered_from_memory_until_a_row_has_changed(database: Database) -> None:
    asked = Asked()
    before = await database.poll(asked)
    assert (await database.poll(asked), asked.times) == (before, 1)
    await database.write(put("one"))
    assert (await database.poll(asked), asked.times) == (before + 1, 2)  # whoever has written is answered by it
    await database.write(Tx.execute, "UPDATE meta SET value = 'x' WHERE key = 'nobody'")
    with pytest.raises(ConstraintBroken):
        await database.write(put("one"))
    assert (await database.poll(asked), asked.times) == (before + 1, 2)  # nothing was changed


async def test_what_is_committed_while_it_is_asked_is_asked_for_again(database: Database) -> None:
    """The answer may be from before it."""
    gate, asked = Gate(), Asked()

    def slow(reader: Reader) -> int:
        found = asked(reader)
        gate(None)
        return found

    asking = asyncio.create_task(database.poll(slow))
    await gate.entered()
    await database.write(put("one"))
    gate.open()
    before = await asking
    assert (await database.poll(slow), asked.times) == (before + 1, 2)


async def test_what_another_process_writes_is_seen_a_little_later(database: Database) -> None:
    asked = Asked()
    before = await database.poll(asked)
    with sqlite3.connect(database.path) as stranger:
        stranger.execute("INSERT INTO meta VALUES ('strange', 'x')")
    stranger.close()

    async def seen() -> bool:
        return await database.poll(asked) == before + 1

    await until(seen, DEADLINE_S)
    assert asked.times == 2
