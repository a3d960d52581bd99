"""Seed order 3.2: ingredients are held before money moves; the key is the order id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import IngredientsUnavailable, InvalidRequest, NotFound
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.reservation import shortages, total_needs
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.stock import stocks
from kiosk.store.transaction import Reader, Tx

HOLD_S = 600


class WantedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=20)]


class IngredientView(msgspec.Struct, frozen=True):
    ingredient: str
    amount: int
    unit: str


class ReservationView(msgspec.Struct, frozen=True):
    reservation_id: str
    expires_at: str
    ingredients: list[IngredientView]


class BinView(msgspec.Struct, frozen=True):
    bin: int
    ingredient: str | None
    unit: str
    level: int
    capacity: int
    committed: int
    reserved: int


class Reservations:
    """Holds in the database against the robot's last reported levels; every commit that changes them is published."""

    def __init__(
        self, database: Database, menu: CurrentMenu, kitchen: Kitchen, clock: Clock, periods: Periods = USUAL
    ) -> None:
        self._db = database
        self._periods = periods
        self._until: datetime | None = None
        database.publish_with(stocks.TOPIC, self._look, self._publish)
        self._menu = menu
        self._kitchen = kitchen
        self._clock = clock

    def hold_order(self, tx: Tx, order_id: str, levels: Mapping[str, int], now: datetime) -> stocks.ReservationRow:
        """Inside the saga's transaction: the order's reservation, made, prolonged or found. Raises
        `IngredientsUnavailable`."""
        expires_at = now + timedelta(seconds=HOLD_S)
        if row := stocks.live_reservation(tx, order_id, now):
            stocks.prolong(tx, row.reservation_id, expires_at)
            return row
        formulas = {line.line: line.formula for line in orders.lines(tx, order_id)}
        needs = [(row.portion_id, formulas[row.line]) for row in orders.portions(tx, order_id)]
        return self._hold(tx, order_id, needs, levels, expires_at, now)

    def levels(self) -> Mapping[str, int]:
        """Taken on the loop and passed into the transaction."""
        return self._kitchen.now.levels()

    def _hold(
        self,
        tx: Tx,
        order_id: str,
        needs: list[tuple[int | None, Mapping[str, int]]] | list[tuple[int, dict[str, int]]],
        levels: Mapping[str, int],
        expires_at: datetime,
        now: datetime,
    ) -> stocks.ReservationRow:
        total = total_needs(formula for _, formula in needs)
        if missing := shortages(total, levels, stocks.held(tx, now), self._menu.now.units):
            raise IngredientsUnavailable(missing=missing)
        return stocks.reserve(tx, order_id, needs, expires_at, now)

    async def reserve(self, order_id: str, items: list[WantedItem]) -> ReservationView:
        """`POST /internal/robotics/ingredients`: for an order of ours its own lines, else the dishes named."""
        levels, now = self._kitchen.now.levels(), self._clock.now()

        def run(tx: Tx) -> ReservationView:
            if orders.get(tx, order_id) is not None:
                self._same_items(tx, order_id, items)
                row = self.hold_order(tx, order_id, levels, now)
            else:
                row = stocks.live_reservation(tx, order_id, now) or self._hold(
                    tx, order_id, self._needs(items), levels, now + timedelta(seconds=HOLD_S), now
                )
            amounts = stocks.reserved_amounts(tx, row.reservation_id)
            return ReservationView(
                row.reservation_id,
                rfc3339(row.expires_at),
                [IngredientView(a.ingredient, a.amount, self._menu.now.units.get(a.ingredient, "")) for a in amounts],
            )

        return await self._db.write(run)

    def _same_items(self, reader: Reader, order_id: str, items: list[WantedItem]) -> None:
        ordered = total_needs({line.item_id: line.quantity} for line in orders.lines(reader, order_id))
        if ordered != total_needs({item.item_id: item.quantity} for item in items):
            raise InvalidRequest.at("$.items", "these are not the items of the order")

    def _needs(self, items: list[WantedItem]) -> list[tuple[int | None, Mapping[str, int]]]:
        needs: list[tuple[int | None, Mapping[str, int]]] = []
        for index, item in enumerate(items):
            formula = self._menu.now.formula(item.item_id)
            if formula is None:
                raise InvalidRequest.at(f"$.items[{index}].item_id", "not on the menu")
            needs += [(None, formula)] * item.quantity
        return needs

    async def release(self, reservation_id: str) -> None:
        """`DELETE /internal/robotics/ingredients/{id}`. Raises `NotFound`."""
        if not await self._db.write(stocks.release, reservation_id):
            raise NotFound

    def bins(self) -> list[BinView]:
        """`GET /internal/robotics/ingredients`; what is reserved stands at the first bin of its ingredient."""
        held = dict(self._kitchen.now.held)
        return [
            BinView(
                row.bin,
                row.ingredient,
                row.unit,
                row.level,
                row.capacity,
                row.committed,
                held.pop(row.ingredient or "", 0),
            )
            for row in self._kitchen.now.bins
        ]

    async def restore(self) -> None:
        """At start: what is held and stopped is so before anybody asks."""
        self._publish(await self._db.read(self._look))

    async def run(self) -> None:
        """Until cancelled: what ends by itself, a hold or an entry of the stop list, ends on the screens too."""
        while True:
            until = self._until
            if until is not None and self._clock.now() >= until:
                await self._db.write(stocks.look_again)
            await self._clock.sleep(self._periods.holds_s)

    def _look(self, reader: Reader) -> stocks.Holds:
        return stocks.read_holds(reader, self._clock.now())

    def _publish(self, holds: stocks.Holds) -> None:
        self._until = holds.until
        self._kitchen.publish(
            held=holds.held, stopped_items=holds.stopped_items, stopped_ingredients=holds.stopped_ingredients
        )
