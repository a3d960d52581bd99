"""What the kiosk asks of a bank that shows a QR code: a bill, its code, what became of it, the money back
(protocols/sbp.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class QrState(StrEnum):
    """Of a bill. Words of the bank that nobody knows are `OPEN`: it is asked again."""

    OPEN = "open"  # it may be paid yet, or is being paid
    PAID = "paid"
    ENDED = "ended"  # for good, without money
    RETURNING = "returning"  # paid, and on the way back
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Bill:
    """`order` is the attempt's own name, journalled before the wire: the bank takes each once. `due_at`: from then on
    the bank takes no payment. `text` is what the payer's bank shows."""

    order: str
    amount_kopecks: int
    due_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class QrPayment:
    """The bank's word about a bill. `word` is its own for the state; what it does not tell is None. `qr`: the text of
    its code, of a bank that gives it with the bill."""

    bank_id: str
    state: QrState
    amount_kopecks: int | None = None
    word: str = ""
    transfer_id: str | None = None
    rrn: str | None = None
    qr: str | None = None


class QrReturns(Protocol):
    """Of a bank that knows each return by a name of ours. Its word for the bill stays `PAID`, whatever went back."""

    async def returned(self, bank_id: str, key: str, amount_kopecks: int | None) -> QrState | None:
        """`RETURNING` or `RETURNED`; None where nothing goes back under this name. Raises as a question of `QrBank`,
        and `ForeignState` for another sum."""

    async def give_back(self, bank_id: str, key: str, amount_kopecks: int) -> QrState:
        """Some or all of a bill's money, once for this name, which is asked about first: `RETURNING` or `RETURNED`.
        Raises as `QrBank.cancel`; after a refusal it may be asked for again."""


class QrBank(Protocol):
    """`DeviceUnreachable`: the request never left, a question stayed unanswered, or the bank refuses us altogether
    (`unauthorized`): nothing happened. `OutcomeUnknown`: it may have happened, ask. `DeviceRefused`: it did not.
    `returns` is None where nothing tells one return from another: then the whole money goes back by `cancel`."""

    @property
    def returns(self) -> QrReturns | None: ...

    async def register(self, bill: Bill) -> QrPayment:
        """Opens a bill; one that is open already is given again. Nobody can pay it before its code is shown."""

    async def code(self, bank_id: str) -> str:
        """The text of its QR code, opaque. Repeating it changes nothing. Raises as a question."""

    async def find(self, order: str) -> QrPayment | None:
        """By our own name; None where the bank knows of none. Raises as a question."""

    async def look(self, bank_id: str) -> QrPayment:
        """Raises as a question."""

    async def cancel(self, bank_id: str) -> QrPayment:
        """An open bill ends; the whole money of a paid one goes back, or it is refused where there are `returns`. Not
        to be repeated unasked. `DeviceRefused` with `wrong_state`: not now, it is being paid or over; `no_funds`: the
        shop's account is empty; `refused`: whatever else."""

    async def close(self) -> None:
        """Closes the connections; no call may follow."""
