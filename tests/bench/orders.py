"""Creating an order beside the bare limit: A B A B on the same machine in the same run, at one client and at 32."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from tests.bench.figures import Figure
from tests.bench.load import Load, closed_loop, connect, request
from tests.bench.world import Guest, World, free_port, spawn, stop, tick

ROUNDS = 3
CLIENTS = (1, 32)
_SECONDS = {1: 2.0, 32: 4.0}
_TEA = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}


async def requests(world: World, clients: int) -> list[bytes]:
    """One for each client, each in a session of its own."""
    found = []
    for _ in range(clients):
        guest = await Guest.come(world)
        found.append(request("POST", "/api/orders/create", _TEA, guest.token))
        guest.leave()
    return found


async def menu_ms(world: World) -> float:
    """Median over one connection."""
    line, took = await connect(world.port), []
    for _ in range(300):
        started = time.perf_counter()
        await line.ask(request("GET", "/api/menu/categories"))
        took.append((time.perf_counter() - started) * 1000)
    line.close()
    return statistics.median(took)


def figures_of(clients: int, limit: Sequence[Load], kiosk: Sequence[Load]) -> list[Figure]:
    key, who = f"orders.creation_{clients}", "one client" if clients == 1 else f"{clients} clients"
    ratios = [own.per_s / bare.per_s for bare, own in zip(limit, kiosk, strict=True)]
    return [
        Figure(f"{key}.limit", f"bare limit of a durable POST, {who}", "/s", [load.per_s for load in limit]),
        Figure(f"{key}.per_s", f"order creation, durable, {who}", "/s", [load.per_s for load in kiosk]),
        Figure(f"{key}.ratio", "… of the limit", "×", ratios),
        Figure(f"{key}.p50", "… p50", "ms", [load.p50_ms for load in kiosk]),
        Figure(f"{key}.p99", "… p99", "ms", [load.p99_ms for load in kiosk]),
        Figure(f"{key}.limit_p99", "… p99 of the limit", "ms", [load.p99_ms for load in limit]),
    ]


async def measure() -> list[Figure]:
    world, port = World(), free_port()
    limit = spawn("tests.bench.limit", str(port), str(world.folder / "limit.db"))
    try:
        await world.start_devices()
        await world.start_kiosk()
        await tick(1.0)
        idle_mb = world.memory_mb()
        found: list[Figure] = []
        for clients in CLIENTS:
            asked, bare, own = await requests(world, clients), [], []
            for _ in range(ROUNDS):
                bare.append(await closed_loop(port, asked, _SECONDS[clients]))
                own.append(await closed_loop(world.port, asked, _SECONDS[clients]))
            found += figures_of(clients, bare, own)
        menus = [await menu_ms(world) for _ in range(ROUNDS)]
        found.append(Figure("orders.menu", "menu, one connection, median", "ms", menus))
        found.append(Figure("orders.memory_idle", "resident memory, idle", "MB", [idle_mb]))
        found.append(Figure("orders.memory_loaded", "… after these orders", "MB", [world.memory_mb()]))
        return found
    finally:
        stop(limit)
        world.close()
