"""What has had its time goes, between the payments: step by step, and the pages it stood on back to the disk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec
import structlog

from kiosk.clock import Clock
from kiosk.domain.retention import Keep
from kiosk.store import retention
from kiosk.store.database import Database
from kiosk.store.retention import Rule, Step, Term

_log = structlog.get_logger()
_FIRST_S = 60.0  # a start has other things to do
_EVERY_S = 3600.0
_REST_S = 0.2  # between two steps the writer is everybody else's
_ROWS = 100  # of a step: some two milliseconds of the writer
_PAGES = 32
_SPARE_PAGES = 1024  # 4 MB: what a day brings is put there without growing the file


class Forgetting:
    """`run()`, for ever: every rule of the store until it has nothing more to do, once an hour. `under_way`: whether
    somebody pays just now; then nothing is done until that is over."""

    def __init__(
        self,
        database: Database,
        keep: Keep,
        consumers: Collection[str],
        configured: Collection[str],
        under_way: Callable[[], bool],
        clock: Clock,
        rules: Mapping[str, Rule] = retention.RULES,
    ) -> None:
        self._db = database
        self._term = Term(clock.now(), keep, consumers, configured, _ROWS)
        self._under_way = under_way
        self._clock = clock
        self._rules = rules

    async def run(self) -> None:
        await self._clock.sleep(_FIRST_S)
        while True:
            await self.look()
            await self._clock.sleep(_EVERY_S)

    async def look(self) -> dict[str, int]:
        """All that has had its time by now; how many rows of which rule, and `pages`."""
        gone = {name: await self._follow(rule) for name, rule in self._rules.items()}
        gone["pages"] = await self._give_back()
        if done := {name: number for name, number in gone.items() if number}:
            _log.info("forgotten", **done)
        return gone

    async def _follow(self, rule: Rule) -> int:
        gone, step = 0, Step(0, more=True)
        while step.more:
            await self._rest()
            step = await self._db.write(rule, msgspec.structs.replace(self._term, now=self._clock.now()))
            gone += step.gone
        return gone

    async def _give_back(self) -> int:
        given, pages = 0, _PAGES
        while pages == _PAGES:
            await self._rest()
            pages = await self._db.write(retention.give_back_pages, _PAGES, _SPARE_PAGES)
            given += pages
        return given

    async def _rest(self) -> None:
        await self._clock.sleep(_REST_S)
        while self._under_way():
            await self._clock.sleep(_REST_S)
