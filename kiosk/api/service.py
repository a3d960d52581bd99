"""The staff's pages: a session opened by PIN, statistics and state behind it (`/api/service/*`)."""

from __future__ import annotations

import hmac
from typing import Annotated

import msgspec
from aiohttp import web

from kiosk.api.internal import day_of
from kiosk.api.public import SalesView
from kiosk.api.wire import answer, body_bytes, decode
from kiosk.domain.errors import NotFound, StaffOnly, Unauthorized
from kiosk.domain.readiness import Check, Readiness
from kiosk.flows.guests import TokenView
from kiosk.flows.limiting import Window
from kiosk.flows.reporting import Reporting
from kiosk.tokens import AccessTokens

_LIFETIME_S = 1800


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class StatusView(msgspec.Struct, frozen=True):
    """Sales, and every check by its name."""

    sales: SalesView
    checks: dict[str, Check]


class ServiceApi:
    """Without a PIN file there are no staff pages: every call is 404."""

    def __init__(
        self, tokens: AccessTokens, pin: str, tries: Window, reporting: Reporting, readiness: Readiness
    ) -> None:
        self._tokens = tokens
        self._pin = pin
        self._tries = tries
        self._reporting = reporting
        self._readiness = readiness

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/service/session", self.open_session),
            web.get("/api/service/stats", self.stats),
            web.get("/api/service/status", self.status),
        ]

    async def open_session(self, request: web.Request) -> web.Response:
        """201 with a token of its own type. A few tries a minute for each device."""
        wanted = decode(await body_bytes(request), PinRequest)
        if not self._pin:
            raise NotFound
        self._tries.take(request.remote or "")
        if not hmac.compare_digest(wanted.pin.encode(), self._pin.encode()):
            raise StaffOnly
        return answer(TokenView(self._tokens.issue_service(_LIFETIME_S), "Bearer", _LIFETIME_S), 201)

    async def stats(self, request: web.Request) -> web.Response:
        self._require(request)
        today = self._reporting.today()
        first, last = (day_of(request, name, today) for name in ("from", "to"))
        return answer(await self._reporting.stats(first, last))

    async def status(self, request: web.Request) -> web.Response:
        self._require(request)
        reason = self._readiness.pause_reason()
        return answer(StatusView(SalesView(reason is None, reason), dict(self._readiness.checks())))

    def _require(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._tokens.is_service(token.strip()):
            raise Unauthorized
