"""What the kiosk asks of an acquirer. An answer may come at once, later, or in several steps (SBP, a pin-pad)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from drivers.errors import DeviceError

__all__ = ["DeviceError"]

#: The code of an answer to a charge that speaks of this one alone (its token, say) and is no decline.
NOT_THIS_ONE = "not_this_one"


class ChargeStatus(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    HELD = "held"  # to be taken by `capture`
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


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A row of the bank's own list. What a bank does not report is None."""

    transaction: Transaction
    key: str | None
    order_id: str | None
    amount_kopecks: int | None
    returned_kopecks: int | None


#: The code of a capture that comes too late: by the bank's final word nothing is held, and nothing was taken.
HOLD_ENDED = "hold_ended"


class Acquirer(Protocol):
    """`DeviceUnreachable`: the request never left, or the bank refuses us altogether (`unauthorized`): nothing
    happened. `OutcomeUnknown`: it may have happened. `holds`: what is charged is held until `capture`."""

    holds: bool

    async def charge(self, charge: Charge) -> Transaction:
        """Asks for the money once. A decline is an answer (`status`, `reason`), not an error. `DeviceRefused`: the bank
        does not take the request as such, and says so for sure; the next guest's may fare no better."""

    async def find(self, key: str) -> Transaction | None:
        """Status by key; `None` when the bank says it knows no such key."""

    async def ping(self) -> None:
        """A question without an effect, as cheap as there is one: any answer is life. Raises `DeviceUnreachable`."""

    async def listing(self, since: datetime) -> list[ListedTransaction]:
        """Everything since then, also where its key is long forgotten. `DeviceUnreachable` where it cannot be read."""

    async def capture(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        """Takes what is held; again changes nothing. `DeviceRefused`: not done; with the code `hold_ended` the bank
        has let the money go and will never take it."""

    async def void(self, transaction_id: str, key: str) -> None:
        """Repeating a `key` changes nothing. `DeviceRefused`, always with the code `refused`, when the bank will not
        (already settled: refund instead)."""

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        """Gives back part or all of a settled charge, in kopecks; repeating a key changes nothing. Raises as `void`."""

    async def close(self) -> None:
        """Closes the connections; no call may follow."""
