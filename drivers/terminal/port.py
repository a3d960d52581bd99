"""What the kiosk asks of a card reader: one that holds the money until the receipt is there (protocols/vtk.md#a-sale),
and one that takes it at once (protocols/inpas.md#a-sale)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of the sale that comes next: the reader's last operation, and the one that it will be. Journalled before the
    wire: after a restart they alone tell whether the sale began."""

    before: int
    operation: int


@dataclass(frozen=True, slots=True)
class Sale:
    """`caption` is what the reader's own screen may show, such as the order's number. `asked_at`, in UTC: when it was
    journalled, by which a reader without numbers of its own tells it from an older one."""

    operation: int
    amount_kopecks: int
    caption: str = ""
    asked_at: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Errand:
    """An operation of the reader's besides sales, by its own number, journalled before the wire: money that goes back
    (`rrn`, `auth_code` of the sale; `void`: on its own business day), or the settlement (neither)."""

    operation: int
    asked_at: datetime
    amount_kopecks: int | None = None
    void: bool = False
    rrn: str = ""
    auth_code: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """The reader's word about an errand: `reason` where it was refused, for certain. `text`: what it prints."""

    reason: str | None = None
    text: str = ""


class TakingReader(Protocol):
    """What it approves is taken: there is no second phase. It counts nothing itself, whoever asks gives each operation
    a number. `DeviceUnreachable`: nothing was sent, or a question stayed unanswered. `OutcomeUnknown`: it may have been
    carried out, the question beside it tells. `ForeignState`: the reader's memory proves nothing about it."""

    async def look(self) -> str:
        """What the reader says of itself. Raises `DeviceUnreachable`, `DeviceRefused` where it takes no cards."""

    async def prepare(self) -> int:
        """The number of the reader's last operation, 0 for none. Raises as `look`: no money has moved."""

    async def sell(self, sale: Sale) -> Approval:
        """Asks the customer for a card and the bank for the money."""

    async def find(self, sale: Sale, before: int) -> Approval | None:
        """What became of a sale; None: it never began. `before`: the last operation at `prepare`. Raises
        `DeviceUnreachable` while it may still be under way."""

    async def abort(self) -> None:
        """A wish: the sale that is prepared does not begin. One that has begun only the customer ends."""

    async def undo(self, sale: Sale) -> None:
        """Gives a sale back that is the reader's last operation; asked first, again changes nothing. `DeviceRefused`
        with `not_last` where it is not."""

    async def give_back(self, errand: Errand) -> Carried:
        """Gives a sale back, by its bank's numbers. Not to be repeated unasked."""

    async def settle(self, errand: Errand) -> Carried:
        """Closes the reader's business day: from then on nothing of it can be voided."""

    async def became(self, errand: Errand, before: int) -> Carried | None:
        """What became of an errand; as `find`."""

    async def close(self) -> None:
        """Closes the connections; no call may follow."""
