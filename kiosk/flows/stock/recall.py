"""Portions that are to be given back while they wait in the robot's table: the robot is asked first, then they go."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import structlog

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import CookingComplex, JobState
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import PortionStatus
from kiosk.store.ordering.orders import PortionRow

_log = structlog.get_logger()
_IN_TABLE = (PortionStatus.SUBMITTING, PortionStatus.QUEUED)
_NOT_BEGUN = (JobState.QUEUED, JobState.CANCELLED)


class Recall:
    def __init__(self, robot: CookingComplex, kitchen: Kitchen) -> None:
        self._robot = robot
        self._kitchen = kitchen

    @contextlib.contextmanager
    def keep_back(self, portions: Iterable[PortionRow]) -> Iterator[None]:
        """The kitchen sees each cancelled job at once, the books hear of the refund only when all were asked about:
        until then none of them is submitted again."""
        ids = {row.portion_id for row in portions} - self._kitchen.now.recalled
        self._kitchen.publish(recalled=self._kitchen.now.recalled | ids)
        try:
            yield
        finally:
            self._kitchen.publish(recalled=self._kitchen.now.recalled - ids)

    async def recall(self, portions: Iterable[PortionRow]) -> frozenset[int]:
        """Cancel what has not begun; the ids of what has: it will be cooked to its end, whatever becomes of the money,
        and its cell opens for staff alone. What the robot cannot be asked about counts as begun: once it answers, what
        still waits in its table is cancelled and dropped, and what was made, or fetched, is so in the books."""
        in_table = [row for row in portions if row.status in _IN_TABLE]
        begun = {row.portion_id for row in in_table}
        for row in in_table:
            try:
                if not await self._has_begun(row):
                    begun.remove(row.portion_id)
            except DeviceError as error:  # nobody waits for its silence once for each portion
                _log.warning("portions_not_recalled", portion_id=row.portion_id, error=str(error))
                break
        return frozenset(begun)

    async def _has_begun(self, row: PortionRow) -> bool:
        """False where it was cancelled, or never came."""
        try:
            await self._robot.cancel(row.portion_id, row.attempt)
        except DeviceRefused:
            jobs = {(job.job_id, job.attempt): job for job in await self._robot.jobs()}
            job = jobs.get((row.portion_id, row.attempt))
            return job is not None and (job.food_spent or job.state not in _NOT_BEGUN)
        return False
