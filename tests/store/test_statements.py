"""Orders, payments, keys, sessions and shifts as they are written and read back."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.store import journal, meta
from kiosk.store.database import Database
from kiosk.store.fiscal import intents, shifts
from kiosk.store.identity import sessions
from kiosk.store.ordering import cooking, keys, orders
from kiosk.store.payment import payments, refunds
from kiosk.store.stock import charts
from kiosk.store.transaction import Reader, Tx
from tests.clocks import START
from tests.store import rows

CALL = "create"


@pytest.fixture
async def shop(database: Database) -> Database:
    await database.write(rows.sell, "ORDER1", "ORDER2")
    return database


# Orders.


async def test_an_order_comes_back_as_it_was_sold(shop: Database) -> None:
    assert await shop.read(orders.get, "ORDER1") == rows.order("ORDER1", "A01")
    assert await shop.read(orders.lines, "ORDER1") == [rows.order_line()]
    assert [row.status for row in await shop.read(orders.portions, "ORDER1")] == [PortionStatus.PLANNED] * 2
    assert await shop.read(orders.get, "ORDER9") is None
    assert await shop.read(orders.require, "ORDER1") == rows.order("ORDER1", "A01")
    with pytest.raises(LookupError):
        await shop.read(orders.require, "ORDER9")


async def test_a_move_is_written_in_the_timeline_and_a_forbidden_one_nowhere(shop: Database) -> None:
    def pay(tx: Tx) -> None:
        orders.move(tx, orders.require(tx, "ORDER1"), OrderStatus.PAYING, START + timedelta(seconds=1))

    def hand_out(tx: Tx) -> None:
        orders.move(tx, orders.require(tx, "ORDER1"), OrderStatus.COMPLETED, START)

    await shop.write(pay)
    with pytest.raises(OrderStateConflict):
        await shop.write(hand_out)
    timeline = await shop.read(orders.read_timeline, "ORDER1")
    order = await shop.read(orders.get, "ORDER1")
    assert [(entry.status, entry.at) for entry in timeline] == [
        (OrderStatus.CREATED, START),
        (OrderStatus.PAYING, START + timedelta(seconds=1)),
    ]
    assert order is not None
    assert order.status is OrderStatus.PAYING


async def test_portions_wait_for_the_robot_once_the_order_is_paid(shop: Database) -> None:
    for _ in range(2):
        await shop.write(orders.plan_to_wait, "ORDER1")
    found = await shop.read(orders.portions, "ORDER1")
    assert [row.status for row in found] == [PortionStatus.WAITING] * 2
    with pytest.raises(OrderStateConflict):
        await shop.write(orders.move_portion, found[0], PortionStatus.HANDED_OUT)
    await shop.write(orders.move_portion, found[0], PortionStatus.SUBMITTING)
    work = await shop.read(cooking.read_work)
    assert [(row.portion_id, row.status) for row in work] == [
        (found[0].portion_id, PortionStatus.SUBMITTING),
        (found[1].portion_id, PortionStatus.WAITING),
    ]
    assert work[0].formula == {"rice": 150, "egg": 1}


async def test_called_numbers_follow_each_other(database: Database) -> None:
    assert [await database.write(orders.next_number) for _ in range(3)] == ["A01", "A02", "A03"]


async def test_a_refused_order_gives_its_number_back(database: Database) -> None:
    def refuse(tx: Tx) -> None:
        orders.next_number(tx)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(refuse)
    assert await database.write(orders.next_number) == "A01"


async def test_a_number_finds_the_newest_order_of_that_name(shop: Database) -> None:
    await shop.write(
        lambda tx: tx.execute(
            "UPDATE orders SET number = 'A01', created_at = '2026-11-23T00:00:00.000Z' WHERE order_id = 'ORDER2'"
        )
    )
    for word in ("A01", "A02"):  # by number nobody finds what nobody paid
        assert await shop.read(orders.find, word) is None
    await shop.write(lambda tx: tx.execute("UPDATE orders SET status = 'paid'"))
    for word, order_id in (("A01", "ORDER2"), (" a01 ", "ORDER2"), ("ORDER1", "ORDER1"), ("Z99", None)):
        found = await shop.read(orders.find, word)
        assert (found and found.order_id) == order_id
    newest = await shop.read(orders.by_number, "A01")
    assert newest is not None
    assert newest.order_id == "ORDER2"


async def test_a_guest_sees_the_sessions_orders_newest_first_in_pages(shop: Database) -> None:
    assert await shop.read(orders.read_own_orders, rows.SESSION, None, "", 10) == ["ORDER2", "ORDER1"]
    assert await shop.read(orders.read_own_orders, rows.SESSION, None, "", 1) == ["ORDER2"]
    assert await shop.read(orders.read_own_orders, rows.SESSION, None, "ORDER2", 10) == ["ORDER1"]
    assert await shop.read(orders.read_own_orders, "somebody", None, "", 10) == []


async def test_a_customer_sees_the_orders_of_every_session_and_nobody_elses(shop: Database) -> None:
    await shop.write(lambda tx: tx.execute("UPDATE orders SET customer_id = 'c-7' WHERE order_id = 'ORDER1'"))
    assert await shop.read(orders.read_own_orders, "another session", "c-7", "", 10) == ["ORDER1"]
    assert await shop.read(orders.read_own_orders, rows.SESSION, "c-8", "", 10) == []


async def test_the_board_shows_paid_orders_with_their_cells(shop: Database) -> None:
    def cook(tx: Tx) -> None:
        order = orders.require(tx, "ORDER1")
        for status in (OrderStatus.PAYING, OrderStatus.PAID, OrderStatus.COOKING):
            order = orders.move(tx, order, status, START)
        orders.plan_to_wait(tx, "ORDER1")
        orders.move_portion(tx, orders.portions(tx, "ORDER1")[0], PortionStatus.SUBMITTING)
        orders.move_portion(tx, orders.portions(tx, "ORDER1")[0], PortionStatus.READY, cell=4)

    await shop.write(cook)
    (row,) = await shop.read(orders.read_board)
    assert (row.order_id, row.number, row.status, row.cells, row.failed) == ("ORDER1", "A01", "cooking", [4], 0)


# Payments and receipts.


async def test_an_attempt_is_journalled_step_by_step_and_never_off_the_table(shop: Database) -> None:
    def walk(tx: Tx) -> None:
        paid = rows.pay(tx, rows.payment())
        paid = payments.move(tx, paid, PaymentStep.PREFLIGHT)
        paid = payments.move(tx, paid, PaymentStep.CHARGING, posted_at=START, posts=1)
        paid = payments.move(tx, paid, PaymentStep.CHARGED, transaction_id="t-1", charged_at=START)
        assert (paid.step, paid.posts, paid.posted_at, paid.transaction_id) == (PaymentStep.CHARGED, 1, START, "t-1")

    await shop.write(walk)
    with pytest.raises(payments.ImpossibleStep):
        await shop.write(lambda tx: payments.move(tx, payments.require(tx, "ORDER1:1"), PaymentStep.DONE))
    assert [found.payment_id for found in await shop.read(payments.unfinished)] == ["ORDER1:1"]
    live = await shop.read(payments.live, "ORDER1")
    assert live is not None
    assert live.step is PaymentStep.CHARGED
    assert await shop.read(payments.live, "ORDER2") is None


async def test_a_disproved_receipt_makes_room_for_another_try(shop: Database) -> None:
    def intend(tx: Tx) -> intents.IntentRow:
        lines = [PricedLine("Рис", 28900, 2, 1)]
        paid = payments.require(tx, "ORDER1:1")
        return intents.add(tx, paid, drive_number="1", fd_before=5, shift=1, lines=lines, now=START)

    await shop.write(rows.pay, rows.payment())
    first = await shop.write(intend)
    with pytest.raises(sqlite3.IntegrityError):
        await shop.write(intend)
    await shop.write(intents.disprove, first.intent_id)
    assert await shop.read(intents.of_sale, "ORDER1:1") is None
    second = await shop.write(intend)
    await shop.write(
        intents.register,
        second.intent_id,
        drive_number="9999",
        document_number=6,
        fiscal_sign=77,
        document_shift=1,
        issued_at="2026-11-22T14:26:00",
    )
    await shop.write(intents.disprove, second.intent_id)
    sale = await shop.read(intents.registered_sale, "ORDER1")
    assert sale is not None
    assert (sale.intent_id, sale.document_number, sale.fd_before, sale.status) == (second.intent_id, 6, 5, "registered")


async def test_a_void_is_recorded_once_under_its_own_key(shop: Database) -> None:
    def void(tx: Tx) -> refunds.RefundRow:
        return refunds.add_void(tx, payments.require(tx, "ORDER1:1"), "no receipt", "kiosk", START)

    await shop.write(rows.pay, rows.payment())
    first = await shop.write(void)
    assert first.refund_id.startswith("ORDER1:1")
    assert first.refund_id != "ORDER1:1"
    assert await shop.write(void) == first
    assert await shop.read(refunds.read_refunds, "ORDER1") == [first]


# Idempotency keys.


def occupy(tx: Tx, key: str = "k", session: str = rows.SESSION, call: str = CALL) -> None:
    keys.occupy_key(tx, session, call, key, "fingerprint", "ORDER1", "PAY1", START)


async def test_a_key_belongs_to_one_session_and_one_call(database: Database) -> None:
    await database.write(occupy)
    found = await database.read(keys.find_key, rows.SESSION, CALL, "k")
    assert found == keys.KeyRow("fingerprint", "ORDER1", "PAY1", None, None)
    for session, call, key in (("other", CALL, "k"), (rows.SESSION, "payment", "k"), (rows.SESSION, CALL, "K")):
        assert await database.write(lambda tx, s=session, c=call, k=key: keys.find_key(tx, s, c, k)) is None  # type: ignore[misc]
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(occupy)
    await database.write(occupy, session="other")
    await database.write(occupy, call="payment")


async def test_a_stored_answer_is_given_again_and_a_freed_key_is_free(database: Database) -> None:
    await database.write(occupy)
    await database.write(keys.store_answer, rows.SESSION, CALL, "k", 201, '{"имя": 1}'.encode())
    found = await database.read(keys.find_key, rows.SESSION, CALL, "k")
    assert found is not None
    assert (found.status, found.body) == (201, '{"имя": 1}')
    await database.write(keys.free_key, rows.SESSION, CALL, "k")
    assert await database.read(keys.find_key, rows.SESSION, CALL, "k") is None
    await database.write(occupy)


# Sessions, shifts, charts, the journal.


async def test_an_ended_session_is_denied_until_its_token_would_have_expired(database: Database) -> None:
    async def denied(after: timedelta) -> list[str]:
        return await database.read(sessions.ended_unexpired, START + after)

    await database.write(rows.open_shop)
    assert await denied(timedelta()) == []
    await database.write(sessions.end, rows.SESSION, START)
    await database.write(sessions.end, rows.SESSION, START + timedelta(minutes=1))
    assert await denied(timedelta()) == [rows.SESSION]
    assert await denied(timedelta(minutes=15)) == []
    found = await database.read(sessions.find, rows.SESSION)
    assert found is not None
    assert found.ended_at == START


async def test_a_shift_is_opened_and_closed_once(database: Database) -> None:
    later = START + timedelta(hours=20)
    assert await database.write(shifts.record_open, "fn", 7, START)
    assert not await database.write(shifts.record_open, "fn", 7, later)
    assert await database.write(shifts.record_close, "fn", 7, later)
    assert not await database.write(shifts.record_close, "fn", 7, later)
    assert await database.read(shifts.read_opened, "fn", 7) == START
    assert await database.read(shifts.read_opened, "fn", 8) is None


async def test_a_chart_that_was_sold_is_kept_when_it_is_no_longer_on_the_menu(database: Database) -> None:
    await database.write(rows.open_shop)
    await database.write(charts.prepare, [], START)
    known = rows.CHART.fingerprint
    assert await database.read(charts.read, [known, "unknown"]) == {known: rows.CHART}


async def test_settings_and_the_journal_are_kept(database: Database) -> None:
    await database.write(meta.put, "sales", "paused")
    await database.write(meta.put, "sales", "open")
    await database.write(journal.add, "peer:0", "sales_paused", "", START)
    assert await database.read(meta.read, "sales") == "open"
    assert await database.read(meta.read, "nothing") is None
    assert await database.read(Reader.scalar, "SELECT actor || ' ' || action FROM journal") == "peer:0 sales_paused"
