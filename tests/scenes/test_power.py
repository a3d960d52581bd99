"""The power goes: nothing new is paid on the battery, who pays just now ends, the machine goes down before the battery
is empty, and sales open by themselves with the mains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.nut.device import NutDevice, nut
from tests.clocks import PassingClock
from tests.command import journal, ok
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem

TEA = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}


@dataclass
class House:
    place: Restaurant
    ups: NutDevice
    clock: PassingClock
    went_down: Path

    async def check(self) -> dict[str, Any]:
        ready = (await self.place.call("GET", "/readyz")).body["checks"]
        found: dict[str, Any] = ready.get("power", {})
        return found

    async def until_reason(self, reason: str | None) -> None:
        async def there() -> bool:
            return (await self.check()).get("reason") == reason

        await until(there)

    async def until_asked(self) -> None:
        asked = self.ups.asked
        await until(lambda: self.ups.asked > asked + 1)

    async def until_down(self) -> None:
        await until(self.went_down.exists)


@asynccontextmanager
async def house(tmp_path: Path, *settings: str, command: str = "") -> AsyncIterator[House]:
    """`command`: what is run to shut the machine down; empty: a file is made, where the test can see it."""
    clock, down = PassingClock(), tmp_path / "down"
    async with nut(0, state=tmp_path / "nut.state", ledger=tmp_path / "nut.jsonl") as ups:
        words = command or f'["touch", "{down}"]'
        extra = [f'ups = "ups@127.0.0.1:{ups.port}"', f"shutdown_command = {words}", *settings]
        async with restaurant("\n".join(["[power]", *extra]), clock=clock) as place:
            yield House(place, ups, clock, down)


async def test_on_the_battery_nothing_new_is_paid_and_with_the_mains_all_is_as_before(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        guest = await found.place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        refused = await guest.pay(order_id)
        assert_problem(refused, 503, "sales_paused")
        assert refused.body["reason"] == "power"
        assert_problem(await guest.call("POST", "/api/orders/create", TEA), 503, "sales_paused")
        assert found.place.ledger("bank") == []
        assert (await ok(found.place, "status"))["sales"]["reason"] == "power"
        metrics = str((await found.place.call("GET", "/metrics")).body)
        assert "kiosk_ups_on_battery 1.0" in metrics
        found.ups.faults.switch("mains_lost", on=False)

        async def paid() -> bool:
            found.clock.jump(20)
            return (await guest.pay(order_id)).status == 200

        await until(paid)
        assert not found.went_down.exists()


async def test_mains_that_come_back_in_jerks_open_nothing_yet(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        asked = found.ups.asked
        found.ups.faults.switch("mains_lost", on=False)
        await until(lambda: found.ups.asked > asked + 2)
        assert (await found.check())["reason"] == "power"


async def test_a_supply_that_falls_silent_once_the_mains_are_back_closes_no_sales(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        asked = found.ups.asked
        found.ups.faults.switch("mains_lost", on=False)
        await until(lambda: found.ups.asked > asked + 1)
        found.ups.faults.switch("stale")
        found.clock.jump(20)
        await found.until_reason("ups_no_data")
        assert not found.went_down.exists()


async def test_mains_in_jerks_put_the_end_off_for_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        guest = await found.place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        found.place.bank.faults.switch("hold")
        paying = asyncio.create_task(guest.pay(order_id))
        await until(lambda: found.place.is_charging(order_id))
        found.ups.faults.switch("battery_low")
        for _ in range(3):
            found.ups.faults.switch("mains_lost")
            await found.until_asked()
            found.ups.faults.switch("mains_lost", on=False)
            await found.until_asked()
        found.ups.faults.switch("mains_lost")
        await found.until_asked()  # an answer under way would be of mains that were back for all of the jump
        found.clock.jump(61)
        await found.until_down()
        found.place.bank.faults.switch("hold", on=False)
        await paying


async def test_a_supply_that_knows_no_runtime_is_not_at_its_end(tmp_path: Path) -> None:
    """Some tell 0 while they do not know."""
    lines = ('battery.charge "100"', 'battery.runtime "0"', 'ups.status "OB"')
    answer = "".join(f"VAR ups {line}\n" for line in lines) + "END LIST VAR ups\n"
    asked = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readline()
        asked += 1
        writer.write(answer.encode())
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    down, port = tmp_path / "down", server.sockets[0].getsockname()[1]
    power = f'[power]\nups = "ups@127.0.0.1:{port}"\nshutdown_command = ["touch", "{down}"]\n'
    try:
        async with restaurant(power, sales_open=False) as place:
            await place.until_paused("power")
            await until(lambda: asked > 3)
            assert not down.exists()
    finally:
        server.close()


async def test_a_restart_on_the_battery_beside_a_silent_supply_sells_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        found.ups.faults.switch("stale")
        await found.place.restart()
        await found.until_reason("power")
        assert_problem(await (await found.place.guest()).call("POST", "/api/orders/create", TEA), 503, "sales_paused")
        found.ups.faults.switch("stale", on=False)
        found.ups.faults.switch("mains_lost", on=False)
        await found.until_asked()
        found.clock.jump(20)
        await found.until_reason(None)


async def test_who_pays_just_now_ends_before_the_machine_goes_down(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        guest = await found.place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        found.place.bank.faults.switch("hold")
        paying = asyncio.create_task(guest.pay(order_id))
        await until(lambda: found.place.is_charging(order_id))
        found.ups.faults.switch("mains_lost")
        found.ups.faults.switch("battery_low")
        await found.until_reason("power")
        asked = found.ups.asked
        await until(lambda: found.ups.asked > asked + 3)
        assert not found.went_down.exists()
        found.place.bank.faults.switch("hold", on=False)
        assert (await paying).status == 200
        await found.until_down()
        assert [action for _, action, _ in journal(found.place) if action == "power_shutdown"] == ["power_shutdown"]


@pytest.mark.parametrize(
    ("settings", "charge"),
    [(("shutdown_after_s = 300", "shutdown_percent = 0"), None), (("shutdown_percent = 50",), 40.0)],
)
async def test_the_machine_goes_down_after_its_time_or_at_its_charge(
    tmp_path: Path, settings: tuple[str, ...], charge: float | None
) -> None:
    async with house(tmp_path, *settings) as found:
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        assert not found.went_down.exists()
        if charge is None:
            found.clock.jump(301)
        else:
            found.ups.faults.switch("battery_left", {"percent": charge})
        await found.until_down()


async def test_a_supply_that_falls_silent_on_its_battery_is_reckoned_by_what_it_told_last(tmp_path: Path) -> None:
    async with house(tmp_path) as found:
        found.ups.faults.switch("mains_lost")
        await found.until_reason("power")
        found.ups.faults.switch("stale")
        found.clock.jump(60)
        assert (await found.check())["reason"] == "power"
        assert not found.went_down.exists()
        found.clock.jump(1300)  # its battery lasts twenty minutes
        await found.until_down()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("stale", "ups_no_data"), ("unknown", "ups_refused"), ("down", "ups_offline"), ("worn", "ups_worn")],
)
async def test_what_is_wrong_with_the_supply_alone_closes_no_sales_and_is_told(
    tmp_path: Path, fault: str, reason: str
) -> None:
    async with house(tmp_path) as found:
        found.ups.faults.switch(fault)
        await found.until_reason(reason)
        guest = await found.place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        found.ups.faults.switch(fault, on=False)
        await found.until_reason(None)


async def test_a_command_that_does_not_shut_the_machine_down_is_told_and_run_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = f"""["sh", "-c", "echo x >> '{runs}'; echo 'Access denied' >&2; exit 1"]"""
    async with house(tmp_path, command=command) as found:
        found.ups.faults.switch("mains_lost")
        found.ups.faults.switch("battery_low")
        await until(runs.exists)

        async def told() -> bool:
            own = (await found.place.internal("GET", "/internal/devices")).body["own"]
            return "Access denied" in own.get("power", "")

        await until(told)
        found.clock.jump(61)
        await until(lambda: len(runs.read_text().split()) >= 2)


async def test_without_a_command_the_tools_of_the_supply_see_to_it(tmp_path: Path) -> None:
    async with house(tmp_path, command="[]") as found:
        found.ups.faults.switch("mains_lost")
        found.ups.faults.switch("battery_low")
        await found.until_reason("power")
        assert not any(action == "power_shutdown" for _, action, _ in journal(found.place))
