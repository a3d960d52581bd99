"""Alive, ready, measured: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from kiosk.api.calls import BareCall
from kiosk.api.http.wire import answer
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.flows.staff.endpoints import EndpointView


@dataclass(slots=True, kw_only=True)
class HealthApi:
    """`storage_ok` tells whether the database can write; `counts` gives numbers by name; `endpoints`: the ways out."""

    readiness: Readiness
    storage_ok: Callable[[], bool]
    counts: Callable[[], dict[str, float]]
    endpoints: Callable[[], Awaitable[list[EndpointView]]]
    silent_pages: Callable[[], dict[str, str | None]]
    started: bool = False
    stopping: bool = False

    async def alive(self, _: BareCall[None]) -> dict[str, bool]:
        return {"alive": True}

    async def ready(self, _: BareCall[None]) -> web.Response:
        """503 only while starting, stopping, or when the database cannot write. Ready is who knows whether it sells: a
        dead device pauses sales, `sells` tells."""
        storage = self.storage_ok()
        ready = self.started and not self.stopping and storage
        checks: dict[str, object] = {
            name: {"ok": check.ok, "reason": check.reason} for name, check in self.readiness.checks().items()
        }
        for name, silent in self.silent_pages().items():  # told, but no reason to stop selling: another screen may sell
            checks[name] = {"ok": silent is None, "reason": silent}
        checks["database"] = {"ok": storage, "reason": None if storage else "database_broken"}
        sells = ready and self.readiness.pause_reason() is None
        return answer({"ready": ready, "sells": sells, "checks": checks}, 200 if ready else 503)

    async def metrics(self, _: BareCall[None]) -> web.Response:
        return web.Response(
            body=await self.figures(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def figures(self) -> bytes:
        """Every figure in Prometheus' own text."""
        registry = CollectorRegistry()
        up = Gauge("kiosk_check_ok", "1 while a check is ok", ["check"], registry=registry)
        for name, check in self.readiness.checks().items():
            up.labels(name).set(check.ok)
        Gauge("kiosk_sales_open", "1 while sales are open", registry=registry).set(
            self.readiness.pause_reason() is None
        )
        for name, value in self.counts().items():
            Gauge(f"kiosk_{name}", name.replace("_", " "), registry=registry).set(value)
        self._measure(await self.endpoints(), registry)
        return generate_latest(registry)

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
