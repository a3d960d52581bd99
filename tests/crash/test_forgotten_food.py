"""kill -9 while food stands in its cell that nobody fetches: its guest is reminded once, it is thrown away once, its
cell is named to staff, its money goes back once. Planted twins of both are caught."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

import pytest

from kiosk.checkpoints import FOOD_POINTS
from kiosk.domain.kitchen.holding import Told
from kiosk.domain.ordering.order import PortionStatus
from kiosk.kitchen.holding import Holding
from kiosk.store.ordering import cooking, holding, messages, orders
from kiosk.store.transaction import Tx
from kiosk.wiring import Parts
from tests.crash.bombs import AtPoint
from tests.crash.judging import judged
from tests.crash.rig import Purchase, World
from tests.crash.sweeping import struck

PHONE = "+79161234567"
_RULES = """
[cells]
remind_s = 1
call_staff_s = 2
hold_s = 3
"""


class _MarkedApart(Holding):
    """That its guest was told is written before the message is."""

    async def _remind(
        self, order_id: str, work: Mapping[int, cooking.WorkRow], open_ones: Collection[int], now: datetime
    ) -> None:
        rows = [row for row in work.values() if row.order_id == order_id and row.status is PortionStatus.READY]
        told = self._due(order_id, work, now)
        if told is Told.NOBODY or not await self._db.write(holding.tell, [row.portion_id for row in rows], told):
            return
        self._cp("food.told")
        await self._db.write(self._message, [row for row in rows if row.reminded == Told.NOBODY])

    def _message(self, tx: Tx, rows: list[cooking.WorkRow]) -> None:
        for row in rows:
            to = messages.recipient(tx, row.order_id)
            assert to is not None
            cell = str(row.cell)
            self._book.remind(tx, row.order_id, row.portion_id, row.attempt, to, number=row.number, cells=cell)


class _LockedApart(Holding):
    """What is thrown away is written before its cell is locked."""

    async def _spoil(self, rows: Sequence[cooking.WorkRow], cell: int, cause: str, now: datetime) -> None:
        def fail(tx: Tx, portion_id: int) -> None:
            orders.move_portion(tx, orders.require_portion(tx, portion_id), PortionStatus.FAILED, fault=cause)

        for row in rows:
            await self._db.write(fail, row.portion_id)
            self._cp("food.spoiled")
            await self._db.write(holding.lock, row.portion_id, cell, now)


def marked_apart() -> Parts:
    return Parts(holding=_MarkedApart)


def locked_apart() -> Parts:
    return Parts(holding=_LockedApart)


@contextlib.contextmanager
def nobody_comes(variant: Callable[[], Parts] | None = None) -> Iterator[World]:
    with contextlib.closing(World(_RULES, variant)) as place:
        place.devices.fault("robot", "nobody_comes")
        yield place


def forget(place: World, port: int) -> Purchase:
    """A guest who wants to be told, pays, and goes home."""
    return place.buy(port, notify=PHONE)


def of_food(place: World) -> Iterator[str]:
    """What is wrong with the food of every purchase, once all is over."""
    with contextlib.closing(sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)) as books:
        asked = "SELECT count(*) FROM message WHERE order_id = ? AND client_id LIKE '%:forgotten:%'"
        for purchase in place.purchases:
            (reminders,) = books.execute(asked, (purchase.order_id,)).fetchone()
            if reminders != 1:
                yield f"{purchase.order_id}: {reminders} reminders"
            view = place.views[purchase.order_id]
            reasons = [refund["reason"] for refund in view["refunds"]]
            if (view["status"], reasons) != ("refunded", ["not_fetched"]):
                yield f"{purchase.order_id}: {view['status']}, {reasons}"
    named = [row for row in place.staff("GET", "/internal/stuck").body["stuck"] if row["kind"] == "cell_locked"]
    if len(named) != len(place.purchases):
        yield f"{len(named)} cells are named for {len(place.purchases)} portions that were thrown away"


def test_4_killed_while_nobody_fetches_it_food_is_told_of_once_and_thrown_away_once() -> None:
    with nobody_comes() as place:
        for bomb in (*(partial(AtPoint, name) for name in FOOD_POINTS), partial(AtPoint, "food.told", 2)):
            assert struck(place, bomb, forget, within_s=20.0), bomb
        assert judged(place) == []
        assert [*of_food(place)] == []


@pytest.mark.parametrize(("variant", "point"), [(marked_apart, "food.told"), (locked_apart, "food.spoiled")])
def test_4_planted_bug_around_food_that_nobody_fetches_is_caught(variant: Callable[[], Parts], point: str) -> None:
    with nobody_comes(variant) as place:
        assert struck(place, partial(AtPoint, point), forget, within_s=20.0)
        judged(place)
        caught = [*of_food(place)]
        place.found += len(caught)
        assert caught != []


@pytest.mark.parametrize("variant", [marked_apart, locked_apart])
def test_4_planted_bug_around_food_that_nobody_fetches_is_none_without_a_kill(variant: Callable[[], Parts]) -> None:
    with nobody_comes(variant) as place:
        port = place.alive()
        place.wait_open(port)
        forget(place, port)
        place.settle(port)
        assert [*of_food(place)] == []
