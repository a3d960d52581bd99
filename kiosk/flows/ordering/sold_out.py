"""Counts the minutes in which sales were open, and in which of them each dish was not to be had.

A look a minute, by time that has passed; each look stands for its minute, and a look that a stop swallows for none."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.clock import Clock
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.reasons import NOT_AT_THIS_HOUR
from kiosk.flows.ordering.availability import Offer
from kiosk.flows.ordering.conditions import Conditions
from kiosk.store.database import Database
from kiosk.store.staff import day_counts

_MINUTE_S = 60.0
#: As the menu wants it: nobody misses it.
_NOT_SOLD = (NOT_AT_THIS_HOUR,)


class SoldOutWatch:
    """`run()` until cancelled."""

    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        kitchen: Kitchen,
        conditions: Conditions,
        clock: Clock,
        *,
        zone: ZoneInfo,
    ) -> None:
        self._db = database
        self._menu = menu
        self._kitchen = kitchen
        self._conditions = conditions
        self._clock = clock
        self._zone = zone

    async def run(self) -> None:
        while True:
            await self._clock.sleep(_MINUTE_S)
            await self.look()

    async def look(self) -> None:
        """Counts one minute, where sales are open."""
        if self._conditions.why_paused(0.0) is not None:
            return
        menu = self._menu.now
        offer = Offer(menu, self._kitchen.now)
        offered = (offer.of(item_id) for item_id in menu.dishes)
        gone = [(row.item_id, row.reason or "") for row in offered if not row.available and row.reason not in _NOT_SOLD]
        day = self._clock.now().astimezone(self._zone).date().isoformat()
        await self._db.write(day_counts.count_open, day, 1, gone)
