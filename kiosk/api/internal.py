"""The seed's internal steps at the unix socket (contract §2): sign-in, availability, ingredients, an order's status."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.peer import peer_name
from kiosk.api.public import confirm, sign_in
from kiosk.api.wire import answer, staff_body
from kiosk.domain.order import OrderStatus
from kiosk.flows.choosing_portions import RefundRequest
from kiosk.flows.refunding import Refunding
from kiosk.flows.reserving import Reserving, WantedItem
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import SigningIn
from kiosk.flows.tending import Tending
from kiosk.flows.views import refund_view


class WantedIngredients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9-]+$")]
    items: Annotated[list[WantedItem], msgspec.Meta(min_length=1, max_length=30)]


class WantedStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: OrderStatus


class InternalApi:
    def __init__(
        self,
        signing_in: SigningIn,
        menu: ShowingMenu,
        reserving: Reserving,
        tending: Tending,
        refunding: Refunding,
    ) -> None:
        self._signing_in = signing_in
        self._menu = menu
        self._reserving = reserving
        self._tending = tending
        self._refunding = refunding

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/internal/auth/quick-auth", self.quick_auth),
            web.post("/internal/auth/confirm", self.confirm),
            web.get("/internal/menu/availability", self.availability),
            web.get("/internal/robotics/ingredients", self.list_bins),
            web.post("/internal/robotics/ingredients", self.reserve),
            web.delete("/internal/robotics/ingredients/{reservation_id}", self.release),
            web.get("/internal/orders/{order_id}", self.show_order),
            web.put("/internal/orders/{order_id}/status", self.set_status),
            web.post("/internal/orders/{order_id}/refund", self.refund),
        ]

    async def quick_auth(self, request: web.Request) -> web.Response:
        return await sign_in(self._signing_in, request, None)

    async def confirm(self, request: web.Request) -> web.Response:
        return await confirm(self._signing_in, request, None)

    async def availability(self, request: web.Request) -> web.Response:
        return answer({"items": self._menu.availability(request.query.getall("item", []))})

    async def list_bins(self, request: web.Request) -> web.Response:
        return answer({"bins": self._reserving.bins()})

    async def reserve(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, WantedIngredients)
        return answer(await self._reserving.reserve(wanted.order_id, wanted.items))

    async def release(self, request: web.Request) -> web.Response:
        await self._reserving.release(request.match_info["reservation_id"])
        return web.Response(status=204)

    async def show_order(self, request: web.Request) -> web.Response:
        return answer(await self._tending.order(request.match_info["order_id"], "ru"))

    async def set_status(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, WantedStatus)
        return answer(await self._tending.set_status(request.match_info["order_id"], wanted.status, peer_name(request)))

    async def refund(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, RefundRequest)
        order_id = request.match_info["order_id"]
        row = await self._refunding.request(order_id, wanted, peer_name(request))
        return answer(refund_view(row), 202)
