"""Keeps the menu that of the hour: at the next moment at which a price or a daypart changes, and whenever the clock was
set."""

from __future__ import annotations

import structlog

from kiosk.clock import Clock
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.moment import MenuOfInstant
from kiosk.periods import USUAL, Periods

_log = structlog.get_logger()
_SHORTEST_S = 0.01  # a sleep may end a little before its moment


class MenuTurns:
    """`run()` until cancelled. What is next is asked for anew each time: nothing of it is kept over a jump of the clock
    or a restart."""

    def __init__(self, menu: CurrentMenu, instants: MenuOfInstant, clock: Clock, periods: Periods = USUAL) -> None:
        self._menu = menu
        self._instants = instants
        self._clock = clock
        self._periods = periods

    async def run(self) -> None:
        while True:
            before = self._menu.now
            self._menu.turn()
            if self._menu.now is not before:
                _log.info("menu_turned", prices=self._menu.now.prices_begun, out=len(self._menu.now.out))
            await self._clock.sleep(self._rests_s())

    def _rests_s(self) -> float:
        now = self._clock.now()
        at = self._instants.next_change(self._menu.whole, now)
        left_s = self._periods.menu_s if at is None else (at - now).total_seconds()
        return max(_SHORTEST_S, min(left_s, self._periods.menu_s))
