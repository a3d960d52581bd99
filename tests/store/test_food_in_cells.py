"""What becomes of food in its cell, by what the cell tells: reminders, doors that stand open, faults, guests who come
at the last moment, and cells where food lies that was thrown away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from drivers.errors import DeviceRefused
from drivers.robot.port import Cell, CellState
from kiosk.catalogue import load_notices
from kiosk.clock import rfc3339
from kiosk.domain.errors import CellStateConflict, DeviceUnavailable, OrderStateConflict
from kiosk.domain.kitchen.holding import HoldingRules, Told
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.text import Text
from kiosk.flows.guards.clock import ClockGuard
from kiosk.flows.ordering.pickup import Pickup
from kiosk.flows.ordering.proof import Asker, PickupRequest, ProofOfOrder
from kiosk.flows.staff.cells import CellAction, CellCommands, CellRequest
from kiosk.kitchen.holding import Holding
from kiosk.messages.notices import NoticeBook
from kiosk.store.database import Database
from kiosk.store.ordering import cooking, holding, messages, orders
from kiosk.store.staff import troubles
from kiosk.store.transaction import Tx
from tests.clocks import ManualClock
from tests.complexes import cell_with
from tests.store import rows
from tests.store.test_silent_robot import Complex

RULES = HoldingRules()
HOLD_S, REMIND_S, STAFF_S = RULES.hold_s, RULES.remind_s, RULES.call_staff_s
ORDER = "ORDER1"


class Stand:
    """An order of two portions in cells 1 and 2, whose guest wants to be told."""

    def __init__(self, database: Database, rules: HoldingRules = RULES) -> None:
        self.db, self.clock = database, ManualClock()
        book = NoticeBook(load_notices(None), Text("Огонёк", "Ogonyok"), self.clock)
        kitchen = Kitchen([rows.CHART])
        guard = ClockGuard(database, self.clock)
        self.holding = Holding(database, kitchen, book, self.clock, rules, see_clock=guard.look, wake=lambda: None)
        self.cells = [cell_with(1, CellState.LOADED), cell_with(2, CellState.LOADED)]

    async def serve(self) -> None:
        await self.db.write(self._sell)
        self.cells = [
            cell_with(row.cell or 0, CellState.LOADED, row.portion_id)
            for row in await self.db.read(orders.portions, ORDER)
        ]

    def _sell(self, tx: Tx) -> None:
        rows.sell(tx, ORDER)
        messages.keep_guest(tx, ORDER, "+79161234567", "ru")
        tx.execute("UPDATE orders SET status = ?", (OrderStatus.READY,))
        for cell, row in enumerate(orders.portions(tx, ORDER), 1):
            self.ready(tx, row.portion_id, cell)

    def ready(self, tx: Tx, portion_id: int, cell: int) -> None:
        now = self.clock.now()
        tx.execute(
            "UPDATE portion SET status = 'ready', called = 1, reminded = 0, cell = ?, ready_at = ?, hold_until = ?"
            " WHERE portion_id = ?",
            (cell, rfc3339(now), rfc3339(now + timedelta(seconds=HOLD_S)), portion_id),
        )

    async def look(self, after_s: float = 0.0) -> None:
        self.clock.advance(after_s)
        work = {row.portion_id: row for row in await self.db.read(cooking.read_work)}
        await self.holding.look(work, tuple(self.cells))

    def show(self, index: int, state: CellState) -> None:
        cell = self.cells[index]
        self.cells[index] = cell_with(cell.cell, state, *(() if state is CellState.FREE else cell.loaded))

    async def portions(self) -> list[orders.PortionRow]:
        return await self.db.read(orders.portions, ORDER)

    async def statuses(self) -> list[PortionStatus]:
        return [row.status for row in await self.portions()]

    async def locked(self) -> dict[int, list[int]]:
        """Cells by the portion whose food lies there."""
        found: dict[int, list[int]] = {}
        for row in await self.db.read(holding.read_locked):
            found.setdefault(row.portion_id, []).append(row.cell)
        return found

    async def reminders(self) -> list[str]:
        found = await self.db.read(messages.read_waiting, "sms", 10)
        return [message.body for message in found if ":forgotten:" in message.client_id]


@pytest.fixture
async def stand(database: Database) -> Stand:
    found = Stand(database)
    await found.serve()
    return found


# Who is told.


async def test_4_guest_is_told_once_of_the_same_food_though_staff_is_called_later(stand: Stand) -> None:
    await stand.look(REMIND_S + 1)
    assert len(await stand.reminders()) == 1
    first = (await stand.portions())[0].portion_id
    await stand.db.write(cook_again, first)  # another of the order is made anew: the highest attempt is another now
    await stand.look(STAFF_S - REMIND_S)
    await stand.db.write(stand.ready, first, 3)
    stand.cells[0] = cell_with(3, CellState.LOADED, first)
    await stand.look()
    assert len(await stand.reminders()) == 1
    assert [row.reminded for row in await stand.portions()] == [Told.NOBODY, Told.STAFF]


async def test_4_guest_is_told_of_each_food_that_was_made_anew(stand: Stand) -> None:
    await stand.db.write(lambda tx: tx.execute("UPDATE portion SET attempt = 2 WHERE portion_id % 2 = 0"))
    await stand.look(REMIND_S + 1)
    for portion in await stand.portions():
        if portion.attempt == 1:
            await stand.db.write(cook_again, portion.portion_id)
            await stand.db.write(stand.ready, portion.portion_id, portion.cell or 0)
    await stand.look(REMIND_S + 1)
    assert len(await stand.reminders()) == 2


async def test_4_what_is_not_called_yet_is_told_when_it_is(stand: Stand) -> None:
    other = (await stand.portions())[1].portion_id
    await stand.db.write(lambda tx: tx.execute("UPDATE orders SET status = 'cooking'"))
    await stand.db.write(lambda tx: tx.execute("UPDATE portion SET called = 0 WHERE portion_id = ?", (other,)))
    await stand.db.write(one_more_that_cooks)
    await stand.look(REMIND_S + 1)
    assert [row.reminded for row in await stand.portions()][:2] == [Told.GUEST, Told.NOBODY]
    (told,) = await stand.reminders()
    assert "в ячейке 1," in told


# By what the cell tells.


async def test_4_food_in_a_cell_that_became_faulty_is_told_of_and_thrown_away_like_any(stand: Stand) -> None:
    stand.show(0, CellState.FAULT)
    stand.show(1, CellState.FREE)
    first, second = (row.portion_id for row in await stand.portions())
    await stand.db.write(
        lambda tx: tx.execute("UPDATE portion SET status = 'handed_out' WHERE portion_id = ?", (second,))
    )
    await stand.look(STAFF_S + 1)
    assert (await stand.portions())[0].reminded == Told.STAFF
    await stand.look(HOLD_S - STAFF_S)
    assert await stand.statuses() == [PortionStatus.FAILED, PortionStatus.HANDED_OUT]
    assert await stand.locked() == {first: [1]}


async def test_4_staff_is_called_to_a_door_that_stands_open_longer_than_its_food_is_good(stand: Stand) -> None:
    for index in (0, 1):
        stand.show(index, CellState.OPEN)
    await stand.look(HOLD_S - 1)
    assert {row.reminded for row in await stand.portions()} == {Told.NOBODY}  # it is being fetched
    await stand.look(2)
    assert await stand.statuses() == [PortionStatus.READY] * 2
    assert {row.reminded for row in await stand.portions()} == {Told.STAFF}
    assert await stand.reminders() == []
    for index in (0, 1):
        stand.show(index, CellState.LOADED)  # shut again, and nobody took it
    await stand.look()
    assert await stand.statuses() == [PortionStatus.FAILED] * 2


class Faulty(Complex):
    """A complex whose cell does not open."""

    def __init__(self, found: Stand) -> None:
        super().__init__()
        self._found = found

    async def cells(self) -> tuple[Cell, ...]:
        return tuple(self._found.cells)


@pytest.mark.parametrize(
    ("action", "status"),
    [(CellAction.WRITE_OFF, PortionStatus.FAILED), (CellAction.HAND_OUT, PortionStatus.HANDED_OUT)],
)
async def test_4_staff_takes_food_out_of_a_faulty_cell_by_hand(
    stand: Stand, action: CellAction, status: PortionStatus
) -> None:
    stand.show(0, CellState.FAULT)
    staff = CellCommands(stand.db, Faulty(stand), stand.clock)
    with pytest.raises(CellStateConflict):
        await staff.act(1, CellRequest(CellAction.OPEN), "anna")
    assert (await staff.act(1, CellRequest(action, "заклинило"), "anna")).cells[0].state == "locked"
    assert await stand.statuses() == [status, PortionStatus.READY]
    stand.cells[0] = cell_with(1, CellState.FAULT)
    with pytest.raises(CellStateConflict):
        await staff.act(1, CellRequest(action, "пустая"), "anna")


# Who comes at the last moment.


class AtTheLastMoment(Complex):
    """While a door is on its way to open the hold runs out, and the kitchen judges by what the cells told before."""

    def __init__(self, found: Stand, *, opens: bool = True) -> None:
        super().__init__()
        self._found, self._opens = found, opens
        self.opened: list[int] = []

    async def cells(self) -> tuple[Cell, ...]:
        return tuple(self._found.cells)

    async def open_cell(self, cell: int, job_id: int) -> None:
        await self._found.look(1.5)
        if not self._opens:
            raise DeviceRefused("robot", "no_cell", f"{cell} {job_id}")
        self.opened.append(cell)
        self._found.show(cell - 1, CellState.OPEN)


def pickup(stand: Stand, robot: Complex) -> Pickup:
    return Pickup(stand.db, robot, ProofOfOrder(stand.db, stand.clock, 10), stand.clock)


TICKET, ASKER = PickupRequest("A01", "0042"), Asker("10.0.0.1")


async def test_4_guest_who_comes_at_the_last_moment_gets_the_meal_and_not_its_money_too(stand: Stand) -> None:
    robot = AtTheLastMoment(stand)
    stand.clock.advance(HOLD_S - 1)
    view = await pickup(stand, robot).pick_up(TICKET, ASKER)
    assert view.cells == robot.opened == [1], "the second is too old by then"
    await stand.look()
    assert await stand.statuses() == [PortionStatus.READY, PortionStatus.FAILED]


async def test_4_what_was_not_taken_after_all_is_thrown_away_a_little_later(stand: Stand) -> None:
    stand.clock.advance(HOLD_S - 1)
    await pickup(stand, AtTheLastMoment(stand)).pick_up(TICKET, ASKER)
    stand.show(0, CellState.LOADED)
    await stand.look(10)
    assert (await stand.statuses())[0] is PortionStatus.READY
    await stand.look(30)
    assert (await stand.statuses())[0] is PortionStatus.FAILED


async def test_4_nothing_opens_of_what_was_thrown_away_since_the_code_was_looked_at(stand: Stand) -> None:
    robot = AtTheLastMoment(stand, opens=False)
    stand.clock.advance(HOLD_S - 1)
    with pytest.raises(OrderStateConflict):
        await pickup(stand, robot).pick_up(TICKET, ASKER)
    assert robot.opened == []


async def test_4_door_that_staff_opens_for_a_guest_is_no_other(stand: Stand) -> None:
    stand.clock.advance(HOLD_S - 1)
    staff = CellCommands(stand.db, Faulty(stand), stand.clock)
    with pytest.raises(DeviceUnavailable):  # it answers too late, and may have opened
        await staff.act(1, CellRequest(CellAction.OPEN), "anna")
    await stand.look(2)
    assert await stand.statuses() == [PortionStatus.READY, PortionStatus.FAILED]


# Where it lies.


async def test_4_every_cell_with_thrown_away_food_is_listed_until_it_is_empty(database: Database) -> None:
    stand = Stand(database, HoldingRules(cook_again=True))
    await stand.serve()
    first = (await stand.portions())[0].portion_id
    stand.cells = [stand.cells[0], cell_with(3, CellState.LOADED, first)]
    await stand.look(HOLD_S + 1)
    assert (await stand.statuses())[0] is PortionStatus.WAITING
    await database.write(stand.ready, first, 3)
    await stand.look(HOLD_S + 1)
    assert (await stand.statuses())[0] is PortionStatus.FAILED
    assert await stand.locked() == {first: [1, 3]}
    (row,) = [
        row for row in await database.read(troubles.read_troubles, stand.clock.now()) if row.kind == "cell_locked"
    ]
    assert (row.stuck_id, row.detail, row.order_id) == (f"locked-{first}", "cell 1, 3", ORDER)
    stand.show(0, CellState.FREE)
    await stand.look()
    assert await stand.locked() == {first: [3]}


def cook_again(tx: Tx, portion_id: int) -> None:
    tx.execute(
        "UPDATE portion SET status = 'cooking', attempt = attempt + 1, reminded = 0, cell = NULL WHERE portion_id = ?",
        (portion_id,),
    )


def one_more_that_cooks(tx: Tx) -> None:
    tx.insert("portion", order_id=ORDER, line=1, ordinal=3, status="cooking")
