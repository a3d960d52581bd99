"""Which portions of an order a refund takes, and the lines of its receipt: those of the sale, piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import msgspec

from kiosk.domain.errors import InvalidRequest
from kiosk.domain.fiscal.receipt import PricedLine
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import Payment
from kiosk.store.fiscal import intents
from kiosk.store.ordering import orders
from kiosk.store.payment import refunds
from kiosk.store.transaction import Reader

#: What a refund of some pieces of a dish takes first: what will never be eaten.
_TAKEN_FIRST = (PortionStatus.FAILED, PortionStatus.WAITING, PortionStatus.QUEUED)


class RefundItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item_id: str
    quantity: Annotated[int, msgspec.Meta(ge=1, le=40)]


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `items`: everything that was not given back yet."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    items: Annotated[list[RefundItem], msgspec.Meta(min_length=1, max_length=40)] | None = None


def items_by_line(reader: Reader, order_id: str) -> dict[int, str]:
    """Item id by the number of its line."""
    return {line.line: line.item_id for line in orders.lines(reader, order_id)}


def choose_portions(
    left: list[orders.PortionRow],
    item_ids: dict[int, str],
    items: list[RefundItem] | None,
    portion_ids: Iterable[int] | None,
) -> list[orders.PortionRow]:
    """Of those that are `left`: the named ones, as many as still are, so many of each item, or all. Raises
    `InvalidRequest`."""
    if portion_ids is not None:
        wanted_ids = set(portion_ids)
        return [row for row in left if row.portion_id in wanted_ids]
    if items is None:
        return left
    ranked = sorted(left, key=lambda row: row.status not in _TAKEN_FIRST)
    wanted = Counter[str]()
    for item in items:
        wanted[item.item_id] += item.quantity
    chosen = []
    for row in ranked:
        item_id = item_ids[row.line]
        if wanted[item_id] > 0:
            wanted[item_id] -= 1
            chosen.append(row)
    if missing := [item_id for item_id, count in wanted.items() if count > 0]:
        raise InvalidRequest.at("$.items", f"not that many left to give back: {', '.join(missing)}")
    return chosen


def lines_given_back(
    reader: Reader, payment: Payment, chosen: list[orders.PortionRow], gone: set[int]
) -> list[PricedLine]:
    """The sold pieces of the chosen portions, at the rates of the sale: the first pieces of a line went back with the
    first refunds of it."""
    intent = intents.standing_sale(reader, payment.payment_id)
    pieces: dict[int, list[PricedLine]] = {}
    for sold in intents.sold_lines(reader, intent.intent_id):
        piece = msgspec.structs.replace(sold, quantity=1)
        pieces.setdefault(sold.line, []).extend([piece] * sold.quantity)
    before = Counter(row.line for row in orders.portions(reader, payment.order_id) if row.portion_id in gone)
    taken: Counter[PricedLine] = Counter()
    for line, count in Counter(row.line for row in chosen).items():
        taken.update(pieces[line][before[line] : before[line] + count])
    ordered = sorted(taken.items(), key=lambda row: (row[0].line, row[0].price_kopecks))
    return [msgspec.structs.replace(piece, quantity=count) for piece, count in ordered]


def refunded_lines(reader: Reader, payment: Payment, refund: refunds.RefundRow) -> list[PricedLine]:
    """The same lines as when it was opened: what went back before it counts, what came after does not."""
    gone: set[int] = set()
    for earlier in refunds.refunds_of(reader, payment.payment_id):
        if earlier.refund_id == refund.refund_id:
            break
        gone.update(earlier.portions)
    wanted = set(refund.portions)
    chosen = [row for row in orders.portions(reader, refund.order_id) if row.portion_id in wanted]
    return lines_given_back(reader, payment, chosen, gone)
