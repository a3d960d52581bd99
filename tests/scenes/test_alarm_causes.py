"""Every rule calls somebody for what really happens to a restaurant, and is over once it is mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.nut.device import NutDevice, nut
from kiosk.clock import rfc3339
from kiosk.domain.staff.alarm_rules import AlarmRules
from tests.clocks import JumpingClock, PassingClock
from tests.receiver import Receiver, receiver
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_alarms import QUICK, until_standing
from tests.scenes.test_complex import described
from tests.scenes.test_disk import MOST_MB, set_floor
from tests.scenes.test_doors import knock
from tests.scenes.test_temperatures import CHICKEN, PLACE
from tests.scenes.test_upkeep import BY_THE_CLOCK, OVEN, QUICK_OIL, done, until_state

#: Each of them at once: how long a cause must last is not the subject here.
_AT_ONCE = QUICK.partition("[alarms.rules]")[0] + "[alarms.rules]\n" + "".join(
    f"{name} = {{ after_s = 0 }}\n" for name in AlarmRules().named()
)  # fmt: skip
_HOUR_S = 3600.0
_LOT = "L-2611"
Act = Callable[["Site"], Awaitable[object]]


@dataclass
class Site:
    """The restaurant, what passes its time, its cloud, and what supplies it."""

    place: Restaurant
    clock: JumpingClock
    cloud: Receiver
    ups: NutDevice
    other: Path

    async def sell(self, *, until_over: bool = True) -> tuple[Customer, str]:
        guest = await self.place.guest()
        order_id: str = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        if until_over:
            await guest.until_status(order_id, "completed")
        return guest, order_id

    async def refill(self, amount: int, **lot: str) -> None:
        answer = await self.place.internal("POST", "/internal/stock/refill", {"bin": 1, "amount": amount, **lot})
        assert answer.status == 204, answer


async def _registrar_goes(site: Site) -> None:
    site.place.fiscal.faults.switch("off", on=True)


async def _registrar_comes(site: Site) -> None:
    site.place.fiscal.faults.switch("off", on=False)


async def _robot_is_stopped(site: Site) -> None:
    site.place.robot.faults.switch("estop", on=True)


async def _robot_goes_on(site: Site) -> None:
    site.place.robot.faults.switch("estop", on=False)

    async def acknowledged() -> bool:
        return (await site.place.internal("POST", "/internal/robot/acknowledge")).status == 204

    await until(acknowledged)


async def _paper_is_out(site: Site) -> None:
    site.place.fiscal.faults.switch("paper_out", on=True)


async def _paper_is_in(site: Site) -> None:
    site.place.fiscal.faults.switch("paper_out", on=False)


async def _money_stays_on_its_way_back(site: Site) -> None:
    _, order_id = await site.sell()
    site.place.bank.faults.switch("down", on=True)
    answer = await site.place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "остыл"})
    assert answer.status == 202, answer


async def _bank_goes(site: Site) -> None:
    site.place.bank.faults.switch("down", on=True)


async def _bank_comes(site: Site) -> None:
    site.place.bank.faults.switch("down", on=False)


async def _drive_ends(site: Site) -> None:
    site.place.fiscal.faults.switch("drive_expires", {"days": 20}, on=True)


async def _drive_is_good(site: Site) -> None:
    site.place.fiscal.faults.switch("drive_expires", on=False)


async def _operator_hears_nothing_for_a_day(site: Site) -> None:
    assert site.place.operator is not None
    site.place.operator.faults.switch("away", on=True)
    await site.place.operator.settled()
    await site.sell()
    site.clock.jump(25 * _HOUR_S)


async def _operator_is_back(site: Site) -> None:
    assert site.place.operator is not None
    site.place.operator.faults.switch("away", on=False)


async def _clock_is_three_minutes_ahead(site: Site) -> None:
    site.clock.jump(240)


async def _clock_is_set_back(site: Site) -> None:
    site.clock.jump(-240)


async def _bin_holds_little(site: Site) -> None:
    await site.refill(1)


async def _bin_is_full(site: Site) -> None:
    await site.refill(5000)


async def _lot_ends_today(site: Site) -> None:
    await site.refill(0)  # what lay there before, of a lot that nobody named, is gone
    await site.refill(5000, lot=_LOT, expires_at=rfc3339(site.clock.now() + timedelta(hours=6)))


async def _lot_is_recalled(site: Site) -> None:
    await _lot_ends_today(site)
    answer = await site.place.internal("POST", "/internal/stock/recall", {"lot": _LOT, "reason": "письмо поставщика"})
    assert answer.status == 200, answer


async def _lot_is_thrown_away(site: Site) -> None:
    rows = (await site.place.internal("GET", "/internal/stock/lots")).body["lots"]
    (lot_id,) = (row["lot_id"] for row in rows if row["lot"] == _LOT)
    answer = await site.place.internal("POST", f"/internal/stock/lots/{lot_id}/write-off", {"reason": "в мусор"})
    assert answer.status == 200, answer


async def _food_stays_in_its_cell(site: Site) -> None:
    site.place.robot.faults.switch("nobody_comes", on=True)
    guest, order_id = await site.sell(until_over=False)
    await guest.until_status(order_id, "ready")
    site.clock.jump(1900)  # staff is called after half an hour


async def _food_is_fetched(site: Site) -> None:
    site.place.robot.faults.switch("nobody_comes", on=False)


async def _oven_waits_to_be_scrubbed(site: Site) -> None:
    await described(site.place, QUICK_OIL + BY_THE_CLOCK)
    await until_state(site.place, OVEN, "good")
    site.clock.jump(23 * _HOUR_S)


async def _oven_was_scrubbed(site: Site) -> None:
    assert (await done(site.place, OVEN)).status == 200


async def _fridge_is_warm(site: Site) -> None:
    site.place.robot.faults.switch("bin_warm", {"bin": CHICKEN}, on=True)

    async def noticed() -> bool:
        rows = (await site.place.internal("GET", "/internal/temperatures")).body["places"]
        return any(row["place"] == PLACE and row["since"] for row in rows)

    await until(noticed)
    site.clock.jump(_HOUR_S)


async def _fridge_is_looked_at(site: Site) -> None:
    site.place.robot.faults.switch("bin_warm", on=False)

    async def accepted() -> bool:
        answer = await site.place.internal("POST", f"/internal/stuck/unsafe-{PLACE}", {"move": "accept"})
        return answer.status == 200

    await until(accepted)


async def _disk_is_full(site: Site) -> None:
    set_floor(site.place, MOST_MB)
    await site.place.restart()


async def _disk_has_room(site: Site) -> None:
    set_floor(site.place, 1)
    await site.place.restart()


async def _cloud_is_gone_for_good(site: Site) -> None:
    site.cloud.answers.append((410, {}))
    await site.sell()


async def _cloud_is_enabled(site: Site) -> None:
    answer = await site.place.internal("POST", "/internal/webhooks/enable", {"url": site.cloud.url})
    assert answer.status == 200, answer


async def _page_falls_silent(site: Site) -> None:
    assert (await site.place.call("POST", "/api/heartbeat", {"screen": "menu"})).status in (200, 204)
    site.clock.jump(20)


async def _page_is_heard(site: Site) -> None:
    assert (await site.place.call("POST", "/api/heartbeat", {"screen": "menu"})).status in (200, 204)


async def _other_disk_goes(site: Site) -> None:
    site.other.parent.rename(site.other.parent.with_name("unplugged"))
    await site.sell()  # something that the copy does not have
    site.clock.jump(400)


async def _other_disk_is_back(site: Site) -> None:
    site.other.parent.mkdir()


async def _newest_menu_cannot_be_cooked(site: Site) -> None:
    draft = (await site.place.internal("POST", "/internal/menu/draft", {})).body["edit"]
    price = {"table": "items", "id": "tea", "set": {"price_kopecks": 99900}}
    changed = await site.place.internal("POST", "/internal/menu/draft/changes", {"edit": draft, "changes": [price]})
    await site.place.internal("POST", "/internal/menu/draft/publish", {"edit": changed.body["edit"]})
    elsewhere = "UPDATE menu_revision SET body = replace(body, '\"wok\"', '\"grill\"') WHERE revision = 2"
    await site.place.kiosk.database.write(lambda tx: tx.execute(elsewhere))
    await site.place.restart()


async def _another_menu_is_published(site: Site) -> None:
    assert (await site.place.internal("POST", "/internal/menu/revisions/1/publish")).status == 200


async def _pin_is_tried_again_and_again(site: Site) -> None:
    for _ in range(12):
        status, body = await knock(site.place, "0" * 8)
        if status == 429:
            site.clock.jump(body["retry_after_s"])


async def _nobody_tries(site: Site) -> None:
    site.clock.jump(_HOUR_S)


async def _mains_go(site: Site) -> None:
    site.ups.faults.switch("mains_lost")


async def _mains_are_back(site: Site) -> None:
    site.ups.faults.switch("mains_lost", on=False)
    asked = site.ups.asked
    await until(lambda: site.ups.asked > asked + 1)
    site.clock.jump(20)


#: What happens, and what mends it; a clock that somebody sets is no time that passes.
CAUSES: dict[str, tuple[Act, Act]] = {
    "sales_closed": (_paper_is_out, _paper_is_in),
    "money_held": (_money_stays_on_its_way_back, _bank_comes),
    "registrar_off": (_registrar_goes, _registrar_comes),
    "drive_expiring": (_drive_ends, _drive_is_good),
    "documents_unsent": (_operator_hears_nothing_for_a_day, _operator_is_back),
    "robot_held": (_robot_is_stopped, _robot_goes_on),
    "device_off": (_bank_goes, _bank_comes),
    "bin_low": (_bin_holds_little, _bin_is_full),
    "lot_expiring": (_lot_ends_today, _lot_is_thrown_away),
    "lot_unfit": (_lot_is_recalled, _lot_is_thrown_away),
    "upkeep_due": (_oven_waits_to_be_scrubbed, _oven_was_scrubbed),
    "food_forgotten": (_food_stays_in_its_cell, _food_is_fetched),
    "food_unsafe": (_fridge_is_warm, _fridge_is_looked_at),
    "disk": (_disk_is_full, _disk_has_room),
    "copy_late": (_other_disk_goes, _other_disk_is_back),
    "menu_behind": (_newest_menu_cannot_be_cooked, _another_menu_is_published),
    "clock": (_clock_is_three_minutes_ahead, _clock_is_set_back),
    "webhook_suspended": (_cloud_is_gone_for_good, _cloud_is_enabled),
    "page_silent": (_page_falls_silent, _page_is_heard),
    "on_battery": (_mains_go, _mains_are_back),
    "pin_guessed": (_pin_is_tried_again_and_again, _nobody_tries),
}


def test_every_rule_has_its_cause_here() -> None:
    assert CAUSES.keys() == set(AlarmRules().named())


async def _stands(place: Restaurant, rule: str, *, stands: bool) -> bool:
    rows = (await place.internal("GET", "/internal/alarms")).body["alarms"]
    return any(row["rule"] == rule for row in rows) is stands


async def _is_over(place: Restaurant, alarm_id: int) -> bool:
    rows = (await place.internal("GET", "/internal/alarms")).body["past"]
    return any(row["alarm_id"] == alarm_id for row in rows)


@pytest.mark.parametrize("rule", CAUSES)
async def test_rule_calls_somebody_for_its_cause_and_is_over_once_that_is_mended(tmp_path: Path, rule: str) -> None:
    happens, is_mended = CAUSES[rule]
    clock = JumpingClock() if rule == "clock" else PassingClock()
    extra = _AT_ONCE + '[payment]\nmethods = ["token", "till"]\n[database]\nfree_floor_mb = 1\n'
    changes: dict[str, Any] = {}
    if rule == "documents_unsent":
        extra, changes = extra + '[fiscal]\nofd = "host"\n', {"carried": True}
    supply = nut(0, state=tmp_path / "nut.state", ledger=tmp_path / "nut.jsonl")
    async with supply as ups, receiver(check_age=False) as cloud:
        extra += f'[power]\nups = "ups@127.0.0.1:{ups.port}"\n'
        (tmp_path / "other").mkdir()
        if rule == "copy_late":
            extra += f'[standby]\nfolder = "{tmp_path}/other/copies"\n'
        (tmp_path / "hook.secret").write_text(cloud.secrets[0])
        tail = f'[[webhooks]]\nurl = "{cloud.url}"\nsecret_file = "{tmp_path}/hook.secret"\n'
        async with restaurant(
            extra, tail=tail, clock=clock, stuck_after_s=0.0, tripped_after_s=0.0, **changes
        ) as place:
            site = Site(place, clock, cloud, ups, tmp_path / "other" / "copies")
            await until(lambda: _stands(place, rule, stands=False))  # what is asked at a start may stand for a moment
            await happens(site)
            row = await until_standing(place, rule, "raised")
            assert row["title"]["ru"]
            assert row["remedy"]["ru"]
            assert "4779" not in row["title"]["ru"]
            await is_mended(site)
            await until(lambda: _is_over(place, row["alarm_id"]))
