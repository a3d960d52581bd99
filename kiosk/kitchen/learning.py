"""What cooking teaches: how long each operation takes at each station, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from drivers.robot.port import Health, Job
from kiosk.clock import Clock
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import OrderStatus
from kiosk.kitchen.stopwatch import Stopwatch
from kiosk.store.database import Database
from kiosk.store.ordering import cooking, orders
from kiosk.store.stock import paces

_log = structlog.get_logger()
_WHOLE_CHART = 2  # revision of the register map


class Learning:
    """Kept by the line's own loop; what was learned outlives the process."""

    def __init__(self, database: Database, kitchen: Kitchen, clock: Clock) -> None:
        self._db = database
        self._kitchen = kitchen
        self._clock = clock
        self._stopwatch = Stopwatch()
        self._new: set[tuple[int, int]] = set()

    def look(self, jobs: Iterable[Job], work: Mapping[int, cooking.WorkRow], health: Health) -> None:
        """From what has ended since the last look. A robot of the first revision does not tell when food waits between
        its phases, and of branches it tells one phase at a time: nothing is learned there."""
        before = pace = self._kitchen.now.pace
        for lap in self._stopwatch.look(jobs, self._clock.monotonic()):
            row = work.get(lap.job_id)
            chart = None if row is None else self._kitchen.charts.get(row.chart_fingerprint)
            told = health.map_version >= _WHOLE_CHART
            if chart is not None and told and chart.is_chain and lap.phase <= len(chart.phases):
                phase = chart.phases[lap.phase - 1]
                pace = pace.with_phase(phase, lap.took_s)
                self._new.add((phase.operation, phase.station))
        if pace is not before:
            self._kitchen.publish(pace=pace)

    async def keep(self, order_id: str) -> None:
        """A portion is ready; where its order is, its promise was kept or not. What was learned is written down."""
        order, now = await self._db.read(orders.require, order_id), self._clock.now()
        pace = self._kitchen.now.pace
        if order.status is OrderStatus.READY and order.promised_at is not None:
            pace = pace.with_promise(kept=now <= order.promised_at)
            self._kitchen.publish(pace=pace)
            spread = await self._db.read(cooking.read_spread, order_id)
            late_s = round((now - order.promised_at).total_seconds())
            _log.info("order_ready", order_id=order_id, spread_s=round(spread.seconds), late_s=late_s)
        rows = [pace.learned[key] for key in self._new if key in pace.learned]
        self._new.clear()
        await self._db.write(paces.keep, rows, pace.margin)
