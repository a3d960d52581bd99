"""Sign-ins, statistics, webhooks, receipts on the wire and the page."""

from __future__ import annotations

import shutil

import aiohttp

from tests.bench.figures import Figure
from tests.bench.fiscal import BAUD, VENDORS, receipts
from tests.bench.page import DISHES, SLOWER, page
from tests.bench.people import sign_ins, statistics_over_many_orders, webhooks
from tests.bench.world import World
from tests.restaurant import short_folder

ROUNDS = 3


async def measure_people() -> list[Figure]:
    world, folder = World(), short_folder()
    try:
        await world.start_devices()
        await world.start_kiosk()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as client:
            base, sms = f"http://127.0.0.1:{world.port}", world.folder / "sms.ledger"
            rounds = [await sign_ins(client, base, sms) for _ in range(ROUNDS)]
        counted, delivered = await statistics_over_many_orders(folder), await webhooks(folder)
    finally:
        world.close()
        shutil.rmtree(folder, ignore_errors=True)
    new, known, stall = ([values[n] for values in rounds] for n in range(3))
    return [
        Figure("people.new_numbers", "sign-ins of new numbers (scrypt n = 2¹²)", "/s", new),
        Figure("people.known_numbers", "sign-ins of confirmed numbers, 8 clients", "/s", known),
        Figure("people.stall", "longest stall of the event loop at 50 + 10 sign-ins/s", "ms", stall),
        Figure("statistics.year", "statistics over 100,000 orders", "ms", [counted]),
        Figure("webhooks.thousand", "1,000 events to a local webhook receiver", "s", [delivered]),
    ]


async def measure_fiscal() -> list[Figure]:
    """What a receipt takes against the least that its bytes and the device's own work need."""
    found = []
    for vendor in VENDORS:
        rounds = [await receipts(vendor) for _ in range(ROUNDS)]
        text = f"receipt of 3 lines, {vendor}, {rounds[0].bytes_} bytes and {rounds[0].turns} turns at {BAUD} baud"
        found += [
            Figure(f"fiscal.{vendor}.took", text, "s", [figures.took_s for figures in rounds]),
            Figure(f"fiscal.{vendor}.ratio", "… of what line and device need", "×", [f.ratio for f in rounds]),
        ]
    return found


async def measure_page() -> list[Figure]:
    """Empty where no browser is installed."""
    world = World()
    try:
        await world.start_devices()
        await world.start_kiosk()
        rounds = [found for _ in range(ROUNDS) if (found := await page(f"http://127.0.0.1:{world.port}/")) is not None]
    finally:
        world.close()
    if not rounds:
        return []
    slow = f"CPU slowed {SLOWER}×"
    return [
        Figure(
            "page.tap", f"tap to next frame, {DISHES} dishes, {slow}, median", "ms", [f.tap_median_ms for f in rounds]
        ),
        Figure("page.tap_p95", "… p95", "ms", [f.tap_p95_ms for f in rounds]),
        Figure("page.usable", f"kiosk page usable, {slow}", "ms", [f.usable_ms for f in rounds]),
        Figure("page.transferred", "… transferred until then, without pictures", "KB", [f.kilobytes for f in rounds]),
        Figure("page.shift", "… layout shift after it", "", [f.shift for f in rounds]),
    ]
