"""kill -9 between an alarm, its message, the channel's answer and the books: it is told, and told once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from kiosk.checkpoints import ALARM_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.rig import Gone, World, world
from tests.restaurant import ledger
from tests.samples import part

PHONE = "+79161234567"
CALLED = f"""
[alarms]
hold_s = 1
pause_s = 0.05
per_hour = 100
to = [{{ name = "duty", channel = "sms", address = "{PHONE}" }}]
[alarms.rules]
sales_closed = {{ after_s = 0 }}
bin_low = {{ off = true }}
disk = {{ off = true }}
"""


def paper(place: World, *, out: bool) -> None:
    place.devices.control("fiscal", {"fault": "paper_out", "on": out})


def told(place: World) -> list[str]:
    """Client ids of what the gateway sent to staff about the paper, in order."""
    lines = ledger(place.folder / "sms.jsonl")
    return [line["client_id"] for line in lines if line.get("to") == PHONE and "вставьте рулон" in line["text"]]


def alarms(place: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = place.staff("GET", "/internal/alarms").body["alarms"]
    return rows


def standing(place: World) -> list[str]:
    return [row["state"] for row in alarms(place) if row["subject"] == "fiscal_no_paper"]


def looking(place: World) -> Callable[[], Parts]:
    """The kiosk of this world, which looks for alarms all the time."""

    def parts() -> Parts:
        found = (place.variant or Parts)()
        found.periods = replace(found.periods, alarms_s=0.2)
        return found

    return parts


def killed_at(place: World, name: str) -> list[str]:
    """One alarm during whose telling the process dies at `name`; by which messages it was told in the end."""
    before = len(told(place))
    port = place.live(
        partial(AtPoint, name), looking(place)
    )  # armed by the order: a start has an alarm of its own, until all spoke
    assert port is not None
    with contextlib.suppress(Gone):
        place.wait_open(port)
        place.until(lambda: not alarms(place) and not waiting(place), "the alarm of the start is over")
        place.buy(port)
        paper(place, out=True)
        if name == "alarm.acknowledged":
            place.until(lambda: standing(place), "the alarm stands")
            (row,) = (row for row in alarms(place) if row["subject"] == "fiscal_no_paper")
            place.staff("POST", f"/internal/alarms/{row['alarm_id']}/acknowledge")
    assert place.until_dead(), name
    assert place.live(variant=looking(place)) is not None
    wanted = "acknowledged" if name == "alarm.acknowledged" else "raised"
    with contextlib.suppress(AssertionError):  # whoever asks judges
        place.until(lambda: wanted in standing(place), f"the alarm is {wanted}")
        place.until(lambda: wanted == "acknowledged" or len(told(place)) > before, "somebody is told", 6.0)
    place.until(lambda: not waiting(place), "nothing waits to be sent")
    found = told(place)[before:]
    paper(place, out=False)
    place.until(lambda: not standing(place), "the alarm is over")
    return found


def waiting(place: World) -> int:
    channels = place.staff("GET", "/internal/alarms").body["channels"]
    return sum(row["waiting"] for row in channels)


@pytest.mark.heavy
def test_alarm_is_told_once_wherever_the_process_dies() -> None:
    with world(effects=True, extra=CALLED) as place:
        found = {name: len(killed_at(place, name)) for name in part(ALARM_POINTS, 3, of="alarms")}
        assert found.pop("alarm.acknowledged", 0) <= 1
        assert set(found.values()) == {1}, found


@pytest.mark.parametrize(
    ("variant", "name", "times"),
    [(planted.fresh_alarm_id, "alarm.sent", 2), (planted.accepted_first, "planted.alarm", 0)],
    ids=["fresh message id", "accepted before it went out"],
)
def test_planted_bug_of_an_alarm_is_caught(variant: Callable[[], Parts], name: str, times: int) -> None:
    with world(effects=True, extra=CALLED, variant=variant) as place:
        found = next((times for _ in range(3) if len(killed_at(place, name)) == times), None)
        place.found += int(found is not None)
        assert found == times, "the sweep does not see this bug: it proves nothing"
