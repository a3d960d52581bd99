"""Staff sign in by name at a touch panel, see what their role may, and give money back two by two."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.pages.screens import WAIT_MS, Screen, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_staff_at_the_desk import at_the_desk
from tests.restaurant import Restaurant, restaurant
from tests.scenes.test_staff_roles import LIMIT, PINS, bought, hired

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def sign_in(desk: Screen, person_id: int, pin: str) -> None:
    await desk.tap(f"name-{person_id}")
    await desk.tap(*(f"key-{digit}" for digit in pin), "enter")


async def person_of(place: Restaurant, name: str) -> int:
    told = (await place.internal("GET", "/internal/staff")).body["people"]
    return next(int(row["person_id"]) for row in told if row["name"] == name)


async def test_an_owner_comes_first_hires_by_touch_and_each_signs_in_by_name(screens: Screens) -> None:
    async with restaurant() as place:
        desk = await at_the_desk(screens, place.kiosk)
        await expect(desk.at("who")).to_have_text("Общий PIN", timeout=WAIT_MS)
        await desk.tap("to-system", "hire-name")
        await desk.tap("key-shift", *(f"key-{letter}" for letter in "вера"), "key-done")
        await desk.tap("hire-pin")
        await desk.tap(*(f"key-{digit}" for digit in PINS["Вера"]), "key-done")
        await expect(desk.at("hire-role")).to_have_value("owner")
        screens.traffic.expects(401)
        await desk.tap("hire-sure")
        vera = await person_of_soon(desk, place, "Вера")
        await sign_in(desk, vera, PINS["Вера"])
        await expect(desk.at("who")).to_have_text("Вера · владелец", timeout=WAIT_MS)
        for name, role in (("Ира", "shift"), ("Тимур", "technician")):
            await desk.at("hire-name").fill(name)
            await desk.at("hire-role").select_option(role)
            await desk.at("hire-pin").fill(PINS[name])
            await desk.tap("hire-sure")
            await desk.reads(f"Добавить: {name}: сделано")
        screens.traffic.expects(422)
        await desk.at("hire-name").fill("Пётр")
        await desk.at("hire-pin").fill("123456")
        await desk.tap("hire-sure")
        await desk.reads("Этот PIN не подходит: придумайте другой")
        screens.traffic.expects(409)
        await desk.at(f"role-{vera}").select_option("shift")
        await desk.reads("Это последний владелец")
        await desk.at("accounts").scroll_into_view_if_needed()
        assert await violations(desk) == []
        await desk.shot("accounts")
        await desk.tap("to-log")
        await expect(desk.at("journal")).to_contain_text("сотрудник добавлен", timeout=WAIT_MS)
        await desk.tap("to-system")
        ira = await person_of(place, "Ира")
        other = await screens.desk(place.kiosk, "/service")
        await other.sees(f"name-{ira}")
        assert await violations(other) == []
        await other.shot("names")
        await other.tap(f"name-{ira}")
        await other.shot("pin-of")
        await other.tap("other")
        await sign_in(other, ira, PINS["Ира"])
        await other.sees("sales")
        for hidden in ("to-system", "to-customers"):
            await expect(other.at(hidden)).to_have_count(0)
        await other.page.goto(f"{other.origin}/service#customers")  # the address opens nothing either
        await other.sees("sales")
        await desk.tap(f"block-{ira}", f"block-{ira}-sure")
        await expect(other.at(f"name-{vera}")).to_be_visible(timeout=WAIT_MS)
        await expect(other.at(f"name-{ira}")).to_have_count(0)
        timur = await person_of(place, "Тимур")
        await sign_in(other, timur, PINS["Тимур"])
        await expect(other.at("who")).to_have_text("Тимур · техник", timeout=WAIT_MS)
        for section, hidden in (("orders", "order-word"), ("menu", "stop-cola"), ("system", "accounts")):
            await other.tap(f"to-{section}")
            await expect(other.at(f"to-{section}")).to_have_attribute("aria-selected", "true")
            await expect(other.at(hidden)).to_have_count(0)
        await other.page.goto(f"{other.origin}/stats")
        await expect(other.at("not-yours")).to_be_visible(timeout=WAIT_MS)
        await screens.close()


async def person_of_soon(desk: Screen, place: Restaurant, name: str) -> int:
    """Once the door shows names instead of the shared PIN."""
    await expect(desk.page.get_by_role("button", name=name)).to_be_visible(timeout=WAIT_MS)
    return await person_of(place, name)


async def test_a_refund_above_the_limit_is_confirmed_by_a_second_pin_or_in_another_browser(screens: Screens) -> None:
    async with restaurant(LIMIT) as place:
        people = await hired(place)
        desk, second = await screens.desk(place.kiosk, "/service"), await screens.desk(place.kiosk, "/service")
        await sign_in(desk, people.ids["Ира"], PINS["Ира"])
        await sign_in(second, people.ids["Олег"], PINS["Олег"])
        screens.traffic.expects(409)
        screens.traffic.expects(403)

        async def ask(number: str) -> None:
            await desk.tap("to-orders")
            await desk.at("order-word").fill(number)
            await desk.tap("order-find", "refund-find")
            await desk.at("refund-reason").fill("гость не дождался")
            await desk.tap("refund", "refund-sure")
            await desk.sees("second")

        first = await bought(place)
        await ask(first["number"])
        await desk.shot("second")
        assert await violations(desk) == []
        await desk.tap(f"name-{people.ids['Олег']}")
        await desk.tap(*(f"key-{digit}" for digit in "999111"))
        await desk.shot("second-pin")
        await desk.tap("enter")
        await expect(desk.at("second-trouble")).to_have_text("Неверный PIN", timeout=WAIT_MS)
        await desk.tap(*(f"key-{digit}" for digit in PINS["Олег"]), "enter")
        await desk.reads(f"Возврат заказа {first['number']}: сделано")
        await expect(desk.at("refund-requests")).to_have_count(0, timeout=WAIT_MS)
        other = await bought(place)
        await ask(other["number"])
        await desk.tap("second-close")
        await expect(second.at("request-2")).to_contain_text("Ира", timeout=WAIT_MS)
        await second.at("refund-requests").scroll_into_view_if_needed()
        await second.shot("request")
        await second.tap("confirm-2", "confirm-2-sure")
        await second.reads(f"Возврат заказа {other['number']}: сделано")
        await second.tap("to-log")
        for words in ("возврат ждёт второго", "возврат подтверждён", "Олег", "Ира"):
            await expect(second.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await screens.close()


async def test_a_person_changes_their_own_pin_and_signs_in_with_it(screens: Screens) -> None:
    async with restaurant() as place:
        people = await hired(place)
        desk = await screens.desk(place.kiosk, "/service")
        await sign_in(desk, people.ids["Ира"], PINS["Ира"])
        await desk.tap("own-pin")
        await desk.at("own-pin-now").fill(PINS["Ира"])
        await desk.at("own-pin-next").fill("771905")
        assert await violations(desk) == []
        await desk.shot("own-pin")
        screens.traffic.expects(401)
        await desk.tap("own-pin-sure")
        await sign_in(desk, people.ids["Ира"], "771905")
        await expect(desk.at("who")).to_have_text("Ира · сотрудник смены", timeout=WAIT_MS)
        await screens.close()


async def test_what_is_typed_while_the_page_looks_again_stays(screens: Screens) -> None:
    async with restaurant() as place:
        people = await hired(place)
        desk = await screens.desk(place.kiosk, "/service")
        await sign_in(desk, people.ids["Вера"], PINS["Вера"])
        await desk.tap("to-system")
        await desk.at("hire-name").fill("Пётр")
        await desk.at("hire-pin").fill("918273")
        looks = asyncio.Event()

        async def later(route: Route) -> None:
            await looks.wait()
            await route.continue_()

        await desk.page.route("**/api/service/overview", later)
        await desk.tap("hire-sure")
        await desk.reads("Добавить: Пётр: сделано")
        await desk.at("hire-name").fill("Анна")
        async with desk.page.expect_response("**/api/service/overview"):
            looks.set()
        await expect(desk.at("acts")).to_contain_text("Пётр", timeout=WAIT_MS)
        await expect(desk.at("hire-name")).to_have_value("Анна")
        await screens.close()


async def test_a_page_that_nobody_touches_signs_its_person_out(screens: Screens) -> None:
    async with restaurant() as place:
        people = await hired(place)
        desk = await screens.desk(place.kiosk, "/service")
        await sign_in(desk, people.ids["Ира"], PINS["Ира"])
        await desk.sees("sales")
        token = await desk.page.evaluate("sessionStorage.getItem('staff-token')")
        screens.traffic.expects(401)  # what was asked while the session ended
        await desk.page.clock.install()
        await desk.page.reload()
        await desk.sees("sales")
        await desk.page.clock.fast_forward(601_000)
        await expect(desk.at(f"name-{people.ids['Ира']}")).to_be_visible(timeout=WAIT_MS)
        headers = {"Authorization": f"Bearer {token}"}
        assert (await place.call("GET", "/api/service/status", **headers)).status == 401
        await screens.close()
