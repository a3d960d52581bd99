"""A guest's data at the desk: shown, handed over as a file, taken from the kiosk for good; a number that is blocked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_staff_at_the_desk import at_the_desk
from tests.restaurant import restaurant
from tests.scenes.test_personal_data import about, eaten, read_in, until_idle
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_signing_in import FREE, PHONE, quick, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_152_fz_what_a_guest_asks_about_their_data_is_done_at_the_desk(screens: Screens, tmp_path: Path) -> None:
    async with restaurant(FREE) as place:
        await eaten(await signed_in(place))
        await until_idle(place)
        desk = await at_the_desk(screens, place.kiosk)
        screens.traffic.expects(404)
        screens.traffic.expects(422)
        await desk.tap("to-customers")
        await desk.at("person-contact").fill("8 916 000 00 99")
        await desk.tap("person-find")
        await desk.reads("ничего не хранится")
        await desk.at("person-contact").fill("12")
        await desk.at("person-contact").fill("8 (916) 123-45-67")
        await desk.tap("person-find")
        await expect(desk.at("person")).to_contain_text("••67", timeout=WAIT_MS)
        await expect(desk.at("person")).not_to_contain_text("916")
        await desk.tap("person-block")
        await desk.at("person-block-text").fill("возвраты")
        await desk.tap("person-block-sure")
        await expect(desk.at("person")).to_contain_text("возвраты", timeout=WAIT_MS)
        assert_problem(await quick(place), 403, "number_blocked")
        assert await violations(desk) == []
        await desk.at("people").scroll_into_view_if_needed()
        await desk.shot("people")
        await desk.reads("вместе с номером пропал бы и запрет")
        await desk.tap("person-unblock")
        await expect(desk.at("person-block")).to_be_visible(timeout=WAIT_MS)
        async with desk.page.expect_download(timeout=WAIT_MS) as download:
            await desk.tap("person-export")
        await (await download.value).save_as(tmp_path / "person.json")
        told = json.loads((tmp_path / "person.json").read_text())
        assert (told["contact"], len(told["orders"])) == (PHONE, 1)
        await desk.tap("person-erase", "person-erase-sure")
        await desk.reads("Удалено. Чеки и суммы заказов (1) остались без номера")
        await expect(desk.at("person")).to_have_count(0)
        assert read_in(place.folder, PHONE) == []
        assert_problem(await about(place, "find"), 404, "not_found")
        await desk.tap("to-log")
        for words in ("данные гостя выданы", "данные гостя удалены", "вход по номеру закрыт"):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await screens.close()
