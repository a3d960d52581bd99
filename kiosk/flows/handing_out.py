"""Pick-up by number and code: the cell opens for whoever paid, and for nobody who guesses."""

from __future__ import annotations

import hmac
from typing import Annotated

import msgspec

from drivers.errors import DeviceError
from drivers.robot.port import CookingComplex
from kiosk.clock import Clock
from kiosk.domain.errors import DeviceUnavailable, OrderStateConflict, WrongCode
from kiosk.domain.order import Order, OrderStatus, PortionStatus
from kiosk.store import orders, records
from kiosk.store.database import Database, Tx


class PickupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    pickup_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


class PickupView(msgspec.Struct, frozen=True):
    """`cell` is the first of `cells`: one for each portion."""

    cell: int
    cells: list[int]


class HandingOut:
    def __init__(self, database: Database, robot: CookingComplex, clock: Clock) -> None:
        self._db = database
        self._robot = robot
        self._clock = clock

    async def pick_up(self, request: PickupRequest) -> PickupView:
        """Opens every cell of the order. Raises `WrongCode` (five tries, then staff), `OrderStateConflict`,
        `DeviceUnavailable`."""
        found = await self._db.write(lambda tx: self._check(tx, request))
        if isinstance(found, WrongCode):
            raise found  # outside the transaction: the spent try stays committed
        try:
            for cell, portion_id in found:
                await self._robot.open_cell(cell, portion_id)
        except DeviceError as error:
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        cells = [cell for cell, _ in found]
        return PickupView(cells[0], cells)

    async def refill(self, bin_number: int, amount: int, actor: str) -> None:
        """Staff has filled a bin up to `amount`. Raises `DeviceUnavailable`."""
        try:
            await self._robot.set_bin(bin_number, amount)
        except DeviceError as error:
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        now = self._clock.now()
        await self._db.write(lambda tx: records.journal(tx, actor, "refill", f"{bin_number} {amount}", now))

    async def acknowledge(self, actor: str) -> None:
        """A person on site has looked and released the button: the latched emergency stop is over, the line stands up
        by itself (protocols/robot.md §4, e-stop). Raises `DeviceUnavailable`, also while the button is pressed."""
        try:
            await self._robot.acknowledge_fault()
        except DeviceError as error:
            raise DeviceUnavailable(device="robot", reason=error.code) from error
        now = self._clock.now()
        await self._db.write(lambda tx: records.journal(tx, actor, "robot_acknowledge", "", now))

    def _check(self, tx: Tx, request: PickupRequest) -> list[tuple[int, int]] | WrongCode:
        order = holder_of(tx, request)
        if isinstance(order, WrongCode):
            return order
        waiting = [
            (row.cell, row.portion_id)
            for row in orders.portions(tx, order.order_id)
            if row.status is PortionStatus.READY and row.cell is not None and row.called
        ]
        if order.status not in (OrderStatus.READY, OrderStatus.COOKING) or not waiting:
            raise OrderStateConflict(order_status=order.status)
        return waiting


def holder_of(tx: Tx, request: PickupRequest) -> Order | WrongCode:
    """The order whose code this is. A wrong code costs one of five tries, which the caller commits before refusing."""
    order = orders.find_by_number(tx, request.number.strip().upper())
    if order is None or order.pickup_attempts_left <= 0:
        return WrongCode(attempts_left=0)
    if not hmac.compare_digest(order.pickup_code.encode(), request.pickup_code.encode()):
        return WrongCode(attempts_left=orders.spend_pickup_attempt(tx, order.order_id))
    return order
