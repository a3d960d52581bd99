"""A menu that lost an ingredient while portions of it wait: those are cooked by its number, unless nobody knows it or
it is another food's now; all others are cooked. What is shut stays so, whatever a menu calls it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest

from kiosk.domain.kitchen.climate import bin_place
from kiosk.domain.kitchen.lots import Lot
from kiosk.domain.kitchen.state import Kitchen, StockBin
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.ingredient import Larder
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.domain.reasons import LOT_RECALLED, TOO_WARM
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from kiosk.store.staff import climates
from tests.clocks import ManualClock
from tests.store import rows
from tests.store.holds import care_of
from tests.store.test_never_oversold import CURRENT, EGG, MENU, Place, Watched


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
    ("number", "status"),
    [(60000, PortionStatus.QUEUED), (EGG, PortionStatus.FAILED)],
    ids=["its own", "another food's now"],
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


async def test_4_recalled_food_stays_shut_under_the_id_that_another_menu_gives_it(database: Database) -> None:
    kitchen, clock = Kitchen(), ManualClock()
    lots = care_of(database, kitchen, clock, CURRENT).lots
    lot = Lot(1, 3, "trout", "A", None, clock.now(), 100, 100, 0, None, recalled=True)
    bins = [StockBin(3, "fish", "g", 100, 3000, 0, low=False, usable=True)]
    kitchen.publish(lots=(lot,), bins=bins)
    await lots.look(bins, ())
    shut = {"trout": LOT_RECALLED, "fish": LOT_RECALLED}
    assert (kitchen.now.lots_closed, kitchen.now.lots_unfit) == (shut, shut)


async def stopped(database: Database, clock: ManualClock) -> None:
    """The eggs' bin was too warm for too long."""
    place = bin_place(next(row.number for row in MENU.equipment.bins if row.ingredient == EGG))
    await database.write(climates.begin, place, TOO_WARM, 20.0, clock.now())
    (row,) = await database.read(climates.read_excursions)
    await database.write(climates.stop, row, 20.0, clock.now())


async def test_4_food_that_was_too_warm_stays_shut_under_the_id_that_another_menu_gives_it(database: Database) -> None:
    clock, current, kitchen = ManualClock(), CurrentMenu(MENU), Kitchen()
    climate = care_of(database, kitchen, clock, current).climate
    await stopped(database, clock)
    await climate.look({})
    assert kitchen.now.unsafe_ingredients == {"egg"}
    known = {name: row for name, row in MENU.ingredients.items() if name != "egg"}
    renamed = msgspec.structs.replace(MENU.ingredients["egg"], id="hen-egg")
    current.publish(replace(MENU, larder=Larder({**known, "hen-egg": renamed}, MENU.larder.allergens)), 2)
    await climate.look({})
    assert kitchen.now.unsafe_ingredients == {"hen-egg"}


async def test_4_food_that_was_too_warm_stays_shut_for_portions_of_a_menu_that_still_had_it(database: Database) -> None:
    clock, current, kitchen = ManualClock(), CurrentMenu(MENU), Kitchen()
    climate = care_of(database, kitchen, clock, current).climate
    await stopped(database, clock)
    await database.write(lambda tx: tx.insert("menu_ingredient", ingredient="egg", code=EGG))
    known = {name: row for name, row in MENU.ingredients.items() if name != "egg"}
    current.publish(replace(MENU, larder=Larder(known, MENU.larder.allergens)), 2)
    await climate.look({})
    assert kitchen.now.unsafe_ingredients == {"egg"}
