"""What orders hold and what the robot has promised itself change together: nothing is ever offered twice.

The kitchen's line works with a robot whose jobs begin, end and fail by a seeded script. Whatever is published, at
whatever moment, offers no more than lies in the bins beside the food of every portion that is still to be made.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from drivers.robot.port import (
    Bin,
    BinFlag,
    BinUnit,
    Cell,
    CellState,
    ComplexCommand,
    ComplexState,
    CookingOrder,
    Health,
    HealthFlag,
    Job,
    JobState,
    LineQuality,
    Station,
)
from kiosk.catalogue import load_menu
from kiosk.checkpoints import Checkpoints
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen, free_amounts
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import OrderLine, OrderStatus
from kiosk.flows.stock.reservations import Reservations
from kiosk.kitchen.controller import KitchenLine
from kiosk.kitchen.progress import MAX_ATTEMPTS
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx
from tests.clocks import ManualClock
from tests.store import rows
from tests.store.holds import care_of

MENU = load_menu(None)
CURRENT = CurrentMenu(MENU)
CODES = {name: row.code for name, row in MENU.ingredients.items()}
FORMULA = {"rice": 150, "egg": 1}
RICE, EGG = CODES["rice"], CODES["egg"]
DEADLINE_S = 20.0
LEFT = (JobState.QUEUED, JobState.COOKING, JobState.HELD)


@dataclass
class Robot:
    """As much of a complex as holds food; `looks` counts the rounds of the line."""

    levels: dict[int, int] = field(default_factory=lambda: {RICE: 3000, EGG: 40})
    table: dict[int, Job] = field(default_factory=dict)
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0

    def committed(self, code: int) -> int:
        per = {RICE: 150, EGG: 1}[code]
        return per * sum(job.state in LEFT and not job.food_spent for job in self.table.values())

    def change(self, job_id: int, state: JobState, *, spent: bool) -> None:
        before = self.table[job_id]
        if spent and not before.food_spent:
            self.levels[RICE] -= 150
            self.levels[EGG] -= 1
        cell = 1 + job_id % 6 if state is JobState.READY else 0
        self.table[job_id] = replace(before, state=state, food_spent=spent, cell=cell, phase=1)

    async def health(self) -> Health:
        return Health(1, 100, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 1, 1, 1, 8, 2, 6, 0)

    async def jobs(self) -> tuple[Job, ...]:
        return tuple(self.table.values())

    async def bins(self) -> tuple[Bin, ...]:
        units = {RICE: BinUnit.GRAM, EGG: BinUnit.PIECE}
        return tuple(
            Bin(n, code, units[code], BinFlag(0), self.levels[code], 3000, self.committed(code))
            for n, code in enumerate((RICE, EGG), 1)
        )

    async def cells(self) -> tuple[Cell, ...]:
        self.looks += 1
        self.turn.set()
        return tuple(Cell(n, CellState.FREE) for n in range(1, 7))

    async def stations(self) -> tuple[Station, ...]:
        return ()

    def line_quality(self) -> LineQuality:
        return LineQuality()

    async def fault_text(self) -> str:
        return ""

    async def beat(self) -> None:
        return

    async def submit(self, order: CookingOrder) -> None:
        self.table[order.job_id] = Job(
            order.job_id, order.attempt, 1, JobState.QUEUED, 0, 0, 60, 0, 0, food_spent=False
        )

    async def cancel(self, job_id: int, attempt: int) -> None:
        return

    async def release(self, job_id: int, attempt: int) -> None:
        self.table.pop(job_id, None)

    async def open_cell(self, cell: int, job_id: int) -> None:
        return

    async def set_bin(self, bin_number: int, level: int) -> None:
        return

    async def command(self, command: ComplexCommand) -> None:
        return

    async def acknowledge_fault(self) -> None:
        return

    async def close(self) -> None:
        return


class Watched(Kitchen):
    """Tells of each state that is published."""

    def __init__(self, tell: Callable[[Kitchen], None]) -> None:
        super().__init__([*MENU.charts(), rows.CHART], MENU.equipment)
        self._tell = tell

    def publish(self, **changes: Any) -> None:
        super().publish(**changes)
        self._tell(self)


class Hasty(Watched):
    """Planted: what the bins tell is sold at once, as before."""

    def publish(self, **changes: Any) -> None:
        if "bins" in changes:
            changes["free"] = free_amounts(changes["bins"])
        super().publish(**changes)


class Place:
    """A restaurant that sells rice."""

    def __init__(self, database: Database, kitchen: type[Watched], seed: int) -> None:
        self.database, self.robot, self.clock = database, Robot(), ManualClock()
        self.chance = random.Random(seed)
        self.oversold: list[str] = []
        self.to_be_made: set[int] = set()  # portions whose food lies in the bins still
        self.orders = 0
        self.kitchen = kitchen(self._judge)
        self.reservations = Reservations(database, CURRENT, self.kitchen, self.clock)
        self.line = KitchenLine(
            database, self.robot, self.clock, menu=CURRENT, kitchen=self.kitchen, readiness=Readiness(("robot",)),
            care=care_of(database, self.kitchen, self.clock, CURRENT), checkpoint=Checkpoints({}),
        )  # fmt: skip

    def _judge(self, kitchen: Kitchen) -> None:
        state = kitchen.now
        for name, amount in FORMULA.items():
            offered = state.levels().get(name, 0) - state.held.get(name, 0)
            there = self.robot.levels[CODES[name]] - amount * len(self.to_be_made)
            if offered > there:
                self.oversold.append(f"{name}: {offered} offered, {there} there")

    async def order(self, line: OrderLine | None = None) -> None:
        """Two portions, paid; of rice and egg where it is not said otherwise."""
        self.orders += 1
        order_id, now = f"ORDER{self.orders}", self.clock.now()

        def run(tx: Tx) -> list[int]:
            if self.orders == 1:
                rows.open_shop(tx)
            row = msgspec.structs.replace(rows.order(order_id), number=f"A{self.orders:02d}")
            orders.add(tx, row, [line or rows.order_line()])
            ids = [portion.portion_id for portion in orders.portions(tx, order_id)]
            stocks.reserve(tx, order_id, [(portion_id, FORMULA) for portion_id in ids], now + timedelta(minutes=9), now)
            stocks.commit(tx, order_id)
            for status in (OrderStatus.PAYING, OrderStatus.PAID):
                row = orders.move(tx, row, status, now)
            orders.plan_to_wait(tx, order_id)
            return ids

        self.to_be_made |= set(await self.database.write(run))

    def act(self) -> None:
        """Something happens to one of the robot's jobs."""
        jobs = [job for job in self.robot.table.values() if job.state in LEFT]
        if not jobs:
            return
        job = self.chance.choice(jobs)
        if job.food_spent:
            self.robot.change(job.job_id, JobState.READY, spent=True)
        elif self.chance.random() < 0.5:
            self.robot.change(job.job_id, JobState.FAILED, spent=False)  # held too long: it is to be made again
            if job.attempt >= MAX_ATTEMPTS:
                self.to_be_made.discard(job.job_id)
        else:
            self.robot.change(job.job_id, JobState.COOKING, spent=True)
            self.to_be_made.discard(job.job_id)

    async def round(self) -> None:
        """Until the line has looked at everything, twice."""
        seen = self.robot.looks
        async with asyncio.timeout(DEADLINE_S):
            while self.robot.looks < seen + 2:
                self.robot.turn.clear()
                self.line.wake()
                await self.robot.turn.wait()


async def live(database: Database, kitchen: type[Watched], seed: int) -> list[str]:
    place = Place(database, kitchen, seed)
    await place.order()
    await place.reservations.restore()
    running = asyncio.create_task(place.line.run())
    try:
        await place.round()
        for _ in range(30):
            if place.orders < 8 and place.chance.random() < 0.3:
                await place.order()
            place.act()
            await place.round()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert place.kitchen.now.linked
    return place.oversold


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_offered_that_an_order_is_to_be_made_of(database: Database, seed: int) -> None:
    assert await live(database, Watched, seed) == []


async def test_a_kitchen_that_sells_what_the_bins_tell_at_once_is_caught(database: Database) -> None:
    assert await live(database, Hasty, 1)
