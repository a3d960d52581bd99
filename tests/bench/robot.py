"""The line to the robot: how soon a paid portion is accepted, and how much of the line eight jobs take.

The robot's bytes take the time of 115200 baud each way; the kitchen cooks at its own pace, so that eight jobs stay. No
dish follows itself: the robot has another chart staged than the one that is ordered.
"""

from __future__ import annotations

import time
from itertools import cycle, islice

import aiohttp

from tests.bench.figures import Figure
from tests.bench.relay import SerialRelay, Turns
from tests.bench.world import Guest, World, tick

ORDERS, JOBS = 12, 8
_DISHES = ("tea", "udon-chicken", "cola", "fries", "ramen-beef", "ice-cream")
_LOOK_S = 0.003
_WATCHED_S = 30.0
_LIMIT_S = 10.0
#: What the robot has.
_ACCEPTED = ("queued", "cooking", "ready", "handed_out")


async def measure() -> list[Figure]:
    return [await _accepted(), *await _eight_jobs()]


async def _accepted() -> Figure:
    """One order after another, each into an idle kitchen that is a thousand times as fast."""
    world = World()
    try:
        await world.start_devices()
        relay = _relay(world)
        try:
            await world.start_kiosk()
            guest = await Guest.come(world)
            async with world.staff() as staff:
                took_ms = [await _one(staff, guest, dish) for dish in islice(cycle(_DISHES), ORDERS)]
        finally:
            world.stop_kiosk()
            relay.close()
    finally:
        world.close()
    return Figure("robot.accepted", "paid → the robot has accepted the portion, one by one", "ms", took_ms)


async def _one(staff: aiohttp.ClientSession, guest: Guest, dish: str) -> float:
    order = await guest.create((dish,))
    await guest.pay(order["order_id"])
    paid_at = time.perf_counter()
    while await _status(staff, order["order_id"]) not in _ACCEPTED:
        assert time.perf_counter() - paid_at < _LIMIT_S, "the robot never accepted it"
        await tick(_LOOK_S)
    took_ms = (time.perf_counter() - paid_at) * 1000
    await guest.until_taken(order["order_id"])
    return took_ms


async def _status(staff: aiohttp.ClientSession, order_id: str) -> str:
    async with staff.get(f"http://kiosk/internal/orders/{order_id}") as answer:
        status: str = (await answer.json())["items"][0]["portions"][0]["status"]
        return status


async def _eight_jobs() -> list[Figure]:
    world = World(speed=1.0)
    try:
        await world.start_devices()
        relay = _relay(world)
        try:
            await world.start_kiosk()
            guest = await Guest.come(world)
            for dish in ("udon-chicken", "ramen-beef", "fried-rice-egg", "pasta-cheese"):
                order = await guest.create((dish, dish))
                await guest.pay(order["order_id"])
            await tick(_WATCHED_S)
            seen = await world.internal("/internal/kitchen")
        finally:
            world.stop_kiosk()
            relay.close()
    finally:
        world.close()
    line = seen["line"]
    return [
        Figure("robot.jobs", "the line at 115200 baud: jobs in the robot's table", "", [len(seen["jobs"])]),
        Figure("robot.line_busy", "… share of the time that something is under way", "%", [line["busy_permille"] / 10]),
        Figure("robot.line_lost", "… unanswered, or answered by something foreign", "", [_lost(line)]),
    ]


def _lost(line: dict[str, int]) -> int:
    return line["unanswered"] + line["foreign"]


def _relay(world: World) -> SerialRelay:
    link = world.folder / "relay.tty"
    world.replaced = {f'"{world.folder}/robot.tty"': f'"{link}"'}
    return SerialRelay(link, world.folder / "robot.tty", Turns(), paced=True)
