"""One browser for the folder, one restaurant and clean pages for a test; no browser, no tests, and CI says so."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests import chromium
from tests.pages.screens import Screens
from tests.restaurant import Restaurant, restaurant


@pytest.fixture(scope="package")
def browser_program() -> Iterator[str]:
    """A browser that stands back: pages wait for long, while the devices beside it are to be heard in time. Root's
    Chromium would put itself before everybody (nice -8): it goes without that right."""
    if program := chromium.for_tests():
        bounded = "setpriv --bounding-set -sys_nice" if os.geteuid() == 0 else ""
        # Not with the tests' files: nothing may be started from a disk in memory in many a container.
        with tempfile.TemporaryDirectory(prefix="browser-") as folder:
            behind = Path(folder) / "chromium"
            behind.write_text(f'#!/bin/sh\nexec nice -n 10 {bounded} "{program}" "$@"\n')
            behind.chmod(0o755)
            yield str(behind)
            return
    if os.environ.get("CI"):
        pytest.fail("no chromium: the pages go untested")
    pytest.skip("no chromium: set KIOSK_CHROMIUM or install it")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(browser_program: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=browser_program, args=[*chromium.TESTED_FLAGS])
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
