"""A stranger spends a share of the budget of SMS and nobody's tries but his own; customers and notices have theirs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from kiosk.domain.errors import TooManyRequests
from kiosk.domain.identity.limits import Limits
from kiosk.flows.identity.sign_in import Caller, QuickAuth
from kiosk.store.transaction import Reader
from tests.clocks import PassingClock
from tests.restaurant import Answer, Customer, Restaurant, restaurant
from tests.scenes.test_notifications import buy, told
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_signing_in import FREE, PHONE, code_of, confirm, quick, signed_in

#: An hour's budget of 25, of new numbers 20; of one address 12, of new numbers 10 there.
BUDGET = """
[auth]
limits = { logins_per_device_per_minute = 1000, resend_s = 0, sms_per_site_per_day = 100 }
"""


@asynccontextmanager
async def elsewhere(place: Restaurant, address: str = "127.0.0.2") -> AsyncIterator[Restaurant]:
    """The same house, asked from another address."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0))) as client:
        here, place.client = place.client, client
        try:
            yield place
        finally:
            place.client = here


async def strangers(place: Restaurant, count: int, first: int = 0) -> list[int]:
    """The answers to new numbers, one after another."""
    return [(await quick(place, f"+7916{first + n:07d}")).status for n in range(count)]


async def test_auth_2_1_one_address_spends_its_share_of_the_hour_and_others_theirs() -> None:
    clock = PassingClock()
    async with restaurant(BUDGET, clock=clock) as place:
        customer = await signed_in(place)
        assert await strangers(place, 11) == [201] * 9 + [429] * 2
        async with elsewhere(place):
            assert await strangers(place, 11, 100) == [201] * 10 + [429]  # and with them the hour's 20 of new numbers
        by_number = Customer(place, (await quick(place)).body["access_token"])
        refused = await by_number.call("GET", "/api/orders")
        assert_problem(refused, 403, "step_up_required")
        assert refused.body["temporary_token"], "a customer's code comes out of the reserve"
        assert (await customer.call("GET", "/api/me")).status == 200
        clock.jump(3601)
        assert await strangers(place, 1, 200) == [201]


async def asked_from(place: Restaurant, *addresses: str) -> int:
    """How many of these addresses, each with a number of its own, got a code."""
    got = 0
    for n, address in enumerate(addresses):
        with contextlib.suppress(TooManyRequests):
            wanted = QuickAuth(phone=f"+7917{n:07d}")
            await place.kiosk.flows.sign_in.quick_auth(wanted, None, Caller(address, "ru"))
            got += 1
    return got


async def test_auth_2_1_all_other_machines_together_leave_a_share_to_the_houses_screens() -> None:
    clock = PassingClock()
    async with restaurant(BUDGET, clock=clock) as place:
        assert await asked_from(place, *(f"192.0.2.{n}" for n in range(50))) == 15
        assert await strangers(place, 6, 100) == [201] * 5 + [429]
        clock.jump(3601)
        assert await asked_from(place, "127.0.0.1", "::1", "127.9.9.9") == 3
        assert await asked_from(place, *(f"2001:db8:{n:x}::/64" for n in range(50))) == 15


async def test_auth_2_1_day_is_not_spent_by_one_address_that_is_not_ours() -> None:
    limits = Limits(sms_per_site_per_day=400)
    assert limits.sms_per_site_per_hour == 100
    assert (limits.of_one_address(100), limits.of_one_address(400)) == (50, 200)
    assert (limits.of_new_numbers(50), limits.of_new_numbers(400)) == (40, 320)


@pytest.mark.parametrize("budget", [0, 1, 3, 10])
def test_auth_2_1_small_budget_is_not_divided(budget: int) -> None:
    limits = Limits(sms_per_site_per_day=budget)
    parts = limits.of_one_address(budget), limits.of_new_numbers(budget), limits.of_other_machines(budget)
    assert {limits.sms_per_site_per_hour, *parts} == {budget}


async def test_5_notices_go_out_while_the_budget_of_codes_is_spent() -> None:
    async with restaurant(BUDGET, speed=50.0) as place:
        customer = await signed_in(place)
        assert (await strangers(place, 10))[-1] == 429
        order = await buy(customer)
        await customer.until_status(order["order_id"], "ready", "completed")
        assert order["number"] in await told(place, "готов.")


def wrong_of(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


async def burn(place: Restaurant, password: str, times: int = 4, **more: str) -> list[Answer]:
    return [await confirm(place, password, **more) for _ in range(times)]


@pytest.mark.parametrize("with_token", [True, False])
async def test_auth_3_1_single_client_has_three_tries_with_and_without_the_token(with_token: bool) -> None:
    async with restaurant(FREE) as place:
        token = (await quick(place)).body["temporary_token"]
        more = {"temporary_token": token} if with_token else {}
        right = await code_of(place)
        answers = await burn(place, wrong_of(right), **more)
        assert [(answer.status, answer.code) for answer in answers] == [(401, "wrong_password")] * 2 + [
            (403, "attempts_exhausted")
        ] * 2
        assert [answer.body["attempts_left"] for answer in answers[:2]] == [2, 1]
        assert (await confirm(place, right, **more)).code == "attempts_exhausted"


async def test_auth_3_1_stranger_without_the_token_burns_no_tries_of_its_owner() -> None:
    async with restaurant(FREE) as place:
        token = (await quick(place)).body["temporary_token"]
        right = await code_of(place)
        assert (await burn(place, wrong_of(right)))[-1].code == "attempts_exhausted"
        async with elsewhere(place):
            assert (await burn(place, wrong_of(right)))[-1].code == "attempts_exhausted"
        foreign = (await quick(place, "+79160000001")).body["temporary_token"]
        for odd in ("none", foreign, ""):
            assert {answer.code for answer in await burn(place, right, temporary_token=odd)} == {
                "no_pending_confirmation"
            }
        assert (await confirm(place, right, temporary_token=token)).status == 200


async def test_auth_3_1_code_that_a_stranger_asked_for_later_kills_nobodys() -> None:
    async with restaurant(FREE) as place:
        own = (await quick(place)).body["temporary_token"]
        right = await code_of(place, temporary_token=own)
        strangers_own = (await quick(place)).body["temporary_token"]
        assert (await burn(place, wrong_of(right), temporary_token=strangers_own))[-1].code == "attempts_exhausted"
        assert (await confirm(place, right, temporary_token=own)).status == 200
        late = await confirm(place, right, temporary_token=strangers_own)
        assert late.code == "no_pending_confirmation", "what was confirmed is over for all"


async def test_auth_3_1_all_addresses_together_have_a_bounded_number_of_tries() -> None:
    async with restaurant(FREE) as place:
        token = (await quick(place)).body["temporary_token"]
        right = await code_of(place)
        for n in range(2, 13):
            async with elsewhere(place, f"127.0.0.{n}"):
                answers = await burn(place, wrong_of(right), 3)
        assert {answer.code for answer in answers} == {"attempts_exhausted"}
        assert (await confirm(place, right, PHONE, temporary_token=token)).status == 200
        assert await place.kiosk.database.read(Reader.scalar, "SELECT sum(tries) FROM one_time_code_try") == 30


async def test_auth_3_1_tries_outlive_a_restart_and_are_forgotten_with_their_code() -> None:
    clock = PassingClock()
    async with restaurant(FREE, clock=clock) as place:
        await quick(place)
        right = await code_of(place)
        await burn(place, wrong_of(right), 3)
        await place.restart()
        assert (await confirm(place, right)).code == "attempts_exhausted"
        await place.kiosk.database.write(lambda tx: tx.execute("DELETE FROM one_time_code"))
        assert await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM one_time_code_try") == 0
