"""Lots in the bins, kept by the line's own loop: what each job took, what the levels say, what is past its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from drivers.robot.port import Job
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.kitchen.lots import Lot, LotRules, closed_for_sale, sums, unfit
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen, StockBin
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.reasons import LOT_EXPIRED, LOT_EXPIRING, LOT_RECALLED
from kiosk.domain.text import Text
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.stock import lots
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
#: Before the bin, as the name of a check that closes no sales but those of its dishes.
CHECK = "lot_"


class LotKeeper:
    """`see_clock`: moves what was promised where the wall clock was set, before anything is called past its time."""

    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        kitchen: Kitchen,
        readiness: Readiness,
        clock: Clock,
        rules: LotRules,
        *,
        see_clock: Callable[[], Awaitable[None]],
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._menu = menu
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._rules = rules
        self._see_clock = see_clock
        self._cp = checkpoint
        self._spent: frozenset[tuple[int, int]] = frozenset()
        self._looked: object = None
        self._acts: list[lots.Act] = []
        self._told: set[str] = set()
        database.publish_with(lots.TOPIC, lots.read_stock, self._publish)

    async def restore(self) -> None:
        """At start: what may not be used is so before anything is cooked or sold."""
        self._publish(await self._db.read(lots.read_stock))

    async def look(self, bins: Collection[StockBin], jobs: Iterable[Job]) -> None:
        """`bins` as they were read before `jobs`."""
        spent = frozenset((job.job_id, job.attempt) for job in jobs if job.food_spent)
        for portion_id, attempt in spent - self._spent:
            if await self._db.write(lots.spend, portion_id, attempt, self._clock.now()):
                self._cp("lots.spent")
        await self._settle({row.bin: row.level for row in bins})
        await self._level(bins, spent)
        self._spent = spent
        await self._mark_expired()
        self._judge()

    async def _settle(self, levels: Mapping[int, int]) -> None:
        """Acts whose end nobody has written: the process was killed, or the robot did not answer."""
        for act in self._acts:
            if act.bin in levels and act.bin not in self._kitchen.now.bins_in_hand:
                await self._db.write(_settle, act.bin, levels[act.bin], self._clock.now())
                _log.warning("bin_act_settled", bin=act.bin, level=levels[act.bin], wanted=act.level_after)

    async def _level(self, bins: Collection[StockBin], spent: frozenset[tuple[int, int]]) -> None:
        """Only where two looks say the same: levels and jobs are read one after the other, and what a job took in
        between is told by both in the next."""
        held = sums(self._kitchen.now.lots)
        known = [row for row in bins if row.ingredient is not None and row.sound]
        looked = (spent, held, [(row.bin, row.level) for row in known], self._kitchen.now.bins_in_hand)
        if looked != self._looked:
            self._looked = looked
            return
        off = {
            row.bin: (row.ingredient or "", row.level)
            for row in known
            if row.level != held.get(row.bin, 0) and row.bin not in self._kitchen.now.bins_in_hand
        }
        if off:
            _log.info(
                "lots_levelled", bins={number: amount - held.get(number, 0) for number, (_, amount) in off.items()}
            )
            await self._db.write(lots.level, off, self._clock.now())
            self._cp("lots.levelled")

    async def _mark_expired(self) -> None:
        now = self._clock.now()
        over = [lot for lot in self._kitchen.now.lots if lot.expired_at is None and lot.is_over(now)]
        if not over:
            return
        await self._see_clock()
        now = self._clock.now()
        over = [lot for lot in self._kitchen.now.lots if lot.expired_at is None and lot.is_over(now)]
        if over:
            await self._db.write(lots.mark_expired, [lot.lot_id for lot in over], now)
            self._cp("lots.expired")
            for lot in over:
                _log.warning("lot_expired", bin=lot.bin, lot=lot.name, remaining=lot.remaining)

    def _publish(self, found: lots.Stock) -> None:
        self._acts = found.acts
        self._kitchen.publish(lots=tuple(found.lots), tainted=found.tainted)
        self._judge()

    def _judge(self) -> None:
        """What time alone changes, too."""
        state, now = self._kitchen.now, self._clock.now()
        named = [*state.lots, *self._called_otherwise()]
        closed, bad = closed_for_sale(named, self._rules, now), unfit(named, now)
        if (state.lots_closed, state.lots_unfit) != (closed, bad):
            self._kitchen.publish(lots_closed=closed, lots_unfit=bad)
        worst: dict[str, tuple[str, Lot]] = {}
        for lot in state.lots:
            if (reason := self._reason(lot, now)) is not None:
                name = f"{CHECK}{lot.bin}"
                if name not in worst or _RANK[reason] > _RANK[worst[name][0]]:
                    worst[name] = (reason, lot)
        for name in self._told - worst.keys():
            self._readiness.set(name, None, blocks=False)
        for name, (reason, lot) in worst.items():
            self._readiness.set(name, reason, blocks=False, told=self._words(lot))
        self._told = set(worst)

    def _called_otherwise(self) -> list[Lot]:
        """Lots as the menu calls the food of their bins now: a menu that gives it another id makes it no better."""
        names = {row.bin: row.ingredient for row in self._kitchen.now.bins if row.ingredient is not None}
        others = ((lot, names.get(lot.bin, lot.ingredient)) for lot in self._kitchen.now.lots)
        return [msgspec.structs.replace(lot, ingredient=name) for lot, name in others if name != lot.ingredient]

    def _reason(self, lot: Lot, now: datetime) -> str | None:
        if not lot.remaining:
            return None
        if lot.recalled:
            return LOT_RECALLED
        if lot.is_over(now + timedelta(seconds=self._rules.last_sale_s)):
            return LOT_EXPIRED
        return LOT_EXPIRING if lot.is_over(now + timedelta(seconds=self._rules.warn_s)) else None

    def _words(self, lot: Lot) -> Text:
        named = self._menu.now.ingredients.get(lot.ingredient)
        food = Text(lot.ingredient, lot.ingredient) if named is None else named.name
        of_lot = Text(f", партия {lot.name}", f", lot {lot.name}") if lot.name else Text("", "")
        return Text(f"бункер {lot.bin}, {food.ru}{of_lot.ru}", f"bin {lot.bin}, {food.en}{of_lot.en}")


_RANK: Mapping[str, int] = {LOT_EXPIRING: 1, LOT_EXPIRED: 2, LOT_RECALLED: 3}


def _settle(tx: Tx, bin_number: int, level: int, now: datetime) -> None:
    act = lots.settle(tx, bin_number, level, now)
    if act is not None:
        journal.add(tx, act.actor, *lots.journalled(act), now)
