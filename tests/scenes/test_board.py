"""The hall board over HTTP: late and refunded orders keep their words, and every board ends with the same picture."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.clocks import PassingClock
from tests.restaurant import Restaurant, restaurant, until

KEEP = "[display]\nkeep_s = 120"


class Hall:
    """One board: what it shows by number, and the last id it saw."""

    def __init__(self) -> None:
        self.looks: dict[str, str] = {}
        self.last: str | None = None
        self.kitchen: str | None = None
        self.names: list[str] = []
        self.cells: dict[str, list[int]] = {}
        self.reminded: set[str] = set()

    async def watch(self, place: Restaurant, beats: int = 1) -> None:
        """Connect, resume where it was, and hear until so many beats have come."""
        url = f"http://127.0.0.1:{place.kiosk.public_port}/api/display/events"
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        self.names = []
        async with asyncio.timeout(30), place.client.get(url, headers=headers) as stream:
            fields: dict[str, str] = {}
            async for raw in stream.content:
                name, _, value = raw.decode().rstrip("\r\n").partition(": ")
                if name:
                    fields[name] = value
                    continue
                if fields.get("event"):
                    self._hear(fields)
                    beats -= fields["event"] == "beat"
                fields = {}
                if not beats:
                    return

    async def hears(self, place: Restaurant, kitchen: str | None) -> bool:
        """Looks again; whether that is why nothing is cooked now."""
        await self.watch(place)
        return self.kitchen == kitchen

    def _hear(self, fields: dict[str, str]) -> None:
        data: Any = json.loads(fields["data"])
        self.last = fields.get("id", self.last)
        self.names.append(fields["event"])
        if fields["event"] == "beat":
            self.kitchen = data["kitchen"]
        elif fields["event"] == "snapshot":
            self.looks = {order["number"]: order["status"] for order in data["orders"]}
            self.cells = {order["number"]: order["cells"] for order in data["orders"]}
            self.reminded = {order["number"] for order in data["orders"] if order["reminded"]}
        else:
            self.looks[data["number"]] = data["status"]
            self.cells[data["number"]] = data["cells"]
            (self.reminded.add if data["reminded"] else self.reminded.discard)(data["number"])
            if data["status"] in ("completed", "cancelled"):
                del self.looks[data["number"]]


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


async def test_4_1_board_that_was_away_learns_what_became_late(clock: PassingClock) -> None:
    async with restaurant(speed=1.0, clock=clock) as place:
        guest = await place.guest()
        order = await guest.order(("udon-chicken", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        await guest.until_status(order["order_id"], "cooking")
        away, fresh = Hall(), Hall()
        await away.watch(place)
        assert away.looks == {order["number"]: "cooking"}
        clock.jump(900)
        await away.watch(place)
        assert "snapshot" not in away.names
        await fresh.watch(place)
        assert away.looks == fresh.looks == {order["number"]: "delayed"}
        await place.restart()
        await away.watch(place)
        assert away.looks == {order["number"]: "delayed"}


async def test_4_1_refunded_order_keeps_its_words_for_a_while_and_then_leaves_every_board(clock: PassingClock) -> None:
    async with restaurant(KEEP, speed=1.0, clock=clock) as place:
        guest = await place.guest()
        order = await guest.order(("udon-chicken", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        away, other = Hall(), Hall()
        await away.watch(place)
        await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", {"reason": "передумали"})
        await guest.until_status(order["order_id"], "refunded")
        for board in (away, other):
            await board.watch(place)
            assert board.looks == {order["number"]: "refunded"}
        clock.jump(119)
        await away.watch(place)
        assert away.looks == {order["number"]: "refunded"}
        watching = asyncio.create_task(other.watch(place, beats=3))
        clock.jump(2)
        await watching
        await away.watch(place)
        assert away.looks == other.looks == {}


async def test_4_1_money_back_for_what_was_eaten_brings_nobody_back_to_the_board(clock: PassingClock) -> None:
    async with restaurant() as place:
        guest = await place.guest()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"])).status == 200
        board = Hall()
        await board.watch(place)
        await guest.until_status(order["order_id"], "completed")
        await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", {"reason": "остыл"})
        await guest.until_status(order["order_id"], "refunded")
        await board.watch(place)
        assert board.looks == {}


async def test_4_1_board_says_that_the_kitchen_stands_and_that_it_goes_on() -> None:
    async with restaurant() as place:
        board = Hall()
        await board.watch(place)
        assert board.kitchen is None
        place.robot.faults.switch("estop", on=True)
        await place.until_paused("robot_estop")
        await until(lambda: board.hears(place, "robot_estop"))
        place.robot.faults.switch("estop", on=False)
        assert (await place.internal("POST", "/internal/robot/acknowledge")).status == 204
        await until(lambda: board.hears(place, None))


async def test_4_1_order_larger_than_the_cells_is_called_in_part_and_its_first_part_can_be_taken() -> None:
    async with restaurant() as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest, board = await place.guest(), Hall()
        order = await guest.order(("tea", 9))  # one more than fits
        paid = (await guest.pay(order["order_id"])).body
        await place.until_paused("cells_full")
        ticket = {"number": order["number"], "pickup_code": paid["pickup_code"]}

        async def called() -> bool:
            return len((await place.call("POST", "/api/orders/track", ticket)).body["cells"]) == 6

        await until(called)
        await until(lambda: board.hears(place, "cells_full"))
        assert board.looks == {order["number"]: "cooking"}
        assert {number: sorted(cells) for number, cells in board.cells.items()} == {order["number"]: [1, 2, 3, 4, 5, 6]}
        assert len((await place.call("POST", "/api/pickup", ticket)).body["cells"]) == 6
        await guest.until_status(order["order_id"], "ready")
        await until(lambda: board.hears(place, None))
        assert board.looks == {order["number"]: "ready"}

        async def rest_waits() -> bool:
            """The last of the first eight may be on its way out of its cell still."""
            await board.watch(place)
            return len(board.cells[order["number"]]) == 1

        await until(rest_waits)
        assert len((await place.call("POST", "/api/pickup", ticket)).body["cells"]) == 1
        await guest.until_status(order["order_id"], "completed")


@pytest.mark.parametrize("keep_s", ["-1", "86401", "1.5", '"x"'])
def test_keep_s_that_means_nothing_is_refused(tmp_path: Any, keep_s: str) -> None:
    from kiosk.config import ConfigError, load

    (tmp_path / "config.toml").write_text(f"[display]\nkeep_s = {keep_s}\n")
    with pytest.raises(ConfigError, match=r"\$\.display\.keep_s"):
        load(tmp_path / "config.toml")
