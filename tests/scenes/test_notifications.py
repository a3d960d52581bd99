"""Seed order 5 and the SMS of auth 2.1: what customers are told, once, and never at an order's cost."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import aiohttp

from kiosk.config import load
from kiosk.domain.events import OrderRefundedEvent
from kiosk.store.events import outbox
from kiosk.store.transaction import Reader
from tests.clocks import PassingClock
from tests.restaurant import Customer, Restaurant, restaurant, start_kiosk, test_parts, until

PHONE = "+79161234567"
FREE = "[auth]\nlimits = { logins_per_device_per_minute = 1000, resend_s = 0, sms_per_phone_per_hour = 100 }"
CODE = re.compile(r"Код для входа в «Огонёк»: (\d{6})\. Никому его не сообщайте\.")
CODE_EN = re.compile(r"Your sign-in code for Огонёк: (\d{6})\. Do not tell it to anyone\.")


def texts(place: Restaurant, phone: str = PHONE) -> list[str]:
    """What reached a number, its codes left out."""
    lines = [line["text"] for line in place.ledger("sms") if line["to"] == phone]
    return [text for text in lines if not CODE.fullmatch(text) and not CODE_EN.fullmatch(text)]


def codes(place: Restaurant, pattern: re.Pattern[str] = CODE) -> list[str]:
    return [found[1] for line in place.ledger("sms") if (found := pattern.fullmatch(line["text"]))]


async def told(place: Restaurant, words: str, phone: str = PHONE) -> str:
    """The message that holds `words`, once it has come."""
    found: list[str] = await until(lambda: [text for text in texts(place, phone) if words in text])
    return found[0]


async def ask(place: Restaurant, language: str = "ru", phone: str = PHONE) -> dict[str, Any]:
    headers = {"Accept-Language": language}
    answer = await place.call("POST", "/api/auth/quick-auth", {"phone": phone}, **headers)
    assert answer.status == 201, answer
    body: dict[str, Any] = answer.body
    return body


async def sign_in(place: Restaurant, language: str = "ru", push: str = "") -> Customer:
    """A new number, confirmed by the code of its SMS."""
    await ask(place, language)
    (code,) = await until(lambda: codes(place, CODE if language == "ru" else CODE_EN))
    body = {"phone": PHONE, "password": code}
    answer = await place.call("POST", "/api/auth/confirm", body, **{"Accept-Language": language})
    assert answer.status == 200, answer
    customer = Customer(place, answer.body["access_token"])
    if push:
        assert (await customer.call("PUT", "/api/me/push", {"address": push})).status == 204
    return customer


async def buy(customer: Customer, *items: tuple[str, int], **more: Any) -> dict[str, Any]:
    order = await customer.order(*(items or (("tea", 1),)))
    answer = await customer.pay(order["order_id"], **more)
    assert answer.status == 200, answer
    return order


@dataclass
class Row:
    """One row of the table of messages."""

    client_id: str
    channel: str
    address: str
    title: str
    body: str
    tries: int
    sent_at: str | None
    gone: str | None


async def rows(place: Restaurant) -> list[Row]:
    names = ", ".join(Row.__dataclass_fields__)
    return await place.kiosk.database.read(
        Reader.all, Row, f"SELECT {names} FROM message ORDER BY created_at, client_id"
    )


async def waiting(place: Restaurant) -> list[Row]:
    """Messages that were tried and failed, and are not done."""
    return [row for row in await rows(place) if row.tries and row.sent_at is None and row.gone is None]


async def all_done(place: Restaurant) -> bool:
    found = await rows(place)
    return bool(found) and all(row.sent_at or row.gone for row in found)


# One-time codes.


async def test_auth_2_1_new_number_signs_in_by_the_code_of_its_sms(place: Restaurant) -> None:
    customer = await sign_in(place)
    assert (await customer.call("GET", "/api/me")).status == 200
    (line,) = place.ledger("sms")
    assert (line["effect"], line["to"]) == ("sent", PHONE)
    assert (
        await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM one_time_code WHERE code IS NOT NULL") == 0
    )
    assert await place.kiosk.database.read(Reader.scalar, "SELECT code_id FROM one_time_code") == line["client_id"]


async def test_auth_2_1_code_speaks_the_customers_language(place: Restaurant) -> None:
    await sign_in(place, "en")


async def test_auth_2_1_code_whose_answer_was_lost_is_never_sent_again() -> None:
    async with restaurant(FREE) as place:
        place.sms.faults.switch("lose_answer", on=True)
        await ask(place)
        await until(lambda: len(codes(place)) == 1)
        await ask(place)
        await until(lambda: len(codes(place)) == 2)
        assert place.sms.state()["requests"] == 2


async def test_auth_2_1_code_is_erased_before_it_goes_out_and_lost_with_the_gateway() -> None:
    async with restaurant(FREE) as place:
        place.sms.faults.switch("slow", {"seconds": 60})
        await ask(place)
        await until(lambda: place.sms.state()["requests"] == 1)
        assert (
            await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM one_time_code WHERE code IS NOT NULL")
            == 0
        )
        await place.kiosk.stop()
        place.sms.faults.switch("slow", on=False)
        await restart(place)
        await ask(place)
        await until(lambda: len(codes(place)) == 1)
        assert place.sms.state()["requests"] == 2


async def test_auth_2_1_what_was_not_sent_is_not_counted_and_the_newest_code_comes_with_the_gateway() -> None:
    async with restaurant("[auth]\nlimits = { logins_per_device_per_minute = 1000 }") as place:
        place.sms.faults.switch("down", on=True)
        for _ in range(5):  # more than an hour's worth
            await ask(place)
            await until(lambda: not_sent(place))
        place.sms.faults.switch("down", on=False)
        (code,) = await until(lambda: codes(place))
        body = {"phone": PHONE, "password": code}
        assert (await place.call("POST", "/api/auth/confirm", body)).status == 200
        assert place.sms.state()["requests"] == 1
        again = await place.call("POST", "/api/auth/quick-auth", {"phone": PHONE})
        assert again.status == 200


async def test_auth_1_codes_that_cannot_be_sent_are_not_asked_for_without_end() -> None:
    async with restaurant("[auth]\nlimits = { logins_per_device_per_minute = 1000 }") as place:
        place.sms.faults.switch("down", on=True)
        for _ in range(6):  # twice an hour's worth: what failed costs nobody anything
            await ask(place)
            await until(lambda: not_sent(place))
        refused = await place.call("POST", "/api/auth/quick-auth", {"phone": PHONE})
        assert (refused.status, refused.code) == (429, "too_many_requests")


async def test_auth_1_what_was_sent_counts_also_after_a_failed_try() -> None:
    async with restaurant("[auth]\nlimits = { logins_per_device_per_minute = 1000 }") as place:
        place.sms.faults.switch("down", on=True)
        await ask(place)
        await until(lambda: not_sent(place))
        place.sms.faults.switch("down", on=False)
        await until(lambda: codes(place))
        refused = await place.call("POST", "/api/auth/quick-auth", {"phone": PHONE})
        assert (refused.status, refused.code) == (429, "too_many_requests")


async def test_auth_2_1_an_expired_code_is_not_sent_late() -> None:
    clock = PassingClock()
    async with restaurant(FREE, clock=clock) as place:
        place.sms.faults.switch("down", on=True)
        await ask(place)
        await until(lambda: not_sent(place))
        clock.jump(301)
        place.sms.faults.switch("down", on=False)
        await sign_in(place)  # with a new one
        assert place.sms.state()["requests"] == 1


async def not_sent(place: Restaurant) -> bool:
    """The last code is known not to have gone out."""
    return bool(
        await place.kiosk.database.read(
            Reader.scalar, "SELECT not_sent_at FROM one_time_code ORDER BY created_at DESC LIMIT 1"
        )
    )


async def test_auth_2_1_one_silent_code_does_not_hold_the_next() -> None:
    async with restaurant(FREE, gateway_timeout_s=600) as place:
        place.sms.faults.switch("slow", {"seconds": 60})
        await ask(place, phone="+79161234500")
        await until(lambda: place.sms.state()["requests"] == 1)
        place.sms.faults.switch("slow", on=False)
        await sign_in(place)


# Notices.


async def test_5_customer_is_told_of_acceptance_and_readiness(place: Restaurant) -> None:
    customer = await sign_in(place)
    order = await buy(customer)
    accepted = await told(place, "принят")
    minutes = re.fullmatch(
        rf"Огонёк: заказ {order['number']} оплачен и принят, будет готов примерно через (\d+) мин\."
        r" Код выдачи \d{4}\.",
        accepted,
    )
    assert minutes is not None, accepted
    assert int(minutes[1]) >= 1
    ready = await told(place, "Заберите")
    assert re.fullmatch(rf"Огонёк: заказ {order['number']} готов\. Заберите его из ячейки \d+, код \d{{4}}\.", ready), (
        ready
    )
    await until(lambda: all_done(place))
    assert len(texts(place)) == 2
    assert place.ledger("push") == []
    for row in await rows(place):
        assert (row.tries, row.address, row.title, row.body) == (1, "", "", "")


async def test_5_english_reader_is_told_in_english(place: Restaurant) -> None:
    order = await buy(await sign_in(place, "en"))
    assert f"order {order['number']} is paid and accepted" in await told(place, "accepted")
    assert f"order {order['number']} is ready. Collect it from cell" in await told(place, "Collect")


async def test_5_device_with_an_address_gets_push_instead(place: Restaurant) -> None:
    order = await buy(await sign_in(place, push="device-1"))
    lines = await until(lambda: [*place.ledger("push")] if len(place.ledger("push")) == 2 else None)
    assert {line["title"] for line in lines} == {f"Заказ {order['number']} принят", f"Заказ {order['number']} готов"}
    assert {line["to"] for line in lines} == {"device-1"}
    assert all(f"заказ {order['number']}" in line["body"] for line in lines)
    assert texts(place) == []


async def test_5_spent_points_are_told_to_the_number_whatever_the_channel(place: Restaurant) -> None:
    customer = await sign_in(place, push="device-1")
    await buy(customer, ("udon-chicken", 4))
    points = (await customer.call("GET", "/api/me")).body["bonus_points"]
    assert points > 0
    order = await buy(customer, ("udon-chicken", 1), bonus_points=points)
    warned = await told(place, "списано")
    assert warned == (f"Огонёк: заказ {order['number']}, списано баллов: {points}. Если это были не вы, позвоните нам.")
    await until(lambda: len(place.ledger("push")) == 4)
    assert texts(place) == [warned]


async def test_5_refund_is_told_with_its_sum(place: Restaurant) -> None:
    order = await buy(await sign_in(place))
    event = OrderRefundedEvent(order_id=order["order_id"], number=order["number"], amount_kopecks=12350, reason="cold")
    now = test_parts().clock.now()
    await place.kiosk.database.write(outbox.put, event, now)
    assert f"по заказу {order['number']} возвращено 123,50 ₽" in await told(place, "возвращено")


async def test_5_guests_are_told_nothing(place: Restaurant) -> None:
    guest = await place.guest()
    order = await buy(guest)
    await guest.until_status(order["order_id"], "completed")
    await buy(await sign_in(place))  # a later event has been handled: the guest's were too
    await told(place, "Заберите")
    assert all(order["number"] not in text for text in texts(place))
    orders = "SELECT count(*) FROM message WHERE order_id = ?"
    assert await place.kiosk.database.read(Reader.scalar, orders, (order["order_id"],)) == 0


# When a gateway fails.


async def test_5_lost_answer_is_repeated_under_the_same_client_id_and_sent_once(place: Restaurant) -> None:
    customer = await sign_in(place)
    place.sms.faults.switch("lose_answer", on=True)
    await buy(customer)
    await told(place, "Заберите")
    await until(lambda: all_done(place))
    assert sorted(row.tries for row in await rows(place)) == [1, 2]
    assert place.sms.state()["requests"] == 4  # the code, two messages, one repetition
    assert len(texts(place)) == 2


async def test_5_gateway_that_was_down_for_a_while_delivers_afterwards(place: Restaurant) -> None:
    customer = await sign_in(place)
    place.sms.faults.switch("down", on=True)
    order = await buy(customer)
    await customer.until_status(order["order_id"], "ready", "completed")
    await until(lambda: waiting(place))
    assert texts(place) == []
    place.sms.faults.switch("down", on=False)
    await told(place, "принят")
    await told(place, "Заберите")
    await until(lambda: all_done(place))
    assert len(texts(place)) == 2


async def test_5_silent_gateways_delay_no_order_and_not_each_other() -> None:
    async with restaurant(gateway_timeout_s=600) as place:
        customer = await sign_in(place)
        place.sms.faults.switch("slow", {"seconds": 600})
        async with asyncio.timeout(300):
            for _ in range(6):  # more than are sent at once
                order = await buy(customer)
            await customer.until_status(order["order_id"], "completed")
            assert (await customer.call("PUT", "/api/me/push", {"address": "device-1"})).status == 204
            await buy(customer)
            await until(lambda: place.ledger("push"))
        assert texts(place) == []


async def test_5_one_slow_message_does_not_hold_the_others() -> None:
    async with restaurant(gateway_timeout_s=600) as place:
        customer = await sign_in(place)
        place.sms.faults.switch("slow", {"seconds": 600})
        first = await buy(customer)
        await until(lambda: place.sms.state()["requests"] == 2)
        place.sms.faults.switch("slow", on=False)
        second = await buy(customer)
        await told(place, f"заказ {second['number']} оплачен")
        assert not [text for text in texts(place) if f"заказ {first['number']} оплачен" in text]


async def test_5_refused_message_is_given_up_with_its_reason(place: Restaurant) -> None:
    await buy(await sign_in(place, push="gone-1"))
    await until(lambda: all_done(place))
    found = await until(lambda: _gone(place))
    assert {(row.channel, row.gone, row.tries, row.address, row.body) for row in found} == {
        ("push", "refused HTTP 410", 1, "", "")
    }


async def _gone(place: Restaurant) -> list[Row]:
    """Both notices, once both were refused."""
    found = [row for row in await rows(place) if row.gone]
    return found if len(found) == 2 else []


async def test_5_stopped_between_commit_and_sending_is_sent_once_after_the_restart(place: Restaurant) -> None:
    customer = await sign_in(place)
    place.sms.faults.switch("slow", {"seconds": 600})
    order = await buy(customer)
    await until(lambda: place.sms.state()["requests"] == 2)  # under way, not yet sent
    (before, *_) = await rows(place)
    assert (before.tries, before.sent_at) == (0, None)
    await place.kiosk.stop()
    assert texts(place) == []
    place.sms.faults.switch("slow", on=False)
    await restart(place)
    await told(place, "Заберите")
    await until(lambda: all_done(place))
    accepted = [line for line in place.ledger("sms") if f"{order['number']} оплачен" in line["text"]]
    assert [line["client_id"] for line in accepted] == [before.client_id]


async def restart(place: Restaurant) -> None:
    """A second process on the same folder; the devices lived on."""
    place.kiosk = await start_kiosk(place.stack, load(place.folder / "config.toml"), test_parts())
    await place.staff.close()
    connector = aiohttp.UnixConnector(str(place.folder / "k.sock"))
    place.staff = await place.stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    await place.until_open()


async def test_5_gateways_are_simulated_inside_where_only_they_are() -> None:
    async with restaurant(FREE + '\n[sms]\nurl = "sim"\n[push]\nurl = "sim"') as place:
        await ask(place)
        inside = place.folder / "sim" / "sms.jsonl"
        await until(lambda: inside.exists() and PHONE in inside.read_text())
        assert (place.folder / "sim" / "push.jsonl").exists()
        assert place.ledger("sms") == []
