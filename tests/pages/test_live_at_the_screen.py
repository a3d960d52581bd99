"""What changes while somebody looks: sold out, paused and open again, a customer who walked away."""

from __future__ import annotations

import asyncio
import json

import pytest
from playwright.async_api import expect

from kiosk.domain.reasons import STARTING
from tests.pages.screens import WAIT_MS, KioskScreen, Screen, Screens, restart
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant, restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

TEA_BIN = 23
_STEP_MS = 1_000


async def wait_on_the_clock(screen: Screen, name: str, limit_s: int) -> int:
    """Lets the page's own time pass in small steps until `name` shows; the seconds that took."""
    for passed_s in range(limit_s + 1):
        if await screen.at(name).count():
            return passed_s
        await screen.page.clock.run_for(_STEP_MS)
    raise AssertionError(f"{name} does not show within {limit_s} s of the page's time")


async def until_on_the_clock(screen: Screen, name: str) -> None:
    """For what a feed of the server brings: its answer takes real time, and the page's own passes however much."""

    async def shown() -> bool:
        await screen.page.clock.run_for(_STEP_MS)
        return await screen.at(name).count() > 0

    await until(shown)


async def idle_violations(kiosk: KioskScreen) -> list[str]:
    """The checker's own timers live by the page's clock, which stands still here: a second passes meanwhile."""
    checking = asyncio.create_task(violations(kiosk))
    while not checking.done():
        await kiosk.page.clock.run_for(20)
    return await checking


async def test_1_dish_that_sells_out_greys_on_the_open_menu_and_is_marked_in_the_cart(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.begin()
    await kiosk.choose(("drinks", "tea"), ("drinks", "cola"))
    await kiosk.sees("add-tea-cold")
    place.robot.faults.switch("bin_empty", {"bin": TEA_BIN})

    async def gone() -> bool:
        await kiosk.page.clock.run_for(_STEP_MS)
        return await kiosk.page.locator("article.gone").count() == 2 and not await kiosk.at("add-tea-cold").count()

    await until(gone)
    await kiosk.shot("sold-out-ru")
    await expect(kiosk.at("more-tea")).to_be_disabled()
    await kiosk.tap("dish-tea-cold")
    await kiosk.misses("sheet-add")
    await kiosk.tap("sheet-close", "cart-open")
    await expect(kiosk.at("line-tea")).to_have_class("line gone")
    await expect(kiosk.at("pay")).to_be_disabled()
    await kiosk.shot("cart-gone-ru")
    await kiosk.tap("drop-gone")
    await expect(kiosk.at("pay")).to_be_enabled()
    assert await kiosk.at("line-tea").count() == 0


async def test_2_paused_sales_close_the_screen_with_a_reason_and_it_opens_by_itself(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.sees("attract")
    place.fiscal.faults.switch("paper_out", on=True)
    await place.until_paused("fiscal_no_paper")
    await until_on_the_clock(kiosk, "closed")
    await kiosk.reads("Касса временно не работает")
    await kiosk.shot("closed-ru")
    place.fiscal.faults.switch("paper_out", on=False)
    await place.until_open()
    await until_on_the_clock(kiosk, "attract")
    place.robot.faults.switch("estop", on=True)

    async def closed() -> bool:
        return not (await place.call("GET", "/api/restaurant")).body["sales"]["open"]

    await until(closed)
    await until_on_the_clock(kiosk, "closed")
    await kiosk.reads("Робот сейчас не готовит")


async def test_2_kitchen_that_is_being_switched_on_asks_for_a_moment(place: Restaurant, screens: Screens) -> None:
    place.kiosk.readiness.set("a device that was not heard yet", STARTING)
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await until_on_the_clock(kiosk, "closed")
    await kiosk.reads("Минуту")
    await kiosk.reads("Кухня включается")
    await kiosk.shot("starting-ru")
    place.kiosk.readiness.set("a device that was not heard yet", None)
    await until_on_the_clock(kiosk, "attract")


async def test_2_pause_in_mid_order_keeps_the_cart_and_holds_back_the_payment(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(503)  # the cart asks for its estimate before it hears of the pause
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", clock=True)
    await kiosk.order_tea()
    assert (await place.internal("POST", "/internal/sales/pause")).status == 200
    await expect_after_feeds(kiosk, disabled=True)
    await kiosk.reads("Сотрудники поставили продажи на паузу")
    assert (await place.internal("POST", "/internal/sales/resume")).status == 200
    await expect_after_feeds(kiosk, disabled=False)
    await kiosk.tap("pay", "without-number")
    await kiosk.number()


async def expect_after_feeds(kiosk: KioskScreen, *, disabled: bool) -> None:
    async def so() -> bool:
        await kiosk.page.clock.run_for(_STEP_MS)
        return await kiosk.at("pay").is_disabled() is disabled

    await until(so)


async def test_1_customer_who_walked_away_is_warned_then_leaves_nothing_behind(
    place: Restaurant, screens: Screens
) -> None:
    screens.traffic.expects(402)
    kiosk = await screens.kiosk(place.kiosk, "tok_declined", clock=True)
    await kiosk.page.evaluate("localStorage.length")
    await kiosk.sees("attract")
    await kiosk.tap("lang-en")
    await kiosk.order_tea()
    touched_s = await kiosk.time_s()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("failed-payment_declined")
    kept = await kiosk.kept()
    await kiosk.stop_clock()
    since_s = await kiosk.time_s() - touched_s
    waited_s = await wait_on_the_clock(kiosk, "idle-stay", 60)
    assert since_s + waited_s >= 40
    assert waited_s <= 50
    await kiosk.shot("idle-en")
    assert await idle_violations(kiosk) == []
    await kiosk.tap("idle-stay")
    await kiosk.misses("idle-stay")
    assert 40 <= await wait_on_the_clock(kiosk, "idle-stay", 60) <= 50
    assert 15 <= await wait_on_the_clock(kiosk, "attract", 50) <= 40
    await kiosk.page.clock.run_for(_STEP_MS)  # what follows a screen comes by the page's own time, too
    await kiosk.reads("Коснитесь, чтобы заказать")
    assert await kiosk.page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]
    assert await kiosk.page.locator("html").get_attribute("lang") == "ru"

    async def dead() -> bool:
        return (await place.call("GET", "/api/orders", Authorization=f"Bearer {kept['token']}")).status == 401

    await until(dead)
    events = await place.events()
    assert [e["type"] for e in events if e["order_id"] == kept["orderId"]][-1] == "OrderCancelledEvent"


async def test_3_who_leaves_a_slow_payment_for_the_hall_takes_number_and_code_along(screens: Screens) -> None:
    screens.traffic.expects(401)  # the page may still ask about an order whose session has just ended
    async with restaurant("[payment]\nanswer_within_s = 0.2") as place:
        place.robot.faults.switch("nobody_comes", on=True)
        kiosk = await screens.kiosk(place.kiosk, "tok_unknown", clock=True)
        await kiosk.order_tea()
        async with kiosk.page.expect_response("**/payment", timeout=WAIT_MS):  # the page's clock waits for no answer
            await kiosk.tap("pay", "without-number")
            await until(lambda: place.effects("bank", "charged"))
            place.bank.faults.switch("slow", {"seconds": 600})  # nor does it tell what became of the card
        await wait_on_the_clock(kiosk, "leave", 90)
        number = str(await kiosk.page.locator(".inline-number").inner_text())
        code = await kiosk.words("pickup-code")
        await kiosk.reads("По чеку его покажет «Мой заказ»")
        await kiosk.shot("leaving")
        await kiosk.tap("leave")
        # By now the bank's silence may have closed sales: the first screen says so.
        await kiosk.page.locator("[data-testid=attract], [data-testid=closed]").wait_for(timeout=WAIT_MS)
        assert await kiosk.kept() == {}
        place.bank.faults.switch("slow", on=False)

        async def opened() -> bool:
            ticket = {"number": number, "pickup_code": code}
            return (await place.call("POST", "/api/pickup", ticket)).status == 200

        await until(opened)
        await screens.close()


async def test_3_number_clears_itself_after_half_a_minute_unless_extended(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk, "tok_ok", clock=True)
    await kiosk.order_tea()
    await kiosk.tap("pay", "without-number")
    await kiosk.number()
    await kiosk.stop_clock()
    await kiosk.page.clock.run_for(15_000)
    await kiosk.tap("extend")
    assert 25 <= await wait_on_the_clock(kiosk, "attract", 40) <= 33


async def test_3_card_never_shown_lets_the_order_go_after_a_minute_and_a_half(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.page.add_init_script("window.kioskTerminal = {token: () => new Promise(() => undefined)};")
    await kiosk.page.reload()
    await kiosk.order_tea()
    asked_s = await kiosk.time_s()
    await kiosk.tap("pay", "without-number")
    await kiosk.sees("payment-cancel")
    await kiosk.shot("card-ru")
    await kiosk.stop_clock()
    since_s = await kiosk.time_s() - asked_s
    given_up: list[str] = []
    kiosk.page.on("request", lambda asked: given_up.append(asked.url) if asked.url.endswith("/cancel") else None)
    await kiosk.page.clock.run_for(round((80 - since_s) * 1000))
    assert await kiosk.at("payment-cancel").count() == 1
    assert given_up == []
    await kiosk.page.clock.run_for(round((12 + since_s) * 1000))
    await kiosk.sees("pay")
    await expect(kiosk.at("line-tea")).to_be_visible(timeout=WAIT_MS)
    assert place.ledger("bank") == []


async def test_4_1_board_names_who_is_late_and_who_must_see_the_staff_and_calls_the_ready(
    place: Restaurant, screens: Screens
) -> None:
    """The stream is written by hand: to be late takes the robot minutes."""

    def frame(kind: str, sequence: int, data: object) -> str:
        return f"id: {sequence}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"

    def order(number: str, status: str, *cells: int) -> dict[str, object]:
        return {
            "number": number,
            "status": status,
            "ready_in_s": 60,
            "cell": cells[0] if cells else None,
            "cells": cells,
        }

    told = frame(
        "snapshot", 1, {"orders": [order("A01", "delayed"), order("A02", "see_staff"), order("A03", "cooking")]}
    )
    told += frame("order", 2, order("A03", "ready", 5))

    board = await screens.board(place.kiosk)
    await board.page.route(
        "**/api/display/events",
        lambda route: route.fulfill(status=200, content_type="text/event-stream", body="retry: 60000\n\n" + told),
    )
    await board.page.reload()
    await expect(board.at("number-A03")).to_have_class(
        "num ready new", timeout=WAIT_MS
    )  # for seconds only: looked at first
    await expect(board.at("number-A01")).to_contain_text("задерживается", timeout=WAIT_MS)
    await expect(board.at("number-A02")).to_contain_text("к сотруднику", timeout=WAIT_MS)
    await expect(board.at("ready").get_by_test_id("number-A03")).to_contain_text("ячейка 5", timeout=WAIT_MS)
    first = board.at("cooking").locator(".num").first
    await expect(first).to_have_attribute("data-testid", "number-A02")  # whom somebody has to help stands first


async def test_4_1_board_has_words_for_money_back_for_a_first_part_and_for_a_kitchen_that_stands(
    place: Restaurant, screens: Screens
) -> None:
    """The stream is written by hand, as above."""
    orders = [
        {"number": number, "status": status, "ready_in_s": 300, "cell": cells[0] if cells else None, "cells": cells}
        for number, status, cells in (
            ("A01", "refunded", []), ("A02", "cooking", [3, 4]), ("A03", "delayed", []), ("A04", "cooking", []),
            ("A05", "ready", [1]), ("A06", "see_staff", []), ("A07", "paid", []),
        )
    ]  # fmt: skip
    told = f"retry: 60000\n\nid: 1\nevent: snapshot\ndata: {json.dumps({'orders': orders})}\n\n"
    told += 'event: beat\ndata: {"kitchen": "robot_estop"}\n\n'
    board = await screens.board(place.kiosk)
    await board.page.route(
        "**/api/display/events",
        lambda route: route.fulfill(status=200, content_type="text/event-stream", body=told),
    )
    await board.page.reload()
    await expect(board.at("cooking").get_by_test_id("number-A01")).to_contain_text(
        "деньги возвращаются", timeout=WAIT_MS
    )
    await expect(board.at("number-A01")).to_contain_text("money is on its way back", timeout=WAIT_MS)
    part = board.at("ready").get_by_test_id("number-A02")
    await expect(part).to_contain_text("ячейки 3, 4", timeout=WAIT_MS)
    await expect(part).to_contain_text("the rest is cooking", timeout=WAIT_MS)
    assert await board.at("cooking").get_by_test_id("number-A02").count() == 0
    await expect(board.at("standing")).to_contain_text("Кухня остановилась", timeout=WAIT_MS)
    await expect(board.at("standing")).to_contain_text("The kitchen has stopped", timeout=WAIT_MS)
    assert await violations(board) == []
    await board.shot("board-standing")


async def test_4_1_board_says_that_it_is_behind_while_the_process_restarts_and_then_catches_up(
    screens: Screens,
) -> None:
    screens.traffic.expects_silence()
    async with restaurant(speed=1.0) as place:
        board = await screens.board(place.kiosk, clock=True)
        guest = await place.guest()
        first, second = await guest.order(("tea", 1)), await guest.order(("fries", 1))
        assert (await guest.pay(first["order_id"])).status == 200
        await board.sees(f"number-{first['number']}")
        await board.misses("stale")
        await place.kiosk.stop()
        await wait_on_the_clock(board, "stale", 20)
        await board.shows_whole_pictures()
        await board.sees(f"number-{first['number']}")
        await board.shot("display-stale")
        await restart(place)
        await place.until_open()
        assert (await guest.pay(second["order_id"])).status == 200
        await board.sees(f"number-{second['number']}")
        await board.sees(f"number-{first['number']}")
        await board.misses("stale")
        await screens.close()
