"""What the hall is shown of a cell: a number only where its guest finds food that is his."""

from __future__ import annotations

import pytest

from drivers.robot.port import CellState, Job, JobState
from kiosk.catalogue import load_menu
from kiosk.domain.kitchen.show import ShownCell
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import OrderStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.kitchen.showing import Showing
from kiosk.store.database import Database
from kiosk.store.ordering import cooking, orders
from kiosk.store.payment import refunds
from kiosk.store.transaction import Tx
from tests.clocks import START, ManualClock
from tests.complexes import cell_with
from tests.store import rows
from tests.store.test_silent_robot import Complex

WITH_FOOD = (CellState.LOADED, CellState.OPEN, CellState.FAULT)
WORDS = {CellState.LOADED: "filled", CellState.OPEN: "open", CellState.FAULT: "closed", CellState.RESERVED: "reserved"}


async def shown(
    database: Database, state: CellState, columns: str, *, given_back: bool = False, job_cell: int = 0
) -> ShownCell:
    """Cell 1, where the robot holds food of the first portion of A01; `columns`: what the books say of that."""
    portion_id = 0

    def sell(tx: Tx) -> None:
        nonlocal portion_id
        rows.sell(tx, "ORDER1")
        payment = rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        portion_id = orders.portions(tx, "ORDER1")[0].portion_id
        tx.execute("UPDATE orders SET status = ?", (OrderStatus.COOKING,))
        tx.execute(f"UPDATE portion SET {columns} WHERE portion_id = ?", (portion_id,))
        if given_back:
            refunds.add_refund(
                tx, payment, refund_id="R1", amount_kopecks=100, portions=[portion_id], whole=False, reason="r",
                actor="a", now=START,
            )  # fmt: skip

    await database.write(sell)
    kitchen = Kitchen([rows.CHART])
    showing = Showing(kitchen, CurrentMenu(load_menu(None)), ManualClock(), Complex())
    work = {row.portion_id: row for row in await database.read(cooking.read_work)}
    job = Job(portion_id, 2, 1, JobState.COOKING, 1, 0, 60, job_cell, 0, food_spent=True)
    showing.look(None, {portion_id: job} if job_cell else {}, [cell_with(1, state, portion_id)], work)
    (found,) = kitchen.now.show.cells
    return found


@pytest.mark.parametrize("state", WITH_FOOD)
async def test_4_2_number_is_shown_where_its_food_is(database: Database, state: CellState) -> None:
    assert await shown(database, state, "status = 'ready', cell = 1") == ShownCell(1, WORDS[state], "A01", portions=1)


@pytest.mark.parametrize("state", WITH_FOOD)
@pytest.mark.parametrize(
    "columns",
    [
        "status = 'failed', cell = 1, fault = 'spoiled_by_time'",
        "status = 'failed', cell = 1, fault = 'written_off: dropped'",
        "status = 'waiting', attempt = 2, cell = NULL",
        "status = 'ready', attempt = 2, cell = 3",
        "status = 'handed_out', cell = 1",
    ],
)
async def test_4_2_food_that_was_thrown_away_is_behind_a_closed_door(
    database: Database, state: CellState, columns: str
) -> None:
    assert await shown(database, state, columns) == ShownCell(1, "closed", None)


@pytest.mark.parametrize("state", WITH_FOOD)
async def test_4_2_food_whose_money_went_back_is_nobodys(database: Database, state: CellState) -> None:
    found = await shown(database, state, "status = 'ready', cell = 1", given_back=True)
    assert found == ShownCell(1, "closed", None)


@pytest.mark.parametrize(
    ("state", "job_cell", "expected"),
    [
        (CellState.RESERVED, 1, ShownCell(1, "reserved", "A01")),
        (CellState.LOADED, 1, ShownCell(1, "filled", "A01", portions=1)),
        (CellState.LOADED, 3, ShownCell(1, "closed", None)),
    ],
)
async def test_4_2_cell_of_what_is_made_anew_is_not_that_of_what_was_made_before(
    database: Database, state: CellState, job_cell: int, expected: ShownCell
) -> None:
    assert await shown(database, state, "status = 'cooking', attempt = 2", job_cell=job_cell) == expected
