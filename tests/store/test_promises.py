"""Promise, outcome and coverage by day; and what was learned of the pace outlives the process."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kiosk.catalogue import load_complex
from kiosk.domain.events import OrderPaidEvent, OrderReadyEvent
from kiosk.domain.kitchen.pace import Pace
from kiosk.domain.kitchen.planning import Plan, capacities
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.chart import ChartPhase
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import Order, OrderStatus, SoldOption
from kiosk.domain.payment.bonus import BonusRules
from kiosk.domain.payment.payment import PaymentStep
from kiosk.flows.payment.confirmation import Confirmations
from kiosk.sinks.statistics import StatisticsSink
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import orders
from kiosk.store.staff import stats
from kiosk.store.stock import paces
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.domain.test_combo import with_combo
from tests.store import rows

COMPLEX = load_complex(None)


async def test_6_orders_that_were_ready_are_held_against_their_promises(database: Database) -> None:
    def run(tx: Tx) -> None:
        rows.sell(tx, "ORDER1", "ORDER2", "ORDER3")
        sink = StatisticsSink(ZoneInfo("Europe/Moscow"))
        for order_id, promised_s, took_s in (("ORDER1", 120, 100), ("ORDER2", 120, 121), ("ORDER3", 60, 60)):
            orders.set_promise(tx, order_id, promised_s, START + timedelta(seconds=promised_s))
            told = OrderReadyEvent(order_id=order_id, number="A01", cell=1, cells=[1])
            ready_at = START + timedelta(seconds=took_s)
            outbox.put(tx, told, ready_at)
            sink.handle(tx, outbox.after(tx, 0, 10)[-1])
            part = msgspec.structs.replace(told, whole=False)  # called to a part of it: that is no end
            outbox.put(tx, part, ready_at)
            sink.handle(tx, outbox.after(tx, 0, 10)[-1])

    await database.write(run)
    (day,) = await database.read(stats.read_promises, "2026-11-22", "2026-11-22")
    assert day == stats.PromiseRow("2026-11-22", orders=3, promised_s=100, actual_s=93, coverage=0.6667)
    assert await database.read(stats.read_promises, "2026-11-23", "2026-11-30") == []


@pytest.mark.parametrize(("planned", "least_s"), [(True, 0), (False, 1800)])
async def test_6_an_order_paid_before_the_first_plan_is_promised_no_less_than_at_its_creation(
    database: Database, planned: bool, least_s: int
) -> None:
    kitchen = Kitchen([rows.CHART], COMPLEX)
    if planned:
        kitchen.publish(plan=Plan(capacities(COMPLEX)), planned=True)

    def run(tx: Tx) -> Order:
        rows.sell(tx, "ORDER1")
        tx.execute("UPDATE orders SET ready_in_s = 1800")
        payment = rows.pay(tx, rows.payment(step=PaymentStep.PRINTING))
        orders.move(tx, orders.require(tx, "ORDER1"), OrderStatus.PAYING, START)
        Confirmations(kitchen, BonusRules.of(0.05, 0.3)).publish_paid(tx, payment, START)
        return orders.require(tx, "ORDER1")

    order = await database.write(run)
    assert order.ready_in_s == max(least_s, kitchen.now.promise_s([kitchen.now.typical] * 2))
    assert order.promised_at == START + timedelta(seconds=order.ready_in_s)


async def test_the_pace_is_read_as_it_was_kept(database: Database) -> None:
    assert await database.read(paces.read) == Pace()
    phase, pace = ChartPhase(2, 2, 190, 60, 120), Pace()
    for took_s in (70, 75, 68):
        pace = pace.with_phase(phase, took_s)
    pace = pace.with_promise(kept=False)
    await database.write(paces.keep, pace.learned.values(), pace.margin)
    assert await database.read(paces.read) == pace


async def test_6_a_combo_and_an_option_are_counted_as_what_they_were_when_they_were_sold(database: Database) -> None:
    """Three of two dishes each; meanwhile the menu gave it a third place and another name, and has no egg any more. The
    egg of the second dish was sold before its name was kept."""
    expected = [("egg", 6, 3 * 4900)]  # by its newest name
    now = CurrentMenu(with_combo(prices=(28900, 9900, 9900), price=40000))

    def run(tx: Tx) -> None:
        rows.open_shop(tx)
        lines = [
            msgspec.structs.replace(
                rows.order_line(n, quantity=3),
                combo_id="combo",
                combo_places=2,
                combo_name_ru="Обед на двоих",
                options=["egg"],
                sold_options=[SoldOption("egg", "Яйцо", 4900)] if n == 1 else [],
            )
            for n in (1, 2)
        ]
        orders.add(tx, rows.order(), lines)
        paid = OrderPaidEvent(
            order_id="ORDER1", number="A01", customer_id=None, amount_kopecks=57800, bonus_spent=0, items=[],
            transaction_id="t", fiscal_document_number=1, ready_in_s=60,
        )  # fmt: skip
        outbox.put(tx, paid, START)
        StatisticsSink(ZoneInfo("Europe/Moscow"), now).handle(tx, outbox.after(tx, 0, 10)[-1])

    await database.write(run)
    (found,) = await database.read(stats.read_combos, "2026-11-22", "2026-11-22")
    assert (found.combo_id, found.name, found.quantity) == ("combo", "Обед на двоих", 3)
    options = await database.read(stats.read_options, "2026-11-22", "2026-11-22")
    assert [(row.name, row.quantity, row.revenue_kopecks) for row in options] == expected
