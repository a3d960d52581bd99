"""Two portions of an order behind one door, by the books: the one that ends first decides, and what is not its guest's
keeps the door shut."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from drivers.errors import DeviceUnreachable
from drivers.robot.port import CellState, Job, JobState
from kiosk.clock import rfc3339
from kiosk.domain.errors import OrderStateConflict
from kiosk.domain.kitchen.holding import HoldingRules
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.ordering.order import PENDING_PORTIONS, PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.flows.staff.cells import CellAction, CellCommands, CellRequest
from kiosk.flows.stock.recall import Recall
from kiosk.kitchen import progress
from kiosk.kitchen.sharing import is_awaited, room_of, together, waits_for_a_cell
from kiosk.store.database import Database
from kiosk.store.ordering import cooking, holding, orders
from kiosk.store.payment import refunds
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.complexes import cell_with
from tests.store import rows
from tests.store.test_food_in_cells import ASKER, HOLD_S, ORDER, TICKET, AtTheLastMoment, Faulty, Stand, pickup
from tests.store.test_silent_robot import Complex

STRANGER = 999_999


class Shared(Stand):
    """Both portions lie in cell 1."""

    async def serve(self) -> None:
        await super().serve()
        await self.db.write(self.both_into, 1)
        self.cells = [cell_with(1, CellState.LOADED, *await self.ids(), size=3)]

    def both_into(self, tx: Tx, cell: int) -> None:
        tx.execute("UPDATE portion SET cell = ? WHERE order_id = ?", (cell, ORDER))

    async def ids(self) -> list[int]:
        return [row.portion_id for row in await self.portions()]

    async def set(self, portion_id: int, columns: str) -> None:
        await self.db.write(lambda tx: tx.execute(f"UPDATE portion SET {columns} WHERE portion_id = ?", (portion_id,)))


@pytest.fixture
async def stand(database: Database) -> Shared:
    found = Shared(database)
    await found.serve()
    return found


async def test_4_2_one_code_opens_one_door_for_both(stand: Shared) -> None:
    robot = AtTheLastMoment(stand)
    view = await pickup(stand, robot).pick_up(TICKET, ASKER)
    assert (view.cell, view.cells, robot.opened) == (1, [1], [1])
    assert all(row.opened_at is not None for row in await stand.portions())


async def test_4_what_comes_later_may_be_eaten_as_long_as_what_came_first(stand: Shared) -> None:
    first, second = await stand.ids()
    await stand.set(second, "status = 'cooking', cell = NULL, hold_until = NULL")
    later = stand.clock.now() + timedelta(seconds=600)
    job = Job(second, 1, 1, JobState.READY, 1, 1000, 0, 1, 0, food_spent=True)
    held = progress.Held(later, later + timedelta(seconds=HOLD_S))
    await stand.db.write(progress.adopt, job, later, (), held)
    until = {row.portion_id: row.hold_until for row in await stand.portions()}
    assert until[second] == until[first] == stand.clock.now() + timedelta(seconds=HOLD_S)


async def test_4_what_comes_to_thrown_away_food_may_not_be_eaten_at_all(stand: Shared) -> None:
    first, _ = await stand.ids()
    await stand.set(first, "status = 'failed', fault = 'spoiled_by_cold'")
    await stand.db.write(holding.lock, first, 1, stand.clock.now())
    await stand.db.write(holding.share, ORDER, 1, stand.clock.now())
    with pytest.raises(OrderStateConflict):
        await pickup(stand, AtTheLastMoment(stand)).pick_up(TICKET, ASKER)
    await stand.look()
    assert await stand.statuses() == [PortionStatus.FAILED] * 2


async def test_4_what_ends_first_ends_all_that_lies_there(stand: Shared) -> None:
    first, _ = await stand.ids()
    await stand.set(first, f"hold_until = '{rfc3339(stand.clock.now() + timedelta(seconds=5))}'")
    await stand.look(6)
    assert await stand.statuses() == [PortionStatus.FAILED] * 2
    assert await stand.locked() == {portion_id: [1] for portion_id in await stand.ids()}


async def test_4_nothing_of_a_cell_is_thrown_away_while_its_guest_stands_there(stand: Shared) -> None:
    stand.clock.advance(HOLD_S - 1)
    await pickup(stand, AtTheLastMoment(stand)).pick_up(TICKET, ASKER)
    stand.show(0, CellState.LOADED)
    await stand.look(10)
    assert await stand.statuses() == [PortionStatus.READY] * 2


async def test_4_thrown_away_together_both_are_cooked_once_more(database: Database) -> None:
    stand = Shared(database, HoldingRules(cook_again=True))
    await stand.serve()
    await stand.look(HOLD_S + 1)
    assert [(row.status, row.attempt, row.cell) for row in await stand.portions()] == [
        (PortionStatus.WAITING, 2, None)
    ] * 2
    row = (await stand.portions())[0]
    assert await database.write(together, row) == 0, "not beside what lies there still"
    stand.cells = [cell_with(1, CellState.FREE)]
    await stand.look()
    assert await database.write(together, row) == len(await stand.ids())


@pytest.mark.parametrize("beside", ["a stranger's", "given back"])
async def test_4_2_door_stays_shut_where_something_lies_that_is_not_its_guests(stand: Shared, beside: str) -> None:
    first, second = await stand.ids()
    if beside == "given back":
        await stand.db.write(_give_back, second)
    else:
        stand.cells = [cell_with(1, CellState.LOADED, first, STRANGER, size=3)]
    robot = AtTheLastMoment(stand)
    with pytest.raises(OrderStateConflict):
        await pickup(stand, robot).pick_up(TICKET, ASKER)
    assert robot.opened == []
    await stand.look()
    assert await stand.locked() == {first: [1]}
    staff = CellCommands(stand.db, Faulty(stand), stand.clock)
    (cell,) = (await staff.cells()).cells
    assert (cell.state, cell.reason, cell.portions, cell.size) == ("locked", "mixed", 2, 3)


def _give_back(tx: Tx, portion_id: int) -> None:
    payment = rows.pay(tx, rows.payment(step=PaymentStep.DONE))
    refunds.add_refund(
        tx, payment, refund_id="R1", amount_kopecks=100, portions=[portion_id], whole=False, reason="r", actor="a",
        now=START,
    )  # fmt: skip


async def test_4_2_food_taken_out_by_hand_is_of_all_that_lay_there(stand: Shared) -> None:
    staff = CellCommands(stand.db, Faulty(stand), stand.clock)
    stand.show(0, CellState.FAULT)
    await staff.act(1, CellRequest(CellAction.HAND_OUT), "anna")
    assert await stand.statuses() == [PortionStatus.HANDED_OUT] * 2


@pytest.mark.parametrize(
    ("lies", "state", "awaited"),
    [
        (CellState.RESERVED, JobState.COOKING, True),
        (CellState.RESERVED, JobState.HELD, False),
        (CellState.LOADED, JobState.COOKING, True),  # it came after the table was read: the next look calls for it too
        (CellState.LOADED, JobState.READY, False),
    ],
)
def test_4_1_food_on_its_way_or_just_there_is_awaited_before_an_order_is_called_in_parts(
    lies: CellState, state: JobState, *, awaited: bool
) -> None:
    job = Job(7, 1, 1, state, 0, 0, 60, 0, 0, food_spent=False)
    assert is_awaited(cell_with(1, lies, 7, size=1), {7: job}) is awaited


async def test_4_order_with_room_in_its_own_cell_waits_for_no_other(stand: Shared) -> None:
    first, second = await stand.ids()
    await stand.set(second, "status = 'queued', cell = NULL")
    work = {row.portion_id: row for row in await stand.db.read(cooking.read_work)}
    job = Job(second, 1, 1, JobState.QUEUED, 0, 0, 60, 0, 0, food_spent=False)
    held = Job(second, 1, 1, JobState.HELD, 0, 0, 60, 0, 201, food_spent=False)
    roomy, full = cell_with(1, CellState.LOADED, first, size=2), cell_with(1, CellState.LOADED, first, size=1)
    assert room_of([roomy], work.values()) == {ORDER: (2, 1)}
    assert room_of([full], work.values()) == {}
    assert not waits_for_a_cell(ORDER, work, {second: job}, [roomy])
    assert waits_for_a_cell(ORDER, work, {second: job}, [full])
    assert waits_for_a_cell(ORDER, work, {second: held}, [roomy]), "held, perhaps for the whole evening"
    assert waits_for_a_cell(ORDER, work, {}, [roomy]), "the robot does not have it yet"
    assert work[second].status in PENDING_PORTIONS
    row = await stand.db.read(orders.require_portion, second)
    assert await stand.db.write(together, row) == 0, "all of it was sent"


class Unheard(Complex):
    """Each question costs whoever asks the whole silence."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def cancel(self, _job_id: int, _attempt: int) -> None:
        self.asked += 1
        raise DeviceUnreachable("robot", "no_answer", "")


async def test_4_silence_is_waited_for_once_and_not_for_each_portion_that_is_given_back(stand: Shared) -> None:
    rows = [msgspec.structs.replace(row, status=PortionStatus.QUEUED) for row in await stand.portions()]
    robot = Unheard()
    begun = await Recall(robot, Kitchen()).recall(rows)
    assert (robot.asked, sorted(begun)) == (1, sorted(row.portion_id for row in rows))
    assert len(begun) == 2
