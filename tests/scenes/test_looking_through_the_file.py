"""The database file is looked through beside the sales: how far it is stands in the status, damage closes sales."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import SystemClock
from kiosk.domain.errors import DatabaseBroken
from kiosk.flows.guards.file_check import FileCheck, FileView
from kiosk.runtime.idle import when_idle
from tests.restaurant import Restaurant, restaurant, until

#: The process that looks gives way to everybody else: on a machine where all cores are taken it hardly has a turn.
IDLE_S = 400.0
ORPHAN = "INSERT INTO timeline VALUES ('nobody', 'paid', '2026-11-22T12:00:00.000Z')"


async def told(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", "/internal/status")).body["file"]
    return found


async def closes_sales(place: Restaurant) -> bool:
    """Damage comes into the file, and the look that follows it."""
    with sqlite3.connect(place.folder / "kiosk.db") as other:
        other.execute(ORPHAN)
    other.close()
    assert await place.kiosk.flows.file_check.look() is False
    sales = (await place.call("GET", "/api/restaurant")).body["sales"]
    return (sales["open"], sales["reason"]) == (False, "books")


async def test_a_sound_file_is_looked_through_after_the_start_while_the_kiosk_sells() -> None:
    async with restaurant(check_file_after_s=0.0) as place:
        guest = await place.guest()
        assert (await guest.pay((await guest.order(("tea", 1)))["order_id"])).status == 200

        async def sound() -> bool:
            return bool((await told(place))["state"] == "sound")

        await until(sound, IDLE_S)
        checked_at = (await told(place))["checked_at"]
        await place.restart(check_file_after_s=0.0)
        await until(sound, IDLE_S)
        assert (await told(place))["checked_at"] == checked_at, (
            "who ended well is not looked through again the same day"
        )


async def test_damage_closes_sales_is_told_and_refused_at_the_next_start(place: Restaurant) -> None:
    assert await closes_sales(place)
    view = await told(place)
    assert view["state"] == "damaged"
    assert "timeline refers to nothing" in view["damage"]
    status = (await place.internal("GET", "/internal/status")).body
    assert status["checks"]["file"] == {"ok": False, "reason": "books"}
    assert "kiosk restore FILE" in status["says"]["file"]
    assert "DeviceFaultEvent" in [event["type"] for event in await place.events()]
    with pytest.raises(DatabaseBroken, match="kiosk restore FILE"):
        await place.restart()


async def test_a_finding_without_measure_is_told_short(place: Restaurant) -> None:
    with sqlite3.connect(place.folder / "kiosk.db") as other:
        other.execute(f'CREATE TABLE strange ("{"t" * 200_000}" INTEGER)')
        other.execute(f"INSERT INTO strange VALUES ({10**17})")
    other.close()
    assert await place.kiosk.flows.file_check.look() is False
    assert "strange.ttt" in (await told(place))["damage"]


class Deaf(FileCheck):
    """Planted: damage is found, and nobody closes sales."""

    async def _close(self, damage: str) -> None:
        self.view = FileView("damaged", damage=damage)


async def test_planted_look_that_closes_nothing_is_caught() -> None:
    async with restaurant(file_check=Deaf) as place:
        assert not await closes_sales(place)


async def test_ready_is_who_has_asked_each_device_once(place: Restaurant) -> None:
    assert not place.kiosk.readiness.starting
    ready = (await place.call("GET", "/readyz")).body
    assert (ready["ready"], ready["sells"]) == (True, True)
    place.fiscal.faults.switch("off", on=True)
    await place.restart()
    ready = (await place.call("GET", "/readyz")).body
    assert (ready["ready"], ready["sells"]) == (True, False)
    assert "starting" not in {check["reason"] for check in ready["checks"].values()}


async def test_a_device_that_says_nothing_holds_the_start_no_longer_than_it_may() -> None:
    async with restaurant(asked_within_s=0.1, sales_open=False) as place:
        assert (await place.call("GET", "/readyz")).status == 200


async def test_a_stop_in_the_middle_of_the_look_leaves_no_process_behind(place: Restaurant) -> None:
    pid_file = place.folder / "looking.pid"
    long = f"import os, pathlib, time; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(600)"
    looking = FileCheck(
        place.kiosk.database, (sys.executable, "-c", long), place.kiosk.readiness, SystemClock(), after_s=0.0
    )
    task = asyncio.create_task(looking.look())
    pid = await until(lambda: pid_file.exists() and pid_file.read_text())
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not Path(f"/proc/{pid}").exists()


def test_the_look_uses_the_disk_when_nobody_else_does() -> None:
    words = [*when_idle(), "ionice"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=10)
    assert told.stdout.strip() == "idle"


async def test_the_look_at_a_sound_file_has_nothing_to_complain_of(place: Restaurant) -> None:
    command = [sys.executable, "-m", "kiosk.wiring.checking", str(place.folder / "kiosk.db")]
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (0, "")
