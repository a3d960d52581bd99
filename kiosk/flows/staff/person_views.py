"""What is told of a person's data, and what is asked about it: staff give a number or an address."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.identity.phone import mask_phone
from kiosk.store.identity import customers
from kiosk.store.identity.customers import CustomerRow
from kiosk.store.keep import personal
from kiosk.store.keep.personal import OrderData, Who
from kiosk.store.payment import bonuses
from kiosk.store.transaction import Reader

_Contact = Annotated[str, msgspec.Meta(min_length=3, max_length=64)]


class ContactRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phone number in any spelling, or an e-mail address."""

    contact: _Contact


class BlockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    contact: _Contact
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CustomerRowView(msgspec.Struct, frozen=True):
    """`blocked_at`, `blocked_reason`: null where the number may sign in."""

    customer_id: str
    phone_masked: str
    created_at: str
    confirmed: bool
    bonus_points: int
    last_order_at: str | None
    blocked_at: str | None
    blocked_reason: str | None


class CustomersView(msgspec.Struct, frozen=True):
    """The newest hundred."""

    customers: list[CustomerRowView]


class ConsentView(msgspec.Struct, frozen=True):
    version: str
    at: str
    terminal_id: str


class PersonView(msgspec.Struct, frozen=True):
    """What is kept of a number or address. `customer`: null where it has no account; `orders`: how many, those of the
    archives left out; `in_use`: the number of an order that is not over, null where all may be erased."""

    contact_masked: str
    customer: CustomerRowView | None
    consents: list[ConsentView]
    orders: int
    in_use: str | None


class DishView(msgspec.Struct, frozen=True):
    name: str
    quantity: int
    price_kopecks: int


class PrintedView(msgspec.Struct, frozen=True):
    """`issued_at`: by the registrar's own clock, without a zone."""

    operation: str
    document_number: int
    fiscal_sign: int
    issued_at: str


class PersonOrderView(msgspec.Struct, frozen=True):
    order_id: str
    number: str
    created_at: str
    status: str
    amount_kopecks: int
    receipt_to: list[str]
    dishes: list[DishView]
    receipts: list[PrintedView]


class MessageView(msgspec.Struct, frozen=True):
    channel: str
    created_at: str


class CodeView(msgspec.Struct, frozen=True):
    created_at: str
    used_at: str | None
    place: str


class PointsView(msgspec.Struct, frozen=True):
    at: str
    kind: str
    points: int
    order_id: str


class ExportView(msgspec.Struct, frozen=True):
    """All that is kept, for the person themselves. `messages`: those that wait; `skipped`: archives that could
    not be read."""

    contact: str
    customer: CustomerRowView | None
    push_address: str | None
    language: str | None
    consents: list[ConsentView]
    points: list[PointsView]
    orders: list[PersonOrderView]
    messages: list[MessageView]
    one_time_codes: list[CodeView]
    skipped: list[str]


class ErasedView(msgspec.Struct, frozen=True):
    """`found`: whether anything was kept; `still_in`: files beside the database in which the number can be read yet:
    the database itself is written anew at the next start, copies are whoever made them's."""

    found: bool
    orders: int
    still_in: list[str]


def customer_view(reader: Reader, row: CustomerRow) -> CustomerRowView:
    return CustomerRowView(
        customer_id=row.customer_id,
        phone_masked=mask_phone(row.phone),
        created_at=rfc3339(row.created_at),
        confirmed=row.confirmed_at is not None,
        bonus_points=bonuses.balance(reader, row.customer_id),
        last_order_at=time_or_null(personal.last_order_at(reader, Who("", row.customer_id))),
        blocked_at=time_or_null(row.blocked_at),
        blocked_reason=row.blocked_reason,
    )


def consent_views(reader: Reader, row: CustomerRow) -> list[ConsentView]:
    found = customers.read_consents(reader, row.customer_id)
    return [ConsentView(one.version, rfc3339(one.at), one.terminal_id) for one in found]


def order_view(data: OrderData) -> PersonOrderView:
    row = data.order
    return PersonOrderView(
        order_id=row.order_id,
        number=row.number,
        created_at=rfc3339(row.created_at),
        status=row.status,
        amount_kopecks=row.amount_kopecks,
        receipt_to=data.receipt_to,
        dishes=[DishView(dish.name_ru, dish.quantity, dish.price_kopecks) for dish in data.dishes],
        receipts=[
            PrintedView(one.operation, one.document_number, one.fiscal_sign, one.issued_at) for one in data.receipts
        ],
    )


def masked(contact: str) -> str:
    if "@" not in contact:
        return mask_phone(contact)
    name, _, domain = contact.partition("@")
    return f"{name[:1]}•••@{domain}"


def time_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
