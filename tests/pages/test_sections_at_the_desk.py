"""The sections of the technician's page: their addresses, an order on its card, the registrar."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.pages.screens import WAIT_MS, Screen, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_staff_at_the_desk import at_the_desk, left_in_russian
from tests.restaurant import restaurant, until
from tests.scenes.test_cells import ready_order
from tests.scenes.test_staff_roles import bought

pytestmark = pytest.mark.asyncio(loop_scope="package")

SIZES = ((1080, 1920), (1280, 800))


async def looked_at(desk: Screen, name: str) -> None:
    """In both sizes of screens."""
    for width, height in SIZES:
        await desk.page.set_viewport_size({"width": width, "height": height})
        over = await desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (name, width)
        await desk.page.evaluate("scrollTo(0, 0)")
        await desk.shot(f"{name}-{width}")
    assert await violations(desk) == []


async def test_sections_are_reached_by_touch_keys_and_address_and_an_order_is_seen_and_served_on_its_card(
    screens: Screens,
) -> None:
    async with restaurant() as place:
        place.robot.faults.switch("nobody_comes", on=True)
        _, order, (cell,) = await ready_order(place)
        desk = await at_the_desk(screens, place.kiosk)
        await expect(desk.at("to-now")).to_have_attribute("aria-selected", "true", timeout=WAIT_MS)
        await desk.at("to-now").focus()
        await desk.page.keyboard.press("ArrowRight")
        await expect(desk.at("to-orders")).to_be_focused()
        await expect(desk.at(f"order-{order['number']}")).to_be_visible(timeout=WAIT_MS)
        await desk.page.reload()
        await expect(desk.at("to-orders")).to_have_attribute("aria-selected", "true", timeout=WAIT_MS)
        last4 = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body["attempts"][0]["card_last4"]
        await desk.at("order-word").fill(last4)
        await desk.tap("order-find")  # one is found: its card opens
        card = desk.at("order-card")
        for words in (f"Заказ {order['number']}", "готов, ждёт гостя", "чек", "ФП", f"•• {last4}", "оплачено"):
            await expect(card).to_contain_text(words, timeout=WAIT_MS)
        await expect(desk.at("document-0")).to_be_visible()
        await looked_at(desk, "order-card")
        await desk.tap("correct")
        screens.traffic.expects(409)
        await desk.reads("Исправлять нечего")
        await desk.tap("order-code", "order-code-sure")
        await expect(desk.at("said")).to_contain_text("Новый код: ", timeout=WAIT_MS)
        await desk.tap(f"order-hand-out-{cell}", f"order-hand-out-{cell}-sure")
        await expect(card).to_have_attribute("data-status", "completed", timeout=WAIT_MS)
        await desk.page.reload()
        await expect(card).to_contain_text("выдан", timeout=WAIT_MS)
        await desk.tap("lang-en")
        await expect(card).to_contain_text("handed out", timeout=WAIT_MS)
        assert await left_in_russian(desk, *await dishes(desk), "tea") == []
        await screens.close()


async def dishes(desk: Screen) -> list[str]:
    named: list[str] = await desk.page.evaluate(
        "fetch('/api/menu/categories').then((answer) => answer.json()).then(({ categories, ingredients }) =>"
        " [...categories.flatMap((section) => section.items), ...ingredients].map(({ name }) => name))"
    )
    return named


async def test_registrar_prints_x_and_z_that_are_read_again_and_a_drive_is_changed_step_by_step(
    screens: Screens,
) -> None:
    async with restaurant() as place:
        desk = await at_the_desk(screens, place.kiosk)
        await desk.tap("to-registrar", "x-report")
        await expect(desk.at("report")).to_contain_text("X report", timeout=WAIT_MS)
        await desk.tap("shift-close", "shift-close-sure")
        await desk.tap("report-1")
        await expect(desk.at("report")).to_contain_text("Z report", timeout=WAIT_MS)
        await looked_at(desk, "registrar")
        await desk.page.evaluate("window.print = () => {}")
        await desk.page.emulate_media(media="print")
        await desk.at("report-print").dispatch_event("click")
        await expect(desk.at("report")).to_be_visible()
        await expect(desk.at("another-drive")).to_be_hidden()
        await desk.page.emulate_media(media="screen")
        await desk.tap("to-devices", "listen-robot")
        await expect(desk.at("heard-robot")).to_contain_text("→", timeout=WAIT_MS)
        await expect(desk.at("heard-robot")).to_contain_text("←", timeout=WAIT_MS)
        await looked_at(desk, "devices")

        async def all_is_sent() -> bool:
            return bool((await place.internal("GET", "/internal/shift")).body["unsent_documents"] == 0)

        await until(all_is_sent)  # a drive whose documents wait for the operator is not let go
        await desk.tap("to-registrar", "replace-drive")
        await desk.at("replace-drive-text").fill("кончается срок")
        await desk.tap("replace-drive-sure")
        await expect(desk.at("drive-told")).to_contain_text("вставляйте новый накопитель", timeout=WAIT_MS)
        await desk.tap("to-log")
        for words in ("X-отчёт", "смена закрыта", "замена накопителя"):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await screens.close()


async def test_an_audit_and_a_copy_go_on_while_the_page_is_left_and_log_and_bundle_are_read(screens: Screens) -> None:
    async with restaurant() as place:
        desk = await at_the_desk(screens, place.kiosk)
        await bought(place)
        await desk.tap("to-system", "audit-go")
        await desk.tap("to-now", "to-system")
        await expect(desk.at("task-audit")).to_contain_text("Проверено оплат: 1", timeout=WAIT_MS)
        await desk.tap("backup-go")
        await expect(desk.at("task-backup")).to_contain_text("kiosk-by-hand-", timeout=WAIT_MS)
        await looked_at(desk, "system")
        async with desk.page.expect_download(timeout=WAIT_MS) as download:
            await desk.tap("support")
        assert (await download.value).suggested_filename == "kiosk-support.zip"
        guest = await screens.kiosk(place.kiosk)
        await guest.sees("attract")
        await expect(desk.at("process")).to_contain_text("экранов на связи: 1", timeout=WAIT_MS)
        await expect(desk.at("restart")).to_have_count(0)  # nobody would bring it back
        async with guest.page.expect_event("load", timeout=WAIT_MS):
            await desk.tap("screens-reload", "screens-reload-sure")
        await guest.sees("attract")
        await desk.tap("test-print", "test-print-sure")
        await desk.reads("Пробная печать: сделано")
        await desk.tap("to-log", "events-open", "log-open")
        await expect(desk.at("events")).to_contain_text("OrderPaidEvent", timeout=WAIT_MS)
        for words in ("сверка", "копия базы", "архив для поддержки", "пробная печать", "экраны перезагружены"):
            await expect(desk.at("journal")).to_contain_text(words, timeout=WAIT_MS)
        await looked_at(desk, "log")
        await desk.tap("lang-en", "to-system")
        await desk.page.reload()  # what was said of the last act stays in its language
        await expect(desk.at("task-audit")).to_contain_text("Everything agrees", timeout=WAIT_MS)
        assert await left_in_russian(desk, "Ира") == []
        await screens.close()
