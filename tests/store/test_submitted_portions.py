"""What the robot's answer to a SUBMIT may find: a portion that was given up, or given back, while it was on its way."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.domain.events import StoredEvent
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.kitchen import progress
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows


async def after_the_answer(
    shop: Database, before: PortionStatus, answered: PortionStatus, *, given_back: bool = False
) -> PortionStatus:
    """The status of the first portion of a paid order."""

    def run(tx: Tx) -> PortionStatus:
        rows.sell(tx, "ORDER1")
        payment = rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        portion_id = orders.portions(tx, "ORDER1")[0].portion_id
        tx.execute("UPDATE portion SET status = ? WHERE portion_id = ?", (before, portion_id))
        if given_back:
            refunds.add_refund(
                tx, payment, refund_id="R1", amount_kopecks=100, portions=[portion_id], whole=False, reason="r",
                actor="a", now=START,
            )  # fmt: skip
        progress.submitted(tx, portion_id, answered, START)
        row = orders.portion(tx, portion_id)
        assert row is not None
        return row.status

    return await shop.write(run)


@pytest.mark.parametrize("answered", [PortionStatus.QUEUED, PortionStatus.WAITING])
@pytest.mark.parametrize("given_up", [PortionStatus.FAILED, PortionStatus.DROPPED])
async def test_4_portion_given_up_while_the_answer_was_on_its_way_stays_so(
    database: Database, given_up: PortionStatus, answered: PortionStatus
) -> None:
    assert await after_the_answer(database, given_up, answered) is given_up


@pytest.mark.parametrize("answered", [PortionStatus.QUEUED, PortionStatus.WAITING])
async def test_4_portion_is_queued_or_waits_as_the_robot_says(database: Database, answered: PortionStatus) -> None:
    assert await after_the_answer(database, PortionStatus.SUBMITTING, answered) is answered


async def test_4_portion_given_back_meanwhile_and_refused_is_not_sent_again(database: Database) -> None:
    found = await after_the_answer(database, PortionStatus.SUBMITTING, PortionStatus.WAITING, given_back=True)
    assert found is PortionStatus.DROPPED


@pytest.mark.parametrize(("answered", "held"), [(PortionStatus.QUEUED, {}), (PortionStatus.WAITING, {"rice": 150})])
async def test_4_food_that_the_robot_counts_is_held_no_more_from_the_same_commit_on(
    database: Database, answered: PortionStatus, held: dict[str, int]
) -> None:
    def run(tx: Tx) -> None:
        rows.sell(tx, "ORDER1")
        portion_id = orders.portions(tx, "ORDER1")[0].portion_id
        stocks.reserve(tx, "ORDER1", [(portion_id, {"rice": 150})], START, START)
        stocks.commit(tx, "ORDER1")
        tx.execute("UPDATE portion SET status = 'submitting' WHERE portion_id = ?", (portion_id,))
        progress.submitted(tx, portion_id, answered, START)

    await database.write(run)
    assert await database.read(stocks.held, START) == held


@pytest.mark.parametrize(
    ("statuses", "called"),
    [
        (["written_off", "dropped"], None),
        (["written_off", "handed_out"], None),
        (["failed", "ready"], [2]),
        (["failed", "cooking"], None),
        (["failed", "failed"], None),
    ],
)
async def test_4_guest_is_called_to_food_and_never_to_none(
    database: Database, statuses: list[str], called: list[int] | None
) -> None:
    """`failed`: written off by staff. Called to the cells told; None: nobody is called."""

    def run(tx: Tx) -> list[list[int]]:
        rows.sell(tx, "ORDER1")
        rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        tx.execute("UPDATE orders SET status = 'cooking'")
        for cell, (row, status) in enumerate(zip(orders.portions(tx, "ORDER1"), statuses, strict=True), 1):
            fault = f"{orders.WRITTEN_OFF}: dropped" if status == "failed" else None
            values = (status, cell, fault, row.portion_id)
            tx.execute("UPDATE portion SET status = ?, cell = ?, fault = ? WHERE portion_id = ?", values)
        progress.progress(tx, "ORDER1", START)
        progress.progress(tx, "ORDER1", START)
        told = tx.all(StoredEvent, "SELECT * FROM event WHERE type = 'OrderReadyEvent'")
        return [msgspec.json.decode(row.data)["cells"] for row in told]

    assert await database.write(run) == ([] if called is None else [called])
