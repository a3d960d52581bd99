"""A receipt with a wrong rate or subject of settlement is taken back and made right; no money moves.

By FFD 1.05 a return receipt and a right one, by 1.1 and 1.2 two corrections (54-FZ art. 4.3 p. 4).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
import structlog

from drivers.errors import DeviceError, trouble_word
from drivers.fiscal.port import Operation
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.fiscal.claim import standing_lines
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.jobs import Jobs, Means
from kiosk.store import journal
from kiosk.store.fiscal import fixes
from kiosk.store.fiscal.fixes import FixRow
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.transaction import Reader, Tx

_log = structlog.get_logger()
_BACKOFF_S = (0.5, 1.0, 5.0, 15.0, 60.0)


class CorrectRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CorrectView(msgspec.Struct, frozen=True):
    order_id: str
    was: list[PricedLine]
    becomes: list[PricedLine]


class Corrections:
    """`request` records it, a job retries it without an end, `resume` takes it up after a restart."""

    def __init__(self, means: Means, archive: OrderArchive, receipts: Receipts) -> None:
        self._db = means.database
        self._archive = archive
        self._receipts = receipts
        self._clock = means.clock
        self._jobs: Jobs[None] = Jobs(means)

    async def request(self, wanted: CorrectRequest, actor: str) -> CorrectView:
        """Lines at the rates that the table gives now for the day of the payment. Raises `NotFound`, `ArchiveBroken`,
        and `OrderStateConflict` where nothing differs, something was given back, or another correction is under way."""
        now = self._clock.now()
        await self._archive.fetch(lambda reader: orders.get(reader, wanted.order_id))

        def run(tx: Tx) -> tuple[FixRow, CorrectView]:
            payment, count, view = self._correctable(tx, wanted.order_id)
            row = fixes.add_fix(tx, payment, count + 1, wanted.reason, actor, now)
            journal.add(tx, actor, "correct", f"{wanted.order_id} {wanted.reason}", now)
            return row, view

        row, view = await self._db.write(run)
        self._start(row)
        return view

    async def estimate(self, order_id: str) -> CorrectView:
        """What a correction would do; writes nothing. Raises what `request` raises."""

        def look(reader: Reader) -> CorrectView | None:
            known = orders.get(reader, order_id)
            return None if known is None else self._correctable(reader, order_id)[2]

        found = await self._archive.find(look)
        if found is None:
            raise NotFound
        return found

    def _correctable(self, reader: Reader, order_id: str) -> tuple[Payment, int, CorrectView]:
        """What was paid, how often it was made right already, and what would change now."""
        order = orders.get(reader, order_id)
        if order is None:
            raise NotFound
        payment = payments.last(reader, order_id)
        if payment is None or payment.step is not PaymentStep.DONE or refunds.refunds_of(reader, payment.payment_id):
            raise OrderStateConflict(order_status=order.status)
        earlier = fixes.fixes_of(reader, payment.payment_id)
        was, becomes = standing_lines(reader, payment.payment_id), self._receipts.lines(reader, payment)
        if was == becomes or any(row.done_at is None for row in earlier):
            raise OrderStateConflict(order_status=order.status)
        return payment, len(earlier), CorrectView(order_id, was, becomes)

    async def resume(self) -> None:
        found = await self._db.read(fixes.unfinished_fixes)
        for row in found:
            self._start(row)

    def nudge(self) -> None:
        """Whatever waits for its next try tries now."""
        self._jobs.nudge()

    def _start(self, row: FixRow) -> None:
        self._jobs.start(f"correct:{row.payment_id}:{row.fix}", partial(self._carry_out, row))

    async def _carry_out(self, row: FixRow) -> None:
        structlog.contextvars.bind_contextvars(order_id=row.order_id)

        async def note(error: DeviceError, tries: int) -> None:
            _log.error("correction_retried", error=str(error), tries=tries)
            await self._db.write(fixes.note_error, row, trouble_word(error))

        await self._jobs.retry(partial(self._steps, row), note, _BACKOFF_S)

    async def _steps(self, row: FixRow) -> None:
        payment = await self._db.read(payments.require, row.payment_id)
        was = await self._db.read(standing_lines, row.payment_id, row.fix)
        await self._receipts.fix(payment, row.fix, Operation.REFUND, was)
        becomes = await self._db.read(self._receipts.lines, payment)
        await self._receipts.fix(payment, row.fix, Operation.SALE, becomes)
        now = self._clock.now()
        await self._db.write(fixes.finish_fix, row, now)
