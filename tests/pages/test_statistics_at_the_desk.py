"""Seed 6 at the manager's desk: a PIN, then the sums of the day as they come."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Route, expect

from kiosk.domain.staff.figures import STEPS
from kiosk.flows.staff.reports.statistics import StatsView
from kiosk.flows.staff.reports.tables import tables_of
from tests.pages.screens import WAIT_MS, Screen, Screens
from tests.pages.test_accessibility import violations
from tests.restaurant import Restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_6_manager_sees_the_days_sums_behind_a_pin(place: Restaurant, screens: Screens) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 2))
    assert (await guest.pay(created["order_id"])).status == 200
    screens.traffic.expects(403)
    desk = await screens.desk(place.kiosk, "/stats")
    await desk.at("pin").fill("000000000")
    await desk.tap("enter")
    await desk.reads("Неверный PIN")
    await desk.at("pin").fill((place.folder / "service.pin").read_text())
    await desk.tap("enter")
    await expect(desk.at("orders")).to_have_text("1", timeout=WAIT_MS)
    await expect(desk.at("revenue")).to_have_text(f"{created['amount_kopecks'] // 100}\u00a0₽")
    await desk.reads("Чёрный чай")
    await expect(desk.at("chart").locator("canvas")).to_be_visible()
    await guest.until_status(created["order_id"], "ready", "completed")
    await expect(desk.at("table-promises")).to_contain_text("100", timeout=WAIT_MS)  # the robot of tests is in time
    await desk.shot("stats")
    assert await violations(desk) == []


async def signed_in(place: Restaurant, screens: Screens, width: int = 1280, height: int = 800) -> Screen:
    desk = await screens.desk(place.kiosk, "/stats")
    await desk.page.set_viewport_size({"width": width, "height": height})
    await desk.at("pin").fill((place.folder / "service.pin").read_text())
    await desk.tap("enter")
    await desk.sees("revenue")
    return desk


def a_rich_year(kopecks: int) -> dict[str, Any]:
    """A period of a restaurant that sells for so much."""
    hours = [
        {"hour": f"2026-{month:02d}-15", "orders_paid": 90_000, "revenue_kopecks": kopecks // 12}
        for month in range(1, 13)
    ]
    row = {"name": "Удон с курицей терияки", "quantity": 1_234_567, "revenue_kopecks": kopecks, "revenue_share": 0.1234}
    return {
        "first_day": "2026-01-01", "last_day": "2026-12-31", "timezone": "Europe/Moscow", "hours": hours,
        "revenue_kopecks": kopecks, "average_kopecks": kopecks, "refunded_kopecks": kopecks, "orders": 1_080_000,
        "orders_completed": 1_079_999, "bonus_earned": kopecks, "bonus_spent": kopecks, "bonus_returned": kopecks,
        "bonus_taken_back": kopecks, "bonus_outstanding": kopecks,
        "before": {
            "first_day": "2025-01-01", "last_day": "2025-12-30", "until": "", "revenue_kopecks": kopecks // 3,
            "orders": 1, "average_kopecks": kopecks, "refunded_kopecks": kopecks, "orders_completed": 2,
            "bonus_earned": 7, "bonus_spent": kopecks, "bonus_returned": kopecks, "bonus_taken_back": kopecks,
        },
        "minutes": {"orders": 1_080_000, "promised_p50": 90, "promised_p95": 120, "actual_p50": 72, "actual_p95": 101,
                    "kept_share": 0.9123},
        "dishes": [{"item_id": "udon-chicken", **row}], "combos": [{"combo_id": "combo-lunch", **row}],
        "options": [{"option_id": "extra-egg", **row}],
        "promises": [
            {"day": "2026-12-31", "orders": 1_080_000, "promised_s": 5_400, "actual_s": 4_321, "coverage": 0.9123}
        ],
        "refunds": [
            {"reason": "гость не дождался и ушёл", "person": "person:12:Константин Константинович", "count": 1_234,
             "amount_kopecks": kopecks}
        ],
    }  # fmt: skip


async def test_6_presets_tables_and_files_at_the_desk_and_a_visit_of_a_guest_in_them(
    place: Restaurant, screens: Screens
) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 2), service="take_away")
    assert (await guest.pay(created["order_id"])).status == 200
    await place.kiosk.flows.sold_out.look()
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.tap(
        "attract",
        "service-dine-in",
        "category-drinks",
        "add-tea-cold",
        "cart-open",
        "cart-back",
        "cancel",
        "cancel-leave",
    )
    desk = await signed_in(place, screens)
    await expect(desk.at("table-left")).to_contain_text("меню", timeout=WAIT_MS)
    await expect(desk.at("table-services")).to_contain_text("с собой")
    await expect(desk.at("table-payments")).to_contain_text("100")
    for kind in ("csv", "xlsx"):
        async with desk.page.expect_download() as saving:
            await desk.tap(kind)
        saved = await saving.value
        assert saved.suggested_filename.startswith("kiosk-20")
        assert saved.suggested_filename.endswith(f".{kind}")
    for width, height in ((1280, 800), (1080, 1920)):
        await desk.page.set_viewport_size({"width": width, "height": height})
        await desk.shot(f"stats-{width}")
        await desk.at("table-left").scroll_into_view_if_needed()
        await desk.shot(f"stats-{width}-below")
        assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await desk.tap("lang-en")
    await desk.reads("This week")
    await expect(desk.at("table-left")).to_contain_text("menu")
    await desk.shot("stats-en")
    await desk.tap("lang-ru")
    await desk.tap("preset-yesterday")
    await desk.reads("За этот период заказов не было")
    assert await desk.at("preset-yesterday").get_attribute("aria-pressed") == "true"
    await desk.tap("preset-today")
    await expect(desk.at("orders")).to_have_text("1", timeout=WAIT_MS)
    await expect(desk.at("before")).to_contain_text("тоже до")
    assert await violations(desk) == []


def worded(kopecks: int) -> list[dict[str, Any]]:
    """Tables of that period as the server words them."""
    view = msgspec.convert(
        {
            "currency": "RUB", "orders_created": 0, "orders_refunded": 0, **a_rich_year(kopecks), "hours": [],
            "services": [{"service": "take_away", "orders": 1_080_000, "revenue_kopecks": kopecks}],
            "payments": [
                {"method": "token", "attempts": 1_080_000, "approved": 999_999, "declined": 80_001,
                 "approval_rate": 0.9259}
            ],
            "refusals": [
                {"method": "sbp", "code": "payment_declined", "reason": "x" * 48, "attempts": 1_080_000},
                {"method": "till", "code": "payment_method_unavailable", "reason": "not_started", "attempts": 7},
            ],
            "before": None,
            "funnel": [
                {"step": step, "visits": 1_080_000 // n, "share": round(1 / n, 4), "left": 10_000}
                for n, step in enumerate(STEPS, 1)
            ],
            "left": [{"screen": "payment", "visits": 10_000}],
            "visits": [{"terminal_id": f"kiosk-{n}", "visits": 10_000, "paid": 5_000} for n in (1, 2)],
            "sold_out": [
                {"item_id": "udon", "name": "Удон с курицей терияки", "reason": "station_down", "minutes": 43_200,
                 "lost_kopecks": kopecks},
                {"item_id": "new", "name": "Новинка", "reason": "sold_out", "minutes": 5, "lost_kopecks": None},
            ],
        },
        StatsView,
    )  # fmt: skip
    found: list[dict[str, Any]] = msgspec.to_builtins(tables_of(view, "ru"))
    return found


async def _tell(told: dict[str, Any], route: Route) -> None:
    await route.fulfill(json=told)


CUT = """[...document.querySelectorAll(
    '.tile b, .tile span, .tile small, .dishes td, .dishes th, h1, h2')].filter((one) => {
    const box = one.parentElement.getBoundingClientRect(), own = one.getBoundingClientRect();
    const words = document.createRange(); words.selectNodeContents(one);
    const ink = words.getBoundingClientRect();
    return ink.right > box.right + 1 || ink.left < box.left - 1;
}).map((one) => one.textContent)"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1080, 1920), (390, 844)])
async def test_8_no_sum_is_cut_off_up_to_billions(place: Restaurant, screens: Screens, width: int, height: int) -> None:
    for kopecks in (8_113_889, 123_456_789, 999_999_999_999):
        desk = await screens.desk(place.kiosk, "/stats")
        told = {"stats": a_rich_year(kopecks), "tables": worded(kopecks)}
        await desk.page.route("**/api/service/stats/tables*", partial(_tell, told))
        await desk.page.set_viewport_size({"width": width, "height": height})
        await desk.at("pin").fill((place.folder / "service.pin").read_text())
        await desk.tap("enter")
        await desk.sees("table-options")
        assert await desk.page.evaluate(CUT) == []
        assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        size = await desk.at("revenue").evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
        assert size >= 14
        await desk.shot(f"stats-{width}-{kopecks}")
        await desk.at("table-sold_out").scroll_into_view_if_needed()
        await desk.shot(f"stats-{width}-{kopecks}-below")


async def test_8_a_reversed_period_says_so_and_shows_no_figures_of_another(place: Restaurant, screens: Screens) -> None:
    desk = await signed_in(place, screens)
    await desk.at("to").fill("2020-01-01")
    await desk.reads("Начало периода позже конца")
    await expect(desk.at("revenue")).to_have_count(0)
    assert await violations(desk) == []
    await desk.shot("stats-reversed")
    await desk.at("from").fill("2020-01-01")
    await desk.sees("revenue")
    await desk.reads("За этот период заказов не было")
    await expect(desk.at("trouble")).to_have_text("")


async def test_8_hours_are_the_restaurants_whatever_clock_the_browser_has(place: Restaurant, browser: Browser) -> None:
    """In Berlin the hour from 02:00 does not exist on 29 March, in Moscow it does."""
    context = await browser.new_context(timezone_id="Europe/Berlin")
    try:
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{place.kiosk.public_port}/stats")
        told = await page.evaluate(
            "import('/assets/js/stats-chart.mjs').then(({ at, moment, rowsOf, chartOf }) => {"
            " const hours = [...Array(24).keys()].map((n) => '2026-03-29T' + String(n).padStart(2, '0'));"
            " const words = {hour: '', revenue: '', orders: ''};"
            " const chart = chartOf({first_day: '2026-03-29', last_day: '2026-03-29'}, 800, words);"
            " const rows = rowsOf(hours.map((hour) => ({hour, orders_paid: 1, revenue_kopecks: 100})));"
            " return {labels: hours.map((hour) => moment(false)(at(hour))), long: chart.scales.x.range(),"
            "  steps: [...new Set(rows[0].slice(1).map((n, i) => n - rows[0][i]))]}; })"
        )
    finally:
        await context.close()
    assert told["labels"] == [f"{hour:02d}:00" for hour in range(24)]
    assert told["steps"] == [3600]
    assert told["long"][1] - told["long"][0] == 26 * 3600


async def test_6_staff_calls_want_a_staff_session_and_a_pin_may_not_be_guessed(place: Restaurant) -> None:
    guest = await place.guest()
    for path in ("/api/service/stats", "/api/service/status"):
        assert (await place.call("GET", path)).code == "unauthorized"
        assert (await guest.call("GET", path)).code == "unauthorized"
    codes = [(await place.call("POST", "/api/service/session", {"pin": "000000000"})).code for _ in range(6)]
    assert codes == ["wrong_pin"] * 4 + ["too_many_requests"] * 2
