"""Seed order 1 and 2: what a cart would cost, hold and take, and each dish's own minutes; nothing is written."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from kiosk.clock import Clock
from kiosk.domain.kitchen.pace import Pace
from kiosk.domain.kitchen.planning import Plan, Work
from kiosk.domain.kitchen.state import Kitchen, KitchenState
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.ingredient import Nutrition
from kiosk.domain.menu.menu import Menu
from kiosk.domain.ordering.order import CURRENCY
from kiosk.domain.reasons import NOT_ON_MENU
from kiosk.flows.ordering.availability import Offer
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.ordering.create import CreateOrder
from kiosk.flows.ordering.pricing import Priced, Pricing, WantedLine
from kiosk.store.database import Database
from kiosk.store.stock import stocks

_NOTHING = Nutrition(0, 0.0, 0.0, 0.0)


class EstimatedItem(msgspec.Struct, frozen=True):
    """One line of the cart: its sum, and what is in one portion as chosen. `reason`: why it is not available."""

    item_id: str
    quantity: int
    available: bool
    reason: str | None
    sum_kopecks: int
    allergens: list[str]
    weight_g: int
    nutrition: Nutrition


class EstimateView(msgspec.Struct, frozen=True):
    """`POST /api/orders/estimate`: what creating this order now would answer."""

    amount_kopecks: int
    currency: str
    ready_in_s: int
    items: list[EstimatedItem]


class MinutesView(msgspec.Struct, frozen=True):
    """`GET /api/menu/minutes`: whole minutes of each item alone, ordered now."""

    minutes: dict[str, int]


class Estimates:
    """Asks what creation asks, and writes nothing."""

    def __init__(
        self, database: Database, menu: CurrentMenu, kitchen: Kitchen, conditions: Conditions, clock: Clock
    ) -> None:
        self._db = database
        self._menu = menu
        self._kitchen = kitchen
        self._pricing = Pricing(menu, kitchen)
        self._conditions = conditions
        self._clock = clock
        self._seen: tuple[Plan, Pace, Offer] | None = None
        self._minutes = MinutesView({})

    async def estimate(self, request: CreateOrder) -> EstimateView:
        """Raises `InvalidRequest`, and `SalesPaused` where nothing is sold now."""
        held = await self._db.read(stocks.held, self._clock.now())
        priced = self._pricing.of_each(request.items)
        lines = [line for one in priced for line in one.lines]
        promise_s, reasons = self._conditions.look().tell(lines, self._kitchen.now.levels(), held)
        items = [_item(wish, one, reasons) for wish, one in zip(request.items, priced, strict=True)]
        return EstimateView(sum(item.sum_kopecks for item in items), CURRENCY, promise_s, items)

    def minutes(self) -> MinutesView:
        """Built anew only when the plan, the pace of cooking or what a combo is offered with has changed."""
        kitchen = self._kitchen.now
        menu = self._menu.now
        offer = Offer(menu, kitchen)
        if self._seen is None or self._seen[:2] != (kitchen.plan, kitchen.pace) or not offer.same_as(self._seen[2]):
            self._seen = (kitchen.plan, kitchen.pace, offer)
            alone = {item_id: _alone(item_id, menu, offer, kitchen) for item_id, _ in menu.sold()}
            self._minutes = MinutesView(alone)
        return self._minutes


def _alone(item_id: str, menu: Menu, offer: Offer, kitchen: KitchenState) -> int:
    combo = menu.combos.get(item_id)
    names = [item_id] if combo is None else [option.item for option in combo.choose(gone=offer.gone(combo))]
    charts = [menu.dishes[name].chart.fingerprint for name in names]
    work: list[Work] = [kitchen.works.get(name, ()) for name in charts]
    return max(1, math.ceil(kitchen.promise_s(work) / 60))


def _item(wish: WantedLine, one: Priced, reasons: Mapping[int, str]) -> EstimatedItem:
    contents = None if one.contents is None else one.contents()
    found = [reasons[line.line] for line in one.lines if line.line in reasons] if one.lines else [NOT_ON_MENU]
    return EstimatedItem(
        item_id=wish.item_id,
        quantity=wish.quantity,
        available=not found,
        reason=found[0] if found else None,
        sum_kopecks=sum(line.sum_kopecks for line in one.lines),
        allergens=[] if contents is None else list(contents.allergens),
        weight_g=0 if contents is None else contents.weight_g,
        nutrition=_NOTHING if contents is None else contents.nutrition,
    )
