"""Paper before the money: which ways to pay get their receipt first, and how much of it may be printed for nothing
(payment.md#paper-before-the-money)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.domain.reasons import PAPER_SPENT
from kiosk.flows.payment.method import PaymentMethod
from kiosk.store.payment import payments
from kiosk.store.transaction import Reader

_SPAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRules:
    """`first`: the ways that want their receipt before the money. Unpaid receipts in an hour: `per_session` of one
    visitor, `per_hour` of all."""

    first: frozenset[str] = frozenset()
    per_session: int = 3
    per_hour: int = 20

    def comes_first(self, method: PaymentMethod) -> bool:
        """What is held gets its receipt between the hold and the money, by whatever rule."""
        return method.name in self.first and not method.capabilities.hold

    def require(self, reader: Reader, session_id: str, method: PaymentMethod, now: datetime) -> None:
        """Raises `PaymentMethodUnavailable` or what else the way says of itself, before anything is printed."""
        if not self.comes_first(method):
            return
        spent = payments.paper_spent(reader, session_id, now - _SPAN)
        if spent.by_session >= self.per_session or spent.by_all >= self.per_hour:
            raise method.refusal(PAPER_SPENT)
