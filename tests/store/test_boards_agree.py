"""Hall boards over random histories, lost connections and restarts: all end with the picture of a fresh snapshot."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.domain.events import (
    Event,
    OrderCompletedEvent,
    OrderCookingEvent,
    OrderPaidEvent,
    OrderReadyEvent,
    OrderRefundedEvent,
)
from kiosk.domain.kitchen import state
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.payment.payment import PaymentStep
from kiosk.sinks.board import HallBoard, Screen
from kiosk.sinks.board_picture import BoardOrder, Frame, Snapshot
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import orders
from kiosk.store.ordering.boards import HallRow
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Reader, Tx
from tests.clocks import ManualClock
from tests.databases.ready import lay_ready
from tests.store import rows

KEEP_S = 120
ORDERS = 4
SHOWN = {"paid", "cooking", "delayed", "see_staff", "ready", "refunded"}
Look = tuple[str, tuple[int, ...]]


class Board:
    """A board as anybody would write it: a snapshot is everything, an order frame changes one number."""

    def __init__(self) -> None:
        self.looks: dict[str, Look] = {}
        self.last: str | None = None
        self.screen: Screen | None = None
        self.waiting: list[Frame | Snapshot] = []

    async def connect(self, showing: HallBoard) -> None:
        self.screen = await showing.open(self.last)
        self.waiting = list(self.screen.opening)

    def hear(self, most: int = 10_000) -> None:
        """At most so many of what was sent to it."""
        while self.screen is not None and not self.screen.queue.empty():
            told = self.screen.queue.get_nowait()
            assert told is not None
            self.waiting.append(told)
        heard, self.waiting = self.waiting[:most], self.waiting[most:]
        for told in heard:
            if isinstance(told, Snapshot):
                self.last = str(told.last)
                self.looks = {order.number: look(order) for order in told.orders}
                continue
            if told.sequence is not None:
                assert self.last is None or told.sequence > int(self.last), "a repeat"
                self.last = str(told.sequence)
            self.looks[told.order.number] = look(told.order)
            if told.order.status not in SHOWN:
                del self.looks[told.order.number]

    def lose(self, showing: HallBoard, heard: int) -> None:
        """The connection is gone; only some of what was on its way arrived."""
        self.hear(heard)
        if self.screen is not None:
            showing.disconnect(self.screen)
        self.screen, self.waiting = None, []


def look(order: BoardOrder) -> Look:
    return order.status, tuple(order.cells)


class Kitchen:
    """Moves orders as the product does: a state and its event in one transaction."""

    def __init__(self, tx: Tx, rng: random.Random, now: datetime) -> None:
        self.tx, self.rng, self.now = tx, rng, now
        self.order = orders.require(tx, f"ORDER{rng.randint(1, ORDERS)}")
        self.portions = orders.portions(tx, self.order.order_id)

    def step(self) -> None:
        status = self.order.status
        if status is OrderStatus.CREATED:
            self._pay()
        elif status in (OrderStatus.PAID, OrderStatus.COOKING, OrderStatus.READY, OrderStatus.COMPLETED):
            self.rng.choice([self._go_on, self._go_on, self._go_on, self._fail, self._give_back])()

    def _put(self, kind: Callable[..., Event], **members: object) -> None:
        outbox.put(self.tx, kind(order_id=self.order.order_id, number=self.order.number, **members), self.now)

    def _move(self, status: OrderStatus) -> None:
        self.order = orders.move(self.tx, self.order, status, self.now)

    def _pay(self) -> None:
        self._move(OrderStatus.PAYING)
        self._move(OrderStatus.PAID)
        rows.pay(self.tx, rows.payment(self.order.order_id, step=PaymentStep.DONE))
        orders.plan_to_wait(self.tx, self.order.order_id)
        orders.set_promise(self.tx, self.order.order_id, 60, self.now)
        self._put(
            OrderPaidEvent,
            customer_id=None, amount_kopecks=1, bonus_spent=0, items=[], transaction_id="", ready_in_s=60,
            fiscal_document_number=1,
        )  # fmt: skip

    def _go_on(self) -> None:
        """The next thing that happens to some portion, and what follows for the order."""
        row = self.rng.choice(self.portions)
        onward = {
            PortionStatus.WAITING: PortionStatus.COOKING,
            PortionStatus.COOKING: PortionStatus.READY,
            PortionStatus.READY: PortionStatus.HANDED_OUT,
            PortionStatus.FAILED: PortionStatus.WAITING,
        }.get(row.status)
        if onward is None or (row.status is PortionStatus.FAILED and self.order.status is OrderStatus.READY):
            return
        more = {
            PortionStatus.READY: {"cell": row.portion_id % 6 + 1},
            PortionStatus.WAITING: {"attempt": row.attempt + 1},
        }
        orders.move_portion(self.tx, row, onward, **more.get(onward, {}))
        self._follow()

    def _follow(self) -> None:
        kept = [p for p in orders.portions(self.tx, self.order.order_id) if p.status is not PortionStatus.DROPPED]
        states = {row.status for row in kept}
        if self.order.status is OrderStatus.PAID and states & {PortionStatus.COOKING, PortionStatus.READY}:
            self._move(OrderStatus.COOKING)
            self._put(OrderCookingEvent, ready_in_s=30)
        ready = [row for row in kept if row.status is PortionStatus.READY]
        if self.order.status is OrderStatus.COOKING and ready and len(ready) < len(kept) and self.rng.random() < 0.5:
            cells = [row.cell for row in ready]
            orders.mark_called(self.tx, self.order.order_id)
            self._put(OrderReadyEvent, cell=cells[0], cells=cells, whole=False)
        if (
            self.order.status is OrderStatus.COOKING
            and states
            and states <= {PortionStatus.READY, PortionStatus.HANDED_OUT}
        ):
            self._move(OrderStatus.READY)
            cells = [row.cell for row in kept if row.status is PortionStatus.READY]
            self._put(OrderReadyEvent, cell=cells[0] if cells else None, cells=cells)
        if self.order.status is OrderStatus.READY and states == {PortionStatus.HANDED_OUT}:
            self._move(OrderStatus.COMPLETED)
            self._put(OrderCompletedEvent)

    def _fail(self) -> None:
        row = self.rng.choice(self.portions)
        if row.status in (PortionStatus.COOKING, PortionStatus.READY):
            orders.move_portion(self.tx, row, PortionStatus.FAILED)

    def _give_back(self) -> None:
        """Some or all of it: opened, and later through."""
        payment_id = f"{self.order.order_id}:1"
        for refund in refunds.refunds_of(self.tx, payment_id):
            if refund.step == "pending":
                refunds.note_refund(self.tx, refund.refund_id, step="done", done_at=self.now)
                if refund.whole:
                    self._move(OrderStatus.REFUNDED)
                self._put(OrderRefundedEvent, amount_kopecks=1, reason="", whole=refund.whole)
                return
        self._open_refund(payment_id)

    def _open_refund(self, payment_id: str) -> None:
        earlier = refunds.refunds_of(self.tx, payment_id)
        gone = {portion_id for refund in earlier for portion_id in refund.portions}
        left = [row for row in self.portions if row.portion_id not in gone]
        if not left:
            return
        chosen = left[: self.rng.randint(1, len(left))]
        payment = payments.require(self.tx, payment_id)
        refunds.add_refund(
            self.tx, payment, refund_id=f"{payment_id}-{len(earlier)}", amount_kopecks=1, reason="", actor="",
            portions=[row.portion_id for row in chosen], whole=len(chosen) == len(left), now=self.now,
        )  # fmt: skip
        for row in chosen:
            if row.status in (PortionStatus.WAITING, PortionStatus.FAILED):
                orders.move_portion(self.tx, row, PortionStatus.DROPPED)
        self._follow()


async def history(folder: Path, seed: int, make: Callable[..., HallBoard]) -> str | None:
    """One random day with two boards; what they disagree about at its end, or None."""
    rng, clock = random.Random(seed), ManualClock()
    lay_ready(folder / f"{seed}.db")
    database = await Database.open(folder / f"{seed}.db", lambda reason: None)
    try:
        await database.write(rows.sell, *(f"ORDER{n + 1}" for n in range(ORDERS)))
        showing = make(database, Readiness(()), state.Kitchen(), KEEP_S, clock)
        boards = [Board(), Board()]
        for _ in range(rng.randint(20, 120)):
            match rng.randrange(10):
                case 0:
                    clock.advance(rng.choice([1, 5, 30, 70, 130]))
                case 1:
                    rng.choice(boards).lose(showing, rng.randrange(6))
                case 2 | 3:
                    board = rng.choice(boards)
                    if board.screen is None:
                        await board.connect(showing)
                case 4:
                    await showing.tell(minutes=True)
                case 5 if rng.random() < 0.2:
                    for board in boards:
                        board.lose(showing, rng.randrange(6))
                    showing = make(database, Readiness(()), state.Kitchen(), KEEP_S, clock)
                case _:
                    await database.write(lambda tx: Kitchen(tx, rng, clock.now()).step())
                    if rng.random() < 0.7:
                        await showing.tell()
        return await _disagreement(showing, boards)
    finally:
        await database.close()


async def _disagreement(showing: HallBoard, boards: list[Board]) -> str | None:
    for board in boards:
        if board.screen is None:
            await board.connect(showing)
    await showing.tell(minutes=True)
    fresh = Board()
    await fresh.connect(showing)
    for board in (*boards, fresh):
        board.hear()
    return next((f"{board.looks} is not {fresh.looks}" for board in boards if board.looks != fresh.looks), None)


class LosesDelayed(HallBoard):
    """Planted: who resumes hears its events, and nothing of what no event tells."""

    def unheard(self, rows: list[HallRow], now: datetime) -> list[Frame]:
        return []


class KeepsForEver(HallBoard):
    """Planted: what left while a board was away is never taken from it."""

    def has_left(self, reader: Reader, resume: int, now: datetime) -> bool:
        return False


async def test_4_1_boards_end_alike_whatever_they_missed(tmp_path: Path) -> None:
    for seed in range(60):
        assert await history(tmp_path, seed, HallBoard) is None, seed


@pytest.mark.parametrize("planted", [LosesDelayed, KeepsForEver])
async def test_4_1_planted_boards_are_caught(tmp_path: Path, planted: type[HallBoard]) -> None:
    for seed in range(60):
        if await history(tmp_path, seed, planted) is not None:
            return
    raise AssertionError("nobody noticed")
