"""An open database for each test; a fault nobody expected fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.store.database import Database
from tests.databases.ready import lay_ready


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    faults: list[str] = []
    lay_ready(tmp_path / "kiosk.db")
    found = await Database.open(tmp_path / "kiosk.db", faults.append)
    yield found
    await found.close()
    assert faults == []
