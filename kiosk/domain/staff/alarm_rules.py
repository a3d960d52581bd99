"""What calls a person: the rules as data, each with how long it must last and whether it may wake somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from kiosk.domain.reasons import (
    BACKUP_LATE,
    LOT_EXPIRED,
    LOT_RECALLED,
    MENU_CLOUD_DOWN,
    MENU_CLOUD_REFUSED,
    MENU_OLDER,
    POWER,
    QUEUE_TOO_LONG,
    STAFF,
    STANDBY_LATE,
    UPKEEP_DUE,
    UPKEEP_NEAR,
)

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`after_s`: raised once it has lasted so long; `urgent`: told in quiet hours too, and to the next person at once
    where the first is not reached; `off`: nobody is told and nothing is raised."""

    after_s: _Seconds = 300
    urgent: bool = False
    off: bool = False


class AlarmRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`sales_closed`: nothing is sold, for a cause that no other rule has; `money_held`: money or an order waits for a
    person (`kiosk stuck`); `registrar_off`: a registrar is silent; `robot_held`: the robot is held, suspended or
    stopped; `device_off`: a part of the sales is closed by a device; `food_unsafe`: beyond its temperatures;
    `bin_low`: empty within half an hour at the present rate; `lot_expiring`: food in a bin will soon be past its time;
    `lot_unfit`: it is, or it was recalled, and its dishes are off sale; `upkeep_due`: people have to do something at a
    station, or soon will; `copy_late`: the standby copy or the hourly backup is too old;
    `menu_behind`: another menu should be sold than is; the others are as they are
    called."""

    sales_closed: AlarmRule = AlarmRule(after_s=300, urgent=True)
    money_held: AlarmRule = AlarmRule(after_s=240, urgent=True)
    registrar_off: AlarmRule = AlarmRule(after_s=120, urgent=True)
    drive_expiring: AlarmRule = AlarmRule(after_s=600)
    documents_unsent: AlarmRule = AlarmRule(after_s=600)
    robot_held: AlarmRule = AlarmRule(after_s=60, urgent=True)
    device_off: AlarmRule = AlarmRule(after_s=600)
    bin_low: AlarmRule = AlarmRule(after_s=120)
    lot_expiring: AlarmRule = AlarmRule(after_s=0)
    lot_unfit: AlarmRule = AlarmRule(after_s=0)
    upkeep_due: AlarmRule = AlarmRule(after_s=0)
    food_forgotten: AlarmRule = AlarmRule(after_s=0)
    food_unsafe: AlarmRule = AlarmRule(after_s=0, urgent=True)
    disk: AlarmRule = AlarmRule(after_s=60, urgent=True)
    copy_late: AlarmRule = AlarmRule(after_s=0)
    menu_behind: AlarmRule = AlarmRule(after_s=1800)
    clock: AlarmRule = AlarmRule(after_s=600)
    webhook_suspended: AlarmRule = AlarmRule(after_s=600)
    page_silent: AlarmRule = AlarmRule(after_s=120)
    pin_guessed: AlarmRule = AlarmRule(after_s=0, urgent=True)
    on_battery: AlarmRule = AlarmRule(after_s=0, urgent=True)

    def of(self, name: str) -> AlarmRule:
        """Raises `AttributeError` for no rule."""
        found: AlarmRule = getattr(self, name)
        return found

    def named(self) -> Iterator[str]:
        yield from self.__struct_fields__


#: Reasons of a pause that nobody is called for: it was meant so, or ends by itself.
MEANT = frozenset({STAFF, QUEUE_TOO_LONG, "closed", "closing_soon"})
ROBOT_HELD = frozenset({"robot_held", "robot_suspended", "robot_estop"})
UPKEEP = frozenset({UPKEEP_DUE, UPKEEP_NEAR})
COPY_LATE = frozenset({STANDBY_LATE, BACKUP_LATE})
MENU_BEHIND = frozenset({MENU_OLDER, MENU_CLOUD_DOWN, MENU_CLOUD_REFUSED})
LOT_UNFIT = frozenset({LOT_EXPIRED, LOT_RECALLED})
REGISTRAR_OFF = frozenset({"fiscal_offline"})
#: The rules whose subject may be the reason that nothing is sold: what a guest may be told about.
OF_SALES = ("sales_closed", "registrar_off", "robot_held", "disk", "on_battery")


def rule_of_pause(reason: str, rules: AlarmRules) -> str | None:
    """Which rule calls somebody about this reason of a pause; None where nobody is to be called."""
    if reason in MEANT:
        return None
    narrower = {
        "registrar_off": reason in REGISTRAR_OFF,
        "robot_held": reason in ROBOT_HELD,
        "disk": reason == "disk",
        "on_battery": reason == POWER,
    }
    name = next((name for name, fits in narrower.items() if fits and not rules.of(name).off), "sales_closed")
    return None if rules.of(name).off else name
