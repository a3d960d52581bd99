"""Books whose own rows contradict each other (a backup that somebody changed, a bug of yesterday) end no process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kiosk.domain.errors import DomainError
from kiosk.store.payment import payments
from kiosk.store.staff import troubles
from kiosk.store.transaction import ForbiddenRow, Tx

CONTRADICTS = "order_contradicts_itself"


def agrees(tx: Tx, order_id: str, work: Callable[[], None], now: datetime) -> bool:
    """Do `work` where the tables allow it; else the order stays as it is and is a finding for a person."""
    try:
        with tx.apart():
            work()
    except (DomainError, ForbiddenRow, payments.ImpossibleStep, LookupError) as error:
        told = error.code if isinstance(error, DomainError) else type(error).__name__
        detail = f"order {order_id}: its own states contradict each other ({told}); look what became of money and meal"
        troubles.add_finding(tx, CONTRADICTS, order_id, detail, now, order_id=order_id)
        return False
    return True
