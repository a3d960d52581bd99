"""Seed order 5 for guests without an account who asked to be told, and for everybody: late, cancelled, in part."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kiosk.store.transaction import Reader
from tests.clocks import PassingClock
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_forgetting import Seen
from tests.scenes.test_notifications import PHONE, all_done, buy, sign_in, texts, told

ASKED: dict[str, Any] = {"receipt_to": PHONE, "notify": True}


async def kept(place: Restaurant) -> int:
    """Numbers of guests in the books."""
    return int(await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM guest_notice"))


async def others_events_are_through(place: Restaurant) -> None:
    """A customer's later notice has been written: what a guest's events wanted was too."""
    before = len(texts(place))
    await buy(await sign_in(place))
    await until(lambda: len(texts(place)) >= before + 2)


async def test_5_guest_who_asked_is_told_once_that_the_order_is_ready(place: Restaurant) -> None:
    guest = await place.guest()
    order = await buy(guest, **ASKED)
    ready = await told(place, "Заберите")
    assert re.fullmatch(rf"Огонёк: заказ {order['number']} готов\. Заберите его из ячейки \d+, код \d{{4}}\.", ready)
    await guest.until_status(order["order_id"], "completed")
    await until(lambda: all_done(place))
    assert texts(place) == [ready]
    assert await kept(place) == 1  # money may still go back


async def test_5_guest_is_told_in_the_language_of_the_payment(place: Restaurant) -> None:
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    path, headers = f"/api/orders/{order['order_id']}/payment", {"Accept-Language": "en"}
    assert (await guest.call("POST", path, {"card_token": "tok_ok", **ASKED}, **headers)).status == 200
    assert f"order {order['number']} is ready. Collect it from cell" in await told(place, "Collect")


@pytest.mark.parametrize("contact", [None, "anna@yandex.ru"])
async def test_5_who_wants_to_be_told_leaves_a_number(place: Restaurant, contact: str | None) -> None:
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    answer = await guest.pay(order["order_id"], notify=True, **({"receipt_to": contact} if contact else {}))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["path"] for error in answer.body["errors"]] == ["$.notify"]
    assert (await guest.look(order["order_id"]))["status"] == "created"


async def test_5_guests_of_other_countries_are_told_where_the_gateway_sends_there() -> None:
    abroad = {**ASKED, "receipt_to": "+37477123456"}
    async with restaurant() as place:
        guest = await place.guest()
        refused = await guest.pay((await guest.order(("tea", 1)))["order_id"], **abroad)
        assert [error["path"] for error in refused.body["errors"]] == ["$.receipt_to"]
    async with restaurant('[sms]\ncountries = ["RU", "AM"]') as place:
        await buy(await place.guest(), **abroad)
        await told(place, "Заберите", "+37477123456")


async def test_5_last_attempt_to_pay_says_who_is_told(place: Restaurant) -> None:
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    assert (await guest.pay(order["order_id"], "tok_declined", **ASKED)).status == 402
    assert await kept(place) == 1
    assert (await guest.pay(order["order_id"])).status == 200
    assert await kept(place) == 0
    await guest.until_status(order["order_id"], "completed")
    await others_events_are_through(place)
    assert all(order["number"] not in text for text in texts(place))


async def test_5_customers_are_told_by_their_account_alone(place: Restaurant) -> None:
    other = "+79161234500"
    await buy(await sign_in(place), receipt_to=other, notify=True)
    await told(place, "Заберите")
    assert texts(place, other) == []
    assert await kept(place) == 0


# Late, cancelled, given back.


@pytest.mark.parametrize("account", [False, True], ids=["guest", "customer"])
async def test_5_late_order_is_told_once_also_after_a_restart(account: bool) -> None:
    clock = PassingClock()
    async with restaurant(speed=0.01, clock=clock) as place:
        guest = await (sign_in(place) if account else place.guest())
        order = await buy(guest, **({} if account else ASKED))
        await guest.until_status(order["order_id"], "cooking")
        clock.jump(order["ready_in_s"] + 50)
        await place.restart()
        await place.until_open()
        assert not [text for text in texts(place) if "дольше обещанного" in text]  # the hall board's minute
        clock.jump(20)
        late = await told(place, "дольше обещанного")
        assert late.startswith(f"Огонёк: заказ {order['number']} готовим дольше обещанного")
        await place.restart()
        await place.until_open()
        clock.jump(60)
        await until(lambda: all_done(place))
        assert texts(place).count(late) == 1


async def test_5_staff_who_cancel_an_order_tell_its_guest(place: Restaurant) -> None:
    guest = await place.guest()
    for order_id in [(await guest.order(("tea", 1)))["order_id"] for _ in range(2)]:
        assert (await guest.pay(order_id, "tok_declined", **ASKED)).status == 402
        last = await guest.look(order_id)
        if not texts(place):
            path = f"/internal/orders/{order_id}/status"
            assert (await place.internal("PUT", path, {"status": "cancelled"})).status == 200
            cancelled = await told(place, "отменил")
            assert f"сотрудник отменил заказ {last['number']}" in cancelled
        else:  # whoever cancels it himself knows
            assert (await guest.call("POST", f"/api/orders/{order_id}/cancel")).status == 200
    await until(lambda: forgotten(place))
    assert texts(place) == [cancelled]


async def forgotten(place: Restaurant) -> bool:
    return await kept(place) == 0


async def give_back(place: Restaurant, order: dict[str, Any], **items: int) -> None:
    body = {
        "reason": "остыло",
        **({"items": [{"item_id": i, "quantity": q} for i, q in items.items()]} if items else {}),
    }
    assert (await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", body)).status == 202


async def test_5_money_back_in_part_and_whole_is_told_and_then_the_number_is_forgotten(place: Restaurant) -> None:
    guest = await place.guest()
    order = await buy(guest, ("tea", 1), ("cola", 1), **ASKED)
    await guest.until_status(order["order_id"], "completed")
    await give_back(place, order, tea=1)
    part = await told(place, "остальной заказ в силе")
    assert f"за часть заказа {order['number']} возвращено" in part
    assert await kept(place) == 1
    await give_back(place, order)
    assert f"по заказу {order['number']} возвращено" in await told(place, "по заказу")
    await until(lambda: forgotten(place))


async def test_5_number_of_a_guest_is_forgotten_a_day_after_the_order_was_handed_out() -> None:
    clock = PassingClock()
    async with restaurant(clock=clock, retention=Seen) as place:
        guest = await place.guest()
        order = await buy(guest, **ASKED)
        await guest.until_status(order["order_id"], "completed")
        clock.jump(23 * 3600)
        await place.restart()
        await place.until_open()
        assert (await Seen.last.look())["guests"] == 0
        assert await kept(place) == 1
        clock.jump(2 * 3600)
        assert (await Seen.last.look())["guests"] == 1
        assert await forgotten(place)
        held = "SELECT count(*) FROM message WHERE address <> ''"
        assert await place.kiosk.database.read(Reader.scalar, held) == 0
