"""A menu that lost an ingredient while portions of it wait: those are cooked by its number, unless nobody knows it or it
is another food's now; all others are cooked."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from tests.store import rows
from tests.store.test_never_oversold import EGG, Place, Watched


async def test_4_portion_of_an_ingredient_that_is_not_on_the_menu_fails_and_stops_no_other(database: Database) -> None:
    place = Place(database, Watched, 0)
    await place.order(msgspec.structs.replace(rows.order_line(), formula={"rice": 150, "trout": 1}))
    await place.order()
    await database.write(rows.pay, rows.payment("ORDER1", step=PaymentStep.DONE))
    await database.write(lambda tx: tx.execute("UPDATE portion SET status = 'submitting' WHERE portion_id = 1"))
    running = asyncio.create_task(place.line.run())
    try:
        await place.round()
        await place.round()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    lost, kept = [await database.read(orders.portions, order_id) for order_id in ("ORDER1", "ORDER2")]
    assert {(row.status, row.fault) for row in lost} == {(PortionStatus.FAILED, "unknown_ingredient:trout")}
    assert {row.status for row in kept} == {PortionStatus.QUEUED}
    given_back = await database.read(refunds.unrefunded_failures)
    assert [row.portion_id for row in given_back] == [row.portion_id for row in lost]


@pytest.mark.parametrize(
    ("number", "status"), [(60000, PortionStatus.QUEUED), (EGG, PortionStatus.FAILED)], ids=["its own", "another food's now"]
)
async def test_4_a_number_that_is_another_foods_now_is_never_told_to_the_robot(
    database: Database, number: int, status: PortionStatus
) -> None:
    place = Place(database, Watched, 0)
    await place.order(msgspec.structs.replace(rows.order_line(), formula={"rice": 150, "trout": 1}))
    await database.write(rows.pay, rows.payment("ORDER1", step=PaymentStep.DONE))
    await database.write(lambda tx: tx.insert("menu_ingredient", ingredient="trout", code=number))
    running = asyncio.create_task(place.line.run())
    try:
        await place.round()
        await place.round()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {row.status for row in await database.read(orders.portions, "ORDER1")} == {status}
