"""Fixtures: one restaurant a test, made to order by `open_restaurant`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from kiosk import logs
from tests.crash import tally
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


@pytest.fixture(scope="session", autouse=True)
def crash_tally(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the crash tests write down what they did; the summary reads it."""
    os.environ.setdefault(tally.VARIABLE, str(tmp_path_factory.getbasetemp() / "tally.jsonl"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    path = os.environ.get(tally.VARIABLE)
    lines = tally.told(tally.read(Path(path))) if path else []
    if lines:
        terminalreporter.section("nothing lost, nothing twice")
        for line in lines:
            terminalreporter.write_line(line)
