"""What became of a charge: asked by its key while the bank keeps keys, by its list of transactions afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from drivers.bank.port import Acquirer, Charge, ListedTransaction, Transaction
from kiosk.clock import Clock
from kiosk.domain.payment.payment import Payment
from kiosk.flows.payment.method import Abandoned
from kiosk.store.database import Database
from kiosk.store.identity import sessions
from kiosk.store.payment import payments
from kiosk.store.transaction import Tx

#: The bank forgets keys after 24 h (http.md#calls-to-others): from here on "not found" proves nothing.
KEYS_KEPT = timedelta(hours=20)
_CLOCKS_DIFFER = timedelta(hours=1)
_MAX_POSTS = 3


class BankOutcomes:
    """While an attempt in doubt is young the same key is posted again."""

    def __init__(self, database: Database, bank: Acquirer, clock: Clock, abandon_after_s: float) -> None:
        self._db = database
        self._bank = bank
        self._clock = clock
        self._abandon_after_s = abandon_after_s
        self._posted_s: dict[str, float] = {}  # the last POST this process knows of, in monotonic time

    def posted(self, payment: Payment) -> None:
        """Now: the wall clock may be set back meanwhile."""
        self._posted_s[payment.payment_id] = self._clock.monotonic()

    def answered(self, payment: Payment) -> None:
        """Definitely: nothing of it will be posted again."""
        self._posted_s.pop(payment.payment_id, None)

    async def post_again(self, payment: Payment) -> Transaction | None:
        """The bank does not know the key; None: not known yet. Raises `Abandoned`, `DeviceError`."""
        current, again = await self._db.write(self._may_post_again, payment)
        if again:
            self.posted(current)
            return await self._bank.charge(charge_of(current))
        told_s = 0.0 if current.posted_at is None else (self._clock.now() - current.posted_at).total_seconds()
        here_s = self._clock.monotonic() - self._posted_s.setdefault(payment.payment_id, self._clock.monotonic())
        if max(told_s, here_s) >= self._abandon_after_s:
            self.answered(payment)
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
    """How much of a charge the bank has given back so far; None where its list does not report."""
    rows = await bank.listing(since - _CLOCKS_DIFFER)
    row = next((row for row in rows if row.transaction.transaction_id == transaction_id), None)
    return None if row is None else row.returned_kopecks
