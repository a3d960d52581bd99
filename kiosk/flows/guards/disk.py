"""The disk's keeper: sales stop before it is full, while everything under way can still be written down."""

from __future__ import annotations

import contextlib

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import DISK, STARTING
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.file.reserve import Reserve

_log = structlog.get_logger()
#: Free megabytes: from when on a person is warned, and called.
LOW_MB, ALARM_MB = 2048, 512


class DiskGuard:
    """Below `floor_bytes` nothing new is sold; the reserve is laid again as soon as there is room for it."""

    def __init__(
        self,
        database: Database,
        reserve: Reserve,
        floor_bytes: int,
        readiness: Readiness,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = database
        self._reserve = reserve
        self._floor_bytes = floor_bytes
        self._readiness = readiness
        self._clock = clock
        self._told: str | None = STARTING  # what was noted last; the first look records in any case
        self.free_bytes = 0

    def notice(self) -> None:
        """Right before money is to move: the disk may have filled since the last look."""
        if self._reserve.free_bytes() < self._floor_bytes:
            self._readiness.set("disk", DISK)

    async def run(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(self._periods.disk_s)

    async def look(self) -> None:
        self.free_bytes = self._reserve.free_bytes()
        reason = DISK if self.free_bytes < self._floor_bytes or not self._reserve.lay() else None
        self._readiness.set("disk", reason)
        if reason == self._told:
            return
        _log.info("disk_readiness", reason=reason, free_bytes=self.free_bytes)
        now, detail = self._clock.now(), f"{self.free_bytes} bytes free"
        with contextlib.suppress(DatabaseBroken):  # no room even for this: recorded at a later look
            await self._db.write(device_faults.record, "disk", reason, detail, now)
            self._told = reason
