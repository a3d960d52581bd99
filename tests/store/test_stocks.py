"""Reservations: what is held until when, what stays, what the robot took over; the stop list."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import pytest

from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.domain.staff.stuck import Move
from kiosk.flows.staff.stuck import decide_portion
from kiosk.store.database import Database
from kiosk.store.file.opening import migrations
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows

SOON = START + timedelta(minutes=2)
LATE = START + timedelta(minutes=5)
FORMULA = {"rice": 150, "egg": 1}


def hold(tx: Tx, order_id: str = "ORDER1", expires_at: datetime = SOON) -> stocks.ReservationRow:
    """Hold the formulas of an order's portions."""
    portions = [(row.portion_id, FORMULA) for row in orders.portions(tx, order_id)]
    return stocks.reserve(tx, order_id, portions, expires_at, START)


@pytest.fixture
async def shop(database: Database) -> Database:
    await database.write(rows.sell, "ORDER1", "ORDER2")
    return database


async def held(database: Database, now: datetime = START) -> dict[str, int]:
    """What is held, as the writer and as a reader sees it."""
    by_writer = await database.read(stocks.held, now)
    assert await database.read(stocks.held, now) == by_writer
    return by_writer


async def test_a_reservation_holds_every_portions_formula(shop: Database) -> None:
    await shop.write(hold)
    assert await held(shop) == {"rice": 300, "egg": 2}
    await shop.write(hold, "ORDER2")
    assert await held(shop) == {"rice": 600, "egg": 4}


async def test_a_hold_ends_by_itself_at_its_time(shop: Database) -> None:
    await shop.write(hold)
    assert await held(shop, SOON - timedelta(milliseconds=1)) == {"rice": 300, "egg": 2}
    assert await held(shop, SOON) == {}


async def test_a_hold_does_not_end_while_its_order_is_being_paid(shop: Database) -> None:
    def move(tx: Tx, status: OrderStatus) -> None:
        orders.move(tx, orders.require(tx, "ORDER1"), status, START)

    row = await shop.write(hold)
    await shop.write(move, OrderStatus.PAYING)
    assert await held(shop, LATE) == {"rice": 300, "egg": 2}
    assert (await shop.read(stocks.read_holds, LATE)).held == {"rice": 300, "egg": 2}
    await shop.write(lambda tx: stocks.reserve(tx, "ORDER2", [], LATE, LATE))  # which releases what has expired
    assert await held(shop, LATE) == {"rice": 300, "egg": 2}
    await shop.write(move, OrderStatus.CREATED)
    assert await held(shop, LATE) == {}
    assert await shop.write(stocks.release, row.reservation_id)


async def test_a_hold_can_be_prolonged(shop: Database) -> None:
    row = await shop.write(hold)
    await shop.write(stocks.prolong, row.reservation_id, LATE)
    assert await held(shop, SOON) == {"rice": 300, "egg": 2}
    assert await held(shop, LATE) == {}


async def test_a_paid_orders_hold_stays(shop: Database) -> None:
    row = await shop.write(hold)
    await shop.write(stocks.commit, "ORDER1")
    assert await held(shop, LATE) == {"rice": 300, "egg": 2}
    assert not await shop.write(stocks.release, row.reservation_id)
    await shop.write(stocks.prolong, row.reservation_id, START)
    assert await held(shop, LATE) == {"rice": 300, "egg": 2}


async def test_a_released_hold_is_gone_and_can_be_released_once(shop: Database) -> None:
    row = await shop.write(hold)
    assert await shop.write(stocks.release, row.reservation_id)
    assert await held(shop) == {}
    assert not await shop.write(stocks.release, row.reservation_id)
    assert not await shop.write(stocks.release, "unknown")


async def test_a_refunded_orders_hold_is_freed_committed_or_not(shop: Database) -> None:
    await shop.write(hold)
    await shop.write(hold, "ORDER2")
    await shop.write(stocks.commit, "ORDER1")
    await shop.write(stocks.release_order, "ORDER1")
    assert await held(shop) == {"rice": 300, "egg": 2}


async def test_what_the_robot_counts_is_not_counted_twice(shop: Database) -> None:
    await shop.write(hold)
    first, second = [row.portion_id for row in await shop.read(orders.portions, "ORDER1")]
    await shop.write(stocks.commit, "ORDER1")
    await shop.write(stocks.hand_over, [first])
    assert await held(shop) == {"rice": 150, "egg": 1}
    await shop.write(stocks.hand_over, [first, second])
    assert await held(shop) == {}
    await shop.write(stocks.take_back, second)
    assert await held(shop) == {"rice": 150, "egg": 1}


async def test_an_order_has_one_live_reservation(shop: Database) -> None:
    row = await shop.write(hold)
    with pytest.raises(sqlite3.IntegrityError):
        await shop.write(hold)
    assert await shop.write(stocks.live_reservation, "ORDER1", START) == row
    assert await shop.write(stocks.live_reservation, "ORDER2", START) is None


async def test_an_expired_reservation_makes_room_for_a_new_one(shop: Database) -> None:
    await shop.write(hold)
    assert await shop.write(stocks.live_reservation, "ORDER1", SOON) is None
    again = await shop.write(hold, expires_at=LATE)
    assert await shop.write(stocks.live_reservation, "ORDER1", SOON) == again
    assert await held(shop, SOON) == {"rice": 300, "egg": 2}


async def test_a_committed_reservation_lives_past_its_time(shop: Database) -> None:
    row = await shop.write(hold)
    await shop.write(stocks.commit, "ORDER1")
    found = await shop.write(stocks.live_reservation, "ORDER1", LATE)
    assert found is not None
    assert (found.reservation_id, found.status) == (row.reservation_id, "committed")


async def test_a_reservation_tells_its_amounts(shop: Database) -> None:
    row = await shop.write(hold)
    found = await shop.read(stocks.reserved_amounts, row.reservation_id)
    assert {line.ingredient: line.amount for line in found} == {"rice": 300, "egg": 2}


async def stopped(database: Database, now: datetime) -> list[str]:
    return sorted(row.item_id or f"{row.ingredient}!" for row in await database.read(stocks.read_stop_list, now))


async def test_a_dish_is_stopped_for_good_until_a_time_or_until_it_is_resumed(database: Database) -> None:
    def item(name: str, until_at: datetime | None = None) -> stocks.StopRow:
        return stocks.StopRow(name, None, until_at)

    await database.write(stocks.stop, item("tea"), "peer:0")
    await database.write(stocks.stop, item("cola", SOON), "peer:0")
    assert await stopped(database, START) == ["cola", "tea"]
    assert await stopped(database, SOON) == ["tea"]
    await database.write(stocks.stop, item("cola", LATE), "peer:0")
    assert await stopped(database, SOON) == ["cola", "tea"]
    await database.write(stocks.resume, item("tea"))
    assert await stopped(database, SOON) == ["cola"]


async def test_an_ingredient_is_stopped_beside_a_dish_of_the_same_name(database: Database) -> None:
    dish, ingredient = stocks.StopRow("tea", None, None), stocks.StopRow(None, "tea", None)
    for row in (dish, ingredient, ingredient):
        await database.write(stocks.stop, row, "peer:0")
    assert await stopped(database, START) == ["tea", "tea!"]
    await database.write(stocks.resume, dish)
    assert await stopped(database, START) == ["tea!"]


def lose(tx: Tx, fault: str) -> list[int]:
    """A paid order whose portions failed before the robot counted their food."""
    hold(tx)
    stocks.commit(tx, "ORDER1")
    tx.execute("UPDATE portion SET status = 'failed', fault = ? WHERE order_id = 'ORDER1'", (fault,))
    return [row.portion_id for row in orders.portions(tx, "ORDER1")]


@pytest.mark.parametrize("fault", ["restored", "late", f"{orders.WRITTEN_OFF}: it fell"])
async def test_nothing_is_held_for_a_lost_portion_that_a_person_accepts(shop: Database, fault: str) -> None:
    for portion_id in await shop.write(lose, fault):
        await shop.write(decide_portion, portion_id, Move.ACCEPT)
    assert await held(shop) == {}


async def test_a_lost_portion_that_is_cooked_again_or_given_back_is_held_or_not(shop: Database) -> None:
    again, back = await shop.write(lose, "restored")
    await shop.write(decide_portion, again, Move.RETRY)
    assert await held(shop) == {"rice": 300, "egg": 2}

    def give_back(tx: Tx) -> bool:
        payment = rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        refunds.add_refund(
            tx, payment, refund_id="R1", amount_kopecks=100, portions=[back], whole=False, reason="r", actor="a",
            now=START,
        )  # fmt: skip
        return refunds.drop_given_back(tx, back)

    assert await shop.write(give_back)
    assert await held(shop) == FORMULA


@pytest.mark.parametrize("over", [PortionStatus.HANDED_OUT, PortionStatus.WRITTEN_OFF, PortionStatus.DROPPED])
async def test_what_was_held_for_good_by_an_older_program_is_free_after_the_upgrade(
    shop: Database, over: PortionStatus
) -> None:
    first, _ = await shop.write(lose, "restored")

    def upgrade(tx: Tx) -> None:
        tx.execute("UPDATE portion SET status = ? WHERE portion_id = ?", (over, first))
        tx.execute(dict(migrations())[25])

    await shop.write(upgrade)
    assert await held(shop) == FORMULA
