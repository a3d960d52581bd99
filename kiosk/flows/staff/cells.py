"""The cells as staff sees and tends them, and a new pick-up code; every act is journalled with its actor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import Cell, CellState, CookingComplex
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import CellStateConflict, InvalidRequest, NotFound, OrderStateConflict
from kiosk.domain.kitchen.holding import Told
from kiosk.domain.ordering.order import OrderStatus, PortionStatus, new_pickup_code
from kiosk.flows.guards.not_done import not_done
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from kiosk.store.stock import lots
from kiosk.store.transaction import Tx

FREE, RESERVED, FILLED, OPEN, FORGOTTEN, LOCKED = "free", "reserved", "filled", "open", "forgotten", "locked"
MIXED = "mixed"
_STATES: Mapping[CellState, str] = {
    CellState.FREE: FREE,
    CellState.RESERVED: RESERVED,
    CellState.LOADED: FILLED,
    CellState.OPEN: OPEN,
    CellState.FAULT: LOCKED,
}
_WITH_FOOD = (CellState.LOADED, CellState.OPEN)
_UNDER_WAY = (PortionStatus.WAITING, PortionStatus.SUBMITTING, PortionStatus.QUEUED, PortionStatus.COOKING)
_WITH_CODE = (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY)


class CellAction(StrEnum):
    OPEN = "open"
    HAND_OUT = "hand_out"  # staff gives it to the guest
    WRITE_OFF = "write_off"  # the food is thrown away


class CellRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason`: for the journal; a write-off needs one."""

    action: CellAction
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class CellView(msgspec.Struct, frozen=True):
    """`state`: free, reserved, filled, open, forgotten, locked; `since`: when the food came, or its cooking began;
    `until`: when it is thrown away; `reason`: of a locked one with food in it `given_back`, `spoiled`, or `mixed`: not
    all of it is its guest's; `portions`: how many lie there, `coming`: on their way, of the `size` that fit."""

    cell: int
    state: str
    order_id: str | None
    number: str | None
    since: str | None
    until: str | None = None
    reason: str | None = None
    portions: int = 0
    coming: int = 0
    size: int = 1


class CellsView(msgspec.Struct, frozen=True):
    cells: list[CellView]


class PickupCodeView(msgspec.Struct, frozen=True):
    pickup_code: str


class CellCommands:
    """What the robot's cells hold, in words of the orders; the robot itself is asked each time."""

    def __init__(self, database: Database, robot: CookingComplex, clock: Clock) -> None:
        self._db = database
        self._robot = robot
        self._clock = clock

    async def cells(self) -> CellsView:
        """Raises `DeviceUnavailable`."""
        return CellsView([view for _, view in await self._look()])

    async def _look(self) -> list[tuple[Cell, CellView]]:
        try:
            cells = await self._robot.cells()
        except DeviceError as error:
            raise not_done("robot", error) from error
        jobs = [job.job_id for cell in cells for job in cell.jobs]
        told = {row.portion_id: row for row in await self._db.read(orders.read_held, jobs)}
        return [(cell, _view(cell, told)) for cell in cells]

    async def act(self, number: int, wanted: CellRequest, actor: str) -> CellsView:
        """The books first, then the door: should the robot not answer, the same act may be asked for again. Raises
        `NotFound`, `CellStateConflict`, `InvalidRequest`, `DeviceUnavailable`."""
        if wanted.action is CellAction.WRITE_OFF and not wanted.reason.strip():
            raise InvalidRequest.at("$.reason", "what happened to the food")
        found = next(((cell, view) for cell, view in await self._look() if cell.cell == number), None)
        if found is None:
            raise NotFound
        cell, view = found
        if not _may_act(cell, view, wanted.action):
            raise CellStateConflict(cell_state=view.state)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            settle(tx, cell, wanted, view.state, now)
            for portion_id in cell.loaded:
                orders.mark_opened(tx, portion_id, now)  # a guest may stand there beside staff
            detail = " ".join(filter(None, [str(number), view.order_id, wanted.reason.strip()]))
            journal.add(tx, actor, f"cell_{wanted.action}", detail, now)

        await self._db.write(run)
        try:
            await self._robot.open_cell(number, next(iter(cell.loaded), 0))
        except DeviceError as error:
            refused = isinstance(error, DeviceRefused)
            # no_cell: it was taken this moment; a faulty cell need not open, a person has seen to its food
            if not (refused and (error.code == "no_cell" or cell.state is CellState.FAULT)):
                raise not_done("robot", error) from error
        return await self.cells()

    async def new_code(self, word: str, actor: str) -> PickupCodeView:
        """Of an order by its id or number, for a guest who lost it; the old code is dead at once. Raises `NotFound`,
        `OrderStateConflict`."""
        now = self._clock.now()

        def run(tx: Tx) -> str:
            order = orders.find(tx, word)
            if order is None:
                raise NotFound
            if order.status not in _WITH_CODE:
                raise OrderStateConflict(order_status=order.status)
            code = order.pickup_code
            while code == order.pickup_code:
                code = new_pickup_code()
            orders.set_pickup_code(tx, order.order_id, code)
            journal.add(tx, actor, "pickup_code", order.order_id, now)
            return code

        return PickupCodeView(await self._db.write(run))


def _may_act(cell: Cell, view: CellView, action: CellAction) -> bool:
    """A faulty cell may hold food that a person takes out by hand: the books say whose."""
    if cell.state is CellState.FAULT:
        return view.order_id is not None and action is not CellAction.OPEN
    return cell.state in _WITH_FOOD


def _view(cell: Cell, told: Mapping[int, orders.HeldRow]) -> CellView:
    """A door that the robot calls open stays so, whoever forgot what is behind it; where anything lies whose money went
    back, that was thrown away in the books, or that they do not know, it is locked to everybody but staff. What lies
    there counts, or else what is coming."""
    state, numbers = _STATES[cell.state], cell.loaded or cell.coming
    held = [told[portion_id] for portion_id in numbers if portion_id in told]
    empty = CellView(
        cell.cell, state, None, None, None, portions=len(cell.loaded), coming=len(cell.coming), size=cell.size
    )
    if not held:
        return empty
    reasons = {_locked_for(cell, row) for row in held}
    reason = reasons.pop() if len(reasons) == 1 else MIXED
    if cell.loaded and (len(held) < len(numbers) or len({row.order_id for row in held}) > 1):
        reason = MIXED
    if cell.state is CellState.LOADED:
        forgotten = max(row.reminded for row in held) >= Told.STAFF
        state = LOCKED if reason else FORGOTTEN if forgotten else FILLED
    since = min((at for row in held if (at := row.ready_at or row.cooking_at) is not None), default=None)
    until = min((row.hold_until for row in held if row.hold_until is not None), default=None)
    return msgspec.structs.replace(
        empty,
        state=state,
        order_id=held[0].order_id,
        number=held[0].number,
        since=_moment(since),
        until=_moment(until if state in (FILLED, FORGOTTEN) else None),
        reason=reason,
    )


def _locked_for(cell: Cell, held: orders.HeldRow) -> str | None:
    """Why no guest gets what is in a cell."""
    if cell.state not in (*_WITH_FOOD, CellState.FAULT):
        return None
    if held.spoiled and not _is_here(held.status, held.cell, cell.cell):
        return "spoiled"
    return "given_back" if held.given_back else None


def _is_here(status: PortionStatus, cell: int | None, number: int) -> bool:
    """By the books the portion is in this cell: it was not thrown away there."""
    return status in (PortionStatus.READY, PortionStatus.HANDED_OUT) and cell in (None, number)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def settle(tx: Tx, cell: Cell, wanted: CellRequest, state: str, now: datetime) -> None:
    """What an act means for the portions that lie there, all of them or none. One that is settled already, and what the
    books do not know, stays; the same act may be asked for again, the opposite of what somebody did before may not, and
    what was thrown away because it stood there for too long is not handed out. Raises `CellStateConflict`."""
    rows = [row for portion_id in cell.loaded if (row := orders.portion(tx, portion_id)) is not None]
    some_are_the_guests = not all(row.given_back for row in rows)
    for row in rows if wanted.action is not CellAction.OPEN else ():
        act = wanted
        if row.given_back and some_are_the_guests:  # beside what is handed out: nobody gets it
            act = CellRequest(CellAction.WRITE_OFF, wanted.reason or "given back")
        if not _settle_one(tx, cell, row, act, now):
            raise CellStateConflict(cell_state=state)


def _settle_one(tx: Tx, cell: Cell, row: orders.PortionRow, wanted: CellRequest, now: datetime) -> bool:
    """False where the books say otherwise."""
    hands_out = wanted.action is CellAction.HAND_OUT
    if row.spoiled and not _is_here(row.status, row.cell, cell.cell):
        return not hands_out
    if row.thrown_away if hands_out else row.status is PortionStatus.HANDED_OUT:
        return False
    if row.status in _UNDER_WAY:  # the robot is a moment ahead of the books: the next look brings them together
        return False
    if row.status is not PortionStatus.READY:
        return True
    if not hands_out:
        fault = f"{orders.WRITTEN_OFF}: {wanted.reason.strip()}"
        orders.move_portion(tx, row, PortionStatus.FAILED, fault=fault)
        refunds.drop_given_back(tx, row.portion_id)
    elif lots.is_tainted(tx, row.portion_id):  # recalled: the kitchen locks it this moment
        return False
    else:  # the kitchen's next look completes the order
        orders.move_portion(tx, row, PortionStatus.HANDED_OUT, fetched_at=rfc3339(now))
    return True
