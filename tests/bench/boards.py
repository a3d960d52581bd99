"""From an event's own time, taken before its commit, to its arrival at the last of 1, 100 and 1,000 hall boards.

A kiosk holds no more than 64 streams of its own machine: `tests.bench.many_boards` starts it with that bound raised.
"""

from __future__ import annotations

import asyncio
import math
import statistics
from datetime import UTC, datetime

from tests.bench.figures import Figure
from tests.bench.load import request
from tests.bench.world import Guest, World, tick

BOARDS = (1, 100, 1_000)
_EVENTS = 8
_SETTLES_S = 0.5


class Board(asyncio.Protocol):
    """Notes when it was told of which event; a board that is behind is told several at once, the last by its number."""

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = []
        self._held = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(request("GET", "/api/display/events"))

    def data_received(self, data: bytes) -> None:
        at = datetime.now(UTC).timestamp()
        *lines, self._held = (self._held + data).split(b"\n")
        self.told += [(int(line[4:]), at) for line in lines if line.startswith(b"id: ")]

    def knew_at(self, sequence: int) -> float:
        """Infinity for what it was not told."""
        return next((at for told, at in self.told if told >= sequence), math.inf)

    def close(self) -> None:
        assert self.transport is not None
        self.transport.close()


async def last_of(world: World, count: int) -> list[float]:
    """Milliseconds until the last board knew of a payment, of each."""
    loop = asyncio.get_running_loop()
    boards = [(await loop.create_connection(Board, "127.0.0.1", world.port))[1] for _ in range(count)]
    guest = await Guest.come(world)
    await tick(_SETTLES_S)
    orders = set()
    for _ in range(_EVENTS):
        order = await guest.create()
        await guest.pay(order["order_id"])
        await guest.until_taken(order["order_id"])
        orders.add(order["order_id"])
        await tick(_SETTLES_S)
    events = await _events_of(world, orders)
    last = [(max(board.knew_at(sequence) for board in boards) - at) * 1000 for sequence, at in events.items()]
    guest.leave()
    for board in boards:
        board.close()
    assert len(last) == _EVENTS
    assert max(last) < math.inf, f"not all {count} boards were told"
    return last


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
