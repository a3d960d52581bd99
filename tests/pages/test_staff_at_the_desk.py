"""The technician's page and the training panel: what is broken at one shows at the other, and every act has a name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Route, expect

from kiosk.store import meta
from kiosk.wiring import Kiosk
from tests.clocks import PassingClock
from tests.pages.screens import WAIT_MS, Screen, Screens, demo_kiosk
from tests.pages.test_accessibility import violations
from tests.restaurant import restaurant, until
from tests.scenes.test_cells import ready_order
from tests.scenes.test_complex import described
from tests.scenes.test_inpas import ALL as BY_INPAS
from tests.scenes.test_lots import REFILL, TEA, bin_of, bought, lots_of, until_status
from tests.scenes.test_temperatures import is_beyond
from tests.scenes.test_upkeep import BY_THE_CLOCK, OVEN, QUICK_OIL

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def at_the_desk(screens: Screens, kiosk: Kiosk, *, clock: bool = False) -> Screen:
    """The technician's page, with Ира signed in."""
    desk = await screens.desk(kiosk, "/service", clock=clock)
    await desk.at("name").fill("Ира")
    await desk.at("pin").fill((kiosk.config.database.path.parent / "service.pin").read_text())
    await desk.tap("enter")
    return desk


async def test_8_technician_sees_what_is_broken_acts_and_stands_in_the_journal(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        await expect(desk.at("light-paper")).to_have_attribute("data-level", "good", timeout=WAIT_MS)
        await panel.reads("Имитация")
        await panel.tap("fault-fiscal-paper_out")
        await expect(desk.at("light-paper")).to_have_attribute("data-level", "bad", timeout=WAIT_MS)
        await desk.reads("Продажи стоят")
        assert await violations(desk) == []
        assert await violations(panel) == []
        await panel.shot("sim")
        await panel.tap("mend")
        await desk.tap("to-stock", "refill-23", "refill-23-sure", "until-60", "stop-cola")
        await expect(desk.at("stop-cola")).to_have_attribute("aria-checked", "true", timeout=WAIT_MS)
        await expect(desk.at("stop-cola")).to_contain_text("до ")
        await desk.tap("to-now", "pause")
        await desk.at("pause-text").fill("обед")
        await desk.tap("pause-sure")
        await desk.reads("Пауза включена вручную")
        await expect(desk.at("paused-for")).to_have_text("Причина: обед", timeout=WAIT_MS)
        await desk.tap("resume")
        await desk.reads("Продажи идут")
        await desk.tap("to-orders")
        await desk.at("order-word").fill("NO-SUCH-ORDER")
        await desk.tap("order-find")
        await desk.reads("Ничего не найдено")
        await desk.tap("to-log")
        for words in (
            "Ира",
            "Кола: снято с продажи",
            "бункер пополнен",
            "стоп-лист",
            "пауза продаж",
            "продажи открыты",
        ):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await desk.shot("service")
        await screens.close()


@pytest.mark.parametrize("page", ["/service", "/stats"])
async def test_8_who_leaves_takes_the_session_along(screens: Screens, page: str) -> None:
    async with demo_kiosk() as kiosk:
        desk = await screens.desk(kiosk, page)
        await desk.at("pin").fill((kiosk.config.database.path.parent / "service.pin").read_text())
        await desk.tap("enter")
        await expect(desk.at("leave")).to_be_visible(timeout=WAIT_MS)
        token = await desk.page.evaluate("sessionStorage.getItem('staff-token')")
        address = f"http://127.0.0.1:{kiosk.public_port}/api/service/status"

        async def answered(client: aiohttp.ClientSession) -> int:
            async with client.get(address, headers={"Authorization": f"Bearer {token}"}) as answer:
                return answer.status

        async def is_dead(client: aiohttp.ClientSession) -> bool:
            return await answered(client) == 401

        async with aiohttp.ClientSession() as client:
            assert await answered(client) == 200
            await desk.tap("leave")
            await expect(desk.at("pin")).to_be_visible(timeout=WAIT_MS)
            await until(lambda: is_dead(client))
        await screens.close()


async def test_4_emergency_stop_is_released_at_the_desk_only_once_the_button_is_out(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        await desk.reads("Продажи идут")
        await expect(desk.at("acknowledge")).to_have_count(0)
        await panel.tap("fault-robot-estop")
        await desk.reads("Продажи стоят")
        screens.traffic.expects(503)
        await desk.tap("acknowledge", "acknowledge-sure")
        await desk.reads("не вышло")
        await panel.tap("fault-robot-estop")
        await desk.reads("Продажи стоят")  # the button is out, the latch still holds
        await desk.tap("acknowledge", "acknowledge-sure")
        await desk.reads("Продажи идут")
        await expect(desk.at("acknowledge")).to_have_count(0, timeout=WAIT_MS)
        await desk.tap("to-log")
        await expect(desk.at("journal")).to_contain_text("аварийный стоп снят", timeout=WAIT_MS)
        await screens.close()


async def test_3_4_technician_reads_how_documents_reach_the_operator_and_what_is_wrong(screens: Screens) -> None:
    async with demo_kiosk('[fiscal]\nofd = "host"\n') as kiosk:
        desk, panel = await at_the_desk(screens, kiosk), await screens.desk(kiosk, "/sim")
        lamp = desk.at("light-ofd")
        await expect(lamp).to_contain_text("передаёт киоск · не передано: 0 · квитанция", timeout=WAIT_MS)
        await expect(lamp).to_have_attribute("data-level", "good", timeout=WAIT_MS)
        await panel.reads("соединение не открывается, документы ждут в накопителе")
        await panel.tap("fault-ofd-away")
        await panel.shot("sim-ofd")
        await desk.tap("to-registrar", "shift-close", "shift-close-sure")
        await desk.reads("Закрыть смену: сделано")
        await desk.tap("to-devices")
        await expect(lamp).to_contain_text(re.compile(r"не передано: 1 · старейший ждёт \d+ мин"), timeout=WAIT_MS)
        await expect(lamp).to_contain_text("нет соединения с ОФД", timeout=WAIT_MS)
        assert await violations(desk) == []
        await desk.shot("service-ofd")
        await screens.close()


async def test_8_five_taps_and_a_pin_lead_the_staff_in_from_the_touch_screen_and_out_again(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        screen = await screens.kiosk(kiosk)
        await screen.sees("attract")
        await screen.stop_clock()  # five quick taps are so on a busy machine, too
        await screen.drum("brand", 5)
        await screen.page.clock.resume()
        await screen.sees("pin")
        await screen.types((kiosk.config.database.path.parent / "service.pin").read_text())
        await screen.tap("enter")
        await screen.sees("sales")
        await screen.tap("to-kiosk")
        await screen.sees("attract")
        assert await screen.page.evaluate("sessionStorage.length") == 0
        await screens.close()


async def test_9_an_act_that_takes_time_is_done_once_and_one_without_an_answer_says_what_to_do(
    screens: Screens,
) -> None:
    async with demo_kiosk() as kiosk:
        desk = await at_the_desk(screens, kiosk)
        await desk.tap("to-registrar")
        await desk.sees("x-report")
        asked: list[Route] = []

        async def hold(route: Route) -> None:
            asked.append(route)

        await desk.page.route("**/api/service/x-report", hold)
        await desk.at("x-report").dispatch_event("click")
        await desk.at("x-report").dispatch_event("click")
        await desk.reads("X-отчёт…")
        await expect(desk.at("x-report")).to_be_disabled(timeout=WAIT_MS)
        await expect(desk.at("shift-close")).to_be_disabled()
        await until(lambda: asked)
        assert len(asked) == 1
        await asked[0].continue_()
        await desk.reads("X-отчёт: сделано")
        await expect(desk.at("x-report")).to_be_enabled(timeout=WAIT_MS)
        screens.traffic.expects_silence()
        await desk.tap("x-report")
        await until(lambda: len(asked) == 2)
        await asked[1].abort()
        await desk.reads("прежде чем повторять")
        await expect(desk.at("x-report")).to_be_enabled(timeout=WAIT_MS)
        await screens.close()


async def paid_order(kiosk: Kiosk, *items: tuple[str, int]) -> dict[str, Any]:
    """A guest's order, handed out; with its receipt."""
    origin = f"http://127.0.0.1:{kiosk.public_port}"
    async with aiohttp.ClientSession(origin) as client:
        token = (await (await client.post("/api/auth/guest")).json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = {"items": [{"item_id": i, "quantity": q} for i, q in items], "service": "dine_in"}

        async def created() -> dict[str, Any] | None:
            answer = await client.post("/api/orders/create", json=body, headers=headers)
            return await answer.json() if answer.status == 201 else None

        order: dict[str, Any] = await until(created)
        path = f"/api/orders/{order['order_id']}"
        paid = await client.post(f"{path}/payment", json={"card_token": "tok_ok"}, headers=headers)
        assert paid.status == 200

        async def over() -> bool:
            looked = await (await client.get(path, headers=headers)).json()
            return bool(looked["status"] == "completed")

        await until(over)
        return {**order, **await paid.json()}


async def types(desk: Screen, text: str) -> None:
    """On the page's own letters."""
    for letter in text:
        await desk.tap(f"key-{'space' if letter == ' ' else letter}")


@pytest.mark.parametrize("size", [(1080, 1920), (1280, 800)], ids=["panel", "desk"])
async def test_9_dishes_are_chosen_for_a_refund_by_fingers_alone(screens: Screens, size: tuple[int, int]) -> None:
    async with demo_kiosk() as kiosk:
        order = await paid_order(kiosk, ("tea", 2), ("cola", 1))
        tea_kopecks, whole = order["items"][0]["price_kopecks"], order["amount_kopecks"]
        desk = await screens.desk(kiosk, "/service")
        await desk.page.set_viewport_size({"width": size[0], "height": size[1]})
        await desk.tap("name", "key-shift")
        await types(desk, "ира")
        await expect(desk.at("name")).to_have_value("Ира")
        await desk.shot(f"service-keys-{size[0]}")
        await desk.tap("key-done")
        await desk.misses("desk-keys")
        await desk.at("pin").fill((kiosk.config.database.path.parent / "service.pin").read_text())
        await desk.tap("enter", "to-orders", "order-word")
        await desk.tap("key-alphabet")
        await types(desk, order["number"].lower()[:1])
        await types(desk, order["number"][1:])
        await desk.tap("key-done", "order-find", "refund-find")
        assert await desk.words("refund-sum") == roubles(whole)
        await expect(desk.at("refund")).to_be_disabled()  # nobody has said why
        await desk.tap("less-cola", "less-tea")
        await expect(desk.at("refund-sum")).to_have_text(roubles(tea_kopecks), timeout=WAIT_MS)
        await desk.tap("refund-reason")
        await desk.sees("desk-keys")
        assert await violations(desk) == []
        keys = await desk.page.evaluate(_SIZES)
        assert min(keys) >= 80, sorted(keys)[:3]
        await desk.tap("key-alphabet")
        await types(desk, "чай остыл")
        await desk.tap("key-erase", "key-л")
        await expect(desk.at("refund-reason")).to_have_value("чай остыл")
        await desk.shot(f"service-refund-{size[0]}")
        await desk.tap("key-done", "refund", "refund-sure")
        await desk.reads("сделано")
        await desk.page.evaluate("location.hash = 'orders'")
        await desk.at("order-word").fill(str(order["receipt"]["fiscal_sign"]))  # by its receipt, the rest
        await desk.tap("order-find", "refund-find")
        await expect(desk.at("refund-sum")).to_have_text(roubles(whole - tea_kopecks), timeout=WAIT_MS)
        await desk.at("refund-reason").fill("всё")
        await desk.tap("refund", "refund-sure")
        await desk.tap("to-log")
        for why in ("чай остыл", "всё"):
            await expect(desk.at("journal")).to_contain_text(why, timeout=WAIT_MS)
        await desk.tap("to-orders")
        await desk.at("order-word").fill(order["number"])
        screens.traffic.expects(409)
        await desk.tap("order-find", "refund-find")
        await desk.reads("возвращать нечего")
        await screens.close()


_SIZES = """[...document.querySelectorAll(".desk-keys button")].map((key) => key.getBoundingClientRect())
    .map(({width, height}) => Math.min(width, height))"""


def roubles(kopecks: int) -> str:
    """As the pages write it."""
    return f"{kopecks // 100}\u00a0₽" if kopecks % 100 == 0 else f"{kopecks // 100},{kopecks % 100:02}\u00a0₽"


async def test_9_a_real_keyboard_types_as_ever(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk = await screens.desk(kiosk, "/service")
        await desk.at("name").click()
        await desk.page.keyboard.type("Ira")
        await expect(desk.at("name")).to_have_value("Ira")
        await expect(desk.at("desk-keys")).to_have_count(0)  # a mouse comes with a keyboard
        await desk.at("name").tap()
        await desk.sees("desk-keys")
        await desk.page.keyboard.type("!")
        await expect(desk.at("name")).to_have_value("Ira!")
        await screens.close()


_CYRILLIC = """[...document.querySelectorAll('main *, .desk-keys *')].filter((one) => one.checkVisibility())
    .flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim())
        .concat(one.getAttribute('aria-label') ?? []))
    .filter((text) => /[а-яё]/i.test(text) && !['Рус', 'Рус, Русский'].includes(text))"""


#: What the restaurant calls its dishes and products.
_NAMES = """fetch('/api/menu/categories').then((answer) => answer.json()).then(({ categories, ingredients }) =>
    [...categories.flatMap((section) => section.items), ...ingredients].map(({ name }) => name))"""


async def left_in_russian(desk: Screen, *names: str) -> list[str]:
    """Words in sight that are neither English nor a name of the restaurant's own."""
    told: list[str] = await desk.page.evaluate(_CYRILLIC)
    return [text for text in told if not any(name in text for name in names)]


async def test_8_staff_pages_speak_english_when_asked_and_remember_it(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        desk = await screens.desk(kiosk, "/service")
        await desk.tap("lang-en")
        await desk.reads("Staff PIN")
        assert await left_in_russian(desk) == []
        screens.traffic.expects(403)
        await desk.at("pin").fill("000000")
        await desk.tap("enter")
        await desk.reads("Wrong PIN")
        await desk.at("pin").fill((kiosk.config.database.path.parent / "service.pin").read_text())
        await desk.tap("enter")
        await desk.reads("Sales are open")
        await desk.tap("pause")
        await desk.at("pause-text").fill("lunch")
        await desk.tap("pause-sure")
        await desk.reads("Sales are paused: ")
        await desk.reads("Pause sales: done")
        assert await left_in_russian(desk, *await desk.page.evaluate(_NAMES)) == []
        assert await violations(desk) == []
        await desk.page.evaluate("scrollTo(0, 0)")
        await desk.shot("service-en")
        for path, words in (("/stats", "average receipt"), ("/sim", "Training devices")):
            await desk.page.goto(f"{desk.origin}{path}")
            await desk.reads(words)
            assert await left_in_russian(desk) == []
            assert await violations(desk) == []
            await desk.shot(f"{path[1:]}-en")
        await desk.tap("lang-ru")
        await desk.reads("Учебные устройства")
        assert await desk.page.title() == "Имитаторы"
        await screens.close()


async def test_9_an_archive_that_is_missing_is_told_by_its_name_and_sales_stay_open(screens: Screens) -> None:
    async with demo_kiosk() as kiosk:
        await kiosk.database.write(meta.put, "archive:2025", "2026-11-01T00:00:00.000Z")
        await kiosk.flows.archive.examine()
        desk = await at_the_desk(screens, kiosk)
        lamp = desk.at("light-archive")
        await expect(lamp).to_have_attribute("data-level", "warn", timeout=WAIT_MS)
        await expect(lamp).to_contain_text("kiosk-2025.db: файла нет", timeout=WAIT_MS)
        await desk.reads("Продажи идут")
        assert await violations(desk) == []
        await desk.shot("service-archive")
        await screens.close()


async def test_8_technician_sees_where_each_portion_is_and_how_the_line_to_the_robot_does(screens: Screens) -> None:
    async with restaurant(speed=6.0) as place:
        place.robot.faults.switch("nobody_comes")
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-kitchen")
        kitchen = desk.at("kitchen")
        await expect(kitchen).to_contain_text("Ничего не готовится и ничего не ждёт", timeout=WAIT_MS)
        await expect(desk.at("complex")).to_have_text("Комплекс: готовит")
        guest = await place.guest()
        first = await guest.order(("udon-chicken", 2), ("tea", 1))
        assert (await guest.pay(first["order_id"])).status == 200
        number = (await guest.look(first["order_id"]))["number"]
        await expect(kitchen).to_contain_text("вок: ", timeout=WAIT_MS)
        await expect(kitchen).to_contain_text("Удон с курицей")
        await expect(desk.at("line")).to_contain_text("чужих ответов 0")
        place.robot.faults.switch("jam", {"station": 2})
        second = await guest.order(("tea", 1))
        assert (await guest.pay(second["order_id"])).status == 200
        await expect(kitchen.locator("tr.short")).not_to_have_count(0, timeout=WAIT_MS)
        await expect(kitchen.locator("tr.short").first).to_contain_text("застря")
        assert await violations(desk) == []
        await kitchen.scroll_into_view_if_needed()
        await desk.shot("service-kitchen")
        place.robot.faults.switch("jam", on=False)
        await guest.until_status(first["order_id"], "ready")
        await desk.at("kitchen-log").locator("summary").click()
        await expect(desk.at("kitchen-log")).to_contain_text(number)
        await expect(desk.at("kitchen-log")).to_contain_text("в ячейке", timeout=WAIT_MS)
        await desk.shot("service-kitchen-log")
        await screens.close()


async def test_8_what_people_do_at_stations_is_seen_and_confirmed_at_the_desk(screens: Screens) -> None:
    clock = PassingClock()
    async with restaurant(clock=clock) as place:
        await described(place, QUICK_OIL + BY_THE_CLOCK)
        await place.until_open()
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-kitchen")
        row = desk.at(f"upkeep-{OVEN}")
        await expect(row).to_contain_text("через 23 ч", timeout=WAIT_MS)
        screens.traffic.expects(401)
        clock.jump(24 * 3600)  # the session at the desk is over as well
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-kitchen")
        row = desk.at(f"upkeep-{OVEN}")
        await expect(row).to_have_attribute("data-state", "due", timeout=WAIT_MS)
        await expect(row).to_contain_text("пора: блюда станции сняты")
        await row.scroll_into_view_if_needed()
        await desk.shot("service-upkeep-due")
        await desk.tap(f"upkeep-done-{OVEN}", f"upkeep-done-{OVEN}-sure")
        await expect(row).to_have_attribute("data-state", "good", timeout=WAIT_MS)
        await expect(row).to_contain_text("Ира")
        assert await violations(desk) == []
        await desk.tap("lang-en", "to-log")
        await expect(desk.at("journal")).to_contain_text("station cared for", timeout=WAIT_MS)
        await desk.tap("to-kitchen")
        await desk.at("upkeep-records").locator("summary").click()
        await desk.shot("service-upkeep")
        await screens.close()


async def test_4_forgotten_food_and_a_warm_fridge_are_seen_and_settled_at_the_desk(screens: Screens) -> None:
    clock = PassingClock()
    async with restaurant(clock=clock) as place:
        place.robot.faults.switch("nobody_comes", on=True)
        place.robot.faults.switch("bin_warm", {"bin": 6}, on=True)
        guest = await place.guest()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        await guest.until_status(order["order_id"], "ready")
        await until(lambda: is_beyond(place))
        board = await screens.board(place.kiosk)
        number = board.at(f"number-{order['number']}")
        await expect(number).to_contain_text("ячейка", timeout=WAIT_MS)
        clock.jump(1801)
        await expect(number).to_contain_text("ждёт вас", timeout=WAIT_MS)
        await board.shot("board-reminded")
        assert await violations(board) == []
        desk = await at_the_desk(screens, place.kiosk)
        await expect(desk.at("stuck")).to_contain_text("Еду не забирают", timeout=WAIT_MS)
        await expect(desk.at("stuck")).to_contain_text("бункер 6", timeout=WAIT_MS)
        await desk.tap("to-kitchen")
        row = desk.at("temperature-bin_6")
        await expect(row).to_contain_text("≤ 6 °C", timeout=WAIT_MS)
        await expect(row).to_have_attribute("data-stopped", "true", timeout=WAIT_MS)
        await desk.shot("service-food-forgotten")
        screens.traffic.expects(401)
        clock.jump(1801)  # the session at the desk is over as well
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-kitchen")
        cell = desk.at("cells").locator("[data-state=locked]")
        await expect(cell).to_contain_text("списана", timeout=WAIT_MS)
        assert await cell.locator("[data-testid^=hand-out]").count() == 0
        assert await violations(desk) == []
        await cell.scroll_into_view_if_needed()
        await desk.shot("service-food")
        await desk.tap("lang-en")
        await expect(desk.at("temperatures")).to_contain_text("should be", timeout=WAIT_MS)
        await desk.at("temperatures").scroll_into_view_if_needed()
        await desk.shot("service-food-en")
        await desk.tap("to-now")
        await expect(desk.at("stuck")).to_contain_text("A locked cell holds food", timeout=WAIT_MS)
        await screens.close()


CALLED = """
[alarms]
hold_s = 0.5
to = [{ name = "duty", channel = "sms", address = "+79161234567" }]
[alarms.rules]
sales_closed = { after_s = 0.5 }
bin_low = { off = true }
disk = { off = true }
"""


async def test_8_alarm_is_seen_acknowledged_and_over_and_each_channel_has_its_test(screens: Screens) -> None:
    async with restaurant(CALLED, registrar="shtrih") as place:
        desk = await at_the_desk(screens, place.kiosk)
        await expect(desk.at("alarms")).to_contain_text("Никого звать не нужно", timeout=WAIT_MS)
        await desk.tap("test-duty")
        await desk.reads("Проверка канала duty: принято")
        await expect(desk.at("channel-duty")).to_contain_text("принято", timeout=WAIT_MS)
        place.fiscal.faults.switch("paper_out")
        alarm = desk.at("alarm-sales_closed")
        await expect(alarm).to_contain_text("вставьте рулон", timeout=WAIT_MS)
        assert await violations(desk) == []
        await desk.shot("service-alarms")
        await desk.tap("ack-sales_closed")
        await expect(alarm).to_contain_text("занимается Ира", timeout=WAIT_MS)
        await desk.tap("to-log")
        await expect(desk.at("journal")).to_contain_text("тревога подтверждена", timeout=WAIT_MS)
        await desk.tap("to-now")
        place.sms.faults.switch("down")
        await desk.tap("test-duty")
        await desk.reads("Проверка канала duty: соединение не принято")
        await desk.tap("lang-en")
        await expect(desk.at("channel-duty")).to_contain_text("the connection was refused", timeout=WAIT_MS)
        place.fiscal.faults.switch("paper_out", on=False)
        await expect(alarm).to_have_count(0, timeout=WAIT_MS)
        await screens.close()


async def test_3_guest_before_a_closed_screen_reads_that_staff_knows_once_they_do(screens: Screens) -> None:
    async with restaurant(CALLED, registrar="shtrih") as place:
        screen = await screens.kiosk(place.kiosk)
        place.sms.faults.switch("down")
        place.fiscal.faults.switch("paper_out")
        told = screen.at("staff-knows")
        await expect(told).to_have_text("Позовите, пожалуйста, сотрудника.", timeout=WAIT_MS)
        place.sms.faults.switch("down", on=False)
        await expect(told).to_have_text("Сотрудник уже знает.", timeout=WAIT_MS)
        await screen.shot("closed-staff-knows")
        await screens.close()


async def test_8_lot_is_put_in_written_off_and_recalled_at_the_desk_and_stands_in_the_journal_of_the_day(
    screens: Screens,
) -> None:
    async with restaurant() as place:
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-stock")
        await expect(desk.at("lots")).to_contain_text("без партии", timeout=WAIT_MS)
        number = str((await bin_of(place))["bin"])
        assert (await place.internal("POST", REFILL, {"bin": int(number), "amount": 500})).status == 204

        async def put_in(amount: str, lot: str, day: str) -> None:
            await desk.at("put-in-bin").select_option(number)
            for name, text in (("amount", amount), ("lot", lot), ("expires", day)):
                await desk.at(f"put-in-{name}").fill(text)
            await desk.tap("put-in-sure")

        screens.traffic.expects(422)
        await put_in("2000", "Л-7 / 12", "2020-01-01")
        await expect(desk.at("said")).to_contain_text("срок уже вышел", timeout=WAIT_MS)
        await expect(desk.at("put-in-lot")).to_have_value("Л-7 / 12")  # what was refused stays, to be mended
        await put_in("2000", "Л-7 / 12", "2033-05-06")
        await expect(desk.at("said")).to_contain_text("Пополнение бункера", timeout=WAIT_MS)
        lot = desk.at("lots").locator("tr", has_text="Л-7 / 12")
        await expect(lot).to_contain_text("1500 мл", timeout=WAIT_MS)
        await expect(lot).to_contain_text("по 06.05.2033")
        assert await violations(desk) == []
        _, order_id = await bought(place, (TEA, 1), receipt_to="+79161234567")
        ordered = await until_status(place, order_id, "completed")
        lot_id = next(row["lot_id"] for row in await lots_of(place) if row["lot"])
        await desk.tap(f"recall-{lot_id}")
        await desk.at(f"recall-{lot_id}-text").fill("поставщик отозвал")
        await desk.tap(f"recall-{lot_id}-sure")
        await expect(desk.at("recalled")).to_contain_text("Партия Л-7 / 12 отозвана", timeout=WAIT_MS)
        await desk.tap("to-devices")
        await expect(desk.at(f"light-lot_{number}")).to_have_attribute("data-level", "bad", timeout=WAIT_MS)
        await desk.tap("to-stock")
        await desk.at("trace").locator("summary").click()
        await expect(desk.at("trace")).to_contain_text(ordered["number"], timeout=WAIT_MS)
        await expect(desk.at("trace")).to_contain_text("+79161234567")
        await desk.shot("service-lots")
        assert await violations(desk) == []
        await desk.tap(f"lot-off-{lot_id}")
        await desk.at(f"lot-off-{lot_id}-text").fill("отозвана")
        await desk.tap(f"lot-off-{lot_id}-sure")
        await expect(lot).to_have_count(0, timeout=WAIT_MS)
        await desk.tap("lift")
        await desk.at("lift-text").fill("ошибка")
        await desk.tap("lift-sure")
        await expect(desk.at("recalled")).to_have_count(0, timeout=WAIT_MS)
        await desk.tap("lang-en")
        kept = desk.at("lot-journal")
        day = await desk.at("lot-journal-day").input_value()
        await desk.at("lot-journal-day").fill("2020-02-02")
        await expect(kept).to_contain_text("Nothing came or went", timeout=WAIT_MS)
        await desk.at("lot-journal-day").fill(day)
        for words in ("received", "written off", "recalled", "recall taken back", "Ира"):
            await expect(kept).to_contain_text(words, timeout=WAIT_MS)
        async with desk.page.expect_download() as told:
            await desk.tap("lot-journal-csv")
        table = Path(await (await told.value).path()).read_text("utf-8")
        assert table.removeprefix("\ufeff").startswith("at,kind,lot,bin,name")
        assert "Л-7 / 12" in table
        await desk.shot("service-lots-journal")
        await screens.close()


async def test_6_the_card_readers_day_is_closed_at_the_desk_and_what_came_of_it_is_read_there(screens: Screens) -> None:
    async with restaurant(BY_INPAS) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        await guest.pay_by("terminal", order_id)
        await guest.until_status(order_id, "completed")
        desk = await at_the_desk(screens, place.kiosk)
        place.service.faults.switch("refuse_settlement")
        screens.traffic.expects(503)
        await desk.tap("to-devices", "settle", "settle-sure")
        await expect(desk.at("reader-day")).to_contain_text("не прошла", timeout=WAIT_MS)
        assert await violations(desk) == []
        await desk.at("reader-day").scroll_into_view_if_needed()
        await desk.shot("reader-day")
        place.service.faults.switch("refuse_settlement", on=False)
        await desk.tap("settle", "settle-sure")
        await expect(desk.at("reader-day")).to_contain_text("СОВПАЛИ", timeout=WAIT_MS)
        await desk.tap("to-log")
        for words in ("итоги терминала не сверены", "итоги терминала сверены"):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        assert [row["effect"] for row in place.ledger("terminal")] == ["charged", "settled"]
        await screens.close()


async def test_4_journals_of_cells_and_upkeep_are_read_printed_and_saved_at_the_desk(screens: Screens) -> None:
    async with restaurant() as place:
        await described(place, QUICK_OIL + BY_THE_CLOCK)
        await place.until_open()
        place.robot.faults.switch("nobody_comes", on=True)
        _, order, (cell,) = await ready_order(place)
        path = f"/internal/cells/{cell}"
        assert (await place.internal("POST", path, {"action": "write_off", "reason": "уронили"})).status == 200
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-kitchen", f"upkeep-done-{OVEN}", f"upkeep-done-{OVEN}-sure")
        kept, of_upkeep = desk.at("cell-journal"), desk.at("upkeep-journal")
        await expect(of_upkeep).to_contain_text("отмыть печь", timeout=WAIT_MS)
        await expect(of_upkeep).to_contain_text("Ира")
        await expect(kept).to_contain_text("Блюд: 1, из них выброшено: 1", timeout=WAIT_MS)
        await desk.tap("cell-journal-open")
        for words in (order["number"], "выброшено: уронили", "Чёрный чай", "еда списана"):
            await expect(kept).to_contain_text(words, timeout=WAIT_MS)
        await kept.scroll_into_view_if_needed()
        await desk.shot("service-journals")
        assert await violations(desk) == []
        await desk.at("cell-journal").locator("[data-testid^=record-of]").click()
        record = desk.at("record")
        await expect(desk.at("order-card")).to_contain_text(f"Заказ {order['number']}", timeout=WAIT_MS)
        for words in ("готово", "бункер", "без партии"):
            await expect(record).to_contain_text(words, timeout=WAIT_MS)
        await record.scroll_into_view_if_needed()
        await desk.shot("service-record")
        assert await violations(desk) == []
        await desk.page.go_back()
        async with desk.page.expect_download() as told:
            await desk.tap("cell-journal-csv")
        table = Path(await (await told.value).path()).read_text("utf-8")
        assert table.removeprefix("\ufeff").startswith("ready_at,cell,number")
        assert "уронили" in table
        async with desk.page.expect_download() as told:
            await desk.tap("upkeep-journal-csv")
        assert "Ира" in Path(await (await told.value).path()).read_text("utf-8")
        await desk.tap("cell-journal-open")  # closed again: the print shows what it hides
        await desk.page.evaluate("window.print = () => {}")
        await desk.page.emulate_media(media="print")
        for name, others in (("cell-journal", "upkeep-journal"), ("upkeep-journal", "cell-journal")):
            await desk.at(f"{name}-print").dispatch_event("click")
            await expect(desk.at(name)).to_be_visible(timeout=WAIT_MS)
            await expect(desk.at(others)).to_be_hidden()
            for hidden in ("lot-journal", "temperatures", "cells", f"{name}-print"):
                await expect(desk.at(hidden)).to_be_hidden()
            await desk.shot(f"service-print-{name}")
        await desk.at("cell-journal-print").dispatch_event("click")
        await expect(kept.locator("tbody").first).to_be_visible(timeout=WAIT_MS)
        await desk.page.emulate_media(media="screen")
        await desk.tap("lang-en", "cell-journal-open")
        await expect(kept).to_contain_text("thrown away: уронили", timeout=WAIT_MS)
        await desk.shot("service-journals-en")
        await desk.at("cell-journal-day").fill("2020-02-02")
        await expect(kept).to_contain_text("Nothing came into the cells", timeout=WAIT_MS)
        await desk.at("upkeep-journal-day").fill("2020-02-02")
        await expect(of_upkeep).to_contain_text("Nothing was marked", timeout=WAIT_MS)
        await screens.close()
