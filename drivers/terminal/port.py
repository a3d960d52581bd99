"""What the kiosk asks of a card reader that holds the money until the receipt is there (protocols/vtk.md#a-sale)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of the sale that comes next: the reader's last operation, and the one that it will be. Journalled before the
    wire: after a restart they alone tell whether the sale began."""

    before: int
    operation: int


@dataclass(frozen=True, slots=True)
class Sale:
    """`caption` is what the reader's own screen may show, such as the order's number."""

    operation: int
    amount_kopecks: int
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """The reader's word about one sale: `approved_kopecks` is 0 where it was declined, and less than was asked where
    the bank approved a part. What the slip does not say is None."""

    approved_kopecks: int
    rrn: str | None = None
    auth_code: str | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    reader_id: str | None = None
    merchant_id: str | None = None
    reason: str | None = None
    slip: str = ""


class CardReader(Protocol):
    """One sale at a time, its approval is final only by `finish`. `DeviceUnreachable`: nothing was sent, or a question
    stayed unanswered. `OutcomeUnknown`: it may have been carried out, `find` tells."""

    async def look(self) -> str:
        """Keeps the line alive; what the reader says of itself. Raises `DeviceUnreachable`, and `DeviceRefused` where
        it says that it takes no cards."""

    async def prepare(self) -> Numbers:
        """The numbers of the next sale. Raises as `look`: no money has moved."""

    async def sell(self, sale: Sale) -> Approval:
        """Asks the customer for a card and the bank for the money; returns when the reader has the bank's word."""

    async def find(self, sale: Sale, before: int) -> Approval | None:
        """What became of a sale; None: it never began. `ForeignState` where the reader shows another's operation."""

    async def abort(self) -> None:
        """A wish: the sale that is prepared does not begin, one that has begun may be approved all the same, its answer
        tells. Raises `DeviceUnreachable`."""

    async def finish(self, operation: int, amount_kopecks: int, qr: str = "") -> int:
        """The second phase: the money is taken, or with an amount of 0 let go. What the reader confirms, in kopecks;
        repeating it changes nothing. `qr` is shown on the reader's screen. Raises `DeviceError`: ask again."""

    async def close(self) -> None:
        """Closes the line; no call may follow."""
