"""What a page must not do behind its screen is seen, whatever the scene expects otherwise."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.pages.screens import Screens
from tests.restaurant import Restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: Another server of this machine, a name, a picture, and the whole page gone elsewhere.
OUTSIDE = {
    "call": "fetch('http://127.0.0.2:9/x').catch(() => undefined)",
    "picture": "void (new Image().src = 'https://a.example/x')",
    "page": "setTimeout(() => { location.href = 'https://a.example/'; })",
}


@pytest.mark.parametrize("kind", OUTSIDE)
async def test_planted_request_to_somebody_else_is_caught(place: Restaurant, browser: Browser, kind: str) -> None:
    screens = Screens(browser)
    screens.traffic.expects_silence()
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.sees("attract")
    screens.traffic.assert_clean()
    await kiosk.page.evaluate(OUTSIDE[kind])
    await until(lambda: screens.traffic.complaints)
    await screens.close()


@pytest.mark.parametrize(("expected", "complaints"), [(404, 0), (409, 1)])
async def test_refusal_is_a_complaint_but_where_the_scene_names_it_before_or_after_it_came(
    place: Restaurant, browser: Browser, expected: int, complaints: int
) -> None:
    screens = Screens(browser)
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.sees("attract")
    await kiosk.page.evaluate("fetch('/api/nowhere')")
    await until(lambda: screens.traffic.complaints)
    screens.traffic.expects(expected)
    assert len(screens.traffic.complaints) == complaints
    await screens.close()
