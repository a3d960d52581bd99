"""Pick-up by number and code: the cells open for whoever paid, and for nobody who guesses."""

from __future__ import annotations

import msgspec

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import CookingComplex
from kiosk.clock import Clock
from kiosk.domain.errors import DeviceUnavailable, OrderStateConflict
from kiosk.domain.order import Order, OrderStatus, PortionStatus
from kiosk.flows.proving import Asker, PickupRequest, Proving
from kiosk.store import orders, records
from kiosk.store.database import Database


class PickupView(msgspec.Struct, frozen=True):
    """`cell` is the first of `cells`: one for each portion."""

    cell: int
    cells: list[int]


class HandingOut:
    def __init__(self, database: Database, robot: CookingComplex, proving: Proving, clock: Clock) -> None:
        self._db = database
        self._robot = robot
        self._proving = proving
        self._clock = clock

    async def pick_up(self, request: PickupRequest, asker: Asker) -> PickupView:
        """Opens every cell of the order that holds food. Raises `WrongCode`, `TooManyRequests`, `OrderStateConflict`,
        `DeviceUnavailable`."""
        order = await self._proving.by_code(request, asker)
        cells = [cell for cell, portion_id in await self._waiting(order) if await self._opens(cell, portion_id)]
        if not cells:
            raise OrderStateConflict(order_status=order.status)
        return PickupView(cells[0], cells)

    async def _opens(self, cell: int, portion_id: int) -> bool:
        """False where the food was taken this moment: the books have not heard of it yet. Raises
        `DeviceUnavailable`."""
        try:
            await self._robot.open_cell(cell, portion_id)
        except DeviceError as error:
            if isinstance(error, DeviceRefused) and error.code == "no_cell":
                return False
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        return True

    async def _waiting(self, order: Order) -> list[tuple[int, int]]:
        """Cell and portion of what can be taken now. Raises `OrderStateConflict`."""
        rows = await self._db.read(orders.portions, order.order_id)
        if waiting := to_take(order, rows):
            return waiting
        raise OrderStateConflict(order_status=order.status)

    async def refill(self, bin_number: int, amount: int, actor: str) -> None:
        """Staff has filled a bin up to `amount`. Raises `DeviceUnavailable`."""
        try:
            await self._robot.set_bin(bin_number, amount)
        except DeviceError as error:
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        now = self._clock.now()
        await self._db.write(records.journal, actor, "refill", f"{bin_number} {amount}", now)

    async def acknowledge(self, actor: str) -> None:
        """A person on site has looked and released the button: the latched emergency stop is over, the line stands up
        by itself (protocols/robot.md §4, e-stop). Raises `DeviceUnavailable`, also while the button is pressed."""
        try:
            await self._robot.acknowledge_fault()
        except DeviceError as error:
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        now = self._clock.now()
        await self._db.write(records.journal, actor, "robot_acknowledge", "", now)


def to_take(order: Order, portions: list[orders.PortionRow]) -> list[tuple[int, int]]:
    """Cell and portion of what can be taken now: of an order that still cooks, what its customer was called to."""
    if order.status not in (OrderStatus.COOKING, OrderStatus.READY):
        return []
    return [
        (row.cell, row.portion_id)
        for row in portions
        if row.status is PortionStatus.READY
        and row.cell is not None
        and not row.given_back  # staff alone opens that one
        and (row.called or order.status is OrderStatus.READY)
    ]
