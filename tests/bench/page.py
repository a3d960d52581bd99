"""The kiosk page on a slow machine: tap to next frame, first usable paint, bytes before it, layout shift."""

from __future__ import annotations

import asyncio
import json
import statistics
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession, Page, Route, async_playwright

from tests import chromium
from tests.restaurant import until

SLOWER = 4
DISHES = 60
TAPS = 80
_TURNS = ("add", "more", "less", "less")  # six dishes in turn, from nothing to two and back
_DEADLINE_MS = 20_000
#: Between two taps a finger moves: five a second are many.
_LIFTED_MS = 150
_BUTTON = "document.querySelector('[data-testid=%s]')"
#: A guest scrolls until nothing lies over what is to be touched.
_UNCOVERED = """(() => { const button = %s; const place = () => button.getBoundingClientRect();
    const covered = ({x, y, width, height}) =>
        !button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    if (covered(place())) button.scrollIntoView({block: 'center'});
    return place().toJSON(); })()"""
#: From the finger's own time to the frame that shows its effect; the page is usable once its first button is painted.
_WATCH = """
window.measured = {taps: [], usable: 0, shift: 0, bytes: 0};
const fetched = () => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((e) => e.responseEnd && e.initiatorType !== 'img').reduce((sum, e) => sum + e.transferSize, 0);
const painted = (tell) => requestAnimationFrame(() => { const c = new MessageChannel();
    c.port1.onmessage = () => tell(performance.now()); c.port2.postMessage(0); });
let down = 0;
addEventListener('pointerdown', (event) => { down = event.timeStamp; }, true);
addEventListener('click', () => { const from = down;
    painted((at) => { measured.taps.push(at - from); tapped(); }); }, true);
let tapped = () => undefined;
measured.next = () => new Promise((told) => { tapped = told; });
new PerformanceObserver((list) => { for (const entry of list.getEntries())
    if (!entry.hadRecentInput && measured.usable) measured.shift += entry.value;
}).observe({type: 'layout-shift', buffered: true});
const look = () => document.querySelector('[data-testid=attract]')
    ? painted((at) => { measured.usable = at; measured.bytes = fetched(); usable(""); }) : requestAnimationFrame(look);
requestAnimationFrame(look);
"""


@dataclass(frozen=True, slots=True)
class PageFigures:
    tap_median_ms: float
    tap_p95_ms: float
    usable_ms: float
    kilobytes: float
    shift: float


async def page(base: str) -> PageFigures | None:
    """None where no browser is installed."""
    program = chromium.installed()
    if program is None:
        return None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*chromium.FLAGS])
        try:
            await _measure(await _opened(browser), base)  # warms the server and the browser's own start
            return await _measure(await _opened(browser), base)
        finally:
            await browser.close()


async def _opened(browser: Any) -> Page:
    context = await browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True)
    found: Page = await context.new_page()
    await found.add_init_script(_WATCH)
    return found


async def sixty_dishes(route: Route) -> None:
    """The demo menu's dishes over and over, all in the first section."""
    asked = {name: value for name, value in route.request.headers.items() if name != "if-none-match"}
    answer = await route.fetch(headers=asked)
    if not answer.ok:
        await route.fulfill(response=answer)
        return
    menu = await answer.json()
    dishes = [dish for category in menu["categories"] for dish in category["items"]]
    many = [dishes[n % len(dishes)] | {"id": f"dish-{n}", "modifier_groups": []} for n in range(DISHES)]
    menu["categories"][0]["items"] = many
    await route.fulfill(response=answer, body=json.dumps(menu))


async def _measure(page: Page, base: str) -> PageFigures:
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    # The page says itself when it is usable: a question would be compiled and run in the middle of its start.
    usable = asyncio.Event()
    session.on("Runtime.bindingCalled", lambda _: usable.set())
    await session.send("Runtime.enable")
    await session.send("Runtime.addBinding", {"name": "usable"})
    async with asyncio.timeout(_DEADLINE_MS / 1000):
        await page.goto(base, wait_until="commit")
        await usable.wait()
    await page.route("**/api/menu/categories", sixty_dishes)  # not before: every request would take that way
    for way_in in ("attract", "service-dine-in"):
        await _there(page, way_in)
        await _tap(page, session, way_in)
    await _there(page, f"add-dish-{DISHES - 1}")
    await page.unroute_all(behavior="wait")
    await page.evaluate("measured.taps.length = 0")
    for n in range(TAPS):
        name = f"{_TURNS[n // 6 % len(_TURNS)]}-dish-{n % 6}"
        await _tap(page, session, name)
    told: dict[str, Any] = await page.evaluate("measured")
    await page.context.close()
    taps: list[float] = told["taps"]
    return PageFigures(
        statistics.median(taps),
        statistics.quantiles(taps, n=20)[18],
        told["usable"],
        told["bytes"] / 1024,
        told["shift"],
    )


async def _there(page: Page, name: str) -> None:
    """Asked by plain questions: a locator leaves listeners of its own for every event of the page."""
    await until(lambda: page.evaluate(f"{_BUTTON % name} !== null"))


async def _tap(page: Page, session: CDPSession, name: str) -> None:
    """A finger as the browser's own input: nothing of the test's runs in the page until the frame is painted."""
    box = await page.evaluate(_UNCOVERED % (_BUTTON % name))
    await page.evaluate(f"new Promise((ready) => setTimeout(ready, {_LIFTED_MS}))")
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    painted = asyncio.create_task(page.evaluate("measured.next()"))
    await page.evaluate("1")  # asked after it and answered: the promise is waited for by now
    down = session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [middle]})
    await asyncio.gather(down, session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}))
    async with asyncio.timeout(_DEADLINE_MS / 1000):
        await painted


if __name__ == "__main__":
    import sys

    print(asyncio.run(page(sys.argv[1])))
