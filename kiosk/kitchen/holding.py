"""Food in its cell that nobody fetches: guest and staff are told, each once; what has stood there for too long or has
become too cold is locked and thrown away, and its guest gets the money or the portion once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from drivers.robot.port import Cell, CellState
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.events import OrderCookingEvent
from kiosk.domain.kitchen.holding import HoldingRules, Told, is_too_cold
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.chart import Chart
from kiosk.domain.ordering.order import PENDING_PORTIONS, OrderStatus, PortionStatus
from kiosk.kitchen.progress import progress
from kiosk.kitchen.sharing import is_mixed, ready_in
from kiosk.messages.notices import NoticeBook
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import cooking, holding, messages, orders
from kiosk.store.payment import refunds
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_ACTOR = "kiosk"
_SHUT = (CellState.LOADED, CellState.FAULT)
_WORST_FIRST = (orders.SPOILED_BY_RECALL, orders.SPOILED_BY_TIME, orders.SPOILED_BY_COLD)
_AGAIN = 1  # so often a portion is made once more


def cell_of(row: cooking.WorkRow, cells: Iterable[Cell]) -> Cell | None:
    """Where the food of a portion is by the robot's word: in the cell of its last attempt, not in that of an earlier
    one whose food was thrown away."""
    return next(
        (cell for cell in cells if cell.holds(row.portion_id) and row.cell in (None, cell.cell)),
        None,
    )


class Holding:
    """Kept by the line's own loop. `see_clock`: moves what was promised where the wall clock was set; `wake`: a message
    was written."""

    def __init__(
        self,
        database: Database,
        kitchen: Kitchen,
        book: NoticeBook,
        clock: Clock,
        rules: HoldingRules,
        *,
        see_clock: Callable[[], Awaitable[None]],
        wake: Callable[[], None],
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._cp = checkpoint
        self._kitchen = kitchen
        self._book = book
        self._clock = clock
        self._rules = rules
        self._see_clock = see_clock
        self._wake = wake
        self._cold_since: dict[int, float] = {}
        self._locked: set[tuple[int, int]] | None = None  # portion and cell; None: not read yet

    def hold_until(self, row: cooking.WorkRow, ready_at: datetime) -> datetime:
        """Of food that came into its cell then."""
        return ready_at + self._rules.hold_of(self._chart(row))

    def _chart(self, row: cooking.WorkRow) -> Chart | None:
        return self._kitchen.charts.get(row.chart_fingerprint)

    async def look(self, work: Mapping[int, cooking.WorkRow], cells: tuple[Cell, ...]) -> None:
        """Everything that stands behind a closed door, also one that is jammed; one that is open is being fetched,
        until its food may not be eaten any more: then staff looks."""
        await self._see_emptied(cells)
        await self._lock_mixed(work, cells)
        ready = [row for row in work.values() if row.status is PortionStatus.READY]
        found = [(row, cell) for row in ready if (cell := cell_of(row, cells)) is not None]
        shut = [(row, cell) for row, cell in found if cell.state in _SHUT]
        self._watch_cold(shut)
        now = self._clock.now()
        late = [row for row, cell in found if cell.state is CellState.OPEN and self._is_old(row, now)]
        watched = [row for row, _ in shut] + late
        if not any(self._spoils(row, now) for row, _ in shut) and not any(
            self._due(row.order_id, work, now) > row.reminded for row in watched
        ):
            return
        await self._see_clock()  # it may have been set: then these moments move, and are looked at in the next round
        fresh = {row.portion_id: row for row in await self._db.read(cooking.read_work)}
        for number in sorted({cell.cell for _, cell in shut}):
            here = [row.portion_id for row, cell in shut if cell.cell == number]
            await self._look_into(number, [fresh[n] for n in here if n in fresh], now)
        open_ones = {row.portion_id for row, cell in found if cell.state is CellState.OPEN}
        for order_id in sorted({row.order_id for row in watched if row.portion_id in fresh}):
            await self._remind(order_id, fresh, open_ones, now)

    # What may not be eaten any more.

    def _watch_cold(self, shut: Iterable[tuple[cooking.WorkRow, Cell]]) -> None:
        """Since when each has been too cold without a break; by this process alone, a new one counts anew."""
        now = self._clock.monotonic()
        cold = [row.portion_id for row, cell in shut if is_too_cold(self._chart(row), cell.temp_c)]
        self._cold_since = {portion_id: self._cold_since.get(portion_id, now) for portion_id in cold}

    def _spoils(self, row: cooking.WorkRow, now: datetime) -> str | None:
        if row.portion_id in self._kitchen.now.tainted:
            return orders.SPOILED_BY_RECALL
        if self._is_old(row, now):
            return orders.SPOILED_BY_TIME
        since = self._cold_since.get(row.portion_id)
        cold = since is not None and self._clock.monotonic() - since >= self._rules.cold_for_s
        return orders.SPOILED_BY_COLD if cold else None

    @staticmethod
    def _is_old(row: cooking.WorkRow, now: datetime) -> bool:
        return row.hold_until is not None and now >= row.hold_until

    async def _look_into(self, cell: int, rows: Sequence[cooking.WorkRow], now: datetime) -> None:
        """What lies there is fetched together, and so it is thrown away: by the worst that has befallen any of it."""
        causes = {self._spoils(row, now) for row in rows}
        cause = next((cause for cause in _WORST_FIRST if cause in causes), None)
        if cause is not None:
            await self._spoil(rows, cell, cause, now)

    async def _spoil(self, rows: Sequence[cooking.WorkRow], cell: int, cause: str, now: datetime) -> None:
        works = [self._kitchen.now.works.get(row.chart_fingerprint, ()) for row in rows]
        again = self._rules.cook_again and cause != orders.SPOILED_BY_RECALL
        again_s = self._kitchen.now.promise_s(works) if again else None
        here = [row.portion_id for row in rows]
        for portion_id in await self._db.write(spoil, here, cell, cause, now, again_s):
            self._cp("food.spoiled")
            _log.warning("food_spoiled", order_id=rows[0].order_id, portion_id=portion_id, cell=cell, cause=cause)
            self._cold_since.pop(portion_id, None)
            if self._locked is not None:
                self._locked.add((portion_id, cell))

    async def _lock_mixed(self, work: Mapping[int, cooking.WorkRow], cells: Iterable[Cell]) -> None:
        """Where something lies that is not its guest's, staff opens, and hands out what is."""
        if self._locked is None:
            return
        for cell in cells:
            for row in ready_in(cell, work) if is_mixed(cell, work) else ():
                if (row.portion_id, cell.cell) not in self._locked and not row.given_back:
                    await self._db.write(holding.lock, row.portion_id, cell.cell, self._clock.now())
                    _log.warning("cell_mixed", order_id=row.order_id, portion_id=row.portion_id, cell=cell.cell)
                    self._locked.add((row.portion_id, cell.cell))

    async def _see_emptied(self, cells: tuple[Cell, ...]) -> None:
        if self._locked is None:
            self._locked = {(row.portion_id, row.cell) for row in await self._db.read(holding.read_locked)}
        lying = {(job.job_id, cell.cell) for cell in cells for job in cell.jobs}
        for portion_id, cell in self._locked - lying:
            await self._db.write(holding.empty, portion_id, cell)
        self._locked &= lying

    # Who is told.

    def _due(self, order_id: str, work: Mapping[int, cooking.WorkRow], now: datetime) -> Told:
        """Counted from the last portion that can be fetched."""
        called = _called(order_id, work)
        last = max((row.ready_at for row in called if row.ready_at is not None), default=None)
        return Told.NOBODY if last is None else self._rules.due(now - last, map(self._chart, called))

    async def _remind(
        self, order_id: str, work: Mapping[int, cooking.WorkRow], open_ones: Collection[int], now: datetime
    ) -> None:
        told = self._due(order_id, work, now)
        called = [row.portion_id for row in _called(order_id, work)]
        if told is Told.NOBODY or not await self._db.write(self._tell, order_id, told, called, open_ones):
            return
        self._cp("food.told")
        _log.warning("food_not_fetched", order_id=order_id, told=told.name.lower())
        self._wake()

    def _tell(self, tx: Tx, order_id: str, told: Told, called: Collection[int], open_ones: Collection[int]) -> bool:
        """In one transaction with the mark: whoever kills the process, nobody is told twice, and the guest only of food
        that nobody was told of and whose door does not stand open. Staff reads it in `kiosk stuck`; the hall board
        shows and says it by the mark."""
        behind_doors = set(called) - set(open_ones)
        found = [row for row in orders.portions(tx, order_id) if row.portion_id in behind_doors and _waits(row)]
        if not holding.tell(tx, called, told):
            return False
        news = [row for row in found if row.reminded == Told.NOBODY]
        to = messages.recipient(tx, order_id)
        if news and to is not None:
            number = orders.require(tx, order_id).number
            cells = ", ".join(str(cell) for cell in dict.fromkeys(row.cell for row in found) if cell is not None)
            self._book.remind(tx, order_id, news[0].portion_id, news[0].attempt, to, number=number, cells=cells)
        return True


def _called(order_id: str, work: Mapping[int, cooking.WorkRow]) -> list[cooking.WorkRow]:
    """What is ready of an order and can be fetched: nobody fetches what is not called yet."""
    rows = [row for row in work.values() if row.order_id == order_id]
    cooks = any(row.status in PENDING_PORTIONS for row in rows)
    ready = [row for row in rows if row.status is PortionStatus.READY and row.ready_at is not None]
    return [row for row in ready if row.called or not cooks]


def _waits(row: orders.PortionRow) -> bool:
    return row.status is PortionStatus.READY and not row.given_back and not row.locked


def spoil(tx: Tx, portion_ids: Iterable[int], cell: int, cause: str, now: datetime, again_s: int | None) -> list[int]:
    """The food in this cell is thrown away, all of it at once: the cell is locked to the guest, the journal has the
    reason. `again_s`: in how many seconds it could be ready once more, None: its money goes back. None of it where
    somebody was faster: a guest whose door was opened a moment ago may eat it."""
    found = [row for n in portion_ids if (row := orders.portion(tx, n)) is not None]
    rows = [row for row in found if row.status is PortionStatus.READY]
    if any(row.is_being_fetched(now) for row in rows):
        return []
    for row in rows:
        _throw_away(tx, row, cell, cause, now, again_s)
    return [row.portion_id for row in rows]


def _throw_away(tx: Tx, row: orders.PortionRow, cell: int, cause: str, now: datetime, again_s: int | None) -> None:
    portion_id = row.portion_id
    thrown_away = {"fault": cause, "spoiled": row.spoiled + 1, "hold_until": rfc3339(now)}
    orders.move_portion(tx, row, PortionStatus.FAILED, **thrown_away)
    holding.lock(tx, portion_id, cell, now)
    journal.add(tx, _ACTOR, cause, f"{cell} {row.order_id}", now)
    if refunds.drop_given_back(tx, portion_id):
        progress(tx, row.order_id, now)
    elif again_s is not None and row.spoiled < _AGAIN:
        _cook_again(tx, orders.require_portion(tx, portion_id), again_s, now)


def _cook_again(tx: Tx, row: orders.PortionRow, again_s: int, now: datetime) -> None:
    """A new attempt with a promise of its own; whoever was called is called again."""
    fresh = dict.fromkeys(("fault", "cell", "cooking_at", "ready_at", "accepted_at"))
    orders.move_portion(
        tx, row, PortionStatus.WAITING, attempt=row.attempt + 1, reminded=0, called=0, released=0, **fresh
    )
    stocks.take_back(tx, row.portion_id)
    order = orders.require(tx, row.order_id)
    if order.status is not OrderStatus.READY:
        return
    orders.move(tx, order, OrderStatus.COOKING, now)
    orders.set_promise(tx, order.order_id, again_s, now + timedelta(seconds=again_s))
    outbox.put(tx, OrderCookingEvent(order_id=order.order_id, number=order.number, ready_in_s=again_s), now)
