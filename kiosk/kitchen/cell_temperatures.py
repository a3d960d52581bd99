"""How warm each portion stood in its cell: its extremes, and the longest time that it was colder than its chart wants;
in the books once a minute and when it has gone, so that a kill loses a minute of it at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.robot.port import Cell
from kiosk.clock import Clock
from kiosk.domain.kitchen.holding import is_too_cold
from kiosk.domain.kitchen.state import Kitchen
from kiosk.kitchen.sharing import ready_in
from kiosk.store.database import Database
from kiosk.store.ordering import cooking, holding

_KEEP_S = 60.0


@dataclass(slots=True)
class _Stay:
    lowest_c: float
    highest_c: float
    cold_since: float | None = None
    cold_s: float = 0.0
    kept: tuple[float, float, float] | None = None
    kept_at: float = 0.0

    @property
    def now(self) -> tuple[float, float, float]:
        return self.lowest_c, self.highest_c, round(self.cold_s)


class CellTemperatures:
    """Kept by the line's own loop."""

    def __init__(self, database: Database, kitchen: Kitchen, clock: Clock) -> None:
        self._db = database
        self._kitchen = kitchen
        self._clock = clock
        self._stays: dict[tuple[int, int], _Stay] = {}

    async def look(self, work: Mapping[int, cooking.WorkRow], cells: Iterable[Cell]) -> None:
        """`cells` that measure and hold a portion that is ready; of one whose door is open the air says nothing."""
        monotonic, seen = self._clock.monotonic(), set()
        measured = [(cell, cell.temp_c) for cell in cells if cell.temp_c is not None]
        for row, temp_c in [(row, temp_c) for cell, temp_c in measured for row in ready_in(cell, work) if row.cell]:
            key = (row.portion_id, row.attempt)
            seen.add(key)
            stay = self._stays.setdefault(key, _Stay(temp_c, temp_c))
            stay.lowest_c, stay.highest_c = min(stay.lowest_c, temp_c), max(stay.highest_c, temp_c)
            cold = is_too_cold(self._kitchen.charts.get(row.chart_fingerprint), temp_c)
            stay.cold_since = (monotonic if stay.cold_since is None else stay.cold_since) if cold else None
            if stay.cold_since is not None:
                stay.cold_s = max(stay.cold_s, monotonic - stay.cold_since)
            if stay.kept is None or (stay.kept != stay.now and monotonic - stay.kept_at >= _KEEP_S):
                await self._keep(key, stay, monotonic)
        for key in self._stays.keys() - seen:
            stay = self._stays.pop(key)
            if stay.kept != stay.now:
                await self._keep(key, stay, monotonic)

    async def _keep(self, key: tuple[int, int], stay: _Stay, monotonic: float) -> None:
        await self._db.write(holding.keep_temperatures, *key, *stay.now)
        stay.kept, stay.kept_at = stay.now, monotonic
