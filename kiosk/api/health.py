"""Alive, ready, measured: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from kiosk.api.wire import answer
from kiosk.domain.readiness import Readiness
from kiosk.flows.syncing import EndpointView


class HealthApi:
    """`storage_ok` tells whether the database can write; `counts` gives numbers by name; `endpoints`: the ways out."""

    def __init__(
        self,
        readiness: Readiness,
        storage_ok: Callable[[], bool],
        counts: Callable[[], dict[str, float]],
        endpoints: Callable[[], Awaitable[list[EndpointView]]],
        pages: Callable[[], dict[str, str | None]] = dict,
    ) -> None:
        self._readiness = readiness
        self._storage_ok = storage_ok
        self._counts = counts
        self._endpoints = endpoints
        self._pages = pages
        self.started = False
        self.stopping = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, request: web.Request) -> web.Response:
        return answer({"alive": True})

    async def ready(self, request: web.Request) -> web.Response:
        """503 only while starting, stopping, or when the database cannot write. Ready is who knows whether it sells: a
        dead device pauses sales, `sells` tells."""
        storage = self._storage_ok()
        ready = self.started and not self.stopping and storage
        checks: dict[str, object] = {
            name: {"ok": check.ok, "reason": check.reason} for name, check in self._readiness.checks().items()
        }
        for name, silent in self._pages().items():  # told, but no reason to stop selling: another screen may sell
            checks[name] = {"ok": silent is None, "reason": silent}
        checks["database"] = {"ok": storage, "reason": None if storage else "database_broken"}
        sells = ready and self._readiness.pause_reason() is None
        return answer({"ready": ready, "sells": sells, "checks": checks}, 200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        registry = CollectorRegistry()
        up = Gauge("kiosk_check_ok", "1 while a check is ok", ["check"], registry=registry)
        for name, check in self._readiness.checks().items():
            up.labels(name).set(check.ok)
        Gauge("kiosk_sales_open", "1 while sales are open", registry=registry).set(
            self._readiness.pause_reason() is None
        )
        for name, value in self._counts().items():
            Gauge(f"kiosk_{name}", name.replace("_", " "), registry=registry).set(value)
        self._measure(await self._endpoints(), registry)
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    def _measure(self, endpoints: list[EndpointView], registry: CollectorRegistry) -> None:
        """By host: anybody may read these, and a path may be somebody's secret."""
        lag, tries, ok = (
            Gauge(f"kiosk_relay_{name}", meaning, ["to"], registry=registry)
            for name, meaning in (
                ("lag_events", "events an endpoint has not got yet"),
                ("failed_tries", "tries in a row that an endpoint did not take"),
                ("ok", "0 while an endpoint is suspended or disabled"),
            )
        )
        for number, row in enumerate((row for row in endpoints if row.state != "removed"), 1):
            parts = urlsplit(row.url)
            to = f"webhook-{number}:{parts.hostname}" if parts.hostname else row.url
            lag.labels(to).set(row.lag)
            tries.labels(to).set(row.tries)
            ok.labels(to).set(row.state == "active")
