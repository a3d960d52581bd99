"""What the kiosk asks of an acquirer. An answer may come at once, later, or in several steps (SBP, a pin-pad)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import DeviceError

__all__ = ["DeviceError"]


class ChargeStatus(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"  # begun, not final: ask again by the key
    VOIDED = "voided"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Charge:
    """`key` is `<order>:<attempt>`: the bank charges a key at most once."""

    key: str
    order_id: str
    amount_kopecks: int
    card_token: str
    method: str = "token"


@dataclass(frozen=True, slots=True)
class Transaction:
    """The bank's answer about one key. `reason` is set when declined."""

    status: ChargeStatus
    transaction_id: str | None = None
    auth_code: str | None = None
    rrn: str | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    reason: str | None = None


class Acquirer(Protocol):
    """`DeviceUnreachable`: the request never left, nothing happened. `OutcomeUnknown`: it may have happened."""

    async def charge(self, charge: Charge) -> Transaction: ...

    async def find(self, key: str) -> Transaction | None:
        """Status by key; `None` when the bank says it knows no such key."""

    async def void(self, transaction_id: str, key: str) -> None:
        """Idempotent by `key`. `DeviceRefused` when the bank will not (already settled: refund instead)."""

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None: ...

    async def close(self) -> None: ...
