"""What the robot's job table means for portions and orders: one transaction for state and event (controller rule 4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from drivers.robot.port import STATION_FAULT, Job, JobState, station_of_fault
from kiosk.clock import rfc3339
from kiosk.domain.events import OrderCompletedEvent, OrderCookingEvent, OrderReadyEvent
from kiosk.domain.ordering.order import GONE_PORTIONS, UNKNOWN_INGREDIENT, Order, OrderStatus, PortionStatus
from kiosk.store.events import outbox
from kiosk.store.ordering import holding, orders
from kiosk.store.payment import refunds
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
MAX_ATTEMPTS = 3
_STATUS = {
    JobState.QUEUED: PortionStatus.QUEUED,
    JobState.COOKING: PortionStatus.COOKING,
    JobState.READY: PortionStatus.READY,
    JobState.PICKED_UP: PortionStatus.READY,
}
LOST = (JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED)


def tells_more(status: PortionStatus, job: Job) -> bool:
    """Does the job show anything a portion in this status does not know yet?"""
    return job.state in LOST or _shown(job) is not status


def _shown(job: Job) -> PortionStatus:
    return _STATUS.get(job.state, PortionStatus.COOKING if job.food_spent else PortionStatus.QUEUED)


@dataclass(frozen=True, slots=True)
class Held:
    """Of food in its cell: since when it has been there, and until when it may be eaten."""

    ready_at: datetime
    hold_until: datetime


def adopt(tx: Tx, job: Job, now: datetime, stations_down: Collection[int], held: Held) -> PortionStatus | None:
    """Bring a portion to what its job shows; None if the job is of another attempt or nobody's. `held`: of one
    that is ready."""
    row = orders.portion(tx, job.job_id)
    if row is None or row.attempt != job.attempt:
        return None
    if row.status in (PortionStatus.READY, *GONE_PORTIONS, PortionStatus.FAILED, PortionStatus.DROPPED):
        return row.status
    if job.state in LOST:
        return _lose(tx, row, job, hopeless=station_of_fault(job.fault) in stations_down)
    wanted = _shown(job)
    if wanted is row.status or (wanted is PortionStatus.QUEUED and row.status is PortionStatus.COOKING):
        return row.status
    changes: dict[str, object] = {}
    if row.status in (PortionStatus.WAITING, PortionStatus.SUBMITTING):
        changes = {"accepted_at": rfc3339(now)}
    if wanted is PortionStatus.COOKING:
        changes |= {"cooking_at": rfc3339(now)}
    elif wanted is PortionStatus.READY:
        changes |= {"cell": job.cell or None, "reminded": 0, "lowest_c": None, "highest_c": None, "cold_s": None}
        changes |= {"ready_at": rfc3339(held.ready_at), "hold_until": rfc3339(held.hold_until)}
    orders.move_portion(tx, row, wanted, **changes)
    if wanted is PortionStatus.READY and job.cell:
        holding.share(tx, row.order_id, job.cell, now)
    stocks.hand_over(tx, [row.portion_id])  # the process may have died between the robot's word and this
    progress(tx, row.order_id, now, job.remaining_s)
    return wanted


def _lose(tx: Tx, row: orders.PortionRow, job: Job, *, hopeless: bool) -> PortionStatus:
    """Cook again only if no food was spent (controller rule 5) and not at a station that is still down, else a person
    decides; what was given back meanwhile is neither cooked again nor waited for."""
    if not job.food_spent and row.attempt < MAX_ATTEMPTS and not hopeless:
        _log.warning("portion_cooked_again", portion_id=row.portion_id, attempt=row.attempt + 1, job=job.state.name)
        orders.move_portion(tx, row, PortionStatus.WAITING, attempt=row.attempt + 1)
        stocks.take_back(tx, row.portion_id)
        return PortionStatus.DROPPED if refunds.drop_given_back(tx, row.portion_id) else PortionStatus.WAITING
    _log.error("portion_failed", portion_id=row.portion_id, job=job.state.name, fault=job.fault)
    orders.move_portion(tx, row, PortionStatus.FAILED, fault=f"{job.state.name.lower()}:{job.fault}")
    return PortionStatus.DROPPED if refunds.drop_given_back(tx, row.portion_id) else PortionStatus.FAILED


def lose_unknown(tx: Tx, portion_id: int) -> None:
    """The robot's table does not know a job it had accepted: uncertain, so a person decides (robot.md#doubt)."""
    row = orders.portion(tx, portion_id)
    if row is not None and row.status in (PortionStatus.QUEUED, PortionStatus.COOKING):
        _log.error("portion_lost_by_robot", portion_id=portion_id)
        orders.move_portion(tx, row, PortionStatus.FAILED, fault="lost_by_robot")
        refunds.drop_given_back(tx, portion_id)


def give_up(tx: Tx, portion_id: int, fault: str) -> None:
    """The robot never had it and will not get it, for this `fault` (`cause:code`, in words by `staff_words`): it is not
    cooked, and its money goes back."""
    row = orders.portion(tx, portion_id)
    if row is not None and row.status in (PortionStatus.WAITING, PortionStatus.SUBMITTING):
        _log.error("portion_given_up", portion_id=portion_id, fault=fault)
        orders.move_portion(tx, row, PortionStatus.FAILED, fault=fault)
        refunds.drop_given_back(tx, portion_id)


def unknown_ingredient(name: str) -> str:
    """The fault of a portion whose ingredient the menu has no more, so that no bin is known for it."""
    return f"{UNKNOWN_INGREDIENT}:{name}"


def unfit_lot(reason: str, ingredient: str) -> str:
    """The fault of a portion whose food was past its time, or recalled, before it was begun."""
    return f"{reason}:{ingredient}"


def station_fault(station: int) -> str:
    """The fault of a portion that has waited too long for this station, told as the robot tells of its own jobs."""
    return f"failed:{STATION_FAULT + station}"


def submitted(tx: Tx, portion_id: int, status: PortionStatus, now: datetime) -> None:
    """What the robot's answer to a SUBMIT makes of a portion: queued, its food counted by the robot, or waiting again.
    One that was given up while the answer was on its way stays so (its job is cancelled by the table); one that was
    given back waits no more."""
    if status is PortionStatus.QUEUED:
        stocks.hand_over(tx, [portion_id])
    row = orders.portion(tx, portion_id)
    if row is None or row.status is not PortionStatus.SUBMITTING:
        return
    accepted = {"accepted_at": rfc3339(now)} if status is PortionStatus.QUEUED else {}
    orders.move_portion(tx, row, status, **accepted)
    refunds.drop_given_back(tx, portion_id)


def progress(tx: Tx, order_id: str, now: datetime, remaining_s: int = 0) -> None:
    """Bring an order to where its portions are: cooking, ready when the last is, completed when all were taken.
    Portions that were given back do not hold the rest. What staff threw away does not keep the customer from it, but
    the order is done only when a person has decided about its money."""
    order = orders.require(tx, order_id)
    kept = [row for row in orders.portions(tx, order_id) if row.status is not PortionStatus.DROPPED and _is_kept(row)]
    started = any(
        row.status not in (PortionStatus.WAITING, PortionStatus.SUBMITTING, PortionStatus.QUEUED) for row in kept
    )
    awaited = [row for row in kept if not row.thrown_away]
    done = bool(awaited) and all(row.status in (PortionStatus.READY, *GONE_PORTIONS) for row in awaited)
    if started and order.status is OrderStatus.PAID:  # also when it is ready at the first look: nobody misses a step
        order = orders.move(tx, order, OrderStatus.COOKING, now)
        left_s = order.ready_in_s
        if order.promised_at is not None:
            left_s = max(remaining_s, round((order.promised_at - now).total_seconds()))
        outbox.put(tx, OrderCookingEvent(order_id=order_id, number=order.number, ready_in_s=left_s), now)
    if done and order.status is OrderStatus.COOKING:
        order = orders.move(tx, order, OrderStatus.READY, now)
        if any(row.status is PortionStatus.READY for row in kept):
            _call(tx, order, kept, now, whole=True)
    if kept and order.status is OrderStatus.READY and all(row.status in GONE_PORTIONS for row in kept):
        orders.move(tx, order, OrderStatus.COMPLETED, now)
        outbox.put(tx, OrderCompletedEvent(order_id=order_id, number=order.number), now)


def _is_kept(row: orders.PortionRow) -> bool:
    """Nobody waits for food in its cell whose money went back while it was cooked: that opens for staff alone."""
    return not (row.given_back and row.status is PortionStatus.READY)


def _call(tx: Tx, order: Order, kept: Sequence[orders.PortionRow], now: datetime, *, whole: bool) -> None:
    """The customer is called to the cells that hold what is ready; where something lies beside it whose money went
    back, staff opens."""
    ready = [row for row in orders.portions(tx, order.order_id) if row.status is PortionStatus.READY]
    shut = {row.cell for row in ready if row.given_back or row.locked}
    found = [row.cell for row in kept if row.status is PortionStatus.READY and row.cell not in shut]
    cells = [cell for cell in dict.fromkeys(found) if cell is not None]
    cell = cells[0] if cells else None
    told = OrderReadyEvent(order_id=order.order_id, number=order.number, cell=cell, cells=cells, whole=whole)
    outbox.put(tx, told, now)
    orders.mark_called(tx, order.order_id)


def call_part(tx: Tx, order_id: str, now: datetime) -> bool:
    """An order fills the cells that the rest of it waits for: it is served in parts. Returns True if newly recorded."""
    order = orders.require(tx, order_id)
    kept = [row for row in orders.portions(tx, order_id) if _is_kept(row)]
    news = any(row.status is PortionStatus.READY and row.cell is not None and not row.called for row in kept)
    if order.status is not OrderStatus.COOKING or not news:
        return False
    _log.info("order_called_in_part", order_id=order_id)
    _call(tx, order, kept, now, whole=False)
    return True


def hand_out(tx: Tx, portion_id: int, now: datetime) -> None:
    """The cell no longer holds this job: the food was taken; the order completes with its last portion."""
    row = orders.portion(tx, portion_id)
    if row is None or row.status is not PortionStatus.READY:
        return
    orders.move_portion(tx, row, PortionStatus.HANDED_OUT, fetched_at=rfc3339(now))
    progress(tx, row.order_id, now)
