"""Several registrars: who sells, who is fallen back to, and what is told of those that are not in use."""

from __future__ import annotations

from typing import Any, cast

from drivers.sim.shtrih.device import ShtrihDevice, shtrih
from drivers.sim.shtrih.setup import ShtrihSetup
from kiosk.clock import SystemClock
from kiosk.domain.errors import DeviceUnavailable
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.fallback import Fallback
from kiosk.flows.fiscal.shift_commands import ShiftCommands
from tests.clocks import JumpingClock
from tests.command import journal, kiosk
from tests.restaurant import Files, Restaurant, restaurant, until
from tests.scenes.test_fiscal_day import bought
from tests.scenes.test_staff_desk import at_the_desk, overview


async def with_a_spare(place: Restaurant, more: str = "", **setup: Any) -> ShtrihDevice:
    """Another registrar, at work and in the settings, from the next start on."""
    spare = Files(state=place.folder / "spare.state", ledger=place.folder / "spare.jsonl")
    switched_on = shtrih(place.folder / "spare.tty", **spare, seed=7, setup=ShtrihSetup(ffd="1.1", **setup))
    device = await place.stack.enter_async_context(switched_on)
    file = place.folder / "config.toml"
    text = file.read_text().replace("[fiscal]", '[[fiscal]]\nname = "till"\nffd = "1.2"')
    file.write_text(f'{text}\n[[fiscal]]\nname = "spare"\nffd = "1.1"\nport = "{place.folder}/spare.tty"\n{more}')
    return device


async def test_another_registrar_is_sold_through_by_a_technician_and_each_receipt_keeps_its_drive() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        before = await bought(place, guest, "tea")
        await with_a_spare(place)
        await place.restart()
        await place.until_open()
        assert (await place.internal("GET", "/internal/fiscal")).body == {
            "active": "till",
            "registrars": ["till", "spare"],
        }
        unknown = await place.internal("POST", "/internal/fiscal/use", {"name": "nobody"})
        assert (unknown.status, unknown.code) == (404, "not_found")
        used = await place.internal("POST", "/internal/fiscal/use", {"name": "spare"})
        assert (used.status, used.body["active"]) == (200, "spare")
        await place.until_open()
        after = await bought(place, guest, "tea")
        assert before["receipt"]["fiscal_drive_number"] != after["receipt"]["fiscal_drive_number"]
        assert len(place.effects("fiscal", "receipt")) == len(place.effects("spare", "receipt")) == 1
        assert len(place.effects("fiscal", "shift_closed")) == 1  # the one left is closed
        await place.restart()
        await place.until_open()
        assert (await place.internal("GET", "/internal/fiscal")).body["active"] == "spare"  # the choice is kept
        refund = f"/internal/orders/{after['order_id']}/refund"
        assert (await place.internal("POST", refund, {"reason": "остыл"})).status == 202
        await until(lambda: place.effects("spare", "refund_receipt"))


async def test_3_4_kiosk_falls_back_to_the_spare_registrar_that_has_a_day_and_paper_of_its_own() -> None:
    async with restaurant(fallback_after_s=0.0) as place:
        await with_a_spare(place, "fallback = true\nslip = false\npaperless_with_contact = true\n")
        await place.restart()
        await place.until_open()
        guest = await place.guest()
        assert (await bought(place, guest, "tea"))["receipt"]
        place.fiscal.faults.switch("paper_out", on=True)

        async def spare_is_used() -> bool:
            return bool((await place.internal("GET", "/internal/fiscal")).body["active"] == "spare")

        await until(spare_is_used)
        await place.until_open()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"], receipt_to="a@example.com")).status == 200
        assert len(place.effects("fiscal", "receipt")) == len(place.effects("spare", "receipt")) == 1
        assert ("kiosk", "use_registrar", "spare") in journal(place)
        place.fiscal.faults.switch("paper_out", on=False)
        assert await spare_is_used()  # the way back is a person's


async def test_3_4_spare_registered_for_another_seller_is_not_fallen_back_to() -> None:
    async with restaurant(fallback_after_s=0.0) as place:
        await with_a_spare(place, "fallback = true\n")
        file = place.folder / "config.toml"
        file.write_text(file.read_text().replace('ffd = "1.1"', 'ffd = "1.05"'))  # the drive is registered by 1.1
        await place.restart()
        await place.until_open()
        assert not await place.kiosk.flows.fallback.fall_back()
        place.fiscal.faults.switch("paper_out", on=True)
        await place.until_paused("fiscal_no_paper")
        assert not await place.kiosk.flows.fallback.fall_back()
        place.fiscal.faults.switch("paper_out", on=False)
        await place.until_open()
        assert (await place.internal("GET", "/internal/fiscal")).body["active"] == "till"


async def test_3_4_registrar_that_does_not_answer_is_not_changed_to() -> None:
    async with restaurant() as place:
        spare = await with_a_spare(place)
        await place.restart()
        await place.until_open()
        spare.faults.switch("link_lost", on=True)
        refused = await place.internal("POST", "/internal/fiscal/use", {"name": "spare"})
        assert refused.status == 503
        assert refused.body["reason"] in ("link_lost", "port_missing")
        assert (await place.internal("GET", "/internal/fiscal")).body["active"] == "till"
        await bought(place, await place.guest(), "tea")


class SilentAfterTheChange:
    """The registrar is changed to, and does not answer the first look at it."""

    def __init__(self, desk: RegistrarDesk) -> None:
        self._desk = desk

    async def use(self, name: str, actor: str) -> None:
        self._desk.use(name)
        raise DeviceUnavailable(device="fiscal", reason="link_lost")


async def test_3_4_change_whose_first_look_fails_is_told_as_a_change() -> None:
    async with restaurant() as place:
        await with_a_spare(place)
        await place.restart()
        await place.until_open()
        flows, desk = place.kiosk.flows, place.kiosk.flows.desk
        staff_commands = cast(ShiftCommands, SilentAfterTheChange(desk))
        fallback = Fallback(
            desk, staff_commands, flows.shift_keeper, place.kiosk.readiness, SystemClock(), spares=["spare"]
        )
        assert await fallback.fall_back()  # it is done, whatever the look says: not to be tried again
        assert desk.active == "spare"


async def test_3_4_documents_of_a_registrar_that_is_not_in_use_are_watched_by_its_name() -> None:
    async with restaurant(clock=(clock := JumpingClock())) as place:
        await with_a_spare(place, 'ofd = "device"\n', host_carries_to=("127.0.0.1", 9))  # nobody carries
        await place.restart()
        await place.until_open()
        await until_told(place, "ofd:spare", "ofd_carried_by_host")
        assert (await place.call("GET", "/readyz")).body["ready"]
        lights = {light["name"]: light for light in (await overview(await at_the_desk(place)))["lights"]}
        assert (lights["ofd:spare"]["level"], lights["ofd"]["level"]) == ("warn", "good")
        assert "docs/ofd.md" in lights["ofd:spare"]["says"]["ru"]
        await place.internal("POST", "/internal/fiscal/use", {"name": "spare"})
        await until_told(place, "ofd:spare", None)  # in use: `ofd` tells of it
        await place.until_open()
        await bought(place, await place.guest(), "tea")
        file = place.folder / "config.toml"
        file.write_text(file.read_text().replace('ofd = "device"', 'ofd = "external"'))
        await place.internal("POST", "/internal/fiscal/use", {"name": "till"})
        await place.restart()
        await until_told(place, "ofd:spare", None)
        over = await shift_of(place)
        clock.jump(25 * 3600)

        async def another() -> bool:
            return await shift_of(place) != over

        await until(another)
        await until_told(place, "ofd:spare", "ofd_unsent_24h")
        await place.until_open()
        await bought(place, await place.guest(), "tea")


async def shift_of(place: Restaurant) -> int:
    """The number of the shift that is open or was the last."""
    return int((await place.internal("GET", "/internal/shift")).body["shift"])


async def until_told(place: Restaurant, name: str, reason: str | None) -> None:
    async def told() -> bool:
        checks = (await place.call("GET", "/readyz")).body["checks"]
        return name in checks and checks[name]["reason"] == reason

    await until(told)


async def test_3_4_check_without_a_kiosk_asks_each_registrar_by_its_name() -> None:
    async with restaurant() as place:
        spare = await with_a_spare(place)
        await place.kiosk.stop()
        told = (await kiosk(place, "check", "--json")).json["checks"]
        found = {row["check"]: row["ok"] for row in told if row["check"].startswith(("fiscal", "ofd"))}
        assert list(found) == ["fiscal:till", "ofd:till", "fiscal:spare", "ofd:spare"]
        assert (found["fiscal:till"], found["fiscal:spare"]) == (True, True)
        spare.faults.switch("paper_out", on=True)
        told = await kiosk(place, "check")
        bad = [line.split()[1] for line in told.out.splitlines() if line.startswith("BAD")]
        assert [name for name in bad if name.startswith("fiscal")] == ["fiscal:spare"]
