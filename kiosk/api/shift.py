"""The fiscal shift and its registrars at the unix socket (contract §2)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.peer import peer_name
from kiosk.api.wire import Nothing, answer, optional_body, staff_body
from kiosk.domain.errors import InvalidRequest
from kiosk.flows.closing_day import ClosingDay
from kiosk.flows.correcting import Correcting, CorrectRequest
from kiosk.flows.tending_shift import TendingShift


class UseRegistrarRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ReplaceDriveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ShiftApi:
    def __init__(
        self,
        shift: TendingShift,
        closing_day: ClosingDay,
        correcting: Correcting,
    ) -> None:
        self._shift = shift
        self._closing_day = closing_day
        self._correcting = correcting

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/internal/shift", self.show_shift),
            web.post("/internal/shift/open", self.open_shift),
            web.post("/internal/shift/close", self.close_shift),
            web.post("/internal/shift/report", self.x_report),
            web.get("/internal/shift/reports/{shift}", self.shift_report),
            web.get("/internal/fiscal", self.registrars),
            web.post("/internal/fiscal/use", self.use_registrar),
            web.post("/internal/fiscal/replace-drive", self.replace_drive),
            web.post("/internal/fiscal/correct", self.correct),
        ]

    async def show_shift(self, request: web.Request) -> web.Response:
        return answer(await self._shift.view())

    async def open_shift(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.open(peer_name(request)))

    async def close_shift(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.close(peer_name(request)))

    async def x_report(self, request: web.Request) -> web.Response:
        await optional_body(request, Nothing)
        return answer(await self._shift.x_report(peer_name(request)))

    async def shift_report(self, request: web.Request) -> web.Response:
        text = request.match_info["shift"]
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise InvalidRequest.at("shift", "a number of a shift")
        return answer(await self._closing_day.report(int(text), request.query.get("drive")))

    async def registrars(self, request: web.Request) -> web.Response:
        return answer(await self._shift.registrars())

    async def use_registrar(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, UseRegistrarRequest)
        return answer(await self._shift.use(wanted.name, peer_name(request)))

    async def correct(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, CorrectRequest)
        return answer(await self._correcting.request(wanted, peer_name(request)), 202)

    async def replace_drive(self, request: web.Request) -> web.Response:
        wanted = await staff_body(request, ReplaceDriveRequest)
        return answer(await self._shift.replace_drive(wanted.reason, peer_name(request)))
