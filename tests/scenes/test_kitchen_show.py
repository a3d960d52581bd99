"""The kitchen's show for the hall (`GET /api/kitchen/events`): whose number is where, and nothing that is not so."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from tests.restaurant import Restaurant, restaurant, until

PATH = "/api/kitchen/events"
WOK, PLATING = 2, 8
UDON = 1  # the code of its chart


class Watcher:
    """A screen of the hall: every picture that came."""

    def __init__(self) -> None:
        self.shows: list[dict[str, Any]] = []
        self.ended = False

    async def watch(self, place: Restaurant) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with place.client.get(f"http://127.0.0.1:{place.kiosk.public_port}{PATH}", timeout=timeout) as stream:
            event = ""
            async for raw in stream.content:
                name, _, value = raw.decode().rstrip("\r\n").partition(": ")
                event = value if name == "event" else event
                if name == "data" and event == "kitchen":
                    self.shows.append(json.loads(value))
        self.ended = True

    def places(self, number: str) -> list[int]:
        """The stations where it was seen, in the order of seeing."""
        found: list[int] = []
        for show in self.shows:
            for station in show["stations"]:
                here = number in [dish["number"] for dish in station["dishes"]]
                if here and (not found or found[-1] != station["station"]):
                    found.append(station["station"])
        return found


def cells(show: dict[str, Any], number: str) -> list[str]:
    return [cell["state"] for cell in show["cells"] if cell["number"] == number]


async def test_4_2_number_is_seen_at_the_stations_of_its_chart_in_their_order_and_then_in_a_cell() -> None:
    async with restaurant(speed=10.0) as place:
        place.robot.faults.switch("nobody_comes")
        hall = Watcher()
        watching = asyncio.create_task(hall.watch(place))
        # It may look in before the robot was asked.
        await until(lambda: hall.shows and hall.shows[-1]["reason"] is None)
        first = hall.shows[-1]
        assert [station["state"] for station in first["stations"]] == ["free"] * 8
        assert first["stations"][WOK - 1]["name"] == {"ru": "вок", "en": "wok"}
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "ready")
        number = (await guest.look(order_id))["number"]
        await until(lambda: cells(hall.shows[-1], number) == ["filled"])
        chart = [phase.station for phase in place.kiosk.kitchen.charts[chart_of(place)].phases]
        seen = iter(chart)
        assert all(station in seen for station in hall.places(number)), "only those of its chart, in their order"
        assert {WOK, PLATING} <= set(hall.places(number))
        assert all(not station["dishes"] for station in hall.shows[-1]["stations"])
        assert hall.shows[-1]["orders"] == []
        await place.kiosk.stop()
        await asyncio.wait_for(watching, 40)
        assert hall.ended, "an open stream does not hold the process's exit"


def chart_of(place: Restaurant) -> str:
    """The fingerprint of the noodles' chart."""
    return next(name for name, chart in place.kiosk.kitchen.charts.items() if chart.code == UDON)


async def test_4_2_show_names_nobody_where_the_robot_is_silent_and_tells_why() -> None:
    async with restaurant(speed=10.0) as place:
        hall = Watcher()
        watching = asyncio.create_task(hall.watch(place))
        await until(lambda: hall.shows)
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        number = (await guest.look(order_id))["number"]
        await until(lambda: WOK in hall.places(number))
        place.robot.faults.switch("jam", {"station": WOK})
        await until(lambda: hall.shows[-1]["stations"][WOK - 1]["state"] == "closed")
        await until(lambda: held(hall.shows[-1]) in ([(WOK, number)], []))
        place.robot.faults.switch("link_lost")
        await until(lambda: hall.shows[-1]["reason"] == "robot_offline")
        assert (hall.shows[-1]["stations"], hall.shows[-1]["cells"], hall.shows[-1]["orders"]) == ([], [], [])
        place.robot.faults.switch("link_lost", on=False)
        place.robot.faults.switch("jam", on=False)
        await until(lambda: hall.shows[-1]["reason"] is None)
        await guest.until_status(order_id, "completed")
        watching.cancel()


def held(show: dict[str, Any]) -> list[tuple[int, str]]:
    return [(s["station"], dish["number"]) for s in show["stations"] for dish in s["dishes"] if dish["held"]]
