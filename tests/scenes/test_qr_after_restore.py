"""Books put back that have lost what became of a QR code: its bank is asked before anything is declared
(payment.md#by-qr-code)."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_qr_payments import QR, SOLD, bill, moved, shown, stuck_row
from tests.scenes.test_restore import backed_up, findings, put_back, settle_all

#: As the books stood before the code came, and before the bank was asked at all.
BEFORE_THE_CODE = "qr = NULL, bank_payment_id = NULL, expires_at = :old, posted_at = :old"
BEFORE_THE_WIRE = "qr = NULL, bank_payment_id = NULL, expires_at = NULL, posted_at = NULL, posts = 0, step = :step"
LONG_AGO = "2026-01-01T00:00:00Z"


def turn_back(place: Restaurant, sql: str, step: str = "charging") -> None:
    with contextlib.closing(sqlite3.connect(place.folder / "backup.db")) as books, books:
        books.execute(f"UPDATE payment SET {sql}", {"old": LONG_AGO, "step": step})


@pytest.mark.parametrize("step", ["reserving", "preflight"])
async def test_a_code_that_was_paid_after_the_backup_is_a_finding_and_no_attempt_that_never_began(step: str) -> None:
    async with restaurant(QR) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        await backed_up(place)
        place.qr_bank.faults.switch("pay")
        await guest.until_status(order_id, *SOLD)
        turn_back(place, BEFORE_THE_WIRE, step)
        await put_back(place)
        (row,) = await findings(place, 1)
        assert (row["order_id"], row["amount_kopecks"], row["moves"]) == (order_id, 9900, ["accept"])
        assert "its receipt is document" in row["detail"]
        await settle_all(place, [row])
        await place.until_open()
        assert moved(place) == ["charged"]
        assert len(place.effects("fiscal", "receipt")) == 1


@pytest.mark.parametrize("step", ["reserving", "preflight"])
async def test_a_code_that_may_still_be_paid_is_cancelled_at_the_bank_once_the_books_are_back(step: str) -> None:
    async with restaurant(QR) as place:
        place.qr_bank.faults.switch("nobody_pays")
        await shown(place)
        await backed_up(place)
        turn_back(place, BEFORE_THE_WIRE, step)
        await put_back(place)

        async def cancelled() -> bool:
            return bool(bill(place)["state"] == "CANCELED")

        await until(cancelled)
        await place.until_open()


async def test_a_paid_code_that_the_books_have_forgotten_is_believed_from_the_bank_alone() -> None:
    async with restaurant(QR, stuck_after_s=0.2) as place:
        place.qr_bank.faults.switch("nobody_pays")
        guest, order_id, _ = await shown(place)
        await backed_up(place)
        turn_back(place, BEFORE_THE_CODE)
        place.qr_bank.faults.switch("down")
        place.qr_bank.faults.switch("pay")  # while nobody looks
        await put_back(place)

        async def in_doubt() -> dict[str, Any] | None:
            return await stuck_row(place, f"{order_id}-1", "charge_unknown")

        await until(in_doubt)
        place.qr_bank.faults.switch("down", on=False)
        order = await guest.until_status(order_id, *SOLD)
        assert order["payment"]["transaction_id"] == bill(place)["transfer"]
        assert moved(place) == ["charged"]
