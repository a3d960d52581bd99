"""Boards that hang on a stream take no room from whoever asks; strangers take none from the house's own screens."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import aiohttp
import pytest

from kiosk.api.http.gate import Gate, GateLimits
from kiosk.api.http.streams import StreamLimits, Streams
from kiosk.domain.errors import TooManyStreams
from tests.restaurant import Restaurant, until
from tests.scenes.test_refusals import assert_problem

STREAM = "/api/display/events"
LIMITS = StreamLimits(in_all=10, of_one_address=3, of_the_house=4)


async def hold(place: Restaurant, stack: AsyncExitStack, address: str, count: int) -> list[int]:
    """The answers to so many boards from an address; those that were let in stay."""
    way = aiohttp.TCPConnector(limit=0, local_addr=(address, 0))
    client = await stack.enter_async_context(aiohttp.ClientSession(connector=way))
    url = f"http://127.0.0.1:{place.kiosk.public_port}{STREAM}"
    return [(await client.get(url)).status for _ in range(count)]


async def test_4_1_boards_of_many_addresses_leave_room_for_everybody_else(place: Restaurant) -> None:
    async with AsyncExitStack() as boards:
        answers = [status for n in range(1, 9) for status in await hold(place, boards, f"127.0.0.{n}", 10)]
        assert Counter(answers) == {200: 64, 503: 16}
        refused = await place.call("GET", STREAM)
        assert_problem(refused, 503, "too_many_streams")
        assert refused.headers["Retry-After"] == "5"
        guest = await place.guest()
        assert (await guest.pay((await guest.order(("tea", 1)))["order_id"])).status == 200
    await until(lambda: not place.kiosk._counts()["hall_screens"])  # noqa: SLF001  # what /metrics shows
    async with AsyncExitStack() as boards:
        assert await hold(place, boards, "127.0.0.1", 1) == [200], "whoever leaves makes room"


def held(streams: Streams, stack: ExitStack, *places: str) -> list[bool]:
    found = []
    for place in places:
        try:
            stack.enter_context(streams.hold(place))
        except TooManyStreams:
            found.append(False)
        else:
            found.append(True)
    return found


def test_4_1_one_address_holds_a_few_and_strangers_leave_the_house_its_own() -> None:
    streams = Streams(LIMITS)
    with ExitStack() as stack:
        assert held(streams, stack, *["10.0.0.1"] * 4) == [True] * 3 + [False]
        assert held(streams, stack, *[f"10.0.1.{n}" for n in range(8)]) == [True] * 7 + [False]
        assert held(streams, stack, "127.0.0.1", "127.0.0.2", "::1", "127.0.0.1", "127.0.0.1") == [True] * 4 + [False]
    with ExitStack() as stack:
        assert held(streams, stack, "10.0.0.1", "127.0.0.1") == [True, True], "all of them were given back"


class Wire(asyncio.Transport):
    """A connection from an address, as far as the gate looks at one."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


class Door:
    """A gate with connections of any address."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        gate.lead_to(asyncio.Protocol)

    def enters(self, address: str, *, asking: bool = True) -> bool:
        connection: Any = self.gate()
        wire = Wire(address)
        connection.connection_made(wire)
        if asking and not wire.aborted:
            connection.begins()
        return not wire.aborted


class Commons(Gate):
    """Planted: no share for the house, as it was."""

    def _is_full(self, *, foreign: bool) -> bool:
        return super()._is_full(foreign=False)


def lets_the_house_in(gate: Gate) -> bool:
    """Beside more strangers who hold their connections than there is room for."""
    door = Door(gate)
    for n in range(200):
        door.enters(f"10.0.{n}.1")
    return all(door.enters("127.0.0.1") for _ in range(25))


async def test_strangers_who_hold_their_connections_leave_the_house_its_share() -> None:
    assert lets_the_house_in(Gate(GateLimits(in_all=100)))


async def test_planted_gate_without_a_share_is_caught() -> None:
    assert not lets_the_house_in(Commons(GateLimits(in_all=100)))


async def test_stranger_who_only_stands_in_the_door_makes_room_and_the_house_does_not_for_strangers() -> None:
    door = Door(Gate(GateLimits(in_all=8)))
    assert [door.enters("127.0.0.1", asking=False) for _ in range(2)] == [True] * 2
    assert [door.enters(f"10.0.0.{n}") for n in range(6)] == [True] * 6
    assert not door.enters("10.0.0.9"), "neither those who asked nor the house make room"
    assert door.enters("127.0.0.1"), "of the house one stands idle"


@pytest.mark.parametrize("addresses", [["2001:db8::1", "2001:db8::2"], ["10.0.0.1", "::ffff:10.0.0.1"]])
async def test_addresses_of_one_owner_count_together(addresses: list[str]) -> None:
    door = Door(Gate(GateLimits(of_one_address=1)))
    assert [door.enters(address) for address in addresses] == [True, False]
