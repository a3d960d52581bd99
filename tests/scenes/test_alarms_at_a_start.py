"""What no device has spoken of since the start is not known to be gone: an alarm does not end by a slow device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from kiosk.domain.staff.alarm import Budget, Patience, Seen
from kiosk.domain.staff.alarm_rules import AlarmRule, AlarmRules
from kiosk.domain.text import Text
from kiosk.flows.staff.alarms.symptoms import Symptoms
from kiosk.flows.staff.alarms.watch import AlarmPolicy, AlarmWatch
from kiosk.store.database import Database
from tests.clocks import ManualClock

HOLD_S = 120.0
PAPER = Seen("sales_closed", "fiscal_no_paper", Text("", ""))


class Devices:
    """What is seen of them, and whether all have spoken."""

    def __init__(self) -> None:
        self.starting = False
        self.now: list[Seen] = [PAPER]

    async def seen(self) -> list[Seen]:
        return self.now


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = await Database.open(tmp_path / "kiosk.db", lambda reason: None)
    yield found
    await found.close()


def watch_of(database: Database, devices: Devices, clock: ManualClock) -> AlarmWatch:
    policy = AlarmPolicy(
        rules=AlarmRules(sales_closed=AlarmRule(after_s=0)),
        patience=Patience(escalate_s=900, repeat_s=3600, hold_s=HOLD_S),
        budget=Budget(pause_s=60, per_hour=12),
        quiet=None,
        zone=ZoneInfo("Europe/Moscow"),
        called=(),
        restaurant=Text("", ""),
    )
    return AlarmWatch(database, cast(Symptoms, devices), policy, clock)


async def looks(watch: AlarmWatch, clock: ManualClock) -> int:
    """Twice the time after which what is gone is over; how many stand then."""
    for _ in range(4):
        await watch.look()
        clock.advance(HOLD_S / 2)
    await watch.look()
    return watch.standing


@pytest.mark.parametrize("starting", [True, False])
async def test_an_alarm_ends_by_what_devices_say_and_not_by_their_silence_after_a_start(
    database: Database, *, starting: bool
) -> None:
    clock, devices = ManualClock(), Devices()
    watch = watch_of(database, devices, clock)
    await watch.look()
    assert watch.standing == 1
    devices.now, devices.starting = [], starting
    assert await looks(watch_of(database, devices, clock), clock) == int(starting)
    devices.now, devices.starting = [PAPER], False
    again = watch_of(database, devices, clock)
    await again.look()
    assert again.standing == 1
