"""A lunch of 200 orders an hour at four screens, with devices as slow as real ones.

The bank takes 1.2 s for a charge, every command of the registrar 40 ms and its bytes the time of 115200 baud, the robot
cooks at its own pace. A screen is what its page asks for, one call after another, and a guest who needs some seconds to
choose; the page itself is measured by `tests.bench.page`.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable
from typing import Any

from tests.bench.figures import Figure
from tests.bench.paying import watched
from tests.bench.world import Guest, World, most_in_stock, tick

SCREENS, PER_HOUR = 4, 200
LUNCH_MIN, LONG_LUNCH_MIN = 2.0, 30.0
_BANK_S, _COMMAND_S = 1.2, 0.04
_CHOOSES_S = (2.0, 8.0)
_ROBOT_S = 1800.0
STEPS = {"menu": "menu", "estimate": "sum of a cart", "create": "order created", "pay": "last tap to number"}


class Lunch:
    def __init__(self, world: World, minutes: float) -> None:
        self._world = world
        self._end = time.perf_counter() + minutes * 60
        self.took_ms: dict[str, list[float]] = defaultdict(list)
        self.sold: list[str] = []

    async def _timed(self, step: str, call: Awaitable[Any]) -> Any:
        began = time.perf_counter()
        found = await call
        self.took_ms[step].append((time.perf_counter() - began) * 1000)
        return found

    async def screen(self, number: int) -> None:
        """Guests come a quarter as often as to the restaurant, the screens one after another."""
        chance = random.Random(number)
        every_s = 3600 / PER_HOUR * SCREENS
        start = self._end - max(0.0, self._end - time.perf_counter()) + every_s * number / SCREENS
        for turn in itertools.count():
            at = start + turn * every_s
            if at >= self._end:
                return
            await tick(max(0.001, at - time.perf_counter()))
            await self._order(chance)

    async def _order(self, chance: random.Random) -> None:
        guest = await Guest.come(self._world)
        await self._timed("menu", guest.call("GET", "/api/menu/categories"))
        await tick(chance.uniform(*_CHOOSES_S))
        dishes = await most_in_stock(self._world, chance.randint(1, 3))
        cart = {"items": [{"item_id": dish, "quantity": 1} for dish in dishes], "service": "dine_in"}
        await self._timed("estimate", guest.call("POST", "/api/orders/estimate", cart))
        order = await self._timed("create", guest.create(dishes))
        self.took_ms["pay"].append(await guest.pay(order["order_id"]))
        self.sold.append(order["order_id"])
        guest.leave()

    async def lost(self) -> int:
        """Orders that were paid and not handed out within half an hour."""
        end = time.perf_counter() + _ROBOT_S
        left = set(self.sold)
        while left and time.perf_counter() < end:
            for order_id in list(left):
                if (await self._world.internal(f"/internal/orders/{order_id}"))["status"] == "completed":
                    left.discard(order_id)
            await tick(1.0)
        return len(left)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18] if len(values) > 1 else values[0]


async def measure(minutes: float = LUNCH_MIN) -> list[Figure]:
    world = World(speed=1.0)
    try:
        await world.start_devices()
        world.switch("bank", "slow", seconds=_BANK_S)
        world.switch("fiscal", "slow", seconds=_COMMAND_S)
        async with watched(world, paced=True):
            await world.start_kiosk()
            lunch = Lunch(world, minutes)
            await asyncio.gather(*(lunch.screen(number) for number in range(SCREENS)))
            lost = await lunch.lost()
            audit = await world.internal("/internal/audit")
    finally:
        world.close()
    found = [
        Figure(
            "lunch.orders",
            f"lunch of {minutes:g} min, {PER_HOUR} orders/h, {SCREENS} screens: sold",
            "orders",
            [len(lunch.sold)],
        ),
        Figure("lunch.lost", "… lost, or named by the audit", "orders", [lost + len(audit["mismatches"])]),
    ]
    return found + [
        Figure(f"lunch.{step}_p95", f"… {text}, p95", "ms", [_p95(lunch.took_ms[step])]) for step, text in STEPS.items()
    ]
