"""Orders as staff looks for them and at them, by either door."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import ORDER_ID
from kiosk.domain.staff.roles import SERVING, Person
from kiosk.flows.staff.order_cards import FindOrders, FoundOrdersView, OrderCards, StaffOrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCardsApi:
    order_cards: OrderCards

    async def show(self, call: BareCall[Person]) -> StaffOrderView:
        """The pick-up code is for whoever may hand food out."""
        shown = await self.order_cards.order(call.read(ORDER_ID), call.language)
        return shown if call.by.role in SERVING else msgspec.structs.replace(shown, pickup_code=None)

    async def find(self, call: Call[Person, FindOrders]) -> FoundOrdersView:
        return await self.order_cards.find(call.body)
