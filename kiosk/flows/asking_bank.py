"""What became of a charge: asked by its key while the bank keeps keys, by its list of transactions afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from drivers.bank.port import Acquirer, ChargeStatus, ListedTransaction, Transaction
from kiosk.domain.payment import Payment

#: The bank forgets keys after 24 h (contract §3): from here on "not found" proves nothing.
KEYS_KEPT = timedelta(hours=20)
#: The card was charged, whatever has come back since.
MONEY_MOVED = (ChargeStatus.APPROVED, ChargeStatus.VOIDED, ChargeStatus.REFUNDED)
_CLOCKS_DIFFER = timedelta(hours=1)


async def find_charge(bank: Acquirer, payment: Payment, now: datetime) -> Transaction | None:
    """The charge of this attempt; `None` is the bank's word that there is none. Raises `DeviceUnreachable`."""
    answer = await bank.find(payment.bank_key)
    if answer is not None or now - (payment.posted_at or payment.created_at) < KEYS_KEPT:
        return answer
    rows = await bank.listing(payment.created_at - _CLOCKS_DIFFER)
    return next((row.transaction for row in rows if _is_of(row, payment)), None)


def _is_of(row: ListedTransaction, payment: Payment) -> bool:
    if row.key is not None:
        return row.key == payment.bank_key
    return (row.order_id, row.amount_kopecks) == (payment.order_id, payment.amount_kopecks)


async def given_back_kopecks(bank: Acquirer, transaction_id: str, since: datetime) -> int | None:
    """How much of a charge the bank has given back so far; None where its list does not tell."""
    rows = await bank.listing(since - _CLOCKS_DIFFER)
    row = next((row for row in rows if row.transaction.transaction_id == transaction_id), None)
    return None if row is None else row.returned_kopecks
