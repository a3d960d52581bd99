"""From a thousand orders to a million: each size against the smallest, in turn, both running all the while."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.load import closed_loop
from tests.bench.orders import requests
from tests.bench.world import Guest, World, most_in_stock, tick
from tests.growth.__main__ import grow

SIZES = (1_000, 100_000)
LONG_SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 3
_CLIENTS, _SECONDS, _PAYMENTS, _AUDITS = 32, 3.0, 6, 3


async def seed() -> World:
    """One order was completed and read by every consumer; all is stopped, and what devices know stands beside."""
    world = World()
    await world.start_devices()
    await world.start_kiosk()
    guest = await Guest.come(world)
    order = await guest.create()
    await guest.pay(order["order_id"])
    await guest.until_taken(order["order_id"])
    await tick(1.0)
    world.stop_kiosk()
    world.stop_devices()
    return world


class Grown:
    """A world of `size` orders and what was measured there."""

    def __init__(self, size: int, like: Path) -> None:
        self.size = size
        self.world = World(like=like)
        began = time.perf_counter()
        grow(self.world.folder / "kiosk.db", size)
        self.made_per_s = size / (time.perf_counter() - began)
        self.file_mb = self.world.file_mb()
        self.starts: list[float] = []
        self.created: list[float] = []
        self.paid: list[float] = []
        self.audits: list[float] = []
        self.audits_of_yesterday: list[float] = []
        self.memory_mb = 0.0

    async def start(self) -> None:
        self.world.stop_kiosk()
        self.starts.append((await self.world.start_kiosk())[1])

    async def load(self) -> None:
        asked = await requests(self.world, _CLIENTS)
        self.created.append((await closed_loop(self.world.port, asked, _SECONDS)).per_s)

    async def pay(self) -> None:
        guest, took = await Guest.come(self.world), []
        for _ in range(_PAYMENTS):
            order = await guest.create(await most_in_stock(self.world, 3))
            took.append(await guest.pay(order["order_id"]))
            await guest.until_taken(order["order_id"])
        guest.leave()
        self.paid.append(statistics.median(took))

    async def audit(self) -> None:
        """Of the last 31 days with every device, and of our own books of yesterday."""
        day = (datetime.now(UTC) - timedelta(days=1)).date()
        for path, took_s in (
            ("/internal/audit", self.audits),
            (f"/internal/audit?from={day}&to={day}", self.audits_of_yesterday),
        ):
            began = time.perf_counter()
            found = await self.world.internal(path)
            took_s.append(time.perf_counter() - began)
            assert found["mismatches"] == [], found["mismatches"][:5]
        self.memory_mb = self.world.memory_mb()


async def compared(small: Grown, large: Grown) -> None:
    """A B A B: whatever the machine does besides meets both."""
    for _ in range(ROUNDS):
        for each in (small, large):
            await each.start()
    for step in (Grown.pay, Grown.load):
        for _ in range(ROUNDS):
            for each in (small, large):
                await step(each)
    for _ in range(_AUDITS):
        for each in (small, large):
            await each.audit()


def figures_of(small: Grown, large: Grown) -> list[Figure]:
    key, size = f"growth.{large.size}", f"{large.size:,}"
    by_round = list(zip(small.created[-ROUNDS:], large.created, strict=True))
    paid = list(zip(small.paid[-ROUNDS:], large.paid, strict=True))
    started = list(zip(small.starts[-ROUNDS:], large.starts, strict=True))
    return [
        Figure(f"{key}.creation", f"{size} orders: creation, 32 clients", "/s", large.created),
        Figure(f"{key}.creation_ratio", "… of that at 1,000", "×", [new / old for old, new in by_round]),
        Figure(f"{key}.payment", f"{size} orders: payment, median", "ms", large.paid),
        Figure(f"{key}.payment_ratio", "… of that at 1,000", "×", [new / old for old, new in paid]),
        Figure(f"{key}.start", f"{size} orders: start until it sells", "s", large.starts),
        Figure(f"{key}.start_more", "… more than at 1,000", "s", [new - old for old, new in started]),
        Figure(f"{key}.audit", f"{size} orders: audit of 31 days", "s", large.audits),
        Figure(f"{key}.audit_of_yesterday", f"{size} orders: audit of yesterday", "s", large.audits_of_yesterday),
        Figure(f"{key}.memory", f"{size} orders: resident memory", "MB", [large.memory_mb]),
        Figure(f"{key}.file", f"{size} orders: the file", "MB", [large.file_mb]),
        Figure(f"{key}.made", f"{size} orders: `tests.growth`", "/s", [large.made_per_s]),
    ]


def base_figures(small: Grown) -> list[Figure]:
    key, size = f"growth.{small.size}", f"{small.size:,}"
    return [
        Figure(f"{key}.creation", f"{size} orders: creation, 32 clients", "/s", small.created),
        Figure(f"{key}.payment", f"{size} orders: payment, median", "ms", small.paid),
        Figure(f"{key}.start", f"{size} orders: start until it sells", "s", small.starts),
        Figure(f"{key}.audit", f"{size} orders: audit of 31 days", "s", small.audits),
        Figure(f"{key}.audit_of_yesterday", f"{size} orders: audit of yesterday", "s", small.audits_of_yesterday),
        Figure(f"{key}.file", f"{size} orders: the file", "MB", [small.file_mb]),
    ]


async def measure(sizes: Sequence[int] = SIZES) -> list[Figure]:
    first = await seed()
    worlds: list[Grown] = []
    try:
        small = Grown(sizes[0], first.folder)
        worlds.append(small)
        await small.world.start_devices()
        found: list[Figure] = []
        for size in sizes[1:]:
            large = Grown(size, first.folder)
            worlds.append(large)
            await large.world.start_devices()
            await compared(small, large)
            found += figures_of(small, large)
            large.world.close()
        return [*base_figures(small), *found]
    finally:
        for each in worlds:
            each.world.close()
        first.close()
