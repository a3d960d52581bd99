"""The standby copy and the hourly backups, where the settings name a folder for them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from kiosk.config.secret_files import token_secret_file
from kiosk.flows.guards.backups import BackupRules, HourlyBackups
from kiosk.flows.guards.standby import StandbyGuard
from kiosk.runtime.command import run_command
from kiosk.runtime.idle import when_idle
from kiosk.wiring.ground import Ground

_HOURLY = "hourly"
_LOOKED_THROUGH_WITHIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class StandbyParts:
    guard: StandbyGuard
    backups: HourlyBackups

    @classmethod
    def of(cls, ground: Ground) -> StandbyParts | None:
        """None where nothing is to be copied."""
        wanted, database, parts = ground.config.standby, ground.database, ground.parts
        if not wanted.folder:
            return None
        folder = Path(wanted.folder)
        small = (ground.config.database.path.with_suffix(".erased"), token_secret_file(ground.config))
        rules = BackupRules(wanted.keep_hours, wanted.keep_days)
        return cls(
            StandbyGuard(database, folder, small, ground.readiness, parts.clock, parts.periods),
            HourlyBackups(
                database, folder / _HOURLY, rules, _look_through, ground.readiness, parts.clock, parts.periods
            ),
        )

    def counts(self) -> dict[str, float]:
        """For `/metrics`."""
        return {"standby_age_seconds": self.guard.age_s, "backup_age_seconds": self.backups.age_s}


def remark(folder: str, database: Path) -> tuple[bool, str] | None:
    """Whether the folder of the settings is what it should be, with a sentence; None where none is named."""
    if not folder:
        return None
    there = next(place for place in (Path(folder), *Path(folder).parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return False, f"{folder}: nothing can be written there"
    beside = next(place for place in (database, *database.parents) if place.exists())
    if there.stat().st_dev == beside.stat().st_dev:
        return False, f"{folder} is on the disk of the database: it is lost together with it"
    return True, folder


async def _look_through(file: Path) -> str | None:
    """What is wrong with it: by a process beside ours, which only runs when nobody else wants the machine."""
    words = (*when_idle(), sys.executable, "-m", "kiosk.wiring.checking", str(file))
    return await run_command(words, _LOOKED_THROUGH_WITHIN_S)
