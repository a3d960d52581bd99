"""Fixtures: one restaurant a test, made to order by `open_restaurant`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from kiosk import logs
from tests.restaurant import Restaurant, restaurant

# A busy machine is no failure: the run as a whole is timed, not each example.
settings.register_profile("kiosk", deadline=None)
settings.load_profile("kiosk")


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    logs.configure("error", "json")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    """The restaurant with everything in order."""
    async with restaurant() as found:
        yield found
