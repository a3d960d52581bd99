"""How documents get to the operator of fiscal data in a whole kiosk: carried, contradicted, away for a month."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.fiscal.ofd import OfdTimeouts
from drivers.fiscal.port import OfdRoute, OfdSettings
from drivers.fiscal.shtrih.commands import write_table
from drivers.sim.shtrih.commands import execute
from drivers.sim.shtrih.device import ShtrihDevice
from drivers.sim.shtrih.tables import NETWORK, OFD, OFD_ADDRESS, OFD_EXCHANGE
from kiosk.flows.fiscal.documents import DocumentDelivery, contradiction
from kiosk.flows.fiscal.readiness import warnings_of, why_stopped
from tests.clocks import ManualClock
from tests.command import kiosk, ok
from tests.drivers.shtrih_rig import receipt
from tests.drivers.test_shtrih_ofd import carried, sell, taken
from tests.pages.screens import demo_kiosk
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_staff_desk import at_the_desk, overview

HOST = '[fiscal]\nofd = "host"'
QUICK = OfdTimeouts(connect_s=1.0, answer_s=1.0)


async def ofd_light(place: Restaurant) -> dict[str, Any]:
    (light,) = [light for light in (await overview(await at_the_desk(place)))["lights"] if light["name"] == "ofd"]
    return dict(light)


async def device_of(place: Restaurant) -> dict[str, Any]:
    answer = (await place.internal("GET", "/internal/devices")).body
    return {**answer["checks"]["ofd"], "says": answer.get("says", {}).get("ofd"), "own": answer["own"]["ofd"]}


async def shift(place: Restaurant) -> dict[str, Any]:
    return dict((await place.internal("GET", "/internal/shift")).body)


def set_up(place: Restaurant, table: int, field: int, value: bytes) -> None:
    """A technician's hand on the register."""
    assert isinstance(place.fiscal, ShtrihDevice)
    execute(place.fiscal.register, write_table(table, 1, field, value).payload(30))


async def sold(place: Restaurant) -> int:
    guest = await place.guest()
    paid = await guest.pay((await guest.order(("tea", 1)))["order_id"])
    assert paid.status == 200, paid
    return int(paid.body["receipt"]["fiscal_document_number"])


async def test_a_kiosk_carries_every_document_and_shows_the_way() -> None:
    async with restaurant(HOST, carried=True) as place:
        number = await sold(place)

        async def through() -> bool:
            return place.ledger("ofd")[-1:] != [] and (await shift(place))["unsent_documents"] == 0

        await until(through)
        assert [row["fiscal_document_number"] for row in place.effects("ofd", "taken")] == list(range(1, number + 1))

        async def told() -> bool:
            light = await ofd_light(place)
            return light["value"] == 0 and "квитанция" in light["says"]["ru"]

        await until(told)
        light = await ofd_light(place)
        assert (light["level"], light["value"], light["own"]) == ("good", 0, "")
        assert light["says"]["ru"].startswith("передаёт киоск · не передано: 0 · квитанция ")
        assert light["says"]["en"].startswith("carried by the kiosk · unsent: 0 · last ticket ")
        found = (await shift(place))["ofd"]
        assert (found["way"], found["first_unsent_at"], found["wrong"]) == ("host", None, None)
        assert found["last_ticket_at"].endswith("Z")
        device = await device_of(place)
        assert (device["ok"], device["own"].startswith("host: 0 documents unsent, last ticket ")) == (True, True)
        rows = (await ok(place, "check"))["checks"]
        assert [row["ok"] for row in rows if row["check"] == "ofd"] == [True]
        assert "ok   ofd            host: 0 documents unsent" in (await kiosk(place, "check")).out


async def test_an_operator_that_is_away_stops_no_sale_and_is_told_in_words() -> None:
    async with restaurant(HOST, carried=True, ofd_timeouts=QUICK) as place:
        assert place.operator is not None
        place.operator.faults.switch("away", on=True)
        await place.operator.settled()
        await sold(place)

        async def told() -> bool:
            return "нет соединения с ОФД" in (await ofd_light(place))["says"]["ru"]

        await until(told)
        light = await ofd_light(place)
        assert "старейший ждёт" in light["says"]["ru"]
        assert (light["own"], light["level"]) == ("ofd:no_connection", "warn")

        async def detailed() -> bool:
            return "ofd: no_connection (127.0.0.1:" in (await device_of(place))["own"]

        await until(detailed)
        await sold(place)
        place.operator.faults.switch("away", on=False)

        async def through() -> bool:
            return bool((await shift(place))["unsent_documents"] == 0)

        await until(through)
        taken = [row["fiscal_document_number"] for row in place.effects("ofd", "taken")]
        assert taken == list(range(1, len(taken) + 1))


@pytest.mark.parametrize(
    ("settings", "waits", "table", "word"),
    [
        (HOST, False, None, "carried_by_register"),
        ("", True, None, "carried_by_host"),
        (HOST, True, (OFD, OFD_ADDRESS, b"\0"), "no_ofd_address"),
        ('[fiscal]\nofd = "external"', False, (OFD, OFD_ADDRESS, b"\0"), "no_ofd_address"),
    ],
)
async def test_settings_that_contradict_the_register_are_told_and_sell(
    settings: str, waits: bool, table: tuple[int, int, bytes] | None, word: str
) -> None:
    async with restaurant(settings, carried=True, sales_open=False) as place:
        if not waits:
            set_up(place, NETWORK, OFD_EXCHANGE, b"\1")
        if table is not None:
            set_up(place, *table)
        await place.restart()
        await place.until_open()

        async def told() -> bool:
            return bool((await device_of(place))["reason"] == f"ofd_{word}")

        await until(told)
        device = await device_of(place)
        assert not device["ok"]
        assert "docs/ofd.md" in device["says"]
        light = await ofd_light(place)
        assert light["own"] == word
        assert word not in light["says"]["ru"]
        events = [row["data"] for row in await place.events() if row["type"] == "DeviceFaultEvent"]
        assert [row["code"] for row in events if row["device"] == "fiscal_ofd"] == [word]
        await sold(place)
        done = await kiosk(place, "check")
        assert (done.code, f"ofd_{word}" in done.out) == (1, True)
        await place.kiosk.stop()  # and by looking at the register itself
        done = await kiosk(place, "check")
        assert f"BAD  ofd            {place.folder}/fiscal.tty: fiscal: {word} (" in done.out


async def test_check_says_what_carries_the_documents_of_a_register_that_does_not_tell() -> None:
    async with restaurant('[fiscal]\nofd = "external"', registrar="atol") as place:
        await place.kiosk.stop()
        out = (await kiosk(place, "check")).out
        assert "external: ATOL's driver 10 carries, by its Ethernet over USB service (OfdChannel = 1)" in out
        text = (place.folder / "config.toml").read_text().replace('"external"', '"host"')
        (place.folder / "config.toml").write_text(text)
        for command in ("run", "check"):
            done = await kiosk(place, command)
            assert (done.code, "$.fiscal.ofd: the kiosk carries documents of driver shtrih only" in done.err) == (
                2,
                True,
            )
            assert "install ATOL's driver 10" in done.err


async def test_check_of_a_register_that_waits_for_the_kiosk_names_the_operator() -> None:
    async with restaurant(HOST, carried=True) as place:
        assert place.operator is not None
        await place.kiosk.stop()
        assert (
            f"ofd            {place.folder}/fiscal.tty: host: 127.0.0.1:{place.operator.port}"
            in (await kiosk(place, "check")).out
        )


async def test_the_demo_carries_to_a_simulated_operator_that_can_be_broken_too() -> None:
    async with demo_kiosk('[fiscal]\nofd = "host"\n') as place:
        ledger = place.config.database.path.parent / "sim" / "ofd.jsonl"
        await until(lambda: ledger.exists() and ledger.read_text().count("taken") >= 2)
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{place.public_port}/api/sim") as told,
        ):
            (row,) = [device for device in (await told.json())["devices"] if device["device"] == "ofd"]
            assert "away" in str(row)


# The flow alone.


class Register:
    """A carrier whose answers the test makes."""

    def __init__(self, *waiting: int) -> None:
        self.told = OfdSettings("ofd.example", 7779, by_host=True, host_possible=True)
        self.waiting = list(waiting)
        self.error: DeviceError | None = None
        self.looks = 0

    async def settings(self) -> OfdSettings:
        self.looks += 1
        return self.told

    async def carry(self) -> int | None:
        if self.error is not None:
            raise self.error
        return self.waiting.pop(0) if self.waiting else None


def flow(route: OfdRoute, register: Register) -> tuple[DocumentDelivery, ManualClock]:
    clock = ManualClock()
    return DocumentDelivery({"till": route}, {"till": register}, clock), clock


@pytest.mark.parametrize(
    ("route", "told", "word"),
    [
        (OfdRoute.HOST, OfdSettings("a", 1, by_host=True, host_possible=True), None),
        (OfdRoute.HOST, OfdSettings("a", 1, None, None), None),
        (OfdRoute.HOST, OfdSettings("a", 1, by_host=False, host_possible=True), "carried_by_register"),
        (OfdRoute.HOST, OfdSettings("a", 1, by_host=True, host_possible=False), "host_cannot_carry"),
        (OfdRoute.DEVICE, OfdSettings("a", 1, by_host=False, host_possible=False), None),
        (OfdRoute.DEVICE, OfdSettings("a", 1, None, host_possible=True), None),
        (OfdRoute.DEVICE, OfdSettings("a", 1, by_host=True, host_possible=True), "carried_by_host"),
        (OfdRoute.EXTERNAL, OfdSettings("a", 1, by_host=True, host_possible=True), None),
        (OfdRoute.EXTERNAL, OfdSettings("a", 1, by_host=False, host_possible=True), None),
        (OfdRoute.EXTERNAL, OfdSettings("", 1, by_host=False, host_possible=True), "no_ofd_address"),
        (OfdRoute.DEVICE, OfdSettings("a", 0, by_host=False, host_possible=True), "no_ofd_address"),
    ],
)
def test_what_the_register_tells_is_held_against_the_settings(
    route: OfdRoute, told: OfdSettings, word: str | None
) -> None:
    assert contradiction(route, told) == word


async def test_an_operator_that_fails_is_tried_with_growing_pauses_and_at_once_after_a_good_answer() -> None:
    register = Register(1, 2)
    carrying, _ = flow(OfdRoute.HOST, register)
    register.error = DeviceUnreachable("ofd", "no_connection")
    pauses = [await carrying.carry_all("till") for _ in range(8)]
    assert pauses[:6] == sorted(pauses[:6])
    assert (pauses[0] < 2, {pause >= 3600 for pause in pauses[5:]}) == (True, {True})
    way = carrying.way("till")
    assert way.says is not None
    assert way.says.ru == "нет соединения с ОФД"
    register.error = None
    assert await carrying.carry_all("till") == 5.0
    assert (register.waiting, carrying.way("till").says) == ([], None)
    register.error = DeviceRefused("fiscal", "ofd_message_refused")
    assert await carrying.carry_all("till") < 2


async def test_a_mended_register_is_looked_at_again_within_a_minute_and_only_the_hosts_way_is_gone() -> None:
    register = Register(1)
    register.told = OfdSettings("", 0, by_host=False, host_possible=True)
    carrying, clock = flow(OfdRoute.HOST, register)
    await carrying.carry_all("till")
    assert (carrying.way("till").wrong, register.waiting) == ("no_ofd_address", [1])
    register.told = OfdSettings("a", 1, by_host=True, host_possible=True)
    await carrying.carry_all("till")
    assert register.looks == 1
    clock.advance(61)
    await carrying.carry_all("till")
    assert (carrying.way("till").wrong, register.waiting, register.looks) == (None, [], 2)
    clock.advance(600)
    await carrying.carry_all("till")
    assert register.looks == 2, "what fits is looked at hourly"

    left_alone = Register(1)
    left_alone.told = OfdSettings("a", 1, by_host=False, host_possible=True)
    other, _ = flow(OfdRoute.DEVICE, left_alone)
    await other.carry_all("till")
    assert left_alone.waiting == [1]


async def test_a_month_without_the_operator_is_warned_of_sold_through_and_made_up_for() -> None:
    """29 days of virtual time with the register, its drive and the operator; what the kiosk would say each day."""
    zone = ZoneInfo("Europe/Moscow")
    async with carried() as (bench, registrar, there):
        there.faults.switch("away", on=True)
        await there.settled()
        clock = ManualClock(bench.clock.now)
        carrying = DocumentDelivery({"till": OfdRoute.HOST}, {"till": registrar.ofd}, clock)
        words: list[str | None] = []
        for day in range(29):
            await carrying.carry_all("till")
            await sell(bench, registrar, receipt(f"ord-{day}"))
            status = await registrar.status()
            assert why_stopped(status, bench.clock.now, zone) is None
            words.append(warnings_of(status, bench.clock.now, zone)["fiscal_ofd"])
            await registrar.close_shift()
            bench.clock.forward(days=1)
            clock.advance(86_400)
            await registrar.open_shift()
        assert words == [None, "unsent_24h", "unsent_24h", *["unsent_72h"] * 26]
        view = carrying.view("till", await registrar.status(), zone)
        assert "старейший ждёт 29 дн." in view.says.ru
        assert view.says.ru.endswith("нет соединения с ОФД")
        there.faults.switch("away", on=False)
        await there.settled()
        count = (await registrar.status()).unsent_documents
        assert await carrying.carry_all("till") == 5.0
        assert taken(bench) == list(range(1, count + 1))
        status = await registrar.status()
        assert warnings_of(status, bench.clock.now, zone)["fiscal_ofd"] is None

        there.faults.switch("away", on=True)
        await there.settled()
        await sell(bench, registrar, receipt("after"))
        bench.clock.forward(days=30)
        status = await registrar.status()
        assert why_stopped(status, bench.clock.now, zone) == "ofd_wait_expired"
        assert status.first_unsent_at is not None
        assert bench.device.register.now() - status.first_unsent_at >= timedelta(days=30)
