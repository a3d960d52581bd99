"""The staff's pages behind a PIN session (`/api/service/*`): what stands, what may be done; every act has its actor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.days import day_of
from kiosk.api.problems import language_of
from kiosk.api.public import SalesView
from kiosk.api.wire import Nothing, answer, cell_number, optional_body, staff_body
from kiosk.domain.errors import Unauthorized
from kiosk.domain.readiness import Check, Readiness
from kiosk.domain.stuck import Stuck
from kiosk.flows.choosing_portions import RefundRequest
from kiosk.flows.estimating_refunds import EstimatingRefunds, RefundEstimateRequest
from kiosk.flows.guests import TokenView
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.letting_in import LettingIn
from kiosk.flows.naming import Decision
from kiosk.flows.overseeing import Overseeing
from kiosk.flows.refunding import Refunding
from kiosk.flows.reporting import Reporting
from kiosk.flows.settling import Settling
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import StopRequest, Tending
from kiosk.flows.tending_cells import CellRequest, TendingCells
from kiosk.flows.tending_shift import TendingShift
from kiosk.flows.views import refund_view

_LIFETIME_S = 1800


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name`: who is at the page, for the journal."""

    pin: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    name: Annotated[str, msgspec.Meta(max_length=32)] = ""


class StatusView(msgspec.Struct, frozen=True):
    """Sales, and every check by its name."""

    sales: SalesView
    checks: dict[str, Check]


class SalesSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    open: bool


class ShiftSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    open: bool


class Refill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount`: what the bin holds after the refill, in its unit."""

    bin: Annotated[int, msgspec.Meta(ge=1, le=24)]
    amount: Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliver again from `sequence`; null: only wake an endpoint that was given up."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


class StuckView(msgspec.Struct, frozen=True):
    stuck: list[Stuck]


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything the staff's pages reach into."""

    reporting: Reporting
    readiness: Readiness
    overseeing: Overseeing
    tending: Tending
    shift: TendingShift
    handing_out: HandingOut
    tending_cells: TendingCells
    refunding: Refunding
    estimating_refunds: EstimatingRefunds
    settling: Settling
    syncing: Syncing


class ServiceApi:
    """Without a PIN file there are no staff pages: every call is 404."""

    def __init__(self, letting_in: LettingIn, bench: Bench) -> None:
        self._letting_in = letting_in
        self._bench = bench

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/service/session", self.open_session),
            web.delete("/api/service/session", self.close_session),
            web.get("/api/service/stats", self.stats),
            web.get("/api/service/status", self.status),
            web.get("/api/service/overview", self.overview),
            web.post("/api/service/sales", self.switch_sales),
            web.post("/api/service/shift", self.switch_shift),
            web.post("/api/service/x-report", self.x_report),
            web.post("/api/service/refill", self.refill),
            web.post("/api/service/robot/acknowledge", self.acknowledge),
            web.get("/api/service/cells", self.cells),
            web.post("/api/service/cells/{cell}", self.tend_cell),
            web.post("/api/service/orders/{order_id}/pickup-code", self.new_code),
            web.post("/api/service/stop-list", self.stop),
            web.post("/api/service/orders/{order_id}/refund", self.refund),
            web.post("/api/service/orders/{order_id}/refund/estimate", self.estimate_refund),
            web.get("/api/service/stuck", self.stuck),
            web.post("/api/service/stuck/{stuck_id}", self.decide),
            web.post("/api/service/webhooks", self.webhooks),
        ]

    async def open_session(self, request: web.Request) -> web.Response:
        """201 with a token of its own type."""
        wanted = await staff_body(request, PinRequest)
        token = await self._letting_in.enter(wanted.pin, wanted.name, request.remote or "", _LIFETIME_S)
        return answer(TokenView(token, "Bearer", _LIFETIME_S), 201)

    async def close_session(self, request: web.Request) -> web.Response:
        await self._letting_in.leave(_token(request))
        return web.Response(status=204)

    async def stats(self, request: web.Request) -> web.Response:
        self._actor(request)
        reporting = self._bench.reporting
        today = reporting.today()
        first, last = (day_of(request, name, today) for name in ("from", "to"))
        return answer(await reporting.stats(first, last))

    async def status(self, request: web.Request) -> web.Response:
        self._actor(request)
        readiness = self._bench.readiness
        reason = readiness.pause_reason()
        return answer(StatusView(SalesView(reason is None, reason), dict(readiness.checks())))

    async def overview(self, request: web.Request) -> web.Response:
        self._actor(request)
        return answer(await self._bench.overseeing.overview())

    async def switch_sales(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, SalesSwitch)
        await self._bench.tending.pause(not wanted.open, actor)
        return web.Response(status=204)

    async def switch_shift(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, ShiftSwitch)
        await (self._bench.shift.open(actor) if wanted.open else self._bench.shift.close(actor))
        return web.Response(status=204)

    async def x_report(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        await optional_body(request, Nothing)
        return answer(await self._bench.shift.x_report(actor))

    async def refill(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, Refill)
        await self._bench.handing_out.refill(wanted.bin, wanted.amount, actor)
        return web.Response(status=204)

    async def acknowledge(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        await optional_body(request, Nothing)
        await self._bench.handing_out.acknowledge(actor)
        return web.Response(status=204)

    async def cells(self, request: web.Request) -> web.Response:
        self._actor(request)
        return answer(await self._bench.tending_cells.cells())

    async def tend_cell(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, CellRequest)
        return answer(await self._bench.tending_cells.act(cell_number(request), wanted, actor))

    async def new_code(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        await optional_body(request, Nothing)
        return answer(await self._bench.tending_cells.new_code(_word(request, "order_id"), actor))

    async def stop(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        await self._bench.tending.stop(await staff_body(request, StopRequest), actor)
        return web.Response(status=204)

    async def refund(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, RefundRequest)
        return answer(refund_view(await self._bench.refunding.request(_word(request, "order_id"), wanted, actor)), 202)

    async def estimate_refund(self, request: web.Request) -> web.Response:
        self._actor(request)
        wanted = await staff_body(request, RefundEstimateRequest) if request.can_read_body else RefundEstimateRequest()
        word = _word(request, "order_id")
        return answer(await self._bench.estimating_refunds.estimate(word, wanted, language_of(request)))

    async def stuck(self, request: web.Request) -> web.Response:
        self._actor(request)
        return answer(StuckView(await self._bench.settling.stuck()))

    async def decide(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, Decision)
        left = await self._bench.settling.move(_word(request, "stuck_id"), wanted, actor)
        return answer(StuckView(left))

    async def webhooks(self, request: web.Request) -> web.Response:
        actor = self._actor(request)
        wanted = await staff_body(request, Replay)
        if wanted.sequence is None:
            await self._bench.syncing.enable(wanted.url, actor)
        else:
            await self._bench.syncing.replay(wanted.sequence, wanted.url, actor)
        return web.Response(status=204)

    def _actor(self, request: web.Request) -> str:
        return staff_actor(request, self._letting_in)


def staff_actor(request: web.Request, letting_in: LettingIn) -> str:
    """Who acts. Raises `Unauthorized` without a live session by PIN."""
    return letting_in.actor(_token(request))


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized
    return token.strip()


def _word(request: web.Request, name: str) -> str:
    """Ids that cannot be ours find nothing, like those that could."""
    text = request.match_info[name]
    return text if len(text) <= 64 and text.isascii() else "-"
