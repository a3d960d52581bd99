"""Seed 4.1–4.2: the hall board. Events become frames in order, with resume; a stuck screen is dropped."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from kiosk.clock import Clock
from kiosk.domain.events import (
    OrderCompletedEvent,
    OrderCookingEvent,
    OrderPaidEvent,
    OrderReadyEvent,
    OrderRefundedEvent,
    StoredEvent,
)
from kiosk.domain.order import OrderStatus
from kiosk.store import orders, outbox
from kiosk.store.database import Database

_SCREEN_BUFFER = 256
_RESUME_LIMIT = 2000
_REFRESH_S = 5.0
_LATE = timedelta(seconds=60)
_BATCH = 500


class BoardOrder(msgspec.Struct, frozen=True):
    """One number on the board; `cell` is the first of `cells`."""

    number: str
    status: str
    ready_in_s: int
    cell: int | None
    cells: list[int] = []


class Frame(msgspec.Struct, frozen=True):
    """`sequence` None: a change of look between events (delayed, see_staff, minutes), not resumable."""

    sequence: int | None
    order: BoardOrder


class Opening(msgspec.Struct, frozen=True):
    """What a screen gets first: a snapshot, or the frames it missed."""

    last: int
    snapshot: list[BoardOrder] | None
    missed: list[Frame]


class Screen:
    """One connected board: a bounded queue; `frames` ends when the screen was too slow."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.dropped = False

    def push(self, frame: Frame | None) -> None:
        if self.queue.qsize() >= _SCREEN_BUFFER:
            self.dropped = True
            return
        self.queue.put_nowait(frame)


class Showing:
    """Follows the outbox by a cursor of its own, in memory: a screen resumes from the table, not from here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._wake = asyncio.Event()
        self._screens: set[Screen] = set()
        self._shown: dict[str, BoardOrder] = {}
        database.watch_events(self._wake.set)

    @property
    def screens(self) -> int:
        return len(self._screens)

    async def run(self) -> None:
        """For ever: new events become frames; every few seconds the looks between events."""
        async with self._db.read() as reader:
            _, position = await outbox.bounds(reader)
        while True:
            self._wake.clear()
            async with self._db.read() as reader:
                events = await outbox.after(reader, position, _BATCH)
            for event in events:
                position = event.sequence
                if frame := frame_of(event, self._clock.now()):
                    self._shown[frame.order.number] = frame.order
                    self._publish(frame)
            if not events:
                await self._wake.wait()

    async def refresh(self) -> None:
        """For ever: minutes, `delayed` and `see_staff` of orders in work."""
        while True:
            await self._clock.sleep(_REFRESH_S)
            if not self._screens:
                continue
            now = self._clock.now()
            async with self._db.read() as reader:
                rows = await orders.read_board(reader)
            for row in rows:
                order = _of_row(row, now)
                if _differs(self._shown.get(order.number), order):
                    self._shown[order.number] = order
                    self._publish(Frame(None, order))
            current = {row.number for row in rows}
            self._shown = {number: order for number, order in self._shown.items() if number in current}

    def _publish(self, frame: Frame) -> None:
        for screen in list(self._screens):
            screen.push(frame)
            if screen.dropped:
                self._screens.discard(screen)

    def connect(self) -> Screen:
        """Before `opening`, so that nothing falls between the two."""
        screen = Screen()
        self._screens.add(screen)
        return screen

    def disconnect(self, screen: Screen) -> None:
        self._screens.discard(screen)

    def close(self) -> None:
        """End every stream: an open one would hold the process's exit."""
        for screen in self._screens:
            screen.queue.put_nowait(None)

    async def opening(self, last_event_id: str | None) -> Opening:
        """An unusable, future or expired id gets a snapshot (contract §1, order 4.1)."""
        now = self._clock.now()
        async with self._db.read() as reader:
            oldest, last = await outbox.bounds(reader)
            resume = _resume_point(last_event_id, oldest, last)
            if resume is not None:
                events = await outbox.after(reader, resume, _RESUME_LIMIT)
                return Opening(last, None, [frame for event in events if (frame := frame_of(event, now))])
            rows = await orders.read_board(reader)
        return Opening(last, [_of_row(row, now) for row in rows], [])


def _resume_point(text: str | None, oldest: int, last: int) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    wanted = int(text)
    return wanted if oldest - 1 <= wanted <= last and last - wanted <= _RESUME_LIMIT else None


def frame_of(event: StoredEvent, now: datetime) -> Frame | None:
    """The frame of an event the board shows, else None."""
    told = event.decode()
    match told:
        case OrderPaidEvent() | OrderCookingEvent():
            status = OrderStatus.PAID if isinstance(told, OrderPaidEvent) else OrderStatus.COOKING
            left_s = max(0, round(told.ready_in_s - (now - event.at).total_seconds()))
            order = BoardOrder(told.number, status, left_s, None)
        case OrderReadyEvent():
            order = BoardOrder(told.number, OrderStatus.READY, 0, told.cell, told.cells)
        case OrderCompletedEvent():
            order = BoardOrder(told.number, OrderStatus.COMPLETED, 0, None)
        case OrderRefundedEvent(whole=True):
            order = BoardOrder(told.number, OrderStatus.REFUNDED, 0, None)
        case _:
            return None
    return Frame(event.sequence, order)


def _of_row(row: orders.BoardRow, now: datetime) -> BoardOrder:
    left_s = 0 if row.promised_at is None else max(0, round((row.promised_at - now).total_seconds()))
    status: str = row.status
    if row.failed:
        status = "see_staff"
    elif row.status is not OrderStatus.READY and row.promised_at is not None and now - row.promised_at > _LATE:
        status = "delayed"
    if row.status is OrderStatus.READY:
        left_s = 0
    return BoardOrder(row.number, status, left_s, row.cells[0] if row.cells else None, row.cells)


def _differs(before: BoardOrder | None, after: BoardOrder) -> bool:
    if before is None or before.status != after.status or before.cell != after.cell:
        return True
    return -(-before.ready_in_s // 60) != -(-after.ready_in_s // 60)
