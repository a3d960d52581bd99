"""Sessions cost a guesser nothing: those of one address wait together, the owner and the panel at the cells never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from kiosk.clock import SystemClock
from kiosk.domain.errors import TooManyRequests, WrongCode
from kiosk.domain.ordering.order import Order
from kiosk.flows.ordering.create import CreateOrder
from kiosk.flows.ordering.pricing import WantedLine
from kiosk.flows.ordering.proof import Asker, ProofOfOrder, _Count
from kiosk.tokens import Session
from tests.clocks import START
from tests.restaurant import Answer, Customer, Restaurant, restaurant
from tests.scenes.test_pickup import PICKUP, TRACK, Hands, place, ready_order, ticket, wrong
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_sms_budget import elsewhere

__all__ = ["place"]
HERE, LAN = "127.0.0.1", "192.168.1."


class Still(Hands):
    """Once stopped it goes on at a word alone: how fast this machine asks decides nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped: tuple[datetime, float] | None = None

    def stop(self) -> None:
        self._stopped = SystemClock.now(self), SystemClock.monotonic(self)

    def now(self) -> datetime:
        return super().now() if self._stopped is None else self._stopped[0] + self._ahead

    def monotonic(self) -> float:
        return super().monotonic() if self._stopped is None else self._stopped[1] + self._jumped_s


@pytest.fixture
def clock() -> Still:
    return Still()


async def guessed(place: Restaurant, order: dict[str, Any], sessions: int) -> Counter[int]:
    """The answers to four wrong codes of each of so many sessions, one after another."""
    found: Counter[int] = Counter()
    for _ in range(sessions):
        stranger = await place.guest()
        for _ in range(4):
            found[(await stranger.call("POST", PICKUP, wrong(order))).status] += 1
    return found


async def test_4_2_sessions_of_one_address_wait_together_and_the_owner_does_not(
    place: Restaurant, clock: Still
) -> None:
    guest = await place.guest()
    order = await ready_order(place, guest)
    clock.stop()
    assert await guessed(place, order, 12) == {403: 30, 429: 18}
    refused = await (await place.guest()).call("POST", PICKUP, ticket(order))
    assert_problem(refused, 429, "too_many_requests")
    assert 0 < refused.body["retry_after_s"] <= 60
    async with elsewhere(place):  # another of this machine's sixteen million addresses
        assert (await (await place.guest()).call("POST", PICKUP, wrong(order))).status == 429
    for path in (TRACK, PICKUP):
        assert (await guest.call("POST", path, ticket(order))).status == 200


async def test_4_2_panel_where_orders_are_picked_up_is_a_screen_of_its_own(place: Restaurant, clock: Still) -> None:
    panel = await place.guest()
    first = await ready_order(place, await place.guest())
    assert (await panel.call("POST", PICKUP, ticket(first))).status == 200
    order = await ready_order(place, await place.guest())
    clock.stop()
    assert (await guessed(place, order, 9))[403] == 30
    assert (await panel.call("POST", PICKUP, ticket(order))).status == 200


async def test_4_2_one_order_vouches_for_one_screen(place: Restaurant, clock: Still) -> None:
    own = await ready_order(place, await place.guest())
    order = await ready_order(place, await place.guest())
    clock.stop()
    wrong_ones = 0
    for _ in range(12):
        guesser = await place.guest()
        assert (await guesser.call("POST", TRACK, ticket(own))).status == 200
        for _ in range(4):
            wrong_ones += (await guesser.call("POST", PICKUP, wrong(order))).status == 403
    assert wrong_ones == 30 + 4


async def test_4_receipts_are_guessed_at_slowly_from_one_address_whatever_their_sign(
    place: Restaurant, clock: Still
) -> None:
    order = await ready_order(place, await place.guest())
    proof = {"fiscal_sign": order["receipt"]["fiscal_sign"], "amount_kopecks": order["amount_kopecks"]}
    clock.stop()
    answers: Counter[int] = Counter()
    for n in range(40):
        asker: Callable[..., Awaitable[Answer]] = (await place.guest()).call if n % 2 else place.call
        answers[(await asker("POST", TRACK, {"fiscal_sign": n, "amount_kopecks": 9900})).status] += 1
    assert answers == {403: 30, 429: 10}
    assert_problem(await (await place.guest()).call("POST", TRACK, proof), 429, "too_many_requests")


async def test_2_guest_sessions_of_one_address_are_limited_by_the_hour_too() -> None:
    hands = Still()
    async with restaurant("[auth]\nlimits = { guest_sessions_per_hour = 3 }", clock=hands) as place:
        for _ in range(3):
            await place.guest()
        refused = await place.call("POST", "/api/auth/guest")
        assert_problem(refused, 429, "too_many_requests")
        async with elsewhere(place):
            await place.guest()
        hands.wait(3601)
        assert isinstance(await place.guest(), Customer)


# The rule itself, without HTTP: how many wrong codes of one number are looked at within ten minutes.


class Apart(ProofOfOrder):
    """Planted: each session is a screen of its own and nothing else, as it was."""

    def _counts(self, asker: Asker, order: Order | None, asked: str, asked_here: str) -> list[_Count]:
        return super()._counts(asker, order, asked, asked_here)[:1]


async def looked_at(make: type[ProofOfOrder], place: Restaurant, hands: Still, asker: Callable[[int], Asker]) -> int:
    """Of 5,000 wrong codes in ten minutes, each by the asker whose turn it is."""
    hands.stop()
    proof_of_order = make(place.kiosk.database, hands, 60)
    looked = 0
    for n in range(5_000):
        hands.wait(0.12)
        counts = proof_of_order._counts(asker(n), None, "A01", "A01")  # noqa: SLF001  # without the HTTP around it
        try:
            proof_of_order._judge(counts, asker(n), None, right=False)  # noqa: SLF001  # without the HTTP around it
        except WrongCode:
            looked += 1
        except TooManyRequests:
            continue
    return looked


def session(n: int, terminal: str = "kiosk-1") -> Session:
    return Session(f"s{n}", terminal, None, START)


ATTACKS: dict[str, tuple[Callable[[int], Asker], int]] = {
    "sessions of one address": (lambda n: Asker(HERE, session(n)), 60),
    "sessions of another machine": (lambda n: Asker(f"{LAN}7", session(n)), 60),
    "sessions of 200 machines": (lambda n: Asker(f"{LAN}{n % 200}", session(n)), 130),
    "200 machines without a token": (lambda n: Asker(f"{LAN}{n % 200}"), 130),
    "one address without a token": (lambda _: Asker(HERE), 20),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_4_2_codes_of_one_number_are_looked_at_a_bounded_number_of_times(
    place: Restaurant, clock: Still, attack: str
) -> None:
    asker, most = ATTACKS[attack]
    assert await looked_at(ProofOfOrder, place, clock, asker) <= most


async def test_planted_screens_that_cost_nothing_are_caught(place: Restaurant, clock: Still) -> None:
    asker, most = ATTACKS["sessions of one address"]
    assert await looked_at(Apart, place, clock, asker) > 10 * most


def test_4_2_addresses_of_this_machine_are_one_guesser() -> None:
    assert len({Asker(f"127.0.{n}.9").screen for n in range(50)} | {Asker("::1").screen}) == 1
    assert len({Asker(f"192.168.1.{n}").screen for n in range(50)}) == 50


async def test_2_other_machine_fills_no_list_of_orders_and_the_house_is_not_bounded() -> None:
    async with restaurant("[auth]\nlimits = { orders_per_address_per_minute = 2 }") as place:
        guest = await place.guest()
        for _ in range(4):
            await guest.order(("tea", 1))
        flows, wanted = place.kiosk.flows, CreateOrder([WantedLine("tea", 1)], "dine_in")
        session = flows.tokens.verify(guest.token)
        for _ in range(2):
            await flows.orders.create(session, wanted, None, "ru", "192.0.2.7")
        with pytest.raises(TooManyRequests):
            await flows.orders.create(session, wanted, None, "ru", "192.0.2.7")
