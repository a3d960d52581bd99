"""Alive, ready, measured: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from kiosk.api.wire import answer
from kiosk.domain.readiness import Readiness


class HealthApi:
    """`storage_ok` tells whether the database can write; `counts` gives numbers by (name, label)."""

    def __init__(
        self,
        readiness: Readiness,
        storage_ok: Callable[[], bool],
        counts: Callable[[], dict[str, float]],
        pages: Callable[[], dict[str, str | None]] = dict,
    ) -> None:
        self._readiness = readiness
        self._storage_ok = storage_ok
        self._counts = counts
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
        """503 only while starting, stopping, or when the database cannot write: a dead device pauses sales."""
        storage = self._storage_ok()
        ready = self.started and not self.stopping and storage
        checks: dict[str, object] = {
            name: {"ok": check.ok, "reason": check.reason} for name, check in self._readiness.checks().items()
        }
        for name, silent in self._pages().items():  # told, but no reason to stop selling: another screen may sell
            checks[name] = {"ok": silent is None, "reason": silent}
        checks["database"] = {"ok": storage, "reason": None if storage else "database_broken"}
        return answer({"ready": ready, "checks": checks}, 200 if ready else 503)

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
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )
