"""What the site's own tools ask and do at the unix socket (contract §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.days import as_day, day_of
from kiosk.api.peer import peer_name
from kiosk.api.problems import language_of
from kiosk.api.wire import Nothing, answer, cell_number, optional_body, staff_body
from kiosk.clock import rfc3339
from kiosk.domain.errors import InvalidRequest
from kiosk.domain.readiness import Check, Readiness
from kiosk.domain.reasons import hint_of
from kiosk.domain.staff_words import check_words
from kiosk.flows.auditing import Auditing
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.naming import Decision
from kiosk.flows.reporting import Reporting
from kiosk.flows.settling import Settling
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.surveying import Surveying
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import StopRequest, Tending
from kiosk.flows.tending_cells import CellRequest, TendingCells


class RefillRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount`: what the bin holds after the refill, in its unit."""

    bin: Annotated[int, msgspec.Meta(ge=1, le=24)]
    amount: Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    url: str | None = None


class EnableRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str


class BackupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An absolute path on this machine that does not exist yet."""

    file: Annotated[str, msgspec.Meta(min_length=2, max_length=1024, pattern="^/")]


class SiteApi:
    def __init__(
        self,
        menu: ShowingMenu,
        tending: Tending,
        handing_out: HandingOut,
        tending_cells: TendingCells,
        reporting: Reporting,
        syncing: Syncing,
        auditing: Auditing,
        settling: Settling,
        surveying: Surveying,
        readiness: Readiness,
    ) -> None:
        self._menu = menu
        self._tending = tending
        self._handing_out = handing_out
        self._tending_cells = tending_cells
        self._reporting = reporting
        self._syncing = syncing
        self._auditing = auditing
        self._settling = settling
        self._surveying = surveying
        self._readiness = readiness

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/internal/status", self.status),
            web.get("/internal/devices", self.devices),
            web.get("/internal/events", self.events),
            web.post("/internal/sales/pause", self.pause),
            web.post("/internal/sales/resume", self.resume),
            web.get("/internal/stop-list", self.list_stopped),
            web.post("/internal/stop-list", self.stop_item),
            web.get("/internal/orders", self.list_orders),
            web.post("/internal/stock/refill", self.refill),
            web.post("/internal/robot/acknowledge", self.acknowledge),
            web.get("/internal/cells", self.list_cells),
            web.post("/internal/cells/{cell}", self.tend_cell),
            web.post("/internal/orders/{order_id}/pickup-code", self.new_code),
            web.get("/internal/stats", self.stats),
            web.get("/internal/reports/{day}", self.report),
            web.get("/internal/webhooks", self.list_webhooks),
            web.post("/internal/webhooks/replay", self.replay_webhooks),
            web.post("/internal/webhooks/enable", self.enable_webhook),
            web.post("/internal/backup", self.backup),
            web.get("/internal/audit", self.audit),
            web.get("/internal/stuck", self.stuck),
            web.post("/internal/stuck/{stuck_id}", self.settle),
        ]

    async def status(self, request: web.Request) -> web.Response:
        return self._look(await self._surveying.checks(), language_of(request))

    async def devices(self, request: web.Request) -> web.Response:
        return self._look(await self._surveying.devices(), language_of(request))

    def _look(self, checks: Mapping[str, Check], language: str) -> web.Response:
        reason = self._readiness.pause_reason()
        says = {name: check_words(check).into(language) for name, check in checks.items() if check.reason is not None}
        own = {name: check.detail for name, check in checks.items() if check.detail}
        return answer(
            {
                "sales": {"open": reason is None, "reason": reason, **_hint(reason, language)},
                "checks": {name: {"ok": check.ok, "reason": check.reason} for name, check in checks.items()},
                **({"says": says} if says else {}),
                **({"own": own} if own else {}),
                "file": self._surveying.file(),
            }
        )

    async def events(self, request: web.Request) -> web.Response:
        text = request.query.get("after", "0")
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise InvalidRequest.at("after", "a sequence number")
        rows = await self._tending.events(int(text))
        return answer(
            {
                "events": [
                    {
                        "sequence": row.sequence,
                        "event_id": row.event_id,
                        "type": row.type,
                        "at": rfc3339(row.at),
                        "order_id": row.order_id,
                        "data": msgspec.Raw(row.data.encode()),
                    }
                    for row in rows
                ]
            }
        )

    async def pause(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        await self._tending.pause(True, peer_name(request))
        return await self.status(request)

    async def resume(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        await self._tending.pause(False, peer_name(request))
        return await self.status(request)

    async def stop_item(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, StopRequest)
        concerned = await self._tending.stop(wanted, peer_name(request))
        return answer({"items": self._menu.availability(concerned)})

    async def list_stopped(self, request: web.Request) -> web.Response:
        return answer({"stopped": await self._tending.stop_list()})

    async def list_orders(self, request: web.Request) -> web.Response:
        return answer({"orders": await self._tending.orders()})

    async def refill(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, RefillRequest)
        await self._handing_out.refill(wanted.bin, wanted.amount, peer_name(request))
        return web.Response(status=204)

    async def acknowledge(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        await self._handing_out.acknowledge(peer_name(request))
        return web.Response(status=204)

    async def list_cells(self, request: web.Request) -> web.Response:
        return answer(await self._tending_cells.cells())

    async def tend_cell(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, CellRequest)
        return answer(await self._tending_cells.act(cell_number(request), wanted, peer_name(request)))

    async def new_code(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._tending_cells.new_code(request.match_info["order_id"], peer_name(request)))

    async def stats(self, request: web.Request) -> web.Response:
        today = self._reporting.today()
        first, last = (day_of(request, name, today) for name in ("from", "to"))
        return answer(await self._reporting.stats(first, last))

    async def report(self, request: web.Request) -> web.Response:
        return answer(await self._reporting.report(as_day(request.match_info["day"], "day")))

    async def list_webhooks(self, request: web.Request) -> web.Response:
        return answer({"webhooks": await self._syncing.endpoints()})

    async def replay_webhooks(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, ReplayRequest)
        await self._syncing.replay(wanted.sequence, wanted.url, peer_name(request))
        return await self.list_webhooks(request)

    async def enable_webhook(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, EnableRequest)
        await self._syncing.enable(wanted.url, peer_name(request))
        return await self.list_webhooks(request)

    async def audit(self, request: web.Request) -> web.Response:
        return answer(await self._auditing.audit())

    async def stuck(self, request: web.Request) -> web.Response:
        return answer({"stuck": await self._settling.stuck()})

    async def settle(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, Decision)
        stuck_id = request.match_info["stuck_id"]
        return answer({"stuck": await self._settling.move(stuck_id, wanted, peer_name(request))})

    async def backup(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, BackupRequest)
        return answer({"file": wanted.file, "bytes": await self._tending.backup(wanted.file, peer_name(request))})


def _hint(reason: str | None, language: str) -> dict[str, str]:
    """What to do about it, for whoever is called."""
    found = None if reason is None else hint_of(reason)
    return {} if found is None else {"hint": found.into(language)}
