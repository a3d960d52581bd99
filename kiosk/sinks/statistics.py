"""Seed order 6: every meaningful event is counted in real time, by the restaurant's own hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from kiosk.domain.events import (
    BonusChangedEvent,
    OrderCompletedEvent,
    OrderCreatedEvent,
    OrderPaidEvent,
    OrderReadyEvent,
    OrderRefundedEvent,
    PaymentFailedEvent,
    StoredEvent,
)
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.dish import Dish
from kiosk.domain.ordering.order import Order, OrderLine, SoldOption
from kiosk.domain.payment.payment import Payment
from kiosk.domain.staff.figures import whole_minutes
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.staff import day_counts, stats
from kiosk.store.staff.day_counts import Minutes
from kiosk.store.transaction import Tx

#: Entries of the points' ledger that an hour counts; what an order spends is counted once it is paid.
_POINTS = {"accrual": "bonus_earned", "returned": "bonus_returned", "taken_back": "bonus_taken_back"}
_LONGEST_REASON = 48


class StatisticsSink:
    """Counts once, by its cursor: an event is counted in the transaction that moves it."""

    name = stats.CONSUMER
    wants = frozenset(
        kind.__name__
        for kind in (
            OrderCreatedEvent,
            OrderPaidEvent,
            OrderReadyEvent,
            OrderCompletedEvent,
            OrderRefundedEvent,
            BonusChangedEvent,
            PaymentFailedEvent,
        )
    )

    def __init__(self, timezone: ZoneInfo, menu: CurrentMenu | None = None) -> None:
        """`menu` knows of combos and options what their orders do not tell: those sold before it was kept with them."""
        self._timezone = timezone
        self._menu = menu

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        hour = event.at.astimezone(self._timezone).strftime("%Y-%m-%dT%H")
        match event.decode():
            case OrderCreatedEvent():
                stats.count(tx, hour, orders_created=1)
            case OrderPaidEvent() as paid:
                stats.count(tx, hour, orders_paid=1, revenue_kopecks=paid.amount_kopecks, bonus_spent=paid.bonus_spent)
                for item in paid.items:
                    stats.count_dish(tx, hour[:10], item.item_id, item.name, item.quantity, item.sum_kopecks)
                self._count_choices(tx, hour[:10], orders.lines(tx, paid.order_id))
                _count_paid(tx, hour[:10], paid)
            case PaymentFailedEvent() as failed:
                _count_payment(tx, hour[:10], payments.find(tx, failed.payment_id), failed.code, failed.reason or "")
            case BonusChangedEvent(kind=kind, points=points) if kind in _POINTS:
                stats.count(tx, hour, **{_POINTS[kind]: abs(points)})
            case OrderReadyEvent(whole=True) as ready:
                _count_promise(tx, hour[:10], orders.get(tx, ready.order_id), event.at)
            case OrderCompletedEvent():
                stats.count(tx, hour, orders_completed=1)
            case OrderRefundedEvent() as refunded:
                whole = int(refunded.whole)
                stats.count(tx, hour, orders_refunded=whole, refunded_kopecks=refunded.amount_kopecks)

    def _count_choices(self, tx: Tx, day: str, lines: Sequence[OrderLine]) -> None:
        if self._menu is None:
            return
        menu = self._menu.now
        for combo_id in sorted({line.combo_id for line in lines if line.combo_id is not None}):
            parts = [line for line in lines if line.combo_id == combo_id]
            combo = menu.combos.get(combo_id)
            usual = len(combo.item.slots) if combo else len(parts)
            places = parts[0].combo_places or usual  # every place of a combo is a line of its own
            name = parts[0].combo_name_ru or (combo.item.name.ru if combo else combo_id)
            quantity, kopecks = sum(line.quantity for line in parts) // places, sum(line.sum_kopecks for line in parts)
            stats.count_choice(tx, day, stats.Choices.COMBO, combo_id, name, quantity, kopecks)
        for line in lines:
            for option in line.sold_options or _by_menu(line, menu.dishes.get(line.item_id)):
                kopecks = option.price_kopecks * line.quantity
                stats.count_choice(
                    tx, day, stats.Choices.OPTION, option.option_id, option.name_ru, line.quantity, kopecks
                )

    def recorded(self) -> None:
        """Nothing waits for a count."""


def _by_menu(line: OrderLine, dish: Dish | None) -> list[SoldOption]:
    known = {option.id: option for group in (dish.groups if dish else ()) for option in group.options}
    return [
        SoldOption(option_id, option.name.ru, 0 if line.combo_id else option.price_kopecks)
        if (option := known.get(option_id))
        else SoldOption(option_id, option_id, 0)
        for option_id in line.options
    ]


def _count_promise(tx: Tx, day: str, order: Order | None, ready_at: datetime) -> None:
    if order is not None and order.promised_at is not None:
        late_s = round((ready_at - order.promised_at).total_seconds())
        stats.count_promise(tx, day, order.ready_in_s, order.ready_in_s + late_s)
        day_counts.count_minutes(tx, day, Minutes.PROMISED, whole_minutes(order.ready_in_s))
        day_counts.count_minutes(tx, day, Minutes.ACTUAL, whole_minutes(order.ready_in_s + late_s))


def _count_paid(tx: Tx, day: str, paid: OrderPaidEvent) -> None:
    order = orders.get(tx, paid.order_id)
    if order is not None:
        day_counts.count_service(tx, day, order.service, paid.amount_kopecks)
    _count_payment(tx, day, payments.last(tx, paid.order_id), "", "")


def _count_payment(tx: Tx, day: str, payment: Payment | None, code: str, reason: str) -> None:
    """A bank's words are its own: no more of them is kept than names a reason."""
    if payment is not None:
        day_counts.count_payment(tx, day, payment.method, code, reason[:_LONGEST_REASON])
