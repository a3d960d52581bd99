"""Seed order 3.2: ingredients are held before money moves; the key is the order id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import IngredientsUnavailable, InvalidRequest, NotFound
from kiosk.domain.menu import Menu
from kiosk.domain.readiness import Kitchen
from kiosk.domain.reservation import shortages, total_needs
from kiosk.store import orders, stocks
from kiosk.store.database import Database, Reader, Tx

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


class Reserving:
    """Holds in the database against the robot's last told levels."""

    def __init__(self, database: Database, menu: Menu, kitchen: Kitchen, clock: Clock) -> None:
        self._db = database
        self._menu = menu
        self._kitchen = kitchen
        self._clock = clock
        self._units = {ingredient.id: ingredient.unit for ingredient in menu.ingredients.values()}

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
        return self._kitchen.levels()

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
        if missing := shortages(total, levels, stocks.held(tx, now), self._units):
            raise IngredientsUnavailable(missing=missing)
        return stocks.reserve(tx, order_id, needs, expires_at, now)

    async def reserve(self, order_id: str, items: list[WantedItem]) -> ReservationView:
        """`POST /internal/robotics/ingredients`: for an order of ours its own lines, else the dishes named."""
        levels, now = self._kitchen.levels(), self._clock.now()

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
                [IngredientView(a.ingredient, a.amount, self._units.get(a.ingredient, "")) for a in amounts],
            )

        view = await self._db.write(run)
        await self.refresh()
        return view

    def _same_items(self, reader: Reader, order_id: str, items: list[WantedItem]) -> None:
        ordered = total_needs({line.item_id: line.quantity} for line in orders.lines(reader, order_id))
        if ordered != total_needs({item.item_id: item.quantity} for item in items):
            raise InvalidRequest.at("$.items", "these are not the items of the order")

    def _needs(self, items: list[WantedItem]) -> list[tuple[int | None, Mapping[str, int]]]:
        needs: list[tuple[int | None, Mapping[str, int]]] = []
        for index, item in enumerate(items):
            formula = self._menu.formula(item.item_id)
            if formula is None:
                raise InvalidRequest.at(f"$.items[{index}].item_id", "not on the menu")
            needs += [(None, formula)] * item.quantity
        return needs

    async def release(self, reservation_id: str) -> None:
        """`DELETE /internal/robotics/ingredients/{id}`. Raises `NotFound`."""
        if not await self._db.write(stocks.release, reservation_id):
            raise NotFound
        await self.refresh()

    def bins(self) -> list[BinView]:
        """`GET /internal/robotics/ingredients`; what is reserved stands at the first bin of its ingredient."""
        held = dict(self._kitchen.held)
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
            for row in self._kitchen.bins
        ]

    async def refresh(self) -> None:
        """Bring the kitchen's picture of holds and stopped items up to date."""
        now = self._clock.now()
        held, stopped = await self._db.read(
            lambda reader: (stocks.held(reader, now), stocks.read_stop_list(reader, now))
        )
        self._kitchen.held = held
        self._kitchen.stopped_items = frozenset(row.item_id for row in stopped if row.item_id is not None)
        self._kitchen.stopped_ingredients = frozenset(row.ingredient for row in stopped if row.ingredient is not None)
