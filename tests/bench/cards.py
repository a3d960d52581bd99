"""A card at the reader: a guest's way from the tap on the screen to the paid order, beyond the time of reader and
registrar."""

from __future__ import annotations

import statistics
import time

from tests.bench.figures import Figure
from tests.bench.paying import watched
from tests.bench.relay import Turns, within
from tests.bench.world import Guest, World, tick

READERS = ("vtk", "inpas")
ROUNDS, CARDS = 3, 8


async def measure() -> list[Figure]:
    return [await _of(reader) for reader in READERS]


async def _of(reader: str) -> Figure:
    world = World(reader=reader)
    try:
        await world.start_devices()
        async with watched(world, at="terminal") as turns:
            await world.start_kiosk()
            await _until_offered(world)
            rounds = [[await _ours_ms(world, turns) for _ in range(CARDS)] for _ in range(ROUNDS)]
    finally:
        world.close()
    words = f"{reader}: a card's payment beyond the devices' own time, median"
    return Figure(f"card.{reader}.ours", words, "ms", list(map(statistics.median, rounds)))


async def _ours_ms(world: World, turns: tuple[Turns, ...]) -> float:
    guest = await Guest.come(world)
    order_id = (await guest.create())["order_id"]
    began = time.perf_counter()
    await guest.call("POST", f"/api/orders/{order_id}/payment", {"method": "terminal"})
    while (await guest.call("GET", f"/api/orders/{order_id}"))["status"] in ("created", "paying"):
        await tick(0.002)
    end = time.perf_counter()
    for each in turns:
        each.end()
    devices_s = within([span for each in turns for span in each.spans], began, end)
    await guest.until_taken(order_id)
    guest.leave()
    return (end - began - devices_s) * 1000


async def _until_offered(world: World) -> None:
    """The reader has been heard."""
    guest = await Guest.come(world)
    while not all(way["available"] for way in (await guest.call("GET", "/api/restaurant"))["payment_methods"]):
        await tick(0.05)
    guest.leave()
