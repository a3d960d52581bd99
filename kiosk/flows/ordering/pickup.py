"""Pick-up by number and code: the cells open for whoever paid, and for nobody who guesses."""

from __future__ import annotations

from datetime import datetime

import msgspec

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import Cell, CookingComplex
from kiosk.clock import Clock
from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.ordering.order import PENDING_PORTIONS, Order, OrderStatus, PortionStatus
from kiosk.flows.guards.not_done import not_done
from kiosk.flows.ordering.proof import Asker, PickupRequest, ProofOfOrder
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.ordering import holding, orders
from kiosk.store.stock import lots
from kiosk.store.transaction import Tx


class PickupView(msgspec.Struct, frozen=True):
    """`cell` is the first of `cells`: every one that holds food of the order."""

    cell: int
    cells: list[int]


class Pickup:
    def __init__(self, database: Database, robot: CookingComplex, proof_of_order: ProofOfOrder, clock: Clock) -> None:
        self._db = database
        self._robot = robot
        self._proof_of_order = proof_of_order
        self._clock = clock

    async def pick_up(self, request: PickupRequest, asker: Asker) -> PickupView:
        """Opens every cell of the order that holds food. Raises `WrongCode`, `TooManyRequests`, `OrderStateConflict`,
        `DeviceUnavailable`."""
        order = await self._proof_of_order.by_code(request, asker)
        waiting = {cell for cell, _ in await self._waiting(order)}
        found = [cell for cell in await self._cells() if cell.cell in waiting and cell.loaded]
        cells = [cell.cell for cell in found if await self._opens(order, cell)]
        if not cells:
            raise OrderStateConflict(order_status=order.status)
        return PickupView(cells[0], cells)

    async def _cells(self) -> tuple[Cell, ...]:
        """What lies behind each door, by the robot's own word. Raises `DeviceUnavailable`."""
        try:
            return await self._robot.cells()
        except DeviceError as error:
            raise not_done("robot", error) from error

    async def _opens(self, order: Order, cell: Cell) -> bool:
        """False where the food was taken this moment: the books have not heard of it yet; or is not to be eaten any
        more since; or where something else lies there too. Raises `DeviceUnavailable`."""
        if not await self._db.write(_claim, order.order_id, cell, self._clock.now()):
            return False
        try:
            await self._robot.open_cell(cell.cell, cell.loaded[0])
        except DeviceError as error:
            if isinstance(error, DeviceRefused) and error.code == "no_cell":
                return False
            raise not_done("robot", error) from error
        return True

    async def _waiting(self, order: Order) -> list[tuple[int, int]]:
        """Cell and portion of what can be taken now. Raises `OrderStateConflict`."""
        rows = await self._db.read(orders.portions, order.order_id)
        if waiting := to_take(order, rows, self._clock.now()):
            return waiting
        raise OrderStateConflict(order_status=order.status)

    async def acknowledge(self, actor: str) -> None:
        """A person on site has looked and released the button: the latched emergency stop is over, the line stands up
        by itself (robot.md#emergency-stop). Raises `DeviceUnavailable`, also while the button is pressed."""
        try:
            await self._robot.acknowledge_fault()
        except DeviceError as error:
            raise not_done("robot", error) from error
        now = self._clock.now()
        await self._db.write(journal.add, actor, "robot_acknowledge", "", now)


def _claim(tx: Tx, order_id: str, cell: Cell, now: datetime) -> bool:
    """The books before the door: from here on nobody throws away what is behind it; False where somebody did, or where
    the door would give more than what is its guest's."""
    rows = orders.portions(tx, order_id)
    may_go = to_take(orders.require(tx, order_id), rows, now)
    allowed = {portion_id for number, portion_id in may_go if number == cell.cell}
    # what came this moment the books do not know yet
    coming = {row.portion_id for row in rows if row.status in PENDING_PORTIONS and not row.given_back}
    if not allowed & set(cell.loaded) or not set(cell.loaded) <= allowed | coming:
        return False
    if holding.is_locked(tx, cell.cell, cell.loaded) or any(lots.is_tainted(tx, n) for n in cell.loaded):
        return False
    for portion_id in cell.loaded:
        orders.mark_opened(tx, portion_id, now)
    return True


def to_take(order: Order, portions: list[orders.PortionRow], now: datetime) -> list[tuple[int, int]]:
    """Cell and portion of what can be taken now: of an order that still cooks, what its customer was called to; nothing
    that has stood there for too long, also before the kitchen has seen it, or lies beside what is not the guest's."""
    if order.status not in (OrderStatus.COOKING, OrderStatus.READY):
        return []
    return [
        (row.cell, row.portion_id)
        for row in portions
        if row.status is PortionStatus.READY
        and row.cell is not None
        and not row.given_back  # staff alone opens that one
        and not row.locked
        and (row.called or order.status is OrderStatus.READY)
        and row.holds_until(now)
    ]
