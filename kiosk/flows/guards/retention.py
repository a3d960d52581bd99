"""What has had its time goes, between the payments: step by step, and the pages it stood on back to the disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec
import structlog

from kiosk.clock import Clock
from kiosk.domain.staff.retention import Keep
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.pace import Pace
from kiosk.store.database import Database
from kiosk.store.keep import personal, retention
from kiosk.store.keep.retention import Rule, Step, Term

_log = structlog.get_logger()
_FIRST_S = 60.0  # a start has other things to do
_EVERY_S = 3600.0
_REST_S = 0.2  # between two steps the writer is everybody else's
_ROWS, _MOST_ROWS = 25, 100  # of a step, at first and at most
_PAGES, _MOST_PAGES = 8, 32
_RULES = {**retention.RULES, **personal.RULES}
_SPARE_PAGES = 1024  # 4 MB: what a day brings is put there without growing the file


class Retention:
    """`run()` until cancelled: every rule of the store until it has nothing more to do, once an hour. `under_way`:
    whether somebody pays just now; then nothing is done until that is over."""

    def __init__(
        self,
        database: Database,
        keep: Keep,
        archive: OrderArchive,
        clock: Clock,
        *,
        consumers: Collection[str],
        configured: Collection[str],
        under_way: Callable[[], bool],
        rules: Mapping[str, Rule] = _RULES,
    ) -> None:
        self._db = database
        self._term = Term(clock.now(), keep, consumers, configured, _ROWS)
        self._under_way = under_way
        self._archive = archive
        self._clock = clock
        self._rules = rules

    async def run(self) -> None:
        await self._clock.sleep(_FIRST_S)
        while True:
            await self.look()
            await self._clock.sleep(_EVERY_S)

    async def look(self) -> dict[str, int]:
        """All that has had its time by now; how many rows of which rule, `orders` that moved, and `pages`."""
        gone = {name: await self._follow(rule) for name, rule in self._rules.items()}
        await self._archive.examine()
        gone["orders"] = await self._archive.move_out(self._now, self._rest)
        gone["pages"] = await self._give_back()
        if done := {name: number for name, number in gone.items() if number}:
            _log.info("forgotten", **done)
        return gone

    def _now(self) -> Term:
        return msgspec.structs.replace(self._term, now=self._clock.now())

    async def _follow(self, rule: Rule) -> int:
        pace = Pace(_ROWS, _MOST_ROWS, self._clock)
        gone, step = 0, Step(0, more=True)
        while step.more:
            await self._rest()
            step = await pace.write(self._db, rule, msgspec.structs.replace(self._now(), rows=pace.rows))
            gone += step.gone
        return gone

    async def _give_back(self) -> int:
        pace = Pace(_PAGES, _MOST_PAGES, self._clock)
        given, asked, pages = 0, 0, 0
        while pages == asked:
            await self._rest()
            asked = pace.rows
            pages = await pace.write(self._db, retention.give_back_pages, asked, _SPARE_PAGES)
            given += pages
        return given

    async def _rest(self) -> None:
        await self._clock.sleep(_REST_S)
        while self._under_way():
            await self._clock.sleep(_REST_S)
