"""One browser for the folder, one restaurant and clean pages for a test; no browser, no tests, and CI says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.pages.screens import Screens
from tests.restaurant import Restaurant, restaurant

# No name but our own is looked up: a browser asks its maker for this and that at every start.
_QUIET = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


@pytest.fixture(scope="package")
def chromium() -> str:
    path = os.environ.get("KIOSK_CHROMIUM") or shutil.which("chromium")
    if path:
        return path
    if os.environ.get("CI"):
        pytest.fail("no chromium: the pages go untested")
    pytest.skip("no chromium: set KIOSK_CHROMIUM or install it")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=chromium, args=[_QUIET])
        yield found
        await found.close()


@pytest_asyncio.fixture(loop_scope="package")
async def place() -> AsyncIterator[Restaurant]:
    async with restaurant() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="package")
async def screens(browser: Browser) -> AsyncIterator[Screens]:
    """Asked for after `place`, so that the pages are gone before their server."""
    found = Screens(browser)
    try:
        yield found
    finally:
        await found.close()
    found.traffic.assert_clean()
