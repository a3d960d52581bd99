"""The cloud's end of a webhook: verifies every delivery with the official libraries and answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.exceptions import BaseCloudEventException
from standardwebhooks import Webhook, WebhookVerificationError

from tests.restaurant import until


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class Delivered:
    """One verified delivery and what was answered."""

    webhook_id: str
    sequence: int
    type: str
    subject: str | None
    data: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    status: int


@dataclass
class Receiver:
    """`answers` are given first, one a delivery; then always `status`. A `gate` that is cleared holds them back."""

    secrets: list[str]
    check_age: bool = True
    status: int = 204
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    seen: list[Delivered] = field(default_factory=list)
    broken: list[BaseException] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def accepted(self) -> list[Delivered]:
        return [delivery for delivery in self.seen if delivery.status < 300]

    async def until_seen(self, count: int) -> list[Delivered]:
        await until(lambda: len(self.seen) >= count)
        return self.seen

    async def until_accepted(self, kind: str, count: int = 1) -> list[Delivered]:
        def there() -> list[Delivered] | None:
            found = [delivery for delivery in self.accepted if delivery.type == kind]
            return found if len(found) >= count else None

        found: list[Delivered] = await until(there)
        return found

    async def open(self) -> None:
        """Listen, again at the same port after a `close`."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        status, headers = self.answers.popleft() if self.answers else (self.status, {})
        try:
            self.seen.append(self._verified(body, dict(request.headers), status))
        except (AssertionError, LookupError, ValueError, BaseCloudEventException, WebhookVerificationError) as error:
            # Kept for the test to raise: a receiver that dies would only be tried again.
            self.broken.append(error)
        return web.Response(status=status, headers=headers)

    def _verified(self, body: bytes, headers: dict[str, str], status: int) -> Delivered:
        lower = {name.lower(): value for name, value in headers.items()}
        assert len(lower["webhook-signature"].split()) == len(self.secrets)
        if self.check_age:
            for secret in self.secrets:
                Webhook(secret).verify(body, headers)
        assert lower["content-type"] == "application/cloudevents+json"
        event = from_structured_event(HTTPMessage(headers=lower, body=body))
        data = event.get_data()
        assert isinstance(data, dict)
        assert event.get_specversion() == "1.0"
        assert event.get_id() == lower["webhook-id"]
        return Delivered(
            lower["webhook-id"],
            event.get_extension("sequence"),
            event.get_type(),
            event.get_subject(),
            data,
            body,
            lower,
            status,
        )


@asynccontextmanager
async def receiver(secrets: int = 1, *, check_age: bool = True) -> AsyncIterator[Receiver]:
    found = Receiver([new_secret() for _ in range(secrets)], check_age)
    found.gate.set()
    await found.open()
    try:
        yield found
    finally:
        await found.close()
    if found.broken:
        raise found.broken[0]
