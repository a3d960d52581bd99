"""Fiscal intents with their receipt lines: what is to be registered, and the document that the drive gave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.ordering.order import Order
from kiosk.domain.payment.payment import Payment
from kiosk.store.ordering import orders
from kiosk.store.transaction import Reader, Tx


class Registered(msgspec.Struct, frozen=True):
    """What the registrar gave a document. `issued_at` with the drive's offset. A person who names a document of a lost
    drive may know neither sign nor time."""

    number: int
    fiscal_sign: int | None
    shift: int | None
    issued_at: datetime | None


class IntentRow(msgspec.Struct, frozen=True):
    intent_id: int
    order_id: str
    payment_id: str
    operation: str
    status: str
    drive_number: str
    fd_before: int
    shift: int
    total_kopecks: int
    intended_at: datetime
    document_number: int | None
    fiscal_sign: int | None
    document_shift: int | None
    issued_at: str | None
    correction: bool
    fix: int  # 0 of the sale and its refunds, n of the documents that made the receipt right for the n-th time
    told_by: str | None  # who named a document of a lost drive

    def registered(self) -> Registered:
        """Raises `LookupError` while there is no document for it."""
        if self.document_number is None:
            raise LookupError(f"intent {self.intent_id} is {self.status}, no document stands for it")
        issued_at = None if self.issued_at is None else datetime.fromisoformat(self.issued_at)
        return Registered(self.document_number, self.fiscal_sign, self.document_shift, issued_at)


_INTENT = (
    "intent_id, order_id, payment_id, operation, status, drive_number, fd_before, shift, total_kopecks, intended_at,"
    " document_number, fiscal_sign, document_shift, issued_at, correction, fix, told_by"
)


def add(  # noqa: PLR0913  # each by its keyword
    tx: Tx,
    payment: Payment,
    *,
    refund_id: str | None = None,
    operation: str = "sale",
    total_kopecks: int | None = None,
    drive_number: str,
    fd_before: int,
    shift: int,
    lines: Sequence[PricedLine],
    correction: bool = False,
    fix: int = 0,
    now: datetime,
) -> IntentRow:
    """A receipt's intent: the counter before printing, and the lines to be printed."""
    intent_id = tx.insert(
        "fiscal_intent",
        order_id=payment.order_id,
        payment_id=payment.payment_id,
        refund_id=refund_id,
        operation=operation,
        status="open",
        drive_number=drive_number,
        fd_before=fd_before,
        shift=shift,
        total_kopecks=payment.amount_kopecks if total_kopecks is None else total_kopecks,
        intended_at=rfc3339(now),
        correction=int(correction),
        fix=fix,
    )
    for position, line in enumerate(lines, 1):
        tx.insert(
            "receipt_line",
            intent_id=intent_id,
            position=position,
            line=line.line,
            name=line.name,
            price_kopecks=line.price_kopecks,
            quantity=line.quantity,
            sum_kopecks=line.sum_kopecks,
            vat=line.vat,
            subject=line.subject,
        )
    return tx.require(IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE intent_id = ?", (intent_id,))


def intent_of(reader: Reader, payment_id: str, refund_id: str | None, operation: str) -> IntentRow | None:
    """The intent that is open or registered; disproved ones stay as history. Without a refund a receipt of `refund`
    takes back a sale that was never paid."""
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent"
        " WHERE payment_id = ? AND refund_id IS ? AND fix = 0 AND operation = ? AND status IN ('open', 'registered')",
        (payment_id, refund_id, operation),
    )


def of_order(reader: Reader, order_id: str) -> list[IntentRow]:
    """Every document that was asked of a registrar for an order, those proved absent included."""
    return reader.all(
        IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE order_id = ? ORDER BY intent_id", (order_id,)
    )


def of_fix(reader: Reader, payment_id: str, fix: int, operation: str) -> IntentRow | None:
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent"
        " WHERE payment_id = ? AND fix = ? AND operation = ? AND status IN ('open', 'registered')",
        (payment_id, fix, operation),
    )


def open_of_fix(reader: Reader, payment_id: str, fix: int) -> IntentRow | None:
    """Whichever of a fix's two documents is in doubt, the first of both."""
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE payment_id = ? AND fix = ? AND status = 'open'"
        " ORDER BY intent_id LIMIT 1",
        (payment_id, fix),
    )


def standing_sale(reader: Reader, payment_id: str, before: int | None = None) -> IntentRow:
    """The sale's registered document that is valid now: the last one that made it right, else the first. `before`: as
    it stood before the fix of that number. Raises `LookupError` before there is one."""
    return reader.require(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent WHERE payment_id = ? AND operation = 'sale'"
        " AND status IN ('open', 'registered') AND status = 'registered' AND (? IS NULL OR fix < ?)"
        " ORDER BY fix DESC LIMIT 1",
        (payment_id, before, before),
    )


def in_doubt(reader: Reader) -> list[IntentRow]:
    """Documents in doubt, the oldest first."""
    return reader.all(IntentRow, f"SELECT {_INTENT} FROM fiscal_intent WHERE status = 'open' ORDER BY intent_id")


def registered_after(tx: Tx, drive_number: str, document_number: int) -> frozenset[int]:
    """Our own documents on a drive behind a number."""
    rows = tx.execute(
        "SELECT document_number FROM fiscal_intent"
        " WHERE status = 'registered' AND drive_number = ? AND document_number > ?",
        (drive_number, document_number),
    )
    return frozenset(row[0] for row in rows)


_REGISTERED = "SELECT 1 FROM fiscal_intent WHERE status = 'registered' AND drive_number = ? AND document_number = ?"


def is_registered(reader: Reader, drive_number: str, document_number: int) -> bool:
    """Whether a document is known as one of ours."""
    return reader.scalar(_REGISTERED, (drive_number, document_number)) is not None


def of_sale(reader: Reader, payment_id: str) -> IntentRow | None:
    return intent_of(reader, payment_id, None, "sale")


def of_taking_back(reader: Reader, payment_id: str) -> IntentRow | None:
    """The refund receipt of a sale that was never paid."""
    return intent_of(reader, payment_id, None, "refund")


def is_to_be_taken_back(reader: Reader, payment_id: str) -> bool:
    """Its receipt stands, and no refund receipt of the whole of it does."""
    sale, back = of_sale(reader, payment_id), of_taking_back(reader, payment_id)
    return sale is not None and sale.status == "registered" and (back is None or back.status != "registered")


def sold_lines(reader: Reader, intent_id: int) -> list[PricedLine]:
    """The lines of a registered receipt."""
    return reader.all(
        PricedLine,
        "SELECT line, name, price_kopecks, quantity, vat, subject FROM receipt_line WHERE intent_id = ?"
        " ORDER BY position",
        (intent_id,),
    )


def disprove(tx: Tx, intent_id: int) -> None:
    """The registrar proved the document absent."""
    tx.execute("UPDATE fiscal_intent SET status = 'absent' WHERE intent_id = ? AND status = 'open'", (intent_id,))


def register(
    tx: Tx,
    intent_id: int,
    *,
    drive_number: str,
    document_number: int,
    fiscal_sign: int | None,
    document_shift: int,
    issued_at: str | None,
    told_by: str | None = None,
) -> None:
    """The document the drive answered; by a person's word it may stand in another drive than was asked, and where that
    is lost, `told_by` is whose word it is."""
    tx.execute(
        "UPDATE fiscal_intent SET status = 'registered', drive_number = ?, document_number = ?, fiscal_sign = ?,"
        " document_shift = ?, issued_at = ?, told_by = ? WHERE intent_id = ?",
        (drive_number, document_number, fiscal_sign, document_shift, issued_at, told_by, intent_id),
    )


#: One that was printed before the money and taken back is nobody's receipt.
_STANDS = (
    "NOT EXISTS (SELECT 1 FROM fiscal_intent b WHERE b.payment_id = f.payment_id AND b.operation = 'refund'"
    " AND b.refund_id IS NULL AND b.fix = 0 AND b.status = 'registered')"
)


def order_of_receipt(reader: Reader, fiscal_sign: int, total_kopecks: int) -> Order | None:
    """The order that a sale's receipt with this sign and sum was printed for, the newest if there are several."""
    found = reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent AS f WHERE fiscal_sign = ? AND status = 'registered'"
        f" AND operation = 'sale' AND total_kopecks = ? AND {_STANDS} ORDER BY intent_id DESC LIMIT 1",
        (fiscal_sign, total_kopecks),
    )
    return None if found is None else orders.get(reader, found.order_id)


def registered_sale(reader: Reader, order_id: str) -> IntentRow | None:
    return reader.one(
        IntentRow,
        f"SELECT {_INTENT} FROM fiscal_intent AS f WHERE order_id = ? AND operation = 'sale' AND status = 'registered'"
        f" AND {_STANDS} ORDER BY fix DESC LIMIT 1",
        (order_id,),
    )
