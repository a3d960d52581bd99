"""The kiosk's touch screen and the hall board in a real browser, in the words of the scenes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, BrowserContext, Error, Locator, Page

from kiosk.config import load
from kiosk.wiring import Kiosk, Parts
from tests.databases.ready import lay_ready
from tests.pages.traffic import Traffic
from tests.restaurant import Restaurant, short_folder, start_kiosk, test_parts, until

WAIT_MS = 40_000
_REFRESH_MS = 5_000  # of the pages of the staff
PANEL = {"width": 1080, "height": 1920}
BOARD = {"width": 1920, "height": 1080}
# The pin-pad's bridge: what the terminal's software would put into the page.
_BRIDGE = "window.kioskTokens = %s; window.kioskTerminal = {token: async () => window.kioskTokens.shift() ?? null};"
# A page without it still sells; some seconds after its start it would fetch every file of the pages once more.
_NO_WORKER = "Object.defineProperty(Navigator.prototype, 'serviceWorker', {value: undefined});"

_BROKEN_PICTURES = """[...document.images].filter((image) => image.checkVisibility())
    .filter((image) => !(image.complete && image.naturalWidth)).map((image) => image.src)"""


class Screen:
    """One page in front of a person."""

    def __init__(self, page: Page, traffic: Traffic, origin: str) -> None:
        self.page = page
        self.traffic = traffic
        self.origin = origin

    def at(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    async def sees(self, name: str) -> Locator:
        found = self.at(name)
        await found.wait_for(timeout=WAIT_MS)
        return found

    async def misses(self, name: str) -> None:
        await self.at(name).wait_for(state="hidden", timeout=WAIT_MS)

    async def reads(self, text: str) -> None:
        await self.page.locator("#page", has_text=text).wait_for(timeout=WAIT_MS)

    async def words(self, name: str) -> str:
        return (await (await self.sees(name)).inner_text()).strip()

    async def tap(self, *names: str) -> None:
        for name in names:
            await self.at(name).tap(timeout=WAIT_MS)

    async def drum(self, name: str, times: int) -> None:
        """Taps one after the other, as quick as fingers: none waits until the page has come to rest."""
        box = await (await self.sees(name)).bounding_box()
        assert box is not None
        for _ in range(times):
            await self.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    async def time_s(self) -> float:
        """By the page's own clock, since some moment."""
        return float(await self.page.evaluate("Date.now()")) / 1000

    async def looks_again(self) -> None:
        """What the page asks for every few seconds it asks for now, where its clock can be sent ahead."""
        await self.page.clock.fast_forward(_REFRESH_MS)

    async def stop_clock(self) -> None:
        """From now on the page's own clock goes only where the test sends it; a clock that is merely installed goes on
        with the machine's, and the slower that is, the farther it gets between two looks."""
        for ahead_s in (1, 3):  # to a moment that has not gone by when the page hears of it
            with contextlib.suppress(Error):
                await self.page.clock.pause_at(await self.time_s() + ahead_s)
                return
        await self.page.clock.pause_at(await self.time_s() + 10)

    async def shows_whole_pictures(self) -> None:
        """No picture in sight is a broken one."""

        async def whole() -> bool:
            broken: list[str] = await self.page.evaluate(_BROKEN_PICTURES)
            return not broken

        await until(whole)

    async def shot(self, name: str) -> None:
        """A picture for people, where KIOSK_SCREENS names a folder."""
        if folder := os.environ.get("KIOSK_SCREENS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            await self.page.wait_for_timeout(700)  # pictures are for eyes: let the fonts and the number arrive
            await self.page.screenshot(path=Path(folder) / f"{name}.png")


class KioskScreen(Screen):
    """The screen a customer orders at."""

    async def kept(self) -> dict[str, Any]:
        """What the page has put aside for a reload."""
        found: dict[str, Any] = json.loads(await self.page.evaluate("sessionStorage.getItem('kiosk') ?? '{}'"))
        return found

    async def begin(self, service: str = "dine-in") -> None:
        await self.tap("attract", f"service-{service}")
        await self.sees("cancel")

    async def choose(self, *items: tuple[str, str]) -> None:
        """Each as (section, dish), by the «+» of its card."""
        for category, item in items:
            await self.tap(f"category-{category}", f"add-{item}")

    async def order_tea(self) -> None:
        """The shortest way to the cart."""
        await self.begin()
        await self.choose(("drinks", "tea"))
        await self.tap("cart-open")
        await self.sees("pay")

    async def types(self, text: str) -> None:
        """On the page's own keys."""
        await self.tap(*(f"key-{letter}" for letter in text))

    async def to_points(self) -> None:
        await self.order_tea()
        await self.tap("pay")
        await self.sees("phone")

    async def number(self) -> str:
        return await self.words("order-number")


class Screens:
    """Opens pages in one browser; afterwards all are closed and none may have complained."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.traffic = Traffic()

    async def kiosk(
        self, kiosk: Kiosk, *tokens: str, clock: bool = False, size: Mapping[str, int] = PANEL, worker: bool = False
    ) -> KioskScreen:
        """`tokens` are what the pin-pad will hand over, one a payment; none of them: no pin-pad is there. `worker`: the
        page's service worker is a part of the scene."""
        page, origin = await self._open(kiosk, size)
        if not worker:
            await page.add_init_script(_NO_WORKER)
        if tokens:
            await page.add_init_script(_BRIDGE % json.dumps(tokens))
        if clock:
            await page.clock.install()
        await page.goto(f"{origin}/")
        return KioskScreen(page, self.traffic, origin)

    async def panel(self, kiosk: Kiosk, *, clock: bool = False) -> KioskScreen:
        """The one at the cells."""
        page, origin = await self._open(kiosk, PANEL)
        if clock:
            await page.clock.install()
        await page.goto(f"{origin}/pickup")
        return KioskScreen(page, self.traffic, origin)

    async def board(self, kiosk: Kiosk, *, clock: bool = False) -> Screen:
        return await self._hall(kiosk, "/display", clock=clock)

    async def kitchen(self, kiosk: Kiosk, *, clock: bool = False) -> Screen:
        """Its show in the hall."""
        return await self._hall(kiosk, "/kitchen", clock=clock)

    async def _hall(self, kiosk: Kiosk, path: str, *, clock: bool) -> Screen:
        page, origin = await self._open(kiosk, BOARD)
        if clock:
            await page.clock.install()
        await page.goto(f"{origin}{path}")
        return Screen(page, self.traffic, origin)

    async def desk(self, kiosk: Kiosk, path: str, *, clock: bool = False) -> Screen:
        """A page of the staff: `/stats`, `/service`, `/sim`."""
        page, origin = await self._open(kiosk, {"width": 1280, "height": 1000})
        if clock:
            await page.clock.install()
        await page.goto(f"{origin}{path}")
        return Screen(page, self.traffic, origin)

    async def _open(self, kiosk: Kiosk, size: Mapping[str, int]) -> tuple[Page, str]:
        # Without a graphics card every moving picture costs a core that the scenes need.
        context = await self._browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            has_touch=True,
            locale="ru-RU",
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        page = await context.new_page()
        origin = f"http://127.0.0.1:{kiosk.public_port}"
        self.traffic.listen(page, origin)
        return page, origin

    async def close(self) -> None:
        """What a test answers in the server's place is answered no more: a call that is under way then would fail in
        whichever test comes next."""
        for context in self._contexts:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()


async def restart(place: Restaurant) -> None:
    """The process again, on the port the pages know; devices went on without it."""
    config = place.kiosk.config
    server = msgspec.structs.replace(config.server, port=place.kiosk.public_port)
    place.kiosk = await start_kiosk(place.stack, msgspec.structs.replace(config, server=server), test_parts())


@asynccontextmanager
async def demo_kiosk(extra: str = "") -> AsyncIterator[Kiosk]:
    """The kiosk as a stranger first runs it: every device simulated inside the process. `extra`: more settings."""
    folder = short_folder()
    (folder / "config.toml").write_text(
        f'[server]\nport = 0\nsocket = "{folder}/k.sock"\n[database]\npath = "{folder}/kiosk.db"\n'
        '[robot]\nspeed = 200.0\n[log]\nlevel = "error"\n' + extra
    )
    lay_ready(folder / "kiosk.db")
    kiosk = Kiosk(load(folder / "config.toml"), Parts(check_file_after_s=3600.0))
    try:
        await kiosk.start()
        yield kiosk
    finally:
        await kiosk.stop()
        shutil.rmtree(folder, ignore_errors=True)
