"""What became of a charge: asked by its key while the bank keeps keys, by its list of transactions afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from drivers.bank.port import Acquirer, Charge, ChargeStatus, ListedTransaction, Transaction
from kiosk.clock import Clock
from kiosk.domain.payment import Payment
from kiosk.store import payments, sessions
from kiosk.store.database import Database, Tx

#: The bank forgets keys after 24 h (contract §3): from here on "not found" proves nothing.
KEYS_KEPT = timedelta(hours=20)
#: The card was charged, whatever has come back since.
MONEY_MOVED = (ChargeStatus.APPROVED, ChargeStatus.VOIDED, ChargeStatus.REFUNDED)
_CLOCKS_DIFFER = timedelta(hours=1)
_MAX_POSTS = 3


class Abandoned(Exception):
    """The bank does not know the key, and it is too long since it was posted to post it again."""


class AskingBank:
    """What an attempt in doubt does: ask, and while it is young post the same key again."""

    def __init__(self, database: Database, bank: Acquirer, clock: Clock, abandon_after_s: float) -> None:
        self._db = database
        self._bank = bank
        self._clock = clock
        self._abandon_after_s = abandon_after_s

    async def ask(self, payment: Payment, posted: float) -> Transaction | None:
        """What became of the key; None: not known yet. `posted`: the last POST this process knows of, in monotonic
        time, since the wall clock may be set back meanwhile. Raises `Abandoned`, `DeviceError`."""
        answer = await find_charge(self._bank, payment, self._clock.now())
        if answer is not None:
            return answer
        payment, again = await self._db.write(self._may_post_again, payment)
        if again:
            return await self._bank.charge(charge_of(payment))
        told_s = 0.0 if payment.posted_at is None else (self._clock.now() - payment.posted_at).total_seconds()
        if max(told_s, self._clock.monotonic() - posted) >= self._abandon_after_s:
            raise Abandoned
        return None

    def _may_post_again(self, tx: Tx, payment: Payment) -> tuple[Payment, bool]:
        now = self._clock.now()
        current = payments.require(tx, payment.payment_id)
        session = sessions.find(tx, payment.session_id)
        alive = session is not None and session.ended_at is None and session.expires_at > now
        young = (now - current.created_at).total_seconds() < self._abandon_after_s
        if current.reverse_asked_by is not None or not (alive and young and current.posts < _MAX_POSTS):
            return current, False
        return payments.note(tx, current, posts=current.posts + 1, posted_at=now), True

    async def note_unknown(self, payment: Payment) -> Payment:
        """Since when nothing is known, and what was posted meanwhile."""
        now = self._clock.now()

        def run(tx: Tx) -> Payment:
            current = payments.require(tx, payment.payment_id)
            return current if current.bank_unknown_since else payments.note(tx, current, bank_unknown_since=now)

        return await self._db.write(run)


def charge_of(payment: Payment) -> Charge:
    return Charge(payment.bank_key, payment.order_id, payment.amount_kopecks, payment.card_token, payment.method)


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
