"""Starts the demo as a user would and measures what the issue asks: creation, payment, display, start, memory."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from tests.bench.fiscal import ALLOWED, VENDORS, ReceiptFigures, receipts
from tests.bench.page import DISHES, SLOWER, PageFigures, page
from tests.bench.people import sign_ins, statistics_over_many_orders, webhooks
from tests.restaurant import short_folder

CLIENTS = 32
CREATE_S = 6.0
PAYMENTS = 25
ROUNDS = 3
TEA = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
CONFIG = """
[server]
port = {port}
socket = "{folder}/k.sock"
[database]
path = "{folder}/kiosk.db"
[robot]
speed = 60
max_promise_s = 1000000
[auth]
limits = {{ logins_per_device_per_minute = 1000000, sms_per_site_per_day = 1000000, resend_s = 0 }}
[log]
level = "error"
"""


class Server:
    """`kiosk run` with every device simulated inside."""

    def __init__(self) -> None:
        self.folder = short_folder()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        config = self.folder / "config.toml"
        config.write_text(CONFIG.format(port=port, folder=self.folder))
        self.started = time.perf_counter()
        self.process = subprocess.Popen([sys.executable, "-m", "kiosk", "run", "--config", str(config)])

    async def ready_s(self, client: aiohttp.ClientSession) -> float:
        """Seconds from the start of the process to the first `/readyz` 200."""
        while True:
            try:
                async with client.get(f"{self.base}/readyz") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - self.started
            except aiohttp.ClientError:
                pass
            await tick()

    async def open_sales(self, client: aiohttp.ClientSession) -> None:
        while True:
            async with client.get(f"{self.base}/api/restaurant") as answer:
                if (await answer.json())["sales"]["open"]:
                    return
            await tick()

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


async def tick() -> None:
    await asyncio.get_running_loop().run_in_executor(None, os.sched_yield)


async def guest(client: aiohttp.ClientSession, base: str) -> dict[str, str]:
    async with client.post(f"{base}/api/auth/guest") as answer:
        return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


async def create(client: aiohttp.ClientSession, base: str, headers: dict[str, str], body: object) -> str:
    async with client.post(f"{base}/api/orders/create", json=body, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["order_id"])


async def creation(client: aiohttp.ClientSession, base: str) -> tuple[float, float, float]:
    """(orders/s, p50 ms, p99 ms) with 32 closed-loop clients."""
    took: list[float] = []
    sessions = [await guest(client, base) for _ in range(CLIENTS)]
    end = time.perf_counter() + CREATE_S

    async def one(headers: dict[str, str]) -> None:
        while time.perf_counter() < end:
            started = time.perf_counter()
            await create(client, base, headers, TEA)
            took.append(time.perf_counter() - started)

    began = time.perf_counter()
    await asyncio.gather(*(one(headers) for headers in sessions))
    seconds = time.perf_counter() - began
    cuts = statistics.quantiles(took, n=100)
    return len(took) / seconds, cuts[49] * 1000, cuts[98] * 1000


async def three_dishes(client: aiohttp.ClientSession, base: str) -> dict[str, object]:
    """The three dishes of which most is in stock: the bins are finite here too."""
    async with client.get(f"{base}/api/menu/categories") as answer:
        dishes = [dish["id"] for category in (await answer.json())["categories"] for dish in category["items"]]
    connector = aiohttp.UnixConnector(str(SERVER.folder / "k.sock"))
    async with aiohttp.ClientSession(connector=connector) as staff:
        query = "&".join(f"item={dish}" for dish in dishes)
        async with staff.get(f"http://kiosk/internal/menu/availability?{query}") as answer:
            rows = (await answer.json())["items"]
    best = sorted(rows, key=lambda row: -row["max_quantity"])[:3]
    return {"items": [{"item_id": row["item_id"], "quantity": 1} for row in best], "service": "dine_in"}


async def payment(client: aiohttp.ClientSession, base: str) -> tuple[float, float]:
    """(median, p95) ms from the payment call to its 200; three dishes, devices answer at once."""
    headers, took = await guest(client, base), []
    for _ in range(PAYMENTS):
        order_id = await create(client, base, headers, await three_dishes(client, base))
        started = time.perf_counter()
        async with client.post(
            f"{base}/api/orders/{order_id}/payment", json={"card_token": "tok_ok"}, headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[18]


async def display(client: aiohttp.ClientSession, base: str) -> tuple[float, float]:
    """(median, max) ms from an event's own time, taken before its commit, to its arrival at a screen."""
    took: list[float] = []
    headers = await guest(client, base)
    connector = aiohttp.UnixConnector(str(SERVER.folder / "k.sock"))
    async with aiohttp.ClientSession(connector=connector) as staff, client.get(f"{base}/api/display/events") as stream:
        arrivals: dict[int, float] = {}

        async def listen() -> None:
            identity = 0
            async for raw in stream.content:
                line = raw.decode().strip()
                if line.startswith("id: "):
                    identity = int(line[4:])
                    arrivals[identity] = datetime.now(UTC).timestamp()

        listener = asyncio.create_task(listen())
        for _ in range(10):
            order_id = await create(client, base, headers, TEA)
            async with client.post(
                f"{base}/api/orders/{order_id}/payment", json={"card_token": "tok_ok"}, headers=headers
            ) as answer:
                await answer.read()
        async with staff.get("http://kiosk/internal/events?after=0") as answer:
            events = []
            body = await answer.json()
            while body["events"]:
                events += body["events"]
                async with staff.get(f"http://kiosk/internal/events?after={events[-1]['sequence']}") as further:
                    body = await further.json()
        listener.cancel()
    for event in events:
        if event["sequence"] in arrivals and event["type"] == "OrderPaidEvent":
            at = datetime.fromisoformat(event["at"]).timestamp()
            took.append((arrivals[event["sequence"]] - at) * 1000)
    return statistics.median(took), max(took)


async def menu(client: aiohttp.ClientSession, base: str) -> float:
    """Median ms of the menu, one connection."""
    took = []
    for _ in range(300):
        started = time.perf_counter()
        async with client.get(f"{base}/api/menu/categories") as answer:
            await answer.read()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


async def spread(what: Callable[[], Awaitable[tuple[float, ...]]]) -> list[tuple[float, ...]]:
    return [await what() for _ in range(ROUNDS)]


def shown(values: list[float], form: str) -> str:
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def page_rows(found: list[PageFigures]) -> list[tuple[str, str, str]]:
    """Empty where no browser is installed."""
    if not found:
        return []
    slow = f"CPU slowed {SLOWER}×"
    return [
        (
            f"tap to next frame, {DISHES} dishes, {slow}, median",
            shown([f.tap_median_ms for f in found], "{:.0f} ms"),
            "",
        ),
        ("… p95", shown([f.tap_p95_ms for f in found], "{:.0f} ms"), "≤ 100 ms"),
        (f"kiosk page usable, {slow}", shown([f.usable_ms for f in found], "{:.0f} ms"), "≤ 1000 ms"),
        ("… transferred until then, without pictures", shown([f.kilobytes for f in found], "{:.0f} KB"), "≤ 150 KB"),
        ("… layout shift after it", shown([f.shift for f in found], "{:.3f}"), "≤ 0.02"),
    ]


async def main() -> None:
    global SERVER
    rows: list[tuple[str, str, str]] = []
    starts = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as client:
        for attempt in range(ROUNDS):
            SERVER = Server()
            starts.append(await SERVER.ready_s(client))
            if attempt < ROUNDS - 1:
                SERVER.stop()
        base = SERVER.base
        await SERVER.open_sales(client)
        idle_mb = SERVER.rss_mb()
        paid = await spread(lambda: payment(client, base))
        seen = await spread(lambda: display(client, base))
        made = await spread(lambda: creation(client, base))
        menus = [await menu(client, base) for _ in range(ROUNDS)]
        loaded_mb = SERVER.rss_mb()
        people = [await sign_ins(client, base, SERVER.folder / "sim" / "sms.jsonl") for _ in range(ROUNDS)]
        counted = [await statistics_over_many_orders(SERVER.folder)]
        delivered = [await webhooks(SERVER.folder)]
        printed = {vendor: [await receipts(vendor) for _ in range(ROUNDS)] for vendor in VENDORS}
        screens = [found for _ in range(ROUNDS) if (found := await page(f"{SERVER.base}/")) is not None]
        SERVER.stop()
    rows.append(("order creation, durable, 32 clients", shown([r[0] for r in made], "{:.0f}/s"), "≥ 500/s"))
    rows.append(("… p50", shown([r[1] for r in made], "{:.1f} ms"), ""))
    rows.append(("… p99", shown([r[2] for r in made], "{:.1f} ms"), "< 150 ms"))
    rows.append(("payment call to 200, median", shown([r[0] for r in paid], "{:.1f} ms"), "< 50 ms"))
    rows.append(("… p95", shown([r[1] for r in paid], "{:.1f} ms"), ""))
    rows.append(("event to hall display, median", shown([r[0] for r in seen], "{:.1f} ms"), "< 20 ms"))
    rows.append(("menu, one connection, median", shown(menus, "{:.2f} ms"), ""))
    rows.append(("cold start to /readyz 200", shown(starts, "{:.2f} s"), "< 2 s"))
    rows.append(("resident memory, idle → loaded", f"{idle_mb:.0f} → {loaded_mb:.0f} MB", "< 120 MB"))
    rows.append(("sign-ins of new numbers (scrypt)", shown([r[0] for r in people], "{:.0f}/s"), "≥ 10/s"))
    rows.append(("sign-ins of confirmed numbers, 8 clients", shown([r[1] for r in people], "{:.0f}/s"), "≥ 50/s"))
    rows.append(
        ("longest stall of the event loop at 50 + 10 sign-ins/s", shown([r[2] for r in people], "{:.1f} ms"), "< 10 ms")
    )
    rows.append(("statistics over 100,000 orders", f"{counted[0]:.0f} ms", "< 100 ms"))
    rows.append(("1,000 events to a local receiver", f"{delivered[0]:.2f} s", "< 3 s"))
    for vendor, figures in printed.items():
        rows += wire_rows(vendor, figures)
    rows += page_rows(screens)
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(f"median of {ROUNDS} rounds (min–max), devices simulated in the process; client on the same cores\n")
    print("| what | measured | wanted |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    if "--json" in sys.argv:
        print(json.dumps(rows, ensure_ascii=False))


def wire_rows(vendor: str, figures: list[ReceiptFigures]) -> list[tuple[str, str, str]]:
    """What a receipt takes against the least that its bytes and the device's own work need."""
    name = f"receipt of 3 lines, {vendor}, {figures[0].bytes_} bytes and {figures[0].turns} turns at 115200 baud"
    took, least = shown([f.took_s for f in figures], "{:.2f} s"), shown([f.least_s for f in figures], "{:.2f} s")
    share = shown([f.ratio for f in figures], "{:.2f}×")
    return [(name, took, ""), ("… line and device need", least, ""), ("… of it", share, f"≤ {ALLOWED:.2f}×")]


SERVER: Server

if __name__ == "__main__":
    try:
        asyncio.run(main())
    finally:
        SERVER.stop()
