"""A disk is lost at noon: from the copy on another the day goes on in a fresh folder, and nothing happens twice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from kiosk.clock import SystemClock
from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.opening import inspect
from kiosk.store.file.standby import NAME, generations, lay_out
from kiosk.wiring import restore
from tests.clocks import PassingClock
from tests.restaurant import FAST_LOOKS, Restaurant, restaurant, until
from tests.scenes.test_personal_data import about, known, read_in
from tests.scenes.test_restore import eaten, findings, settle_all
from tests.scenes.test_signing_in import PHONE

_LOOKS = replace(FAST_LOOKS, standby_s=0.02, standby_again_s=0.005, backups_s=0.02)


def copying_to(folder: Path) -> str:
    return f'[standby]\nfolder = "{folder}"\n'


def last_sequence(folder: Path, place: Path) -> int:
    place.mkdir()
    with closing(sqlite3.connect(lay_out(folder, place))) as connection:
        found: int = connection.execute("SELECT max(sequence) FROM event").fetchone()[0]
    return found


async def copied(place: Restaurant, folder: Path, tmp_path: Path) -> None:
    """Until the copy knows every event that there is."""
    wanted, numbers = (await place.events())[-1]["sequence"], count()

    async def there() -> bool:
        """Others may follow meanwhile."""
        return bool(generations(folder)) and last_sequence(folder, tmp_path / f"look-{next(numbers)}") >= wanted

    await until(there)


async def age_s(place: Restaurant) -> float:
    lines = str((await place.call("GET", "/metrics")).body).replace("\\n", "\n").splitlines()
    (found,) = [line for line in lines if line.startswith("kiosk_standby_age_seconds ")]
    return float(found.split()[1])


async def test_a_disk_is_lost_at_noon_and_the_day_goes_on_from_the_copy_in_a_fresh_folder(tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with restaurant(copying_to(other), periods=_LOOKS) as place:
        known = await eaten(place, "tea", "udon-chicken")
        await copied(place, other, tmp_path)
        other.rename(tmp_path / "unplugged")
        other.write_text("no folder")  # what is sold now no copy knows
        lost = await eaten(place, "tea")
        before = {name: place.ledger(name) for name in ("bank", "fiscal", "robot")}
        await place.kiosk.stop()
        for path in place.folder.glob("kiosk.*"):
            path.unlink()
        (place.folder / "token.secret").unlink()

        assert restore(place.folder / "kiosk.db", tmp_path / "unplugged", "tester", SystemClock().now()) is None
        assert (place.folder / "token.secret").stat().st_mode & 0o777 == 0o600
        await place.restart()
        rows = await findings(place, 1)
        assert [row["order_id"] for row in rows] == lost
        await place.until_paused("books")
        await settle_all(place, rows)
        await place.until_open()
        assert {name: place.ledger(name) for name in before} == before  # nothing happened again
        for order_id in known:
            assert (await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "completed"
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
        await eaten(place, "tea")


async def test_a_disk_that_is_away_stops_no_sale_calls_somebody_and_is_copied_to_once_it_is_back(
    tmp_path: Path,
) -> None:
    other, clock = tmp_path / "other", PassingClock()
    other.write_text("no folder")
    async with restaurant(copying_to(other), periods=_LOOKS, clock=clock) as place:
        await eaten(place, "tea")
        clock.jump(400)

        async def is_late() -> bool:
            checks = (await place.internal("GET", "/internal/status")).body["checks"]
            return bool(checks.get("standby", {}).get("reason") == "standby_late")

        await until(is_late)
        assert await age_s(place) > 300
        await eaten(place, "tea")  # sales go on
        other.unlink()
        clock.jump(700)
        await copied(place, other, tmp_path)

        async def is_over() -> bool:
            return not await is_late()

        await until(is_over)
        assert await age_s(place) < 300


async def test_each_hour_has_a_backup_that_was_looked_through_and_only_so_many_are_kept(tmp_path: Path) -> None:
    other, clock = tmp_path / "other", PassingClock()
    extra = copying_to(other) + "keep_hours = 2\nkeep_days = 1\n"
    hourly = other / "hourly"

    def names() -> list[str]:
        return sorted(path.name for path in hourly.glob("*.db"))

    async with restaurant(extra, periods=_LOOKS, clock=clock) as place:
        await eaten(place, "tea")
        for hours in range(3):
            clock.jump(3600 if hours else 0)

            async def made(hours: int = hours) -> bool:
                return len(names()) == min(hours + 1, 2) and names()[-1] == f"kiosk-{clock.now():%Y%m%dT%H}Z.db"

            await until(made)
        assert all(inspect(hourly / name).startswith("version") for name in names())
        assert not list(hourly.glob("*.part*"))


async def test_after_a_person_was_erased_no_copy_knows_the_number(tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with restaurant(copying_to(other), periods=_LOOKS) as place:
        await known(place)
        await copied(place, other, tmp_path)
        assert read_in(generations(other)[0], PHONE)
        assert (await about(place, "erase")).status == 200

        async def forgotten() -> bool:
            return bool(generations(other)) and not read_in(generations(other)[0], PHONE)

        await until(forgotten)


def test_a_folder_without_a_whole_copy_is_refused_by_name(tmp_path: Path) -> None:
    half = tmp_path / "other" / "copy-20261130T120000000000"
    half.mkdir(parents=True)
    (half / NAME).write_bytes(b"")
    with pytest.raises(DatabaseBroken, match="no standby copy that is whole"):
        restore(tmp_path / "kiosk.db", tmp_path / "other", "tester", SystemClock().now())
    shutil.rmtree(half)
