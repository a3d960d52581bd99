"""A payment of three dishes: the whole call, what of it the devices took, and what is ours."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.figures import Figure
from tests.bench.relay import SerialRelay, Turns, tcp_relay, within
from tests.bench.world import Guest, World, free_port, most_in_stock

ROUNDS = 3
PAYMENTS = 12


@dataclass(frozen=True, slots=True)
class Paid:
    whole_ms: float
    ours_ms: float


@asynccontextmanager
async def watched(world: World, *, paced: bool = False, at: str = "bank") -> AsyncIterator[tuple[Turns, Turns]]:
    """The lines to bank (`at`: the port of which) and registrar lead through relays; devices must run, the kiosk not
    yet."""
    bank, registrar, port = Turns(), Turns(), free_port()
    link = world.folder / "relay.tty"
    serial = SerialRelay(link, world.folder / "fiscal.tty", registrar, paced=paced)
    world.replaced = {f'"{world.folder}/fiscal.tty"': f'"{link}"'}
    async with tcp_relay(port, world.ports[at], bank):
        world.replaced[f":{world.ports[at]}"] = f":{port}"
        try:
            yield bank, registrar
        finally:
            world.stop_kiosk()
            serial.close()


async def one_payment(world: World, guest: Guest, turns: tuple[Turns, ...]) -> Paid:
    order = await guest.create(await most_in_stock(world, 3))
    began = time.perf_counter()
    whole_ms = await guest.pay(order["order_id"])
    end = time.perf_counter()
    for each in turns:
        each.end()
    devices_s = within([span for each in turns for span in each.spans], began, end)
    await guest.until_taken(order["order_id"])
    return Paid(whole_ms, whole_ms - devices_s * 1000)


async def measure() -> list[Figure]:
    world = World()
    try:
        await world.start_devices()
        async with watched(world) as turns:
            await world.start_kiosk()
            guest = await Guest.come(world)
            rounds = [[await one_payment(world, guest, turns) for _ in range(PAYMENTS)] for _ in range(ROUNDS)]
    finally:
        world.close()
    whole = [[paid.whole_ms for paid in one] for one in rounds]
    ours = [[paid.ours_ms for paid in one] for one in rounds]
    return [
        Figure(
            "payment.whole", "payment call to 200, simulated devices, median", "ms", list(map(statistics.median, whole))
        ),
        Figure("payment.whole_p95", "… p95", "ms", [_p95(one) for one in whole]),
        Figure("payment.ours", "… beyond the devices' own time, median", "ms", list(map(statistics.median, ours))),
        Figure("payment.ours_p95", "… p95", "ms", [_p95(one) for one in ours]),
    ]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18]
