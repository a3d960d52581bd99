"""The cells as staff sees and tends them, and a new pick-up code; every act is journalled with its actor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import Cell, CellState, CookingComplex
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import CellStateConflict, DeviceUnavailable, InvalidRequest, NotFound, OrderStateConflict
from kiosk.domain.order import OrderStatus, PortionStatus, new_pickup_code
from kiosk.store import orders, records, refunds
from kiosk.store.database import Database, Tx

#: Hot food that nobody has fetched for so long is called forgotten; nothing else follows from it.
FORGOTTEN_AFTER = timedelta(minutes=30)
FREE, RESERVED, FILLED, OPEN, FORGOTTEN, LOCKED = "free", "reserved", "filled", "open", "forgotten", "locked"
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
    """`state`: free, reserved, filled, open, forgotten, locked; `since`: when the food came, or its cooking began."""

    cell: int
    state: str
    order_id: str | None
    number: str | None
    since: str | None


class CellsView(msgspec.Struct, frozen=True):
    cells: list[CellView]


class PickupCodeView(msgspec.Struct, frozen=True):
    pickup_code: str


class TendingCells:
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
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        told = {row.portion_id: row for row in await self._db.read(orders.read_held, [cell.job_id for cell in cells])}
        now = self._clock.now()
        return [(cell, _view(cell, told.get(cell.job_id), now)) for cell in cells]

    async def act(self, number: int, wanted: CellRequest, actor: str) -> CellsView:
        """The books first, then the door: should the robot not answer, the same act may be asked for again. Raises
        `NotFound`, `CellStateConflict`, `InvalidRequest`, `DeviceUnavailable`."""
        if wanted.action is CellAction.WRITE_OFF and not wanted.reason.strip():
            raise InvalidRequest.at("$.reason", "what happened to the food")
        found = next(((cell, view) for cell, view in await self._look() if cell.cell == number), None)
        if found is None:
            raise NotFound
        cell, view = found
        if cell.state not in _WITH_FOOD:
            raise CellStateConflict(cell_state=view.state)
        now = self._clock.now()

        def run(tx: Tx) -> None:
            settle(tx, cell.job_id, wanted, view.state, now)
            detail = " ".join(filter(None, [str(number), view.order_id, wanted.reason.strip()]))
            records.journal(tx, actor, f"cell_{wanted.action}", detail, now)

        await self._db.write(run)
        try:
            await self._robot.open_cell(number, cell.job_id)
        except DeviceError as error:
            if not (isinstance(error, DeviceRefused) and error.code == "no_cell"):  # that: it was taken this moment
                raise DeviceUnavailable(device="robot", reason=error.code) from error
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
            records.journal(tx, actor, "pickup_code", order.order_id, now)
            return code

        return PickupCodeView(await self._db.write(run))


def _view(cell: Cell, held: orders.HeldRow | None, now: datetime) -> CellView:
    """A door that the robot calls open stays so, whoever forgot what is behind it; food whose money went back is locked
    to everybody but staff."""
    state = _STATES[cell.state]
    since = None if held is None else held.ready_at or held.cooking_at
    if state == FILLED and held is not None and held.ready_at is not None and now - held.ready_at > FORGOTTEN_AFTER:
        state = FORGOTTEN
    if held is None:
        return CellView(cell.cell, state, None, None, None)
    if cell.state is CellState.LOADED and held.given_back:
        state = LOCKED
    return CellView(cell.cell, state, held.order_id, held.number, None if since is None else rfc3339(since))


def settle(tx: Tx, portion_id: int, wanted: CellRequest, state: str, now: datetime) -> None:
    """What an act means for the portion. One that is settled already, and what the books do not know, stays; the same
    act may be asked for again, the opposite of what somebody did before may not. Raises `CellStateConflict`."""
    row = orders.portion(tx, portion_id)
    if row is None or wanted.action is CellAction.OPEN:
        return
    handed_out, thrown_away = row.status is PortionStatus.HANDED_OUT, row.thrown_away
    if thrown_away if wanted.action is CellAction.HAND_OUT else handed_out:
        raise CellStateConflict(cell_state=state)
    if row.status in _UNDER_WAY:  # the robot is a moment ahead of the books: the next look brings them together
        raise CellStateConflict(cell_state=state)
    if row.status is not PortionStatus.READY:
        return
    if wanted.action is CellAction.HAND_OUT:
        orders.move_portion(tx, row, PortionStatus.HANDED_OUT)  # the kitchen's next look completes the order
        return
    fault = f"{orders.WRITTEN_OFF}: {wanted.reason.strip()}"
    orders.move_portion(tx, row, PortionStatus.FAILED, fault=fault)
    refunds.drop_given_back(tx, portion_id)
