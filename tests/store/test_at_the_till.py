"""Money at the till: whoever is the first among the writes, staff or the end of the code, is right."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta

import msgspec
import pytest

from kiosk.domain.errors import FiscalUnavailable, TillCodeUnknown
from kiosk.domain.payment.payment import Payment, PaymentStep
from kiosk.flows.payment.by_till import TillMethod
from kiosk.flows.payment.method import Standing
from kiosk.flows.payment.till import Till, TillRequest
from kiosk.store.database import Database
from kiosk.store.payment import payments
from tests.clocks import START, ManualClock
from tests.store import rows

CODE = "0427"
GOOD_FOR = timedelta(minutes=15)
CARD = TillRequest("card")
DEADLINE_S = 20.0


class Watched(ManualClock):
    """Tells when somebody looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = asyncio.Event()

    def now(self) -> datetime:
        self.looked_at.set()
        return super().now()


class Counter:
    """A guest with a code, and whoever takes the money; `why_no_receipt` is the registrar's answer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Watched()
        self.why_no_receipt: str | None = None
        self.till = Till(database, self.clock, why_no_receipt=self._registrar, told=lambda: None)
        self.method = TillMethod(database, self.clock, GOOD_FOR.total_seconds())

    async def _registrar(self) -> str | None:
        return self.why_no_receipt

    async def guest(self) -> Payment:
        waiting = msgspec.structs.replace(rows.payment(), method="till", card_token="")
        await self.database.write(rows.sell, waiting.order_id)
        await self.database.write(rows.pay, waiting)
        await self.note(waiting, step=PaymentStep.CHARGING, till_code=CODE, expires_at=START + GOOD_FOR)
        return await self.now(waiting)

    async def note(self, payment: Payment, **changes: object) -> None:
        await self.database.write(lambda tx: payments.note(tx, payment, **changes))

    async def now(self, payment: Payment) -> Payment:
        return await self.database.read(payments.require, payment.payment_id)


@pytest.fixture
async def counter(database: Database) -> Counter:
    return Counter(database)


async def test_a_code_that_was_found_expired_takes_no_money_whatever_the_clock_says(counter: Counter) -> None:
    payment = await counter.guest()
    counter.clock.advance(GOOD_FOR.total_seconds())
    assert (await counter.method.outcome(payment)).standing is Standing.DECLINED
    counter.clock.advance(-1)  # as for whoever pressed a moment before, or where a clock was set back
    with pytest.raises(TillCodeUnknown):
        await counter.till.take(CODE, CARD, "anna")
    assert (await counter.method.outcome(payment)).reason == "expired"
    assert (await counter.now(payment)).taken_by is None


async def test_money_that_is_written_while_the_end_of_the_code_waits_to_be_written_is_taken(counter: Counter) -> None:
    payment = await counter.guest()
    counter.clock.advance(GOOD_FOR.total_seconds())
    gate = threading.Event()
    ahead = asyncio.create_task(counter.database.write(lambda _: gate.wait(DEADLINE_S)))
    taken = asyncio.create_task(
        counter.note(payment, taken_by="anna", tender="card", given_kopecks=payment.amount_kopecks)
    )
    counter.clock.looked_at.clear()
    ending = asyncio.create_task(counter.method.outcome(payment))
    async with asyncio.timeout(DEADLINE_S):
        await counter.clock.looked_at.wait()  # it has seen a code that nobody took money for
    gate.set()
    await asyncio.gather(ahead, taken)
    assert (await ending).standing is Standing.TAKEN


async def test_the_same_words_get_the_same_answer_for_ten_minutes_after_the_money_was_taken(counter: Counter) -> None:
    payment = await counter.guest()
    counter.clock.advance(14 * 60)
    taken = await counter.till.take(CODE, CARD, "anna")
    assert await counter.till.take(CODE, CARD, "anna") == taken
    await counter.note(payment, step=PaymentStep.CHARGED, charged_at=counter.clock.now())
    counter.clock.advance(9 * 60)
    assert await counter.till.take(CODE, CARD, "anna") == taken
    counter.clock.advance(2 * 60)
    with pytest.raises(TillCodeUnknown):
        await counter.till.take(CODE, CARD, "anna")


async def test_nothing_is_taken_that_gets_no_receipt_and_what_was_taken_is_said_again(counter: Counter) -> None:
    payment = await counter.guest()
    counter.why_no_receipt = "shift_closed"
    with pytest.raises(FiscalUnavailable) as refused:
        await counter.till.take(CODE, CARD, "anna")
    assert refused.value.members == {"reason": "fiscal_shift_closed"}
    assert (await counter.now(payment)).taken_by is None
    counter.why_no_receipt = None
    taken = await counter.till.take(CODE, CARD, "anna")
    counter.why_no_receipt = "no_paper"
    assert await counter.till.take(CODE, CARD, "anna") == taken
