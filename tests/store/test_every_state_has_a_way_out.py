"""Whatever state a crash leaves behind, the process or a person's list finds it: nothing needs SQL to move on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.domain.ordering.order import ORDER_TRANSITIONS, PORTION_TRANSITIONS, OrderStatus, PortionStatus
from kiosk.domain.payment.payment import PAYMENT_TRANSITIONS, PaymentStep
from kiosk.domain.staff.stuck import MOVES, Kind, Move, moves_of
from kiosk.store.database import Database
from kiosk.store.ordering import cooking
from kiosk.store.payment import payments, refunds
from kiosk.store.staff import troubles
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows

LATER = START + timedelta(hours=1)


PAYMENTS = [step for step, onward in PAYMENT_TRANSITIONS.items() if onward]
PORTIONS = [
    status
    for status, onward in PORTION_TRANSITIONS.items()
    if onward and status not in (PortionStatus.PLANNED, PortionStatus.READY)
]


async def sold(shop: Database, order_status: OrderStatus) -> None:
    def run(tx: Tx) -> None:
        rows.sell(tx, "ORDER1")
        tx.execute("UPDATE orders SET status = ?, promised_at = ?", (order_status, "2026-11-22T12:00:00.000Z"))

    await shop.write(run)


@pytest.mark.parametrize("step", PAYMENTS)
async def test_a_payment_is_found_in_every_step_that_is_no_end(database: Database, step: PaymentStep) -> None:
    await sold(database, OrderStatus.PAYING)
    await database.write(rows.pay, rows.payment(step=step))
    resumed = await database.read(payments.unfinished)
    inquired = await database.read(payments.abandoned)
    assert [row.step for row in [*resumed, *inquired]] == [step]


@pytest.mark.parametrize("status", PORTIONS)
async def test_a_portion_is_found_in_every_state_that_is_no_end(database: Database, status: PortionStatus) -> None:
    """By the kitchen, which cooks it, or by the refunds once its deadline has passed."""
    await sold(database, OrderStatus.PAID)

    def run(tx: Tx) -> None:
        rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        tx.execute("UPDATE portion SET status = ?", (status,))

    await database.write(run)
    work = await database.read(cooking.read_work)
    late = await database.read(refunds.late_portions, LATER)
    failed = await database.read(refunds.unrefunded_failures)
    listed = [row for row in await database.read(troubles.read_troubles, LATER) if row.kind is Kind.PORTION_LOST]
    assert len(work) == 2
    assert len(late) + len(failed) == 2
    assert len(listed) == (2 if status is PortionStatus.FAILED else 0)


@pytest.mark.parametrize(
    ("step", "detail", "refundable"),
    [(PaymentStep.DONE, "jam", True), (PaymentStep.CHARGED, "jam; receipt owed", False)],
)
async def test_4_a_lost_portion_is_given_back_only_once_its_receipt_stands(
    database: Database, step: PaymentStep, detail: str, refundable: bool
) -> None:
    await sold(database, OrderStatus.COOKING)

    def run(tx: Tx) -> None:
        rows.pay(tx, rows.payment(step=step))
        tx.execute("UPDATE portion SET status = 'failed', fault = 'jam'")

    await database.write(run)
    listed = [row for row in await database.read(troubles.read_troubles, LATER) if row.kind is Kind.PORTION_LOST]
    assert {row.detail for row in listed} == {detail}
    assert (Move.REFUND in moves_of(Kind.PORTION_LOST, detail)[1]) is refundable
    assert Move.RETRY in moves_of(Kind.PORTION_LOST, detail)[1]


@pytest.mark.parametrize("step", ["pending"])
async def test_a_refund_that_is_not_through_is_taken_up_and_listed(database: Database, step: str) -> None:
    await sold(database, OrderStatus.COMPLETED)

    def run(tx: Tx) -> None:
        payment = rows.pay(tx, rows.payment(step=PaymentStep.DONE))
        refunds.add_refund(
            tx, payment, refund_id="R1", amount_kopecks=100, portions=[1], whole=False, reason="r", actor="a", now=START
        )

    await database.write(run)
    assert [row.step for row in await database.read(refunds.unfinished_refunds)] == [step]
    assert [row.kind for row in await database.read(troubles.read_troubles, LATER)] == [Kind.REFUND_PENDING]


def test_every_kind_of_trouble_has_a_move_and_every_move_a_kind() -> None:
    assert MOVES.keys() == set(Kind)
    assert all(moves for _, moves in MOVES.values())
    offered = {move for kind in Kind for move in moves_of(kind, "foreign:drive_swapped", "T1")[1]}
    assert offered == set(Move)


def test_neither_a_bank_that_stays_away_nor_one_that_refuses_for_good_holds_an_order_for_ever() -> None:
    assert Move.REFUND in moves_of(Kind.CHARGE_UNKNOWN, "the bank does not answer")[1]
    for kind in (Kind.VOID_PENDING, Kind.REFUND_PENDING):
        for detail in ("bank:refused", "sbp:refused", "sbp:no_funds", "sbp:wrong_state", "foreign:other_sum"):
            assert moves_of(kind, detail)[1] == [Move.RETRY, Move.ACCEPT], detail
        assert Move.ACCEPT not in moves_of(kind, "bank:no_answer")[1]  # it may have happened: ask again


def test_every_order_state_leads_to_an_end() -> None:
    ends = {status for status, onward in ORDER_TRANSITIONS.items() if not onward}
    reached, before = set(ends), set[OrderStatus]()
    while reached != before:
        before = set(reached)
        reached |= {status for status, onward in ORDER_TRANSITIONS.items() if onward & reached}
    assert reached == set(OrderStatus)


async def test_ingredients_of_an_order_that_ended_are_free(database: Database) -> None:
    await sold(database, OrderStatus.CREATED)
    await database.write(stocks.release_order, "ORDER1")
    assert await database.write(lambda tx: tx.scalar("SELECT count(*) FROM reservation WHERE status = 'held'")) == 0
