"""A QR code's way to the guest beyond the time of bank and registrar, and what asking about it costs."""

from __future__ import annotations

import statistics
import time
from typing import Any

from tests.bench.figures import Figure
from tests.bench.paying import watched
from tests.bench.relay import Turns, within
from tests.bench.world import Guest, World, tick

BANKS = ("tbank", "raif")
ROUNDS, CODES = 3, 8
#: Codes on screens at once while the process is watched, and for how long.
SHOWN, WATCHED_S = 5, 15.0


async def measure() -> list[Figure]:
    return [figure for bank in BANKS for figure in await _of(bank)]


async def _of(bank: str) -> list[Figure]:
    world = World(qr_bank=bank)
    try:
        await world.start_devices()
        world.switch("sbp", "nobody_pays")
        async with watched(world, at="sbp") as turns:
            await world.start_kiosk()
            rounds = [[await _shown_ms(world, turns) for _ in range(CODES)] for _ in range(ROUNDS)]
            polling = await _polling_percent(world)
    finally:
        world.close()
    medians = list(map(statistics.median, rounds))
    return [
        Figure(f"qr.{bank}.shown", f"{bank}: a code at the screen beyond the devices' own time, median", "ms", medians),
        Figure(f"qr.{bank}.polling", f"{bank}: of a core for each code that is shown and asked about", "%", [polling]),
    ]


async def _shown_ms(world: World, turns: tuple[Turns, ...]) -> float:
    """From the guest's tap until the page has the code; then the guest thinks better of it."""
    guest = await Guest.come(world)
    order_id = (await guest.create())["order_id"]
    began = time.perf_counter()
    await _show(guest, order_id)
    end = time.perf_counter()
    for each in turns:
        each.end()
    devices_s = within([span for each in turns for span in each.spans], began, end)
    await _give_up(guest, order_id)
    return (end - began - devices_s) * 1000


async def _show(guest: Guest, order_id: str) -> None:
    found: dict[str, Any] = await guest.call("POST", f"/api/orders/{order_id}/payment", {"method": "sbp"})
    while not _is_shown(found):
        await tick(0.002)
        found = (await guest.call("GET", f"/api/orders/{order_id}"))["payment"] or {}


def _is_shown(found: dict[str, Any]) -> bool:
    return bool((found.get("show") or {}).get("qr"))


async def _give_up(guest: Guest, order_id: str) -> None:
    await guest.call("DELETE", f"/api/orders/{order_id}/payment")
    while (await guest.call("GET", f"/api/orders/{order_id}"))["status"] != "created":
        await tick(0.02)
    guest.leave()


async def _polling_percent(world: World) -> float:
    """The more that the process works while codes are shown, for each of them."""
    idle_s = await _busy_s(world)
    guests = [await Guest.come(world) for _ in range(SHOWN)]
    for guest in guests:
        await _show(guest, (await guest.create())["order_id"])
    shown_s = await _busy_s(world)
    for guest in guests:
        guest.leave()
    return max(shown_s - idle_s, 0.0) / SHOWN / WATCHED_S * 100


async def _busy_s(world: World) -> float:
    before = world.busy_s()
    await tick(WATCHED_S)
    return world.busy_s() - before
