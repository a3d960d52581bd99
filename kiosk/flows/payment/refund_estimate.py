"""Before money goes back: what of an order still can, and what the chosen part of it comes to. Writes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import msgspec

from kiosk.domain.errors import NotFound
from kiosk.domain.ordering.order import CURRENCY, OrderLine
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.payment.portions import RefundItem, lines_given_back
from kiosk.flows.payment.refund_opening import chosen_of
from kiosk.store.ordering import orders
from kiosk.store.transaction import Reader


class RefundEstimateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `items`: everything that was not given back yet."""

    items: Annotated[list[RefundItem], msgspec.Meta(min_length=1, max_length=40)] | None = None


class RefundableItem(msgspec.Struct, frozen=True):
    """`left`: so many can still be given back."""

    item_id: str
    name: str
    left: int


class RefundEstimate(msgspec.Struct, frozen=True):
    """`amount_kopecks`: of what was asked for, at the prices of its receipt."""

    order_id: str
    number: str
    amount_kopecks: int
    currency: str
    items: list[RefundableItem]


class RefundEstimates:
    def __init__(self, archive: OrderArchive) -> None:
        self._archive = archive

    async def estimate(self, word: str, request: RefundEstimateRequest, language: str) -> RefundEstimate:
        """`word` as `Refunds.request` takes it. Raises `NotFound`, `OrderStateConflict`, `InvalidRequest`,
        `ArchiveBroken`."""

        def run(reader: Reader) -> RefundEstimate | None:
            order = orders.find_sold(reader, word)
            if order is None:
                return None
            payment, earlier, left, chosen = chosen_of(reader, order.order_id, request.items, None)
            gone = {portion_id for refund in earlier for portion_id in refund.portions}
            back = lines_given_back(reader, payment, chosen, gone)
            items = _items(orders.lines(reader, order.order_id), Counter(row.line for row in left), language)
            return RefundEstimate(order.order_id, order.number, sum(line.sum_kopecks for line in back), CURRENCY, items)

        found = await self._archive.find(run)
        if found is None:
            raise NotFound
        return found


def _items(lines: list[OrderLine], left: Counter[int], language: str) -> list[RefundableItem]:
    """A dish in several lines is counted once: a refund names dishes."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for line in lines:
        names.setdefault(line.item_id, line.name(language))
        counts[line.item_id] += left[line.line]
    return [RefundableItem(item_id, names[item_id], count) for item_id, count in counts.items() if count]
