"""Other panels than the tall one: lying down and tablets. Nothing is cut, every key is as large, the width is used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.screens import KioskScreen, Screens, demo_kiosk
from tests.pages.test_accessibility import PRIMARY_PX, SMALLEST_PX, boxes

pytestmark = pytest.mark.asyncio(loop_scope="package")

_OUTSIDE = """() => [...document.querySelectorAll('button')].filter((b) => b.checkVisibility())
    .filter((b) => !document.querySelector('dialog') || b.closest('dialog'))
    .map((b) => [b.dataset.testid, b.getBoundingClientRect()])
    .filter(([, r]) => r.left < -1 || r.right > innerWidth + 1).map(([name]) => name)"""
#: How much of the panel's width and height the page takes, and how far it reaches sideways.
_FILLED = """() => { const r = document.querySelector('.app').getBoundingClientRect();
    return [r.width / innerWidth, r.height / innerHeight, document.documentElement.scrollWidth <= innerWidth + 1]; }"""
_COLUMNS = (
    """() => new Set([...document.querySelectorAll('.grid .dish')].map((d) => d.getBoundingClientRect().left)).size"""
)


async def look(kiosk: KioskScreen, name: str, panel: dict[str, int]) -> list[Any]:
    """What is wrong with this screen."""
    await kiosk.shot(f"{panel['width']}x{panel['height']}-{name}")
    small = [
        (name, box["name"], box["width"], box["height"])
        for box in await boxes(kiosk)
        if min(box["width"], box["height"]) < (PRIMARY_PX if box["primary"] else SMALLEST_PX) - 0.5
    ]
    outside = [(name, "outside", found) for found in await kiosk.page.evaluate(_OUTSIDE)]
    wide, high, still = await kiosk.page.evaluate(_FILLED)
    empty = [] if (round(wide, 2), round(high, 2), still) == (1, 1, True) else [(name, "not filled", wide, high, still)]
    return [*small, *outside, *empty]


@pytest.mark.parametrize(
    ("width", "height", "columns"), [(1920, 1080, 4), (1280, 800, 3), (800, 1280, 2), (2160, 3840, 2)]
)
async def test_1_to_3_every_screen_fits_the_panel_with_keys_as_large(
    screens: Screens, width: int, height: int, columns: int
) -> None:
    screens.traffic.expects(402)
    panel = {"width": width, "height": height}
    wrong: list[Any] = []
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process, size=panel)
        await kiosk.sees("attract")
        await kiosk.sees("my-order")
        wrong += await look(kiosk, "attract", panel)
        for door, back in (("my-order", "track-back"), ("about", "seller-back")):
            await kiosk.tap(door)
            await kiosk.sees(back)
            wrong += await look(kiosk, door, panel)
            await kiosk.tap(back)
        await kiosk.tap("attract")
        wrong += await look(kiosk, "service", panel)
        await kiosk.tap("service-dine-in")
        await kiosk.choose(("drinks", "tea"), ("noodles", "udon-chicken"))
        assert await kiosk.page.evaluate(_COLUMNS) >= columns
        wrong += await look(kiosk, "menu", panel)
        await kiosk.tap("search")
        wrong += await look(kiosk, "search", panel)
        await kiosk.tap("search-done", "dish-udon-chicken")
        await kiosk.sees("sheet-add")
        wrong += await look(kiosk, "sheet", panel)
        await kiosk.tap("sheet-close", "cancel")
        wrong += await look(kiosk, "cancel", panel)
        await kiosk.tap("cancel-stay", "cart-open")
        await kiosk.sees("pay")
        wrong += await look(kiosk, "cart", panel)
        await kiosk.tap("receipt-ask")
        wrong += await look(kiosk, "contact", panel)
        await kiosk.tap("to-mail")
        wrong += await look(kiosk, "mail", panel)
        await kiosk.tap("contact-close", "pay")
        await kiosk.sees("phone")
        wrong += await look(kiosk, "points", panel)
        await kiosk.tap("without-number")
        await kiosk.sees("terminal-approve")
        wrong += await look(kiosk, "payment", panel)
        await kiosk.tap("terminal-decline")
        await kiosk.sees("pay-again")
        wrong += await look(kiosk, "declined", panel)
        await kiosk.tap("pay-again", "terminal-approve")
        await kiosk.number()
        wrong += await look(kiosk, "done", panel)
        assert wrong == []
        await screens.close()
