"""Sign-ins, statistics and webhooks: what the second issue asks to be measured."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import msgspec
from aiohttp import web

from drivers.webhook.sender import HttpWebhookSender
from kiosk.clock import SystemClock
from kiosk.domain.events import EventItem, OrderPaidEvent, StoredEvent
from kiosk.flows.staff.reports.statistics import Reports
from kiosk.sinks.relay import Relay
from kiosk.sinks.statistics import StatisticsSink
from kiosk.sinks.webhooks import Subscription, WebhookEndpoint
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.events.endpoints import enrol
from kiosk.store.transaction import Tx

SECONDS = 4.0
CLIENTS = 8
ORDERS = 100_000
EVENTS = 1_000
_ZONE = ZoneInfo("Europe/Moscow")


def _paid(number: int) -> OrderPaidEvent:
    return OrderPaidEvent(
        order_id=f"O{number:015d}",
        number="A01",
        customer_id=None,
        amount_kopecks=38900,
        bonus_spent=0,
        items=[EventItem(f"dish-{number % 33}", f"Блюдо {number % 33}", 1, 38900)],
        transaction_id="T",
        fiscal_document_number=number,
        ready_in_s=60,
    )


async def sign_ins(client: aiohttp.ClientSession, base: str, sms: Path) -> tuple[float, float, float]:
    """(new numbers/s, confirmed numbers/s, longest delay of the server's event loop in ms while 50 confirmed and 10
    new numbers a second sign in)."""
    numbers = (f"+7916{n:07d}" for n in itertools.count(int(time.monotonic() * 1000) % 9_000_000))
    known = next(numbers)
    done = {"new": 0, "known": 0}

    async def call(phone: str) -> int:
        async with client.post(f"{base}/api/auth/quick-auth", json={"phone": phone}) as answer:
            await answer.read()
            return answer.status

    async with client.post(f"{base}/api/auth/quick-auth", json={"phone": known}) as answer:
        assert answer.status == 201
    code = await _code(sms, known)
    async with client.post(f"{base}/api/auth/confirm", json={"phone": known, "password": code}) as answer:
        assert answer.status == 200, await answer.text()

    async def repeat(kind: str, end: float) -> None:
        while time.perf_counter() < end:
            assert await call(next(numbers) if kind == "new" else known) in (200, 201)
            done[kind] += 1

    async def lag_ms() -> float:
        async with client.get(f"{base}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return (
            float(next(line for line in lines if line.startswith("kiosk_loop_lag_longest_seconds")).split()[1]) * 1000
        )

    async def paced(kind: str, per_s: int, seconds: float) -> None:
        calls = []
        for _ in range(int(per_s * seconds)):
            calls.append(asyncio.create_task(call(next(numbers) if kind == "new" else known)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1 / per_s):
                    await asyncio.Event().wait()
        assert set(await asyncio.gather(*calls)) <= {200, 201}

    for kind in done:
        end = time.perf_counter() + SECONDS
        await asyncio.gather(*(repeat(kind, end) for _ in range(CLIENTS)))
    await lag_ms()
    await asyncio.gather(paced("new", 10, SECONDS), paced("known", 50, SECONDS))
    return done["new"] / SECONDS, done["known"] / SECONDS, await lag_ms()


async def _code(ledger: Path, phone: str) -> str:
    """The code that went to `phone`, from the gateway's own ledger."""
    while True:
        for line in ledger.read_text().splitlines() if ledger.exists() else ():
            sent = json.loads(line)
            if sent["to"] == phone:
                return "".join(filter(str.isdigit, sent["text"]))[:6]
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def statistics_over_many_orders(folder: Path) -> float:
    """Milliseconds of a year's statistics over 100,000 counted orders."""
    database = await Database.open(folder / "statistics.db", lambda reason: None)
    sink, first = StatisticsSink(_ZONE), datetime(2026, 1, 1, tzinfo=UTC)

    def count(tx: Tx) -> None:
        for number in range(ORDERS):
            event = _paid(number)
            data = msgspec.json.encode(event).decode()
            at = first + timedelta(minutes=5 * number)
            sink.handle(tx, StoredEvent(number + 1, str(number), event.type_name, at, event.order_id, data))

    await database.write(count)
    reports = Reports(database, _ZONE, SystemClock())
    started = time.perf_counter()
    view = await reports.stats(date(2026, 1, 1), date(2026, 12, 31))
    took = (time.perf_counter() - started) * 1000
    assert view.orders == ORDERS
    await database.close()
    return took


async def webhooks(folder: Path) -> float:
    """Seconds until a local receiver has 1,000 events."""
    got = asyncio.Event()
    count = 0

    async def receive(request: web.Request) -> web.Response:
        nonlocal count
        await request.read()
        count += 1
        if count >= EVENTS:
            got.set()
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/", receive)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    database = await Database.open(folder / "webhooks.db", lambda reason: None)
    sender, now = HttpWebhookSender(), datetime.now(UTC)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await database.write(lambda tx: enrol(tx, url))
    subscription = Subscription(url, (b"k" * 32,), frozenset({"*"}))
    target = WebhookEndpoint(subscription, sender, "/kiosk/bench", SystemClock())
    loop = asyncio.create_task(Relay(database, SystemClock()).run(target))
    await database.write(lambda tx: outbox.put(tx, _paid(0), now))
    while not count:
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    started = time.perf_counter()
    await database.write(lambda tx: [outbox.put(tx, _paid(number), now) for number in range(1, EVENTS)])
    await got.wait()
    took = time.perf_counter() - started
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await sender.close()
    await database.close()
    await runner.cleanup()
    return took
