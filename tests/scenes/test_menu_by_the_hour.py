"""A menu that is another by the hour: the price of the page is that of the order and of its receipt, a dish has its
hours, and a holiday says why we are closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.config import load
from tests.clocks import PassingClock
from tests.own_menu import own_menu
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem

MOSCOW = ZoneInfo("Europe/Moscow")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEA = 'image = "tea.webp"\nchart = "tea"\n'


def local_now(clock: PassingClock) -> datetime:
    return clock.now().astimezone(MOSCOW)


async def shown(place: Restaurant, item_id: str) -> dict[str, Any]:
    menu = (await place.call("GET", "/api/menu/categories")).body
    found: dict[str, Any] = next(item for row in menu["categories"] for item in row["items"] if item["id"] == item_id)
    return found


async def test_the_price_of_the_page_is_that_of_the_order_and_of_its_receipt(tmp_path: Path) -> None:
    clock = PassingClock()
    begins = (local_now(clock) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    dear = f"prices = [{{ from = {begins}, price_kopecks = 19900 }}]\n"
    file = own_menu(tmp_path, lambda text: text.replace(TEA, TEA + dear))
    async with restaurant(f'[menu]\nfile = "{file}"', clock=clock) as place:
        guest = await place.guest()
        before = await shown(place, "tea")
        early = await guest.order(("tea", 1))
        clock.jump(300)

        async def turned() -> bool:
            return bool((await shown(place, "tea"))["price_kopecks"] == 19900)

        await until(turned)
        late = await guest.order(("tea", 1))
        sums = [early["amount_kopecks"], late["amount_kopecks"]]
        assert sums == [before["price_kopecks"], 19900] == [9900, 19900]
        for order in (early, late):  # what was ordered before keeps its price
            assert (await guest.pay(order["order_id"])).status == 200
        assert [line["amount_kopecks"] for line in place.effects("bank", "charged")] == sums
        assert [line["total_kopecks"] for line in place.effects("fiscal", "receipt")] == sums
        clock.jump(-600)  # somebody sets it back: it is the earlier hour again

        async def back() -> bool:
            return bool((await shown(place, "tea"))["price_kopecks"] == 9900)

        await until(back)


async def test_a_dish_of_the_evening_is_shown_with_its_hour_and_sold_then(tmp_path: Path) -> None:
    clock = PassingClock()
    now = local_now(clock)
    begins, ends = (now + timedelta(minutes=minutes) for minutes in (4, 12))
    hours = ", ".join(f'{day} = "{begins:%H:%M}-{ends:%H:%M}"' for day in DAYS)
    part = f'\n[[dayparts]]\nid = "later"\nname = {{ ru = "Потом", en = "Later" }}\nhours = {{ {hours} }}\n'
    file = own_menu(tmp_path, lambda text: text.replace(TEA, f'{TEA}dayparts = ["later"]\n') + part)
    async with restaurant(f'[menu]\nfile = "{file}"', clock=clock) as place:
        guest = await place.guest()
        found = await shown(place, "tea")
        day = "today" if begins.date() == now.date() else "tomorrow"
        assert (found["available"], found["unavailable_reason"]) == (False, "not_at_this_hour")
        assert found["available_from"] == {"day": day, "time": f"{begins:%H:%M}"}
        refused = await guest.call(
            "POST", "/api/orders/create", {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
        )
        assert_problem(refused, 409, "items_unavailable")
        assert refused.body["items"] == [{"item_id": "tea", "reason": "not_at_this_hour"}]
        clock.jump(4 * 60)

        async def there() -> bool:
            return bool((await shown(place, "tea"))["available"])

        await until(there)
        order = await guest.order(("tea", 1))
        clock.jump(8 * 60)

        async def over() -> bool:
            return not (await shown(place, "tea"))["available"]

        await until(over)
        assert (await guest.pay(order["order_id"])).status == 200, "it was ordered in its hour"


async def test_a_holiday_closes_in_its_own_words_and_the_menus_hours_go_before_the_settings(tmp_path: Path) -> None:
    clock = PassingClock()
    today = local_now(clock).date()
    week = "\n[hours]\n" + "".join(f'{day} = "00:00-24:00"\n' for day in DAYS)
    words = '{ ru = "Сегодня праздник", en = "A holiday today" }'
    holiday = f"\n[[holidays]]\ndate = {today + timedelta(days=1)}\nsays = {words}\n"
    file = own_menu(tmp_path, lambda text: f"{text}{week}{holiday}")
    shut = "03:00-03:01" if local_now(clock).hour != 3 else "05:00-05:01"
    async with restaurant(f'[menu]\nfile = "{file}"\n[restaurant]\nhours = "{shut}"', clock=clock) as place:
        said = (await place.call("GET", "/api/restaurant")).body
        assert (said["sales"]["open"], said["hours"]) == (True, "00:00-24:00")
        left = datetime.combine(today + timedelta(days=1), datetime.min.time(), MOSCOW) - local_now(clock)
        clock.jump(left.total_seconds() + 60)
        await place.until_paused("closed")
        said = (await place.call("GET", "/api/restaurant")).body
        assert said["says"] == {"ru": "Сегодня праздник", "en": "A holiday today"}
        assert load(place.folder / "config.toml").restaurant.hours == shut
