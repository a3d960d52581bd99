"""The picture of the kitchen that the rest of the house sees: bins, the plan of the work, whether the robot cooks."""

from __future__ import annotations

import structlog

from drivers.errors import DeviceError, pause_word
from drivers.robot.port import Bin, BinFlag, ComplexState, CookingComplex, Health, HealthFlag
from kiosk.clock import Clock
from kiosk.domain.chart import Chart
from kiosk.domain.events import StockLowEvent
from kiosk.domain.menu import Menu
from kiosk.domain.order import PENDING_PORTIONS
from kiosk.domain.planning import Plan
from kiosk.domain.readiness import Kitchen, Readiness, StockBin
from kiosk.store import cooking, outbox, records
from kiosk.store.database import Database

_log = structlog.get_logger()


class KitchenPicture:
    """Kept by the line's own loop."""

    def __init__(
        self,
        database: Database,
        robot: CookingComplex,
        menu: Menu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._robot = robot
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._ingredients = {row.code: row for row in menu.ingredients.values()}
        self._low: set[int] = set()
        self.charts: dict[str, Chart] = {}

    async def read_work(self) -> dict[int, cooking.WorkRow]:
        async with self._db.read() as reader:
            rows = await cooking.read_work(reader)
            if any(row.chart_fingerprint not in self.charts for row in rows):
                self.charts = await records.read_charts(reader)
        pending = [row for row in rows if row.status in PENDING_PORTIONS]
        ids = frozenset(row.portion_id for row in pending)
        if ids != self._kitchen.pending:
            self._kitchen.pending = ids
            self._kitchen.plan = Plan(
                [(p.station, p.p2) for p in self.charts[row.chart_fingerprint].phases] for row in pending
            )
        return {row.portion_id: row for row in rows}

    async def look_at_bins(self) -> None:
        bins = [self._stock_bin(row) for row in await self._robot.bins()]
        self._kitchen.bins = bins
        self._kitchen.linked = True
        low = {row.bin for row in bins if row.low}
        news = [row for row in bins if row.bin in low - self._low]
        self._low = low
        if news:
            now = self._clock.now()
            await self._db.write(lambda tx: [outbox.put(tx, _stock_low(row), now) for row in news])

    def _stock_bin(self, row: Bin) -> StockBin:
        ingredient = self._ingredients.get(row.ingredient)
        unusable = BinFlag.EMPTY | BinFlag.SENSOR_FAULT | BinFlag.EXPIRED | BinFlag.OPEN
        return StockBin(
            bin=row.bin,
            ingredient=None if ingredient is None else ingredient.id,
            unit="" if ingredient is None else ingredient.unit,
            level=row.level,
            capacity=row.capacity,
            committed=row.committed,
            low=bool(row.flags & (BinFlag.LOW | BinFlag.EMPTY)),
            usable=not row.flags & unusable,
        )

    async def tell(self, reason: str | None, detail: str) -> None:
        if self._readiness.set("robot", reason):
            _log.info("robot_readiness", reason=reason, detail=detail)
            now = self._clock.now()
            await self._db.write(lambda tx: records.set_fault(tx, "robot", reason, detail, now))

    async def lose(self, error: DeviceError) -> None:
        """The robot does not answer."""
        self._kitchen.linked = False
        await self.tell(f"robot_{pause_word(error)}", str(error))

    def learn(self, row: cooking.WorkRow) -> None:
        """How long cooking really takes, as a factor on the charts' nominal times."""
        chart = self.charts.get(row.chart_fingerprint)
        if row.cooking_at is not None and chart is not None and chart.nominal_s:
            actual_s = (self._clock.now() - row.cooking_at).total_seconds()
            self._kitchen.factor += 0.2 * (actual_s / chart.nominal_s - self._kitchen.factor)


def why_not(health: Health) -> str | None:
    if health.flags & (HealthFlag.ESTOP_PRESSED | HealthFlag.ESTOP_LATCHED):
        return "robot_estop"
    if health.flags & HealthFlag.STORE_FAULT:
        return "robot_store_fault"
    if health.state in (
        ComplexState.EXECUTE,
        ComplexState.SUSPENDED,
        ComplexState.SUSPENDING,
        ComplexState.UNSUSPENDING,
    ):
        return None
    return f"robot_{health.state.name.lower()}"


def _stock_low(row: StockBin) -> StockLowEvent:
    return StockLowEvent(bin=row.bin, ingredient=row.ingredient or "", level=row.level, unit=row.unit)
