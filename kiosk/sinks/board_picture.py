"""What the hall board shows of an order, and what a board must be sent to show the same as all others. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from kiosk.domain.events import (
    OrderCompletedEvent,
    OrderCookingEvent,
    OrderPaidEvent,
    OrderReadyEvent,
    OrderRefundedEvent,
    StoredEvent,
)
from kiosk.domain.kitchen.state import KitchenState
from kiosk.domain.ordering.order import OrderStatus, is_late
from kiosk.store.ordering.boards import HallRow

DELAYED, SEE_STAFF = "delayed", "see_staff"


class BoardOrder(msgspec.Struct, frozen=True):
    """One number on the board; `cell` is the first of `cells`. An order that still cooks has some
    when it is served in parts: they hold what its customer was called to. `reminded`: nobody has fetched it yet."""

    number: str
    status: str
    ready_in_s: int
    cell: int | None
    cells: list[int] = []
    reminded: bool = False


class Frame(msgspec.Struct, frozen=True):
    """`sequence` None: a change without an event (delayed, see_staff, cells of a part, minutes), not resumable."""

    sequence: int | None
    order: BoardOrder


class Snapshot(msgspec.Struct, frozen=True):
    """Everything, as it is after the event `last`."""

    last: int
    orders: list[BoardOrder]


Picture = Mapping[str, BoardOrder]


def picture_of(rows: Iterable[HallRow], now: datetime, kitchen: KitchenState) -> dict[str, BoardOrder]:
    return {row.number: look_of(row, now, kitchen) for row in rows}


def look_of(row: HallRow, now: datetime, kitchen: KitchenState) -> BoardOrder:
    left_s = 0 if row.promised_at is None else kitchen.left_s(row.order_id, row.promised_at, now)
    if row.given_back:
        return BoardOrder(row.number, OrderStatus.REFUNDED, 0, None)
    status: str = row.status
    if row.failed:
        status = SEE_STAFF
    elif row.status is OrderStatus.READY:
        left_s = 0
    elif is_late(row.status, row.promised_at, now):
        status = DELAYED
    reminded = row.reminded and bool(row.cells)
    return BoardOrder(row.number, status, left_s, row.cells[0] if row.cells else None, row.cells, reminded)


def frame_of(event: StoredEvent, picture: Picture, now: datetime) -> Frame | None:
    """The frame of an event that the board shows, else None: also for money back for what left the board before."""
    told = event.decode()
    match told:
        case OrderPaidEvent() | OrderCookingEvent():
            status = OrderStatus.PAID if isinstance(told, OrderPaidEvent) else OrderStatus.COOKING
            left_s = max(0, round(told.ready_in_s - (now - event.at).total_seconds()))
            order = BoardOrder(told.number, status, left_s, None)
        case OrderReadyEvent():
            known = picture.get(told.number)
            left_s = 0 if told.whole or known is None else known.ready_in_s
            status = OrderStatus.READY if told.whole else OrderStatus.COOKING
            order = BoardOrder(told.number, status, left_s, told.cell, told.cells)
        case OrderCompletedEvent():
            order = BoardOrder(told.number, OrderStatus.COMPLETED, 0, None)
        case OrderRefundedEvent(whole=True) if told.number in picture:
            order = BoardOrder(told.number, OrderStatus.REFUNDED, 0, None)
        case _:
            return None
    return Frame(event.sequence, order)


def without_event(rows: Iterable[HallRow], now: datetime, kitchen: KitchenState) -> list[Frame]:
    """For a board that resumes: the changes that no event carries, and those that may have been others meanwhile (a
    portion that failed and is cooked again, a part that was taken)."""
    looks = [(row, look_of(row, now, kitchen)) for row in rows]
    return [
        Frame(None, look)
        for row, look in looks
        if row.touched
        or look.reminded
        or look.status != row.status
        or (look.cells and row.status is not OrderStatus.READY)
    ]


def catch_up(
    shown: dict[str, BoardOrder], frames: Iterable[Frame], picture: Picture, last: int, *, minutes: bool
) -> list[Frame | Snapshot]:
    """What brings a board that shows `shown` to `picture`: the frames of its events, then what differs still. Where
    something has left without an event, all of it anew. `shown` is what it shows then; `minutes`: they count too."""
    told: list[Frame | Snapshot] = []
    for frame in frames:
        told.append(frame)
        shown[frame.order.number] = frame.order
        if frame.order.status == OrderStatus.COMPLETED:
            del shown[frame.order.number]
    if shown.keys() - picture.keys():
        told.append(Snapshot(last, list(picture.values())))
        shown.clear()
        shown.update(picture)
    for number, order in picture.items():
        if _differs(shown.get(number), order, minutes=minutes):
            told.append(Frame(None, order))
            shown[number] = order
    return told


def _differs(before: BoardOrder | None, after: BoardOrder, *, minutes: bool) -> bool:
    if before is None or (before.status, before.cells, before.reminded) != (after.status, after.cells, after.reminded):
        return True
    return minutes and -(-before.ready_in_s // 60) != -(-after.ready_in_s // 60)
