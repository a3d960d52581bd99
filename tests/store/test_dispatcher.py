"""The dispatcher: each event recorded once with its cursor, a poisoned one parked, every sink on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from kiosk.domain.errors import NotFound
from kiosk.domain.events import DeviceFaultEvent, DeviceRecoveredEvent, StoredEvent
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.transaction import Reader, Tx
from tests.clocks import ManualClock

DEADLINE_S = 20.0
FAULT, RECOVERY = "DeviceFaultEvent", "DeviceRecoveredEvent"
Poison = Callable[[Tx], object]


class Recorder:
    """A sink that records each event in a table; `poison` maps a sequence to what goes wrong after that."""

    def __init__(
        self, name: str, wants: tuple[str, ...] = (RECOVERY,), poison: dict[int, Poison] | None = None
    ) -> None:
        self.name = name
        self.wants = frozenset(wants)
        self.poison = poison or {}
        self.seen: list[int] = []
        self.wakes = 0

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        self.seen.append(event.sequence)
        tx.insert("meta", key=f"{self.name}:{event.sequence}", value=event.event_id)
        if event.sequence in self.poison:
            self.poison[event.sequence](tx)

    def recorded(self) -> None:
        self.wakes += 1


def refuse(error: Exception) -> Poison:
    def run(tx: Tx) -> None:
        raise error

    return run


class Bench:
    """Dispatchers over one database, stopped at the end."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._running: list[asyncio.Task[None]] = []

    def start(self, sink: Recorder) -> asyncio.Task[None]:
        task = asyncio.create_task(Dispatcher(self.database, ManualClock()).run(sink))
        self._running.append(task)
        return task

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    async def publish(self, count: int = 1, *, fault: bool = False) -> None:
        event = DeviceFaultEvent(device="robot", code="jam") if fault else DeviceRecoveredEvent(device="robot")
        now = ManualClock().now()
        await self.database.write(lambda tx: [outbox.put(tx, event, now) for _ in range(count)])

    async def cursor(self, sink: Recorder) -> int:
        return await self.database.read(outbox.cursor_of, sink.name)

    async def recorded(self, sink: Recorder) -> list[int]:
        found = await self.database.read(
            Reader.scalar, "SELECT group_concat(key) FROM meta WHERE key LIKE ?", (f"{sink.name}:%",)
        )
        return sorted(int(key.partition(":")[2]) for key in found.split(",")) if found else []

    async def until(self, sink: Recorder, sequence: int) -> None:
        """Until the cursor of `sink` has arrived; a commit is the sign to look."""
        changed = asyncio.Event()
        self.database.watch(changed.set)
        async with asyncio.timeout(DEADLINE_S):
            while await self.cursor(sink) < sequence:
                await changed.wait()
                changed.clear()

    async def journal(self) -> list[str]:
        found = await self.database.read(Reader.scalar, "SELECT json_group_array(action || ' ' || detail) FROM journal")
        return [entry.strip('[]"') for entry in found.split('","')] if found != "[]" else []


@pytest.fixture
async def bench(database: Database) -> Bench:
    return Bench(database)


@pytest.fixture(autouse=True)
async def ended(bench: Bench) -> AsyncIterator[None]:
    yield
    await bench.stop()


async def test_every_wanted_event_is_recorded_once_and_in_order(bench: Bench) -> None:
    sink = Recorder("cooking")
    bench.start(sink)
    await bench.publish(3)
    await bench.publish(2, fault=True)
    await bench.publish(1)
    await bench.until(sink, 6)
    assert sink.seen == await bench.recorded(sink) == [1, 2, 3, 6]
    assert sink.wakes >= 1


async def test_events_nobody_wants_move_the_cursor_all_the_same(bench: Bench) -> None:
    sink = Recorder("cooking")
    await bench.publish(450, fault=True)
    bench.start(sink)
    await bench.until(sink, 450)
    assert (sink.seen, sink.wakes) == ([], 0)


async def test_what_was_published_before_the_start_is_delivered_too(bench: Bench) -> None:
    sink = Recorder("cooking")
    await bench.publish(450)
    bench.start(sink)
    await bench.until(sink, 450)
    assert sink.seen == list(range(1, 451))


async def test_a_restart_goes_on_at_the_cursor(bench: Bench) -> None:
    before, after = Recorder("cooking"), Recorder("cooking")
    await bench.publish(3)
    bench.start(before)
    await bench.until(before, 3)
    await bench.stop()
    await bench.publish(2)
    bench.start(after)
    await bench.until(after, 5)
    assert after.seen == [4, 5]


async def test_work_and_cursor_are_one_transaction_so_a_crash_delivers_again(bench: Bench) -> None:
    sink = Recorder("cooking", poison={2: refuse(ZeroDivisionError())})
    await bench.publish(3)
    crashed = bench.start(sink)
    await asyncio.wait([crashed], timeout=DEADLINE_S)
    assert isinstance(crashed.exception(), ZeroDivisionError)
    assert (await bench.cursor(sink), await bench.recorded(sink)) == (0, [])
    sink.poison.clear()
    bench.start(sink)
    await bench.until(sink, 3)
    assert sink.seen == [1, 2, 1, 2, 3]
    assert await bench.recorded(sink) == [1, 2, 3]


@pytest.mark.parametrize(
    "poison",
    [
        refuse(NotFound()),
        refuse(LookupError("no such order")),
        refuse(ValueError("no such state")),
        lambda tx: tx.insert("timeline", order_id="nobody", status="paid", at="now"),
        lambda tx: tx.execute("UPDATE event SET sequence = 'first'"),
    ],
    ids=["refusal", "lookup", "value", "orphan", "type"],
)
async def test_a_poisoned_event_is_parked_and_the_next_is_delivered(bench: Bench, poison: Poison) -> None:
    sink = Recorder("cooking", poison={2: poison})
    await bench.publish(3)
    bench.start(sink)
    await bench.until(sink, 3)
    assert await bench.recorded(sink) == [1, 3]
    (entry,) = await bench.journal()
    assert entry.startswith("event_parked cooking 2 ")
    await bench.publish()
    await bench.until(sink, 4)
    assert await bench.recorded(sink) == [1, 3, 4]


async def test_an_event_nobody_can_read_any_more_is_parked(bench: Bench) -> None:
    class Reading(Recorder):
        def handle(self, tx: Tx, event: StoredEvent) -> None:
            event.decode()
            super().handle(tx, event)

    sink = Reading("showing", wants=(RECOVERY, "OldEvent"))
    await bench.publish(3)
    await bench.database.write(lambda tx: tx.execute("UPDATE event SET data = '{}' WHERE sequence = 1"))
    await bench.database.write(lambda tx: tx.execute("UPDATE event SET type = 'OldEvent' WHERE sequence = 2"))
    bench.start(sink)
    await bench.until(sink, 3)
    assert await bench.recorded(sink) == [3]
    assert len(await bench.journal()) == 2


async def test_one_sinks_poison_does_not_touch_another(bench: Bench) -> None:
    healthy, poisoned = Recorder("showing"), Recorder("cooking", poison={1: refuse(NotFound())})
    await bench.publish(2)
    bench.start(healthy)
    bench.start(poisoned)
    await bench.until(healthy, 2)
    await bench.until(poisoned, 2)
    assert (await bench.recorded(healthy), await bench.recorded(poisoned)) == ([1, 2], [2])


async def test_a_sink_that_is_far_behind_does_not_hold_up_another(bench: Bench) -> None:
    """Judged at the moment when the other is handed its event: a moment later the first may be through as well."""
    was_at: list[int] = []

    def publish(tx: Tx) -> None:
        """In the commit of its first event: the other is behind by one from then on, this one by a thousand."""
        outbox.put(tx, DeviceRecoveredEvent(device="robot"), ManualClock().now())

    def look(tx: Tx) -> None:
        was_at.append(slow.seen[-1])

    slow, quick = Recorder("cooking", poison={1: publish}), Recorder("showing", poison={1001: look})
    await bench.publish(1000)
    await bench.database.write(outbox.advance, quick.name, 1000)
    bench.start(slow)
    bench.start(quick)
    await bench.until(quick, 1001)
    assert quick.seen == [1001]
    assert was_at[0] < 1000
    await bench.until(slow, 1001)


async def test_a_sink_that_has_died_does_not_hold_up_another(bench: Bench) -> None:
    dead, alive = Recorder("cooking", poison={1: refuse(ZeroDivisionError())}), Recorder("showing")
    crashed = bench.start(dead)
    bench.start(alive)
    await bench.publish()
    await asyncio.wait([crashed], timeout=DEADLINE_S)
    assert crashed.done()
    await bench.publish(2)
    await bench.until(alive, 3)
    assert await bench.recorded(alive) == [1, 2, 3]
