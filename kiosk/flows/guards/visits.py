"""Visits at the screens, counted by day and terminal: how far each came and at which screen it ended; nobody's name, no
session and no time of day is kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import InvalidRequest
from kiosk.flows.guards.pages import TerminalId
from kiosk.flows.guards.rate_limit import Window
from kiosk.store.database import Database
from kiosk.store.staff import day_counts

#: No screen has more visits in a minute; whoever tells more is no screen.
_MOST_A_MINUTE = 60
Step = Literal["touched", "chosen", "cart", "ordered", "paying", "paid"]
Screen = Literal["service", "menu", "cart", "points", "payment", "done", "track", "seller", "history"]


class Visit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One that is over. `reached`: its furthest step; `left_at`: the screen that was shown last."""

    reached: Step
    left_at: Screen
    terminal_id: TerminalId | None = None


class Visits:
    def __init__(self, database: Database, terminals: Collection[str], clock: Clock, zone: ZoneInfo) -> None:
        self._db = database
        self._terminals = list(terminals)
        self._clock = clock
        self._zone = zone
        self._lately = Window(clock, _MOST_A_MINUTE, 60.0)

    async def count(self, visit: Visit) -> None:
        """Raises `InvalidRequest` for an unknown terminal, `TooManyRequests` for more than a screen can have."""
        terminal_id = visit.terminal_id or self._terminals[0]
        if terminal_id not in self._terminals:
            raise InvalidRequest.at("$.terminal_id", "no such terminal")
        self._lately.take(terminal_id)
        day = self._clock.now().astimezone(self._zone).date().isoformat()
        await self._db.write(day_counts.count_visit, day, terminal_id, visit.reached, visit.left_at)
