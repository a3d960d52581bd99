"""The look before an attempt at the card reader lets nothing through that the table would not take: what the table
refuses is a bug, which ends the process (a simulated day found one)."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from kiosk.clock import rfc3339
from kiosk.domain.payment.payment import PaymentStep
from kiosk.flows.payment.attempts import why_not_free
from kiosk.store.database import Database
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows

_SUMS = [(), ("released_at",), ("held_at",), ("held_at", "released_at"), ("held_at", "captured_at"), ("captured_at",)]


@pytest.mark.parametrize("step", PaymentStep)
async def test_3_2_attempt_at_the_reader_is_begun_exactly_where_the_table_takes_it(
    database: Database, step: PaymentStep
) -> None:
    def begin(tx: Tx, done: tuple[str, ...]) -> tuple[str | None, bool]:
        first, second = (
            msgspec.structs.replace(rows.payment(order_id), method="terminal") for order_id in ("ORDER1", "ORDER2")
        )
        tx.execute("SAVEPOINT as_before")
        try:
            rows.sell(tx, "ORDER1", "ORDER2")
            rows.pay(tx, first)
            for column in done:
                tx.execute(f"UPDATE payment SET {column} = ?", (rfc3339(START),))
            tx.execute("UPDATE payment SET step = ?", (step.value,))
            word = why_not_free(tx, "terminal")
            try:
                rows.pay(tx, second)
            except sqlite3.IntegrityError as error:
                return word, "payment.method" not in str(error)
            return word, True
        finally:
            tx.execute("ROLLBACK TO as_before")

    for done in _SUMS:
        word, taken = await database.write(begin, done)
        assert (word is None) is taken, done
