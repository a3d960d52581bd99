"""A receipt with a wrong rate or subject of settlement is taken back and made right; no money moves.

By FFD 1.05 a return receipt and a right one, by 1.1 and 1.2 two corrections (54-FZ art. 4.3 p. 4).
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import structlog

from drivers.errors import DeviceError, trouble_word
from drivers.fiscal.port import Operation
from kiosk.clock import Clock
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.payment import PaymentStep
from kiosk.domain.receipt import PricedLine
from kiosk.flows.claiming import standing_lines
from kiosk.flows.fiscalising import Fiscalising
from kiosk.store import fixes, orders, payments, records, refunds
from kiosk.store.database import Database, Tx
from kiosk.store.fixes import FixRow
from kiosk.tasks import Pauses, Tasks

_log = structlog.get_logger()
_BACKOFF_S = (0.5, 1.0, 5.0, 15.0, 60.0)


class CorrectRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CorrectView(msgspec.Struct, frozen=True):
    order_id: str
    was: list[PricedLine]
    becomes: list[PricedLine]


class Correcting:
    """`request` records it, a job carries it out for ever, `resume` takes it up after a restart."""

    def __init__(self, database: Database, fiscalising: Fiscalising, tasks: Tasks, clock: Clock) -> None:
        self._db = database
        self._fiscalising = fiscalising
        self._tasks = tasks
        self._clock = clock
        self._pauses = Pauses(clock)
        self._jobs: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def request(self, wanted: CorrectRequest, actor: str) -> CorrectView:
        """Lines at the rates that the table gives now for the day of the payment. Raises `NotFound`, and
        `OrderStateConflict` where nothing differs, something was given back, or another correction is under way."""
        now = self._clock.now()

        def run(tx: Tx) -> tuple[FixRow, CorrectView]:
            order = orders.get(tx, wanted.order_id)
            if order is None:
                raise NotFound
            payment = payments.last(tx, wanted.order_id)
            if payment is None or payment.step is not PaymentStep.DONE or refunds.refunds_of(tx, payment.payment_id):
                raise OrderStateConflict(order_status=order.status)
            earlier = fixes.fixes_of(tx, payment.payment_id)
            was, becomes = standing_lines(tx, payment.payment_id), self._fiscalising.lines(tx, payment)
            if was == becomes or any(row.done_at is None for row in earlier):
                raise OrderStateConflict(order_status=order.status)
            row = fixes.add_fix(tx, payment, len(earlier) + 1, wanted.reason, actor, now)
            records.journal(tx, actor, "correct", f"{wanted.order_id} {wanted.reason}", now)
            return row, CorrectView(wanted.order_id, was, becomes)

        row, view = await self._db.write(run)
        self._start(row)
        return view

    async def resume(self) -> None:
        found = await self._db.read(fixes.unfinished_fixes)
        for row in found:
            self._start(row)

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._pauses.nudge()

    def _start(self, row: FixRow) -> None:
        key = (row.payment_id, row.fix)
        name = f"correct:{row.payment_id}:{row.fix}"
        if key not in self._jobs and name not in self._tasks.aside:
            job = self._tasks.start(name, self._carry_out(row), taken_up=True)
            self._jobs[key] = job
            job.add_done_callback(lambda _: self._jobs.pop(key, None))

    async def _carry_out(self, row: FixRow) -> None:
        structlog.contextvars.bind_contextvars(order_id=row.order_id)
        tries = 0
        while True:
            try:
                await self._steps(row)
                return
            except DeviceError as error:
                _log.error("correction_retried", error=str(error), tries=tries)
                await self._db.write(fixes.note_error, row, trouble_word(error))
                await self._pauses.wait(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1

    async def _steps(self, row: FixRow) -> None:
        payment = await self._db.read(payments.require, row.payment_id)
        was = await self._db.read(standing_lines, row.payment_id, row.fix)
        await self._fiscalising.fix(payment, row.fix, Operation.REFUND, was)
        becomes = await self._db.read(self._fiscalising.lines, payment)
        await self._fiscalising.fix(payment, row.fix, Operation.SALE, becomes)
        now = self._clock.now()
        await self._db.write(fixes.finish_fix, row, now)
