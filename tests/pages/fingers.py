"""Fingers that tap whatever they find, while devices fail and the page is loaded anew: what must hold all the same."""

from __future__ import annotations

import contextlib
import random
import re
import time
from typing import Any

from playwright.async_api import Error

from tests.pages.screens import KioskScreen
from tests.restaurant import Restaurant, until

#: What stands on top at its own middle and may be tapped.
_IN_REACH = """() => [...document.querySelectorAll('button, a[href], input, summary')].flatMap((e) => {
    const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
    const top = document.elementFromPoint(x, y), name = e.dataset.testid || e.textContent.trim().slice(0, 30);
    return !e.disabled && top && (e.contains(top) || top.contains(e)) ? [{name, x, y}] : [];
})"""
_WIDE = "document.documentElement.scrollWidth > innerWidth + 1"
_WORDS = "document.body.innerText"
_LEFT = "[sessionStorage.length, localStorage.length, document.cookie]"
#: What a page says when a word or a number was missing.
_NONSENSE = re.compile(r"undefined|NaN|Infinity|\[object|\bnull\b")
#: Where a hungry finger rather goes, the later the rather.
_FORWARD = ("attract", "service-", "category-", "add", "key-", "consent", "cart-open", "pay", "without-number")
_FAULTS = (
    ("fiscal", "paper_out"),
    ("fiscal", "cover_open"),
    ("fiscal", "off"),
    ("robot", "off"),
    ("bank", "down"),
    ("bank", "lose_answer"),
)
#: While a card is being charged there is nothing to tap: so long it may take in a bank's time, not the page's.
_NOTHING_FOR_S = 30.0
_STEP_MS = 3_000
_AT_HOME_MS = 180_000


class Fingers:
    """`play()` some steps, then `go()`: nobody touches the page, everything works again; `complaints` is what was
    wrong. `tokens` for the pin-pad come from the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        cards = ["tok_ok"] * 6 + ["tok_declined", "tok_unknown", "tok_lost", "tok_500"]
        self.tokens = [self._dice.choice(cards) for _ in range(200)]
        self.complaints: list[str] = []
        self._trail: list[str] = []
        self._broken: set[tuple[str, str]] = set()
        self._tapped_at = time.monotonic()

    async def play(self, place: Restaurant, screen: KioskScreen, steps: int) -> None:
        for _ in range(steps):
            with contextlib.suppress(Error):  # the page went away under the finger: it is being loaded anew
                await self._do(place, screen)
                await self._look(screen)

    async def _do(self, place: Restaurant, screen: KioskScreen) -> None:
        roll = self._dice.random()
        if roll < 0.84:
            await self._tap(screen)
        elif roll < 0.87:
            self._trail.append("reload")
            await screen.page.reload(wait_until="domcontentloaded")
        elif roll < 0.885:
            self._switch(place, *self._dice.choice(_FAULTS))
        elif roll < 0.9:
            self._trail.append("back")
            await screen.page.go_back(timeout=_STEP_MS)
            if screen.page.url == "about:blank":  # a panel's browser has nothing before our page
                await screen.page.go_forward(timeout=_STEP_MS)
        else:
            await self._wait(screen, self._dice.choice((300, 1_000, 3_000, 8_000, 20_000)))

    async def _tap(self, screen: KioskScreen) -> None:
        found: list[dict[str, Any]] = await screen.page.evaluate(_IN_REACH)
        if not found:
            if time.monotonic() - self._tapped_at > _NOTHING_FOR_S:
                self._complain("nothing to tap")
            await self._wait(screen, _STEP_MS)
            return
        self._tapped_at = time.monotonic()
        chosen = self._dice.choice(found)
        forward = [control for control in found if control["name"].startswith(_FORWARD)]
        if forward and self._dice.random() < 0.7:
            chosen = max(self._dice.sample(forward, min(3, len(forward))), key=lambda control: _rank(control["name"]))
        self._trail.append(chosen["name"])
        for _ in range(2 if self._dice.random() < 0.06 else 1):
            await screen.page.touchscreen.tap(chosen["x"], chosen["y"])

    def _switch(self, place: Restaurant, device: str, fault: str) -> None:
        on = (device, fault) not in self._broken
        (self._broken.add if on else self._broken.discard)((device, fault))
        self._trail.append(f"{device} {fault} {on}")
        getattr(place, device).faults.switch(fault, on=on)

    async def _wait(self, screen: KioskScreen, milliseconds: int) -> None:
        self._trail.append(f"+{milliseconds}")
        await screen.page.clock.run_for(milliseconds)

    async def _look(self, screen: KioskScreen) -> None:
        if nonsense := _NONSENSE.search(await screen.page.evaluate(_WORDS)):
            self._complain(f"it says {nonsense[0]}")
        if await screen.page.evaluate(_WIDE):
            self._complain("wider than the panel")

    def _complain(self, what: str) -> None:
        self.complaints.append(f"{what}, after {self._trail[-8:]}")

    async def go(self, place: Restaurant, screen: KioskScreen) -> None:
        """The page comes home and forgets; bank, receipts and books agree."""
        for device, fault in list(self._broken):
            self._switch(place, device, fault)
        await place.until_open()

        async def at_home() -> int:
            await screen.page.clock.run_for(_STEP_MS)
            return await screen.at("attract").count()

        try:
            await until(at_home)
        except AssertionError:
            self._complain(f"never home: {await screen.page.evaluate(_WORDS)}")
            return
        for _ in range(_AT_HOME_MS // _STEP_MS):  # a language chosen at home is forgotten, too
            await screen.page.clock.run_for(_STEP_MS)
        if (left := await screen.page.evaluate(_LEFT)) != [0, 0, ""]:
            self._complain(f"left behind: {left}")

        async def agreed() -> bool:
            return not (await place.internal("GET", "/internal/audit")).body["mismatches"]

        await until(agreed)


def _rank(name: str) -> int:
    return max(place for place, start in enumerate(_FORWARD) if name.startswith(start))
