"""The wall clock is set after a start: what the process before it wrote stays, what this one wrote moves along."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.flows.guards.clock import ClockGuard
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.staff import climates
from kiosk.store.transaction import Tx
from tests.clocks import START, ManualClock
from tests.store import rows

HOLD = timedelta(hours=1)
COOKS_S = 300
BEHIND = (timedelta(hours=3), timedelta(days=26 * 365), -timedelta(hours=3))


class WrongClock(ManualClock):
    def set_ahead(self, by: timedelta) -> None:
        """Its monotonic time stays true."""
        self._now += by


def write(tx: Tx, order_id: str, now: datetime) -> None:
    """At this moment it was promised, its food came into its cell, and a fridge became too warm."""
    orders.set_promise(tx, order_id, COOKS_S, now + timedelta(seconds=COOKS_S))
    tx.execute(
        "UPDATE portion SET status = ?, ready_at = ?, hold_until = ? WHERE order_id = ?",
        (PortionStatus.READY, rfc3339(now), rfc3339(now + HOLD), order_id),
    )
    climates.begin(tx, f"bin_{order_id}", "too_warm", 20.0, now)


def sell(tx: Tx) -> None:
    rows.sell(tx, "BEFORE", "SINCE")
    tx.execute("UPDATE orders SET status = ?", (OrderStatus.READY,))
    write(tx, "BEFORE", START)


async def moments(database: Database, order_id: str) -> set[datetime]:
    """When each of them was, by the file."""
    order = await database.read(orders.require, order_id)
    assert order.promised_at is not None
    found = {order.promised_at - timedelta(seconds=COOKS_S)}
    found |= {row.hold_until - HOLD for row in await database.read(orders.portions, order_id) if row.hold_until}
    rows_beyond = await database.read(climates.read_excursions)
    return found | {row.since for row in rows_beyond if row.place == f"bin_{order_id}"}


@pytest.mark.parametrize("behind", BEHIND)
async def test_4_only_what_was_written_by_the_wrong_clock_moves_with_it(database: Database, behind: timedelta) -> None:
    await database.write(sell)
    booted_at = START + timedelta(minutes=10)
    clock = WrongClock(booted_at - behind)
    guard = ClockGuard(database, clock)
    clock.advance(20)
    await database.write(write, "SINCE", clock.now())
    clock.advance(20)
    clock.set_ahead(behind)
    clock.advance(5)
    await guard.look()
    assert await moments(database, "BEFORE") == {START}
    assert await moments(database, "SINCE") == {booted_at + timedelta(seconds=20)}


async def test_4_clock_that_is_set_twice_takes_along_what_it_has_moved(database: Database) -> None:
    await database.write(sell)
    clock = WrongClock(START - timedelta(hours=5))
    guard = ClockGuard(database, clock)
    clock.advance(20)
    await database.write(write, "SINCE", clock.now())
    for hours in (2, 3):
        clock.advance(20)
        clock.set_ahead(timedelta(hours=hours))
        clock.advance(5)
        await guard.look()
    assert await moments(database, "SINCE") == {START + timedelta(seconds=20)}
