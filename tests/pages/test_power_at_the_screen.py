"""The power goes: guest and technician read why nothing is sold, and both screens come back by themselves."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.pages.test_staff_at_the_desk import at_the_desk

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_8_who_stands_there_when_the_power_goes_reads_it_and_goes_on_when_it_is_back(screens: Screens) -> None:
    async with demo_kiosk('[power]\nups = "sim"\n') as kiosk:
        guest = await screens.kiosk(kiosk)
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        await panel.tap("fault-ups-mains_lost")
        await guest.reads("Нет электричества")
        await guest.shot("power")
        await expect(desk.at("light-power")).to_have_attribute("data-level", "bad", timeout=WAIT_MS)
        await desk.reads("Питание от батареи ИБП")
        assert await violations(desk) == []
        await desk.shot("service-power")
        await panel.tap("mend")
        await expect(desk.at("light-power")).to_have_count(0, timeout=2 * WAIT_MS)
        await desk.reads("Продажи идут")
        await screens.close()
