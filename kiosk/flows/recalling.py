"""Portions that are to be given back while they wait in the robot's table: the robot is asked first, then they go."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import CookingComplex, JobState
from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.order import OrderStatus, PortionStatus
from kiosk.store.orders import PortionRow

_log = structlog.get_logger()
_IN_TABLE = (PortionStatus.SUBMITTING, PortionStatus.QUEUED)
_NOT_BEGUN = (JobState.QUEUED, JobState.CANCELLED)


class Recalling:
    def __init__(self, robot: CookingComplex) -> None:
        self._robot = robot

    async def recall(self, portions: Iterable[PortionRow]) -> None:
        """Cancel what has not begun. Raises `OrderStateConflict` (`cooking`) where one has: a meal is being made, and
        whoever gives the money back all the same asks again once the books show it. A robot that does not answer
        cooks nothing either: its job is cancelled when it is back."""
        for row in portions:
            if row.status in _IN_TABLE:
                try:
                    await self._recall(row)
                except DeviceError as error:
                    _log.warning("portion_not_recalled", portion_id=row.portion_id, error=str(error))

    async def _recall(self, row: PortionRow) -> None:
        try:
            await self._robot.cancel(row.portion_id, row.attempt)
        except DeviceRefused as refusal:
            jobs = {(job.job_id, job.attempt): job for job in await self._robot.jobs()}
            job = jobs.get((row.portion_id, row.attempt))
            if job is not None and (job.food_spent or job.state not in _NOT_BEGUN):
                raise OrderStateConflict(order_status=OrderStatus.COOKING) from refusal
