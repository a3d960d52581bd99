"""One order as staff sees it, of whatever year: every attempt, document and portion; and how orders are found."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import DomainError, NotFound
from kiosk.domain.identity.contact import contact_of
from kiosk.domain.identity.phone import Phones
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.payment.payment import Payment, ReceiptView
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.ordering.views import OrderView, order_view, receipt_view
from kiosk.flows.staff.person_views import masked
from kiosk.flows.staff.portion_records import PortionRecords, RecordedPortionView
from kiosk.store.database import Database
from kiosk.store.fiscal import intents
from kiosk.store.fiscal.intents import IntentRow
from kiosk.store.identity import customers
from kiosk.store.ordering import orders, searching
from kiosk.store.payment import payments
from kiosk.store.transaction import Reader

_CARD_DIGITS = 4


class AttemptView(msgspec.Struct, frozen=True):
    """One attempt to pay. `rrn`, `auth_code`: as the bank's papers have it; `error`: `device:code` of what is not known
    about the money; `taken_by`: of the staff, at the till."""

    attempt: int
    method: str
    stage: str
    amount_kopecks: int
    bonus_spent: int
    refunded_kopecks: int
    at: str
    charged_at: str | None
    card_brand: str | None
    card_last4: str | None
    transaction_id: str | None
    rrn: str | None
    auth_code: str | None
    tender: str | None
    taken_by: str | None
    failure: str | None
    reason: str | None
    error: str | None


class DocumentView(msgspec.Struct, frozen=True):
    """One document that was asked of a registrar. `fix` n: made the receipt right for the n-th time; `receipt` null:
    none is registered."""

    operation: str
    status: str
    correction: bool
    fix: int
    total_kopecks: int
    at: str
    receipt: ReceiptView | None


class StaffOrderView(OrderView, frozen=True):
    """What staff is shown besides. `record`: of each portion; `contact`: of the customer or where the receipt went,
    masked."""

    record: list[RecordedPortionView]
    attempts: list[AttemptView]
    documents: list[DocumentView]
    contact: str | None


class FindOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`word`: an order's number or id, its receipt's document number or fiscal sign, the last four digits of the card,
    the guest's whole phone number or e-mail address."""

    word: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class FoundOrderView(msgspec.Struct, frozen=True):
    """`by`: `order`, `card` or `contact`."""

    by: str
    order_id: str
    number: str
    status: str
    amount_kopecks: int
    created_at: str
    card_last4: str | None
    contact: str | None


class FoundOrdersView(msgspec.Struct, frozen=True):
    found: list[FoundOrderView]


class OrderCards:
    def __init__(
        self,
        database: Database,
        archive: OrderArchive,
        records: PortionRecords,
        kitchen: Kitchen,
        clock: Clock,
        *,
        phones: Phones,
    ) -> None:
        self._db = database
        self._archive = archive
        self._records = records
        self._kitchen = kitchen
        self._clock = clock
        self._phones = phones

    async def order(self, word: str, language: str) -> StaffOrderView:
        """By its id, or by its number, the newest of that name. Raises `NotFound`, `ArchiveBroken`."""
        now, kitchen = self._clock.now(), self._kitchen.now

        def look(reader: Reader) -> StaffOrderView | None:
            order = orders.find(reader, word)
            if order is None:
                return None
            shown = order_view(reader, order, language, now, kitchen)
            return StaffOrderView(
                **{name: getattr(shown, name) for name in OrderView.__struct_fields__},
                record=self._records.of_order(reader, order.order_id),
                attempts=[_attempt(row) for row in payments.of_order(reader, order.order_id)],
                documents=[_document(row) for row in intents.of_order(reader, order.order_id)],
                contact=_masked(searching.contact_of_order(reader, order.order_id)),
            )

        found = await self._archive.find(look)
        if found is None:
            raise NotFound
        return found

    async def find(self, wanted: FindOrders) -> FoundOrdersView:
        """The newest first, by whatever the word may be; one that only an archive has is found by order and receipt
        alone. Raises `ArchiveBroken`."""
        word = wanted.word.strip()
        by_order = await self._archive.find(lambda reader: _rows("order", searching.by_order(reader, word)) or None)
        others = await self._db.read(self._others, word)
        known = {row.order_id for row in by_order or []}
        return FoundOrdersView([*(by_order or []), *(row for row in others if row.order_id not in known)])

    def _others(self, reader: Reader, word: str) -> list[FoundOrderView]:
        found: list[FoundOrderView] = []
        if len(word) == _CARD_DIGITS and word.isascii() and word.isdigit():
            found += _rows("card", searching.by_card(reader, word))
        try:
            contact = contact_of(word, self._phones)
        except DomainError:
            return found
        row = customers.by_phone(reader, contact)
        customer_id = None if row is None else row.customer_id
        return found + _rows("contact", searching.by_contact(reader, contact, customer_id))


def _rows(by: str, rows: list[searching.FoundRow]) -> list[FoundOrderView]:
    return [
        FoundOrderView(
            by=by,
            order_id=row.order_id,
            number=row.number,
            status=row.status,
            amount_kopecks=row.amount_kopecks,
            created_at=rfc3339(row.created_at),
            card_last4=row.card_last4,
            contact=_masked(row.contact),
        )
        for row in rows
    ]


def _masked(contact: str | None) -> str | None:
    return None if contact is None else masked(contact)


def _attempt(row: Payment) -> AttemptView:
    return AttemptView(
        attempt=row.attempt,
        method=row.method,
        stage=row.stage,
        amount_kopecks=row.amount_kopecks,
        bonus_spent=row.bonus_points,
        refunded_kopecks=row.refunded_kopecks,
        at=rfc3339(row.created_at),
        charged_at=_moment(row.charged_at),
        card_brand=row.card_brand,
        card_last4=row.card_last4,
        transaction_id=row.transaction_id,
        rrn=row.rrn,
        auth_code=row.auth_code,
        tender=row.tender,
        taken_by=row.taken_by,
        failure=row.failure,
        reason=row.failure_reason,
        error=row.charge_error,
    )


def _document(row: IntentRow) -> DocumentView:
    return DocumentView(
        operation=row.operation,
        status=row.status,
        correction=row.correction,
        fix=row.fix,
        total_kopecks=row.total_kopecks,
        at=rfc3339(row.intended_at),
        receipt=None if row.document_number is None else receipt_view(row),
    )


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
