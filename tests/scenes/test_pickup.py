"""Codes at the cells and at «Мой заказ»: a guesser is slowed down, the owner is never stopped, also who forgot."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kiosk.store.transaction import Reader
from tests.clocks import JumpingClock
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_notifications import buy, sign_in, told
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_signing_in import proven

PICKUP, TRACK = "/api/pickup", "/api/orders/track"


class Hands(JumpingClock):
    """Monotonic time goes ahead too: the wait of a throttle passes at a word."""

    def __init__(self) -> None:
        super().__init__()
        self._jumped_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._jumped_s

    def wait(self, seconds: float) -> None:
        self._jumped_s += seconds


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def place(clock: Hands) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        found.robot.faults.switch("nobody_comes", on=True)
        yield found


async def ready_order(place: Restaurant, guest: Customer) -> dict[str, Any]:
    """Cooked, in its cell, with its code; nobody takes it by himself."""
    created = await guest.order(("tea", 1))
    paid = (await guest.pay(created["order_id"])).body
    await guest.until_status(created["order_id"], "ready")
    return {**created, **paid}


def ticket(order: dict[str, Any], code: str | None = None) -> dict[str, str]:
    return {"number": order["number"], "pickup_code": code or order["pickup_code"]}


def wrong(order: dict[str, Any]) -> dict[str, str]:
    return ticket(order, "0000" if order["pickup_code"] != "0000" else "1111")


async def test_4_2_fifth_wrong_code_waits_and_the_wait_grows_from_the_last_counted_one(
    place: Restaurant, clock: Hands
) -> None:
    order = await ready_order(place, await place.guest())
    for left in (3, 2, 1, 0):
        refused = await place.call("POST", PICKUP, wrong(order))
        assert_problem(refused, 403, "wrong_code")
        assert (refused.body["attempts_left"], refused.body.get("retry_after_s")) == (left, None if left else 5)
    waits = []
    for _ in range(6):
        refused = await place.call("POST", PICKUP, wrong(order))
        assert_problem(refused, 429, "too_many_requests")
        waits.append(refused.body["retry_after_s"])
        assert refused.headers["Retry-After"] == str(waits[-1])
        right = await place.call("POST", PICKUP, ticket(order))
        assert right.status == 429  # not looked at
        clock.wait(waits[-1])
        assert_problem(await place.call("POST", PICKUP, wrong(order)), 403, "wrong_code")
    assert waits == [5, 10, 20, 40, 60, 60]
    clock.wait(60)
    assert (await place.call("POST", PICKUP, ticket(order))).status == 200


async def test_4_2_hundred_wrong_codes_of_strangers_never_stop_the_owner(place: Restaurant) -> None:
    guest = await place.guest()
    order = await ready_order(place, guest)
    strangers = [await place.guest() for _ in range(5)]
    tries = [stranger.call("POST", PICKUP, wrong(order)) for stranger in strangers for _ in range(10)]
    tries += [place.call("POST", path, wrong(order)) for path in (PICKUP, TRACK) for _ in range(25)]
    answers = [answer.status for answer in await asyncio.gather(*tries)]
    assert answers.count(403) == 4 * 6  # of each screen, however many come at once
    assert answers.count(429) == 100 - 24
    assert (await guest.look(order["order_id"]))["status"] == "ready"
    told = await guest.call("POST", TRACK, ticket(order))
    assert told.body["cells"]
    opened = await guest.call("POST", PICKUP, ticket(order))
    assert (opened.status, opened.body["cells"]) == (200, told.body["cells"])
    await guest.until_status(order["order_id"], "completed")


async def test_4_2_nothing_leaves_its_cell_by_guessing_while_nobody_comes(place: Restaurant) -> None:
    order = await ready_order(place, await place.guest())
    for _ in range(20):
        await place.call("POST", PICKUP, wrong(order))
    assert place.effects("robot", "picked_up") == []
    assert (await place.guest()).token
    other = {**wrong(order), "number": "Z99"}
    assert_problem(await place.call("POST", PICKUP, other), 403, "wrong_code")  # nobody's number looks like anybody's


async def test_4_2_token_that_is_none_is_refused_before_the_code_is_looked_at(place: Restaurant) -> None:
    order = await ready_order(place, await place.guest())
    for path in (PICKUP, TRACK):
        answer = await Customer(place, "none").call("POST", path, ticket(order))
        assert_problem(answer, 401, "unauthorized")
    assert place.effects("robot", "picked_up") == []


async def test_4_2_restart_forgives_wrong_codes_and_stops_nobody(place: Restaurant) -> None:
    order = await ready_order(place, await place.guest())
    for _ in range(5):
        await place.call("POST", PICKUP, wrong(order))
    await place.restart()
    await place.until_open()
    assert (await place.call("POST", PICKUP, ticket(order))).status == 200


async def test_4_receipt_is_proof_enough_and_gives_the_code_again(place: Restaurant) -> None:
    order = await ready_order(place, await place.guest())
    proof = {"fiscal_sign": order["receipt"]["fiscal_sign"], "amount_kopecks": order["amount_kopecks"]}
    told = await place.call("POST", TRACK, proof)
    assert told.status == 200, told
    assert (told.body["number"], told.body["pickup_code"]) == (order["number"], order["pickup_code"])
    for _ in range(4):
        refused = await place.call("POST", TRACK, {**proof, "amount_kopecks": 1})
        assert_problem(refused, 403, "wrong_code")
    assert_problem(await place.call("POST", TRACK, proof), 429, "too_many_requests")
    assert (await (await place.guest()).call("POST", TRACK, proof)).status == 200  # a screen of its own


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "A01"},
        {"fiscal_sign": 1},
        {"number": "A01", "pickup_code": "1", "fiscal_sign": 1, "amount_kopecks": 1},
        {"fiscal_sign": -1, "amount_kopecks": 1},
        {"fiscal_sign": "1", "amount_kopecks": 1},
    ],
)
async def test_4_half_a_proof_is_none(place: Restaurant, body: dict[str, Any]) -> None:
    assert_problem(await place.call("POST", TRACK, body), 422, "invalid_request")


async def test_4_sums_that_no_receipt_has_are_wrong_and_no_fault(place: Restaurant) -> None:
    for amount_kopecks in (0, -1, 10**30):
        answer = await place.call("POST", TRACK, {"fiscal_sign": 1, "amount_kopecks": amount_kopecks})
        assert answer.status in (403, 422), answer


async def test_4_new_code_kills_the_old_one_everywhere(place: Restaurant) -> None:
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    paid = (await guest.pay(order["order_id"], key="k")).body
    await guest.until_status(order["order_id"], "ready")
    order |= paid
    answer = await place.internal("POST", f"/internal/orders/{order['number']}/pickup-code")
    fresh = answer.body["pickup_code"]
    assert (answer.status, fresh != order["pickup_code"]) == (200, True)
    assert (await guest.look(order["order_id"]))["pickup_code"] == fresh
    assert (await guest.pay(order["order_id"], key="k")).body == {**paid, "pickup_code": fresh}
    assert_problem(await guest.call("POST", PICKUP, ticket(order)), 403, "wrong_code")
    assert (await guest.call("POST", PICKUP, ticket(order, fresh))).status == 200
    await guest.until_status(order["order_id"], "completed")
    late = await place.internal("POST", f"/internal/orders/{order['order_id']}/pickup-code")
    assert_problem(late, 409, "order_state")
    assert (await place.internal("POST", "/internal/orders/Z99/pickup-code")).status == 404


async def test_5_sms_says_number_cell_and_the_code_as_it_is_when_it_goes_out(place: Restaurant) -> None:
    customer = await sign_in(place)
    place.sms.faults.switch("down", on=True)
    order = await buy(customer)
    found = await customer.until_status(order["order_id"], "ready")
    answer = await place.internal("POST", f"/internal/orders/{order['order_id']}/pickup-code")

    async def tries() -> int:
        return int(
            await place.kiosk.database.read(Reader.scalar, "SELECT max(tries) FROM message WHERE sent_at IS NULL")
        )

    before = await tries()

    async def tried_again() -> bool:  # what was on its way with the old code has failed too
        return await tries() > before

    await until(tried_again)
    place.sms.faults.switch("down", on=False)
    text = await told(place, "готов.")
    cell = (await place.internal("GET", "/internal/cells")).body["cells"][0]["cell"]
    assert (
        text
        == f"Огонёк: заказ {order['number']} готов. Заберите его из ячейки {cell}, код {answer.body['pickup_code']}."
    )
    accepted = await told(place, "принят")
    assert re.search(r"Код выдачи \d{4}\.$", accepted)
    kept = [
        await place.kiosk.database.read(Reader.scalar, "SELECT group_concat(data) FROM event"),
        found["pickup_code"],
    ]
    assert (
        await place.kiosk.database.read(
            Reader.scalar, "SELECT count(*) FROM message WHERE body LIKE ?", (f"%{kept[1]}%",)
        )
        == 0
    )
    assert f'"{kept[1]}"' not in kept[0]


async def test_4_signed_in_owner_gets_the_code_again_in_another_session(place: Restaurant, clock: Hands) -> None:
    customer = await sign_in(place)
    order = await buy(customer)
    clock.jump(61)  # another code may be asked for
    later = await proven(place)
    assert (await later.look(order["order_id"]))["pickup_code"] == (await customer.look(order["order_id"]))[
        "pickup_code"
    ]
    assert (await (await place.guest()).call("GET", f"/api/orders/{order['order_id']}")).status == 404


async def test_nobody_comes_until_the_fault_is_over(place: Restaurant) -> None:
    guest = await place.guest()
    order = await ready_order(place, guest)
    assert place.effects("robot", "picked_up") == []
    place.robot.faults.switch("nobody_comes", on=False)
    await guest.until_status(order["order_id"], "completed")
    await until(lambda: place.effects("robot", "picked_up"))
