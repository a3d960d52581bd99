"""Closed hours over HTTP, numbers that nobody ever confirmed, and orders that nobody paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kiosk.domain.staff.retention import Keep
from kiosk.store.keep.retention import RULES, Term
from tests.restaurant import restaurant, until
from tests.scenes.test_signing_in import FREE, PHONE, code_of, confirm, quick, signed_in

TEA = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}


async def test_2_closed_restaurant_sells_nothing_and_says_so() -> None:
    now = datetime.now(ZoneInfo("Europe/Moscow"))
    opens, closes = now + timedelta(hours=3), now + timedelta(hours=6)
    hours = f"{opens:%H:%M}-{closes:%H:%M}"
    async with restaurant(f'[restaurant]\nhours = "{hours}"', sales_open=False) as place:

        async def closed() -> bool:
            return bool(
                (await place.call("GET", "/api/restaurant")).body["sales"] == {"open": False, "reason": "closed"}
            )

        await until(closed)
        guest = await place.guest()
        answer = await guest.call("POST", "/api/orders/create", TEA)
        assert (answer.status, answer.code, answer.body["reason"]) == (503, "sales_paused", "closed")


async def test_auth_2_1_numbers_never_confirmed_are_forgotten_after_a_day() -> None:
    async with restaurant(FREE) as place:
        kept = await signed_in(place)
        stranger = "+79167654321"
        assert (await quick(place, stranger)).status == 201
        code = await code_of(place, stranger)

        tomorrow = Term(datetime.now(UTC) + timedelta(days=1, minutes=1), Keep(), (), (), rows=100)
        assert (await place.kiosk.database.write(RULES["unconfirmed"], tomorrow)).gone == 1
        assert (await place.kiosk.database.write(RULES["codes"], tomorrow)).gone >= 1
        assert (await confirm(place, code, stranger)).code == "no_pending_confirmation"
        assert (await kept.call("GET", "/api/me")).status == 200
        assert (await quick(place, PHONE)).status == 200
        assert (await quick(place, stranger)).status == 201


async def test_2_order_that_nobody_pays_is_cancelled_in_the_end_and_told() -> None:
    async with restaurant(unpaid_for_s=1.0) as place:
        guest = await place.guest()
        paid = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(paid)).status == 200
        declined = (await guest.order(("tea", 2)))["order_id"]
        assert (await guest.pay(declined, "tok_declined")).status == 402
        left = (await guest.order(("tea", 3)))["order_id"]
        for order_id in (declined, left):
            order = await guest.until_status(order_id, "cancelled")
            assert [entry["status"] for entry in order["timeline"]][-2:] == ["created", "cancelled"]
            told = [event["type"] for event in await place.events() if event["order_id"] == order_id]
            assert (told[0], told[-1]) == ("OrderCreatedEvent", "OrderCancelledEvent")
        answer = await guest.pay(left)
        assert (answer.status, answer.code, answer.body["order_status"]) == (409, "order_state", "cancelled")
        await guest.until_status(paid, "completed")
        assert len(place.effects("bank", "charged")) == 1
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
