"""Every hour a backup on the disk of the standby copy, looked through before it counts; old ones go."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import BACKUP_LATE
from kiosk.periods import USUAL, Periods
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.file.copying import answered
from kiosk.store.file.standby import claim

_log = structlog.get_logger()
_NAME = re.compile(r"kiosk-(\d{8}T\d{2})Z\.db")
_UNSEEN = ".part"
_STEP_S = 20.0  # a disk that takes longer is stuck
_AGAIN_S = 600.0  # where one could not be made
CHECK = "backups"
_LATE_S = 2.5 * 3600.0  # from then on a person is called
#: Says what is wrong with a file, None where it is sound.
LookThrough = Callable[[Path], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class BackupRules:
    """Kept are the last `hours` of them, and of the last `days` on which some were made the last of each."""

    hours: int
    days: int


class HourlyBackups:
    """`run()` until cancelled. `kiosk-20261130T18Z.db` in `folder`, which stands in that of the standby copy, is what
    was known in this hour (UTC)."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        rules: BackupRules,
        look_through: LookThrough,
        readiness: Readiness,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._db = database
        self._folder = folder
        self._rules = rules
        self._look_through = look_through
        self._readiness = readiness
        self._clock = clock
        self._periods = periods
        self._begun_at = clock.now()
        self.error: str | None = None
        self.newest_at: datetime | None = None

    @property
    def age_s(self) -> float:
        """Since the newest backup that was found sound; of none, since the start."""
        return max(0.0, (self._clock.now() - (self.newest_at or self._begun_at)).total_seconds())

    async def run(self) -> None:
        while True:
            await self.look()
            late = BACKUP_LATE if self.age_s > _LATE_S else None
            self._readiness.set(CHECK, late, blocks=False, detail=self.error or "")
            await self._clock.sleep(self._periods.backups_s if self.error is None else _AGAIN_S)

    async def look(self) -> None:
        """Make the backup of this hour where it is not there yet."""
        now = self._clock.now().astimezone(UTC)
        file = self._folder / f"kiosk-{now:%Y%m%dT%H}Z.db"
        try:
            database_id = await self._db.write(meta.database_id)
            known = await answered(partial(self._prepare, database_id), _STEP_S)
            if file not in known:
                await self._make(file)
                known.append(file)
            self.newest_at = max(moment for moment in map(moment_of, known) if moment <= now)
            for old in outlived(known, self._rules):
                if old != file:  # by a clock that runs behind it would be the oldest
                    await answered(old.unlink, _STEP_S)
        except (OSError, DatabaseBroken) as error:
            self._fail(f"{self._folder}: {error}")
            return
        self.error = None

    def _prepare(self, database_id: str) -> list[Path]:
        """The backups that are there. Raises `OSError`, also where they are another's."""
        claim(self._folder.parent, database_id)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.glob(f"*{_UNSEEN}*"):
            left.unlink()
        return [path for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]

    async def _make(self, file: Path) -> None:
        """Under another name until it was looked through. Raises `OSError`, `DatabaseBroken`."""
        made = file.with_name(file.name + _UNSEEN)
        try:
            size = await self._db.backup(made)
            wrong = await self._look_through(made)
            if wrong is not None:
                raise DatabaseBroken(f"the backup is not sound: {wrong}")
            await answered(partial(made.rename, file), _STEP_S)
        finally:
            with contextlib.suppress(OSError):
                await answered(partial(_clear, made), _STEP_S)
        _log.info("backup_made", file=file.name, size_bytes=size)

    def _fail(self, error: str) -> None:
        if error != self.error:
            _log.warning("backup_failed", error=error)
        self.error = error


def _clear(made: Path) -> None:
    """What is left of a copy, and of who looked through it."""
    for beside in ("", "-wal", "-shm"):
        made.with_name(made.name + beside).unlink(missing_ok=True)


def moment_of(file: Path) -> datetime:
    """The hour in its name."""
    found = _NAME.fullmatch(file.name)
    if found is None:
        raise ValueError(file.name)
    return datetime.strptime(found[1], "%Y%m%dT%H").replace(tzinfo=UTC)


def outlived(files: Iterable[Path], rules: BackupRules) -> list[Path]:
    """Those that are not kept any more, by their number and not by their age: a clock that was set takes none away."""
    by_age = sorted(files, key=moment_of, reverse=True)
    last_of_day: dict[date, Path] = {}
    for file in by_age:
        last_of_day.setdefault(moment_of(file).date(), file)
    kept = {*by_age[: rules.hours], *list(last_of_day.values())[: rules.days]}
    return [file for file in by_age if file not in kept]
