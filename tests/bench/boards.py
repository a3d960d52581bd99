"""From an event's own time, taken before its commit, to its arrival at the last of 1, 100 and 1,000 hall boards.

A kiosk holds no more than 64 streams of its own machine: `tests.bench.many_boards` starts it with that bound raised.
"""

from __future__ import annotations

import asyncio
import statistics
from datetime import UTC, datetime

from tests.bench.figures import Figure
from tests.bench.load import request
from tests.bench.world import Guest, World, tick

BOARDS = (1, 100, 1_000)
_EVENTS = 8
_SETTLES_S = 0.5


class Board(asyncio.Protocol):
    """Notes when each event reached it, by its sequence."""

    def __init__(self, seen: dict[int, list[float]]) -> None:
        self._seen = seen
        self._held = b""
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(request("GET", "/api/display/events"))

    def data_received(self, data: bytes) -> None:
        at = datetime.now(UTC).timestamp()
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            if line.startswith(b"id: "):
                self._seen.setdefault(int(line[4:]), []).append(at)


async def last_of(world: World, count: int) -> list[float]:
    """Milliseconds until every board had the event of a payment."""
    seen: dict[int, list[float]] = {}
    loop = asyncio.get_running_loop()
    boards = [(await loop.create_connection(lambda: Board(seen), "127.0.0.1", world.port))[1] for _ in range(count)]
    guest = await Guest.come(world)
    await tick(_SETTLES_S)
    orders = []
    for _ in range(_EVENTS):
        order = await guest.create()
        await guest.pay(order["order_id"])
        await guest.until_taken(order["order_id"])
        orders.append(order["order_id"])
        await tick(_SETTLES_S)
    for board in boards:
        assert board.transport is not None
        board.transport.close()
    guest.leave()
    events = await _events_of(world, set(orders))
    reached = {sequence: moments for sequence, moments in seen.items() if sequence in events}
    whole = [(max(moments) - events[sequence]) * 1000 for sequence, moments in reached.items() if len(moments) == count]
    assert len(whole) == len(events), f"{len(events) - len(whole)} events did not reach all {count} boards"
    return whole


async def _events_of(world: World, orders: set[str]) -> dict[int, float]:
    """When each payment was told."""
    found, after = {}, 0
    while rows := (await world.internal(f"/internal/events?after={after}"))["events"]:
        after = rows[-1]["sequence"]
        for row in rows:
            if row["type"] == "OrderPaidEvent" and row["order_id"] in orders:
                found[row["sequence"]] = datetime.fromisoformat(row["at"]).timestamp()
    return found


async def measure() -> list[Figure]:
    world, found = World(), []
    try:
        await world.start_devices()
        await world.start_kiosk("tests.bench.many_boards")
        for count in BOARDS:
            took = await last_of(world, count)
            who = "the hall board" if count == 1 else f"the last of {count:,} hall boards"
            found.append(Figure(f"boards.{count}.last", f"event to {who}, median", "ms", [statistics.median(took)]))
            found.append(Figure(f"boards.{count}.longest", "… longest", "ms", [max(took)]))
    finally:
        world.close()
    return found
