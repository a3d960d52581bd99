"""The receipt's lines and its QR string: price × quantity = sum to the kopeck, a discount spread over the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from kiosk.domain.fiscal.tax import TaxRule
from kiosk.domain.ordering.order import OrderLine
from kiosk.domain.sharing import shares


class PricedLine(msgspec.Struct, frozen=True):
    """A receipt line; `sum_kopecks == price_kopecks × quantity`. `vat` and `subject`: FFD tags 1199 and 1212."""

    name: str
    price_kopecks: int
    quantity: int
    line: int
    vat: str = "none"
    subject: int = 1

    @property
    def sum_kopecks(self) -> int:
        return self.price_kopecks * self.quantity


def receipt_lines(
    lines: Sequence[OrderLine], discount_kopecks: int, tax_of: Callable[[str], TaxRule] | None = None
) -> list[PricedLine]:
    """Spread `discount_kopecks` in proportion to the line sums (largest remainder), split a line where the rest does
    not divide. Every line keeps at least one kopeck a piece.
    `tax_of` an item gives its rate. Raises `ValueError` if the discount leaves less."""
    total = sum(line.sum_kopecks for line in lines)
    floor = sum(line.quantity for line in lines)
    if not 0 <= discount_kopecks <= total - floor:
        raise ValueError(f"a discount of {discount_kopecks} does not fit a total of {total}")
    parts = shares([line.sum_kopecks - line.quantity for line in lines], discount_kopecks)
    pieces = [(line, piece) for line, share in zip(lines, parts, strict=True) for piece in _split(line, share)]
    if tax_of is None:
        return [piece for _, piece in pieces]
    return [_taxed(piece, tax_of(line.item_id)) for line, piece in pieces]


def _taxed(piece: PricedLine, rule: TaxRule) -> PricedLine:
    return msgspec.structs.replace(piece, vat=rule.vat, subject=rule.subject)


def _split(line: OrderLine, discount_kopecks: int) -> Iterable[PricedLine]:
    price, dearer = divmod(line.sum_kopecks - discount_kopecks, line.quantity)
    if line.quantity - dearer:
        yield PricedLine(line.name_ru, price, line.quantity - dearer, line.line)
    if dearer:
        yield PricedLine(line.name_ru, price + 1, dearer, line.line)


def receipt_qr(
    *,
    issued_at: datetime,
    total_kopecks: int,
    drive_number: str,
    document_number: int,
    fiscal_sign: int,
    operation: int,
) -> str:
    """The tax service's string; `issued_at` is the drive's local time, `operation` 1 sale, 2 refund of a sale."""
    roubles, kopecks = divmod(total_kopecks, 100)
    return (
        f"t={issued_at:%Y%m%dT%H%M}&s={roubles}.{kopecks:02d}&fn={drive_number}"
        f"&i={document_number}&fp={fiscal_sign}&n={operation}"
    )
