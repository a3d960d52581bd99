"""Seed «Авторизация пользователя», rows 1–4, over HTTP; and what the points of row 3 do to the sum."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import jwt
import pytest

from kiosk.store.transaction import Reader
from tests.clocks import JumpingClock
from tests.restaurant import Answer, Customer, Restaurant, restaurant, until

PHONE = "+79161234567"
FREE = """
[auth]
limits = { logins_per_device_per_minute = 1000, resend_s = 0, sms_per_phone_per_hour = 99, sms_per_phone_per_day = 99 }
"""


async def code_of(place: Restaurant, phone: str = PHONE, temporary_token: str = "") -> str:
    """The last code as its SMS carries it, or the one a temporary token belongs to."""
    code_id = jwt.decode(temporary_token, options={"verify_signature": False})["sub"] if temporary_token else None

    def sent() -> str | None:
        lines = [line for line in place.ledger("sms") if line["to"] == phone and line["text"].startswith("Код")]
        digits = [re.sub(r"\D", "", line["text"]) for line in lines if code_id in (None, line["client_id"])]
        return digits[-1] if digits else None

    found: str = await until(sent)
    return found


async def quick(place: Restaurant, phone: str = PHONE, **more: Any) -> Answer:
    return await place.call("POST", "/api/auth/quick-auth", {"phone": phone, **more})


async def confirm(place: Restaurant, password: str, phone: str = PHONE, **more: Any) -> Answer:
    return await place.call("POST", "/api/auth/confirm", {"phone": phone, "password": password, **more})


async def signed_in(place: Restaurant, phone: str = PHONE, **more: Any) -> Customer:
    assert (await quick(place, phone, **more)).status == 201
    answer = await confirm(place, await code_of(place, phone), phone)
    assert answer.status == 200, answer
    return Customer(place, answer.body["access_token"])


async def proven(place: Restaurant, phone: str = PHONE) -> Customer:
    """A confirmed number's new session, confirmed by a code of its own."""
    session = Customer(place, (await quick(place, phone)).body["access_token"])
    pending = (await session.call("GET", "/api/orders")).body["temporary_token"]
    answer = await confirm(place, await code_of(place, phone, pending), phone, temporary_token=pending)
    assert answer.status == 200, answer
    return Customer(place, answer.body["access_token"])


async def test_auth_1_number_that_cannot_be_is_refused(place: Restaurant) -> None:
    for phone in ("", "12", "abc", "+7000", "+1234567890123456789", "8916123456"):
        answer = await quick(place, phone)
        assert (answer.status, answer.code) in ((422, "invalid_phone"), (422, "invalid_request")), phone


async def test_auth_2_1_new_number_gets_an_account_a_temporary_token_and_an_sms(place: Restaurant) -> None:
    answer = await quick(place, "8 (916) 123-45-67")
    assert answer.status == 201, answer
    assert set(answer.body) == {"temporary_token", "expires_in_s", "resend_in_s"}
    temporary = Customer(place, answer.body["temporary_token"])
    assert (await temporary.call("GET", "/api/me")).code == "unauthorized"
    again = await confirm(place, await code_of(place), temporary_token=answer.body["temporary_token"])
    assert (again.status, again.body["token_type"]) == (200, "Bearer")
    me = await Customer(place, again.body["access_token"]).call("GET", "/api/me")
    assert me.body["phone_masked"].endswith("67")
    assert "916" not in me.body["phone_masked"]
    assert me.body["bonus_points"] == 0


async def test_auth_2_2_confirmed_number_signs_in_without_a_code() -> None:
    async with restaurant(FREE) as place:
        await signed_in(place)
        answer = await quick(place)
        assert answer.status == 200
        assert set(answer.body) == {"access_token", "token_type", "expires_in_s"}
        assert (await Customer(place, answer.body["access_token"]).call("GET", "/api/me")).status == 200


async def test_auth_3_1_three_wrong_passwords_end_the_confirmation() -> None:
    async with restaurant(FREE) as place:
        assert (await quick(place)).status == 201
        right = await code_of(place)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        first, second = await confirm(place, wrong), await confirm(place, wrong)
        assert [(a.status, a.code, a.body["attempts_left"]) for a in (first, second)] == [
            (401, "wrong_password", 2),
            (401, "wrong_password", 1),
        ]
        for password in (wrong, right, right):
            answer = await confirm(place, password)
            assert (answer.status, answer.code) == (403, "attempts_exhausted")
        assert (await quick(place)).status == 201  # a new code may be asked for


async def test_auth_3_1_guesses_in_parallel_share_the_three_tries() -> None:
    async with restaurant(FREE) as place:
        assert (await quick(place)).status == 201
        right = await code_of(place)
        wrong = [f"{(int(right) + n) % 1_000_000:06d}" for n in range(1, 11)]
        answers = await asyncio.gather(*(confirm(place, password) for password in wrong))
        assert sum(answer.code == "wrong_password" for answer in answers) == 2
        assert sum(answer.code == "attempts_exhausted" for answer in answers) == 8


async def test_auth_3_password_serves_once_and_only_its_own_confirmation() -> None:
    async with restaurant(FREE) as place:
        assert (await confirm(place, "123456")).code == "no_pending_confirmation"
        await signed_in(place)
        assert (await confirm(place, await code_of(place))).code == "no_pending_confirmation"
        other = await quick(place, "+79161234568")
        mine = await quick(place, "+79161234569")
        code = await code_of(place, "+79161234569")
        crossed = await confirm(place, code, "+79161234569", temporary_token=other.body["temporary_token"])
        assert (crossed.status, crossed.code) == (404, "no_pending_confirmation")
        right = await confirm(place, code, "+79161234569", temporary_token=mine.body["temporary_token"])
        assert right.status == 200


async def test_auth_3_expired_password_is_gone() -> None:
    clock = JumpingClock()
    async with restaurant(FREE, clock=clock) as place:
        assert (await quick(place)).status == 201
        code = await code_of(place)
        clock.jump(301)
        answer = await confirm(place, code)
        assert (answer.status, answer.code) == (410, "password_expired")


async def test_auth_1_numbers_and_devices_are_limited(place: Restaurant) -> None:
    assert (await quick(place)).status == 201
    again = await quick(place)
    assert (again.status, again.code) == (429, "too_many_requests")
    assert 0 < int(again.headers["Retry-After"]) <= 60
    codes = [(await quick(place, f"+7916000000{n}")).status for n in range(6)]
    assert codes == [201, 201, 201, 429, 429, 429]


async def test_auth_1_consent_is_asked_for_only_where_a_version_is_set() -> None:
    async with restaurant(FREE + '\nconsent_version = "2026-11"') as place:
        for given in ({}, {"consent": "2020-01"}):
            answer = await quick(place, **given)
            assert (answer.status, answer.code, answer.body["consent_version"]) == (422, "consent_required", "2026-11")
        assert (await quick(place, consent="2026-11")).status == 201


async def test_auth_4_logout_kills_the_token_and_internal_calls_answer_alike() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        assert (await customer.call("POST", "/api/auth/logout")).status == 204
        assert (await customer.call("GET", "/api/me")).code == "unauthorized"
        inside = await place.internal("POST", "/internal/auth/quick-auth", {"phone": PHONE})
        assert inside.status == 200
        wrong = await place.internal("POST", "/internal/auth/confirm", {"phone": PHONE, "password": "1"})
        assert wrong.code == "no_pending_confirmation"


async def test_auth_4_guests_have_no_profile_and_customers_see_all_their_orders() -> None:
    async with restaurant(FREE) as place:
        guest = await place.guest()
        assert (await guest.call("GET", "/api/me")).code == "customers_only"
        assert (await guest.call("PUT", "/api/me/push", {"address": "x"})).code == "customers_only"
        customer = await signed_in(place)
        assert (await customer.call("PUT", "/api/me/push", {"address": "device-1"})).status == 204
        first = await customer.order(("tea", 1))
        later = await proven(place)
        second = await later.order(("tea", 1))
        ids = [order["order_id"] for order in (await later.call("GET", "/api/orders")).body["orders"]]
        assert ids == [second["order_id"], first["order_id"]]
        older = (await later.call("GET", f"/api/orders?before={second['order_id']}")).body["orders"]
        assert [order["order_id"] for order in older] == [first["order_id"]]


async def test_3_points_are_earned_spent_and_never_exceed_their_limit() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        first = await customer.order(("udon-chicken", 4))
        paid = await customer.pay(first["order_id"])
        earned = first["amount_kopecks"] * 5 // 10000
        assert (paid.body["bonus_spent"], paid.body["bonus_accrued"]) == (0, earned)
        assert (await customer.call("GET", "/api/me")).body["bonus_points"] == earned
        second = await customer.order(("udon-chicken", 1), ("tea", 3))
        over = await customer.pay(second["order_id"], bonus_points=earned + 1)
        assert (over.status, over.code, over.body["available"]) == (422, "bonus_exceeds_limit", earned)
        paid = await customer.pay(second["order_id"], bonus_points=earned)
        assert paid.status == 200, paid
        rest = second["amount_kopecks"] - earned * 100
        assert paid.body["amount_kopecks"] == rest
        assert place.effects("bank", "charged")[-1]["amount_kopecks"] == rest
        assert place.effects("fiscal", "receipt")[-1]["total_kopecks"] == rest
        assert (await customer.call("GET", "/api/me")).body["bonus_points"] == rest * 5 // 10000


@pytest.mark.parametrize("token", ["tok_declined", "tok_500"])
async def test_3_points_come_back_when_the_payment_fails(token: str) -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        first = await customer.order(("udon-chicken", 4))
        assert (await customer.pay(first["order_id"])).status == 200
        points = (await customer.call("GET", "/api/me")).body["bonus_points"]
        second = await customer.order(("udon-chicken", 1))
        assert (await customer.pay(second["order_id"], token=token, bonus_points=points)).status in (402, 503)
        assert (await customer.call("GET", "/api/me")).body["bonus_points"] == points


async def test_3_the_same_points_are_not_spent_twice_in_a_race() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        first = await customer.order(("udon-chicken", 4))
        assert (await customer.pay(first["order_id"])).status == 200
        points = (await customer.call("GET", "/api/me")).body["bonus_points"]
        both = [await customer.order(("udon-chicken", 1)) for _ in range(2)]
        answers = await asyncio.gather(*(customer.pay(o["order_id"], bonus_points=points) for o in both))
        assert sorted(answer.status for answer in answers) == [200, 422]
        assert (await customer.call("GET", "/api/me")).body["bonus_points"] >= 0


async def test_3_1_spending_asks_for_a_code_where_the_site_wants_it() -> None:
    async with restaurant(FREE + "\nspend_requires_code = true") as place:
        customer = await signed_in(place)  # confirmed by a code: trusted
        first = await customer.order(("udon-chicken", 4))
        assert (await customer.pay(first["order_id"])).status == 200
        points = (await customer.call("GET", "/api/me")).body["bonus_points"]
        by_number = Customer(place, (await quick(place)).body["access_token"])
        answer = await by_number.call("GET", "/api/me")
        assert (answer.status, answer.code) == (403, "step_up_required")
        second = await by_number.order(("udon-chicken", 1))  # ordering and earning need nothing more
        refused = await by_number.pay(second["order_id"], bonus_points=points)
        assert refused.code == "step_up_required"
        temporary_token = refused.body["temporary_token"]
        code = await code_of(place, temporary_token=temporary_token)
        answer = await confirm(place, code, temporary_token=temporary_token)
        assert answer.status == 200, answer
        trusted = Customer(place, answer.body["access_token"])
        assert (await trusted.pay(second["order_id"], bonus_points=points)).status == 200


async def test_auth_2_2_who_types_a_number_changes_nothing_of_it() -> None:
    async with restaurant(FREE) as place:
        await signed_in(place)
        english = {"Accept-Language": "en"}
        assert (await place.call("POST", "/api/auth/quick-auth", {"phone": PHONE}, **english)).status == 200
        assert (
            await place.kiosk.database.read(Reader.scalar, "SELECT language FROM customer WHERE phone = ?", (PHONE,))
            == "ru"
        )
