"""How much a step of background work takes on: as much as holds the writer for two milliseconds, however quick the
machine is just now. A step that took longer is followed by a smaller one at once, one that was quick by a larger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from kiosk.clock import Clock
from kiosk.store.database import Database
from kiosk.store.transaction import Tx

T = TypeVar("T")
P = ParamSpec("P")
_WANTED_S = 0.002  # of the five that the writer may be held; the commit comes on top


class Pace:
    """`rows`: how many the next step may take on, `first` of them at the beginning and never more than `most`."""

    def __init__(self, first: int, most: int, clock: Clock) -> None:
        self.rows = first
        self._most = most
        self._clock = clock

    async def write(
        self, database: Database, run: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `Database.write`, and learn from how long it took there."""

        def timed(tx: Tx) -> tuple[T, float]:
            began_s = self._clock.monotonic()
            return run(tx, *args, **kwargs), self._clock.monotonic() - began_s

        result, took_s = await database.write(timed)
        self.learn(took_s)
        return result

    def learn(self, took_s: float) -> None:
        fits = self.rows * _WANTED_S / took_s if took_s > 0 else self._most
        self.rows = max(1, min(int(fits), 2 * self.rows, self._most))
