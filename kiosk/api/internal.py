"""The unix socket's calls (contract §2): the seed's internal steps and what the site's own tools need."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.public import confirm, sign_in
from kiosk.api.wire import Nothing, answer, body_bytes, decode, optional_body
from kiosk.clock import rfc3339
from kiosk.domain.errors import InvalidRequest
from kiosk.domain.order import OrderStatus
from kiosk.domain.readiness import Check, Readiness
from kiosk.domain.reasons import hint_of
from kiosk.domain.stuck import Move
from kiosk.flows.auditing import Auditing
from kiosk.flows.choosing_portions import RefundRequest
from kiosk.flows.closing_day import ClosingDay
from kiosk.flows.correcting import Correcting, CorrectRequest
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.refunding import Refunding
from kiosk.flows.reporting import Reporting
from kiosk.flows.reserving import Reserving, WantedItem
from kiosk.flows.settling import Settling
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import SigningIn
from kiosk.flows.surveying import Surveying
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import Tending
from kiosk.flows.tending_shift import TendingShift
from kiosk.flows.views import refund_view


class WantedIngredients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9-]+$")]
    items: Annotated[list[WantedItem], msgspec.Meta(min_length=1, max_length=30)]


class WantedStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: OrderStatus


class StopRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`until` null: for ever; `stopped` false: back on sale."""

    item_id: str
    until: datetime | None = None
    stopped: bool = True


class RefillRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount`: what the bin holds after the refill, in its unit."""

    bin: Annotated[int, msgspec.Meta(ge=1, le=24)]
    amount: Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sequence: Annotated[int, msgspec.Meta(ge=1)]
    url: str | None = None


class EnableRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str


class MoveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`document`: which fiscal document it is, for `adopt`."""

    move: Move
    document: Annotated[int, msgspec.Meta(ge=1)] | None = None


class UseRegistrarRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ReplaceDriveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class BackupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An absolute path on this machine that does not exist yet."""

    file: Annotated[str, msgspec.Meta(min_length=2, max_length=1024, pattern="^/")]


class InternalApi:
    def __init__(
        self,
        signing_in: SigningIn,
        menu: ShowingMenu,
        reserving: Reserving,
        tending: Tending,
        refunding: Refunding,
        correcting: Correcting,
        handing_out: HandingOut,
        reporting: Reporting,
        syncing: Syncing,
        auditing: Auditing,
        shift: TendingShift,
        closing_day: ClosingDay,
        settling: Settling,
        surveying: Surveying,
        readiness: Readiness,
    ) -> None:
        self._signing_in = signing_in
        self._menu = menu
        self._reserving = reserving
        self._tending = tending
        self._refunding = refunding
        self._correcting = correcting
        self._handing_out = handing_out
        self._reporting = reporting
        self._syncing = syncing
        self._auditing = auditing
        self._shift = shift
        self._closing_day = closing_day
        self._settling = settling
        self._surveying = surveying
        self._readiness = readiness

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
            web.get("/internal/status", self.status),
            web.get("/internal/devices", self.devices),
            web.get("/internal/shift", self.show_shift),
            web.post("/internal/shift/open", self.open_shift),
            web.post("/internal/shift/close", self.close_shift),
            web.post("/internal/shift/report", self.x_report),
            web.get("/internal/shift/reports/{shift}", self.shift_report),
            web.get("/internal/fiscal", self.registrars),
            web.post("/internal/fiscal/use", self.use_registrar),
            web.post("/internal/fiscal/replace-drive", self.replace_drive),
            web.post("/internal/fiscal/correct", self.correct),
            web.get("/internal/events", self.events),
            web.post("/internal/sales/pause", self.pause),
            web.post("/internal/sales/resume", self.resume),
            web.get("/internal/stop-list", self.list_stopped),
            web.post("/internal/stop-list", self.stop_item),
            web.get("/internal/orders", self.list_orders),
            web.post("/internal/stock/refill", self.refill),
            web.post("/internal/robot/acknowledge", self.acknowledge),
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

    async def quick_auth(self, request: web.Request) -> web.Response:
        return await sign_in(self._signing_in, request, None)

    async def confirm(self, request: web.Request) -> web.Response:
        return await confirm(self._signing_in, request, None)

    async def availability(self, request: web.Request) -> web.Response:
        return answer({"items": self._menu.availability(request.query.getall("item", []))})

    async def list_bins(self, request: web.Request) -> web.Response:
        return answer({"bins": self._reserving.bins()})

    async def reserve(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), WantedIngredients)
        if any(not 1 <= item.quantity <= 20 for item in wanted.items):
            raise InvalidRequest.at("$.items[...].quantity", "1…20")
        return answer(await self._reserving.reserve(wanted.order_id, wanted.items))

    async def release(self, request: web.Request) -> web.Response:
        await self._reserving.release(request.match_info["reservation_id"])
        return web.Response(status=204)

    async def show_order(self, request: web.Request) -> web.Response:
        return answer(await self._tending.order(request.match_info["order_id"], "ru"))

    async def set_status(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), WantedStatus)
        return answer(await self._tending.set_status(request.match_info["order_id"], wanted.status, _actor(request)))

    async def refund(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), RefundRequest)
        order_id = request.match_info["order_id"]
        row = await self._refunding.request(order_id, wanted, _actor(request))
        return answer(refund_view(row), 202)

    async def status(self, request: web.Request) -> web.Response:
        return self._look(await self._surveying.checks())

    async def devices(self, request: web.Request) -> web.Response:
        return self._look(await self._surveying.devices())

    def _look(self, checks: Mapping[str, Check]) -> web.Response:
        reason = self._readiness.pause_reason()
        return answer(
            {
                "sales": {"open": reason is None, "reason": reason, **_hint(reason)},
                "checks": {name: {"ok": check.ok, "reason": check.reason} for name, check in checks.items()},
            }
        )

    async def show_shift(self, request: web.Request) -> web.Response:
        return answer(await self._shift.view())

    async def open_shift(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.open(_actor(request)))

    async def close_shift(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.close(_actor(request)))

    async def x_report(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.x_report(_actor(request)))

    async def shift_report(self, request: web.Request) -> web.Response:
        text = request.match_info["shift"]
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise InvalidRequest.at("shift", "a number of a shift")
        return answer(await self._closing_day.report(int(text), request.query.get("drive")))

    async def registrars(self, request: web.Request) -> web.Response:
        return answer(await self._shift.registrars())

    async def use_registrar(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), UseRegistrarRequest)
        return answer(await self._shift.use(wanted.name, _actor(request)))

    async def correct(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), CorrectRequest)
        return answer(await self._correcting.request(wanted, _actor(request)), 202)

    async def replace_drive(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), ReplaceDriveRequest)
        return answer(await self._shift.replace_drive(wanted.reason, _actor(request)))

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
        await self._tending.pause(True, _actor(request))
        return await self.status(request)

    async def resume(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        await self._tending.pause(False, _actor(request))
        return await self.status(request)

    async def stop_item(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), StopRequest)
        if wanted.until is not None and wanted.until.tzinfo is None:
            raise InvalidRequest.at("$.until", "a time with its zone")
        await self._tending.stop_item(wanted.item_id, wanted.until, wanted.stopped, _actor(request))
        return answer({"items": self._menu.availability([wanted.item_id])})

    async def list_stopped(self, request: web.Request) -> web.Response:
        return answer({"stopped": await self._tending.stop_list()})

    async def list_orders(self, request: web.Request) -> web.Response:
        return answer({"orders": await self._tending.orders()})

    async def refill(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), RefillRequest)
        await self._handing_out.refill(wanted.bin, wanted.amount, _actor(request))
        return web.Response(status=204)

    async def acknowledge(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        await self._handing_out.acknowledge(_actor(request))
        return web.Response(status=204)

    async def stats(self, request: web.Request) -> web.Response:
        today = self._reporting.today()
        first, last = (day_of(request, name, today) for name in ("from", "to"))
        return answer(await self._reporting.stats(first, last))

    async def report(self, request: web.Request) -> web.Response:
        return answer(await self._reporting.report(as_day(request.match_info["day"], "day")))

    async def list_webhooks(self, request: web.Request) -> web.Response:
        return answer({"webhooks": await self._syncing.endpoints()})

    async def replay_webhooks(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), ReplayRequest)
        await self._syncing.replay(wanted.sequence, wanted.url, _actor(request))
        return await self.list_webhooks(request)

    async def enable_webhook(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), EnableRequest)
        await self._syncing.enable(wanted.url, _actor(request))
        return await self.list_webhooks(request)

    async def audit(self, request: web.Request) -> web.Response:
        return answer(await self._auditing.audit())

    async def stuck(self, request: web.Request) -> web.Response:
        return answer({"stuck": await self._settling.stuck()})

    async def settle(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), MoveRequest)
        stuck_id = request.match_info["stuck_id"]
        return answer({"stuck": await self._settling.move(stuck_id, wanted.move, _actor(request), wanted.document)})

    async def backup(self, request: web.Request) -> web.Response:
        wanted = decode(await body_bytes(request), BackupRequest)
        return answer({"file": wanted.file, "bytes": await self._tending.backup(wanted.file, _actor(request))})


def _hint(reason: str | None) -> dict[str, str]:
    """What to do about it, for whoever is called."""
    found = None if reason is None else hint_of(reason)
    return {} if found is None else {"hint": found.ru}


def day_of(request: web.Request, name: str, default: date) -> date:
    """A day of the query (`2026-11-22`). Raises `InvalidRequest`."""
    text = request.query.get(name)
    return default if text is None else as_day(text, name)


def as_day(text: str, name: str) -> date:
    """Raises `InvalidRequest`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.at(name, "a day like 2026-11-22") from error


def _actor(request: web.Request) -> str:
    """Who is at the other end of the socket: the peer's user by SO_PEERCRED."""
    peer = request.get_extra_info("socket")
    if peer is None:
        return "unknown"
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"
