"""Doors that are not everybody's: the staff's PIN, the training panel, numbers of orders that nobody paid."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from kiosk.clock import SystemClock
from kiosk.domain.ordering.throttle import FREE_TRIES
from kiosk.flows.ordering.expiry import Expiry
from kiosk.store.transaction import Reader
from tests.clocks import PassingClock
from tests.command import journal
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem

SESSION = "/api/service/session"
CONTROL = "/api/sim"


async def knock(place: Restaurant, pin: str, address: str = "127.0.0.1") -> tuple[int, dict[str, Any]]:
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.post(f"http://127.0.0.1:{place.kiosk.public_port}{SESSION}", json={"pin": pin}) as answer,
    ):
        return answer.status, await answer.json()


async def alarms(place: Restaurant) -> list[tuple[str, str | None]]:
    return [
        (event["type"], event["data"].get("code"))
        for event in await place.events()
        if event["data"].get("device") == "service"
    ]


async def test_pin_is_guessed_ever_slower_from_all_addresses_together_and_staff_is_told() -> None:
    clock = PassingClock()
    async with restaurant(clock=clock) as place:
        pin = (place.folder / "service.pin").read_text()
        assert len(pin.strip()) == 8
        status, before = await knock(place, pin)
        assert status == 201
        waits = []
        for n in range(FREE_TRIES + 6):
            status, body = await knock(place, "0" * 8, f"127.0.0.{2 + n}")
            if status == 429:
                waits.append(body["retry_after_s"])
                clock.jump(body["retry_after_s"])
                status, body = await knock(place, "0" * 8, f"127.0.0.{2 + n}")
            assert (status, body["code"]) == (403, "wrong_pin")
        assert waits == [5, 10, 20, 40, 60, 60]
        assert (await knock(place, pin))[0] == 429  # neither looked at nor counted
        told = [row for row in journal(place) if row[1] == "wrong_pin"]
        assert [row[2] for row in told] == [f"127.0.0.{2 + n}" for n in range(FREE_TRIES + 6)]
        assert await alarms(place) == [("DeviceFaultEvent", "pin_guessed")]
        checks = (await place.call("GET", "/readyz")).body["checks"]
        assert checks["service"] == {"ok": False, "reason": "pin_guessed"}
        opened = {"Authorization": f"Bearer {before['access_token']}"}
        assert (await place.call("GET", "/api/service/status", **opened)).status == 200  # whoever is in stays in
        clock.jump(600)
        assert (await knock(place, pin))[0] == 201
        await until(lambda: _calm(place))


async def _calm(place: Restaurant) -> bool:
    return await alarms(place) == [("DeviceFaultEvent", "pin_guessed"), ("DeviceRecoveredEvent", None)]


async def test_new_pin_ends_every_session_of_the_old_one() -> None:
    async with restaurant() as place:
        path = place.folder / "service.pin"
        _, opened = await knock(place, path.read_text())
        token = {"Authorization": f"Bearer {opened['access_token']}"}
        await place.restart()
        assert (await place.call("GET", "/api/service/status", **token)).status == 200
        path.write_text("24681357")
        await place.restart()
        assert_problem(await place.call("GET", "/api/service/status", **token), 401, "unauthorized")
        assert (await knock(place, "24681357"))[0] == 201


async def test_who_leaves_the_desk_leaves_no_session_behind() -> None:
    async with restaurant() as place:
        pin = (place.folder / "service.pin").read_text()
        opened = [(await knock(place, pin))[1]["access_token"] for _ in range(2)]
        left, other = ({"Authorization": f"Bearer {token}"} for token in opened)
        assert (await place.call("DELETE", "/api/service/session", **left)).status == 204
        for _ in range(2):  # also after a restart
            for method, path in (("GET", "/api/service/status"), ("DELETE", "/api/service/session")):
                assert_problem(await place.call(method, path, **left), 401, "unauthorized")
            assert (await place.call("GET", "/api/service/status", **other)).status == 200
            await place.restart()
        assert (
            await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM meta WHERE key LIKE 'staff_ended:%'")
            == 1
        )


async def test_panel_that_breaks_devices_asks_for_the_pin_beside_a_real_one() -> None:
    async with restaurant() as place:
        text = (place.folder / "config.toml").read_text()
        (place.folder / "config.toml").write_text(text.replace(place.sms.url, "sim"))  # as a forgotten [sms] is
        await place.restart()
        body = {"device": "sms", "fault": "down", "on": True}
        assert_problem(await place.call("GET", CONTROL), 401, "unauthorized")
        assert_problem(await place.call("POST", CONTROL, body), 401, "unauthorized")
        _, opened = await knock(place, (place.folder / "service.pin").read_text())
        token = {"Authorization": f"Bearer {opened['access_token']}"}
        assert [row["device"] for row in (await place.call("GET", CONTROL, **token)).body["devices"]] == ["sms"]


async def test_2_number_of_an_open_order_is_nobody_elses_however_many_are_made() -> None:
    async with restaurant() as place:
        place.robot.faults.switch("nobody_comes", on=True)
        guest = await place.guest()
        bought = await guest.order(("tea", 1))
        paid = await guest.pay(bought["order_id"])
        assert paid.status == 200
        left = await guest.order(("tea", 1))

        def wrap(tx: Any) -> None:
            tx.execute("UPDATE meta SET value = '1980' WHERE key = 'ticket_serial'")

        await place.kiosk.database.write(wrap)
        numbers = [(await guest.order(("tea", 1)))["number"] for _ in range(3)]
        assert numbers == ["A2980", "A2981", "A03"]
        found = await place.internal("POST", f"/internal/orders/{bought['number']}/pickup-code")
        assert found.status == 200
        await guest.until_status(bought["order_id"], "ready")
        code = (await guest.look(bought["order_id"]))["pickup_code"]
        pickup = {"number": bought["number"], "pickup_code": code}
        assert (await place.call("POST", "/api/pickup", pickup)).status == 200
        unpaid = await place.internal("POST", f"/internal/orders/{left['number']}/pickup-code")
        assert_problem(unpaid, 404, "not_found")  # by number only what was paid


async def test_2_orders_that_one_session_leaves_unpaid_are_bounded() -> None:
    async with restaurant() as place:
        guest, other = await place.guest(), await place.guest()
        honest = (await other.order(("tea", 1)))["order_id"]
        made = [(await guest.order(("tea", 1)))["order_id"] for _ in range(103)]
        look = asyncio.create_task(Expiry(place.kiosk.database, SystemClock(), 3600.0).run())  # looks at once
        await guest.until_status(made[2], "cancelled")
        look.cancel()
        assert [(await guest.look(order_id))["status"] for order_id in (made[3], made[-1])] == ["created"] * 2
        assert (await other.look(honest))["status"] == "created"
