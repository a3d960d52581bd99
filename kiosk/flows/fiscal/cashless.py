"""What a receipt may say of money that came without cash (FFD tags 1235 to 1238), as far as it is known when it is
printed (payment.md#money-without-cash-on-the-receipt)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drivers.fiscal.port import Cashless
from kiosk.domain.payment.payment import Method, Payment

#: So much fits into one request of a register beside the sum.
_IDENTIFIERS, _MORE = 128, 80
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")


def cashless_of(payment: Payment, way: int, sum_kopecks: int) -> Cashless | None:
    """None where nothing identifies the money yet: then nothing is said of it."""
    if payment.charged_at is None:
        return None
    by_code = payment.method == Method.SBP
    known = [("rrn", payment.rrn), ("tid", payment.reader_id), ("mid", payment.merchant_id)]
    identifiers = _text([("id", payment.transaction_id), *known] if by_code else known, _IDENTIFIERS)
    if not identifiers:
        return None
    return Cashless(sum_kopecks, way, identifiers, _text([("auth", payment.auth_code)], _MORE))


def _text(parts: Iterable[tuple[str, str | None]], longest: int) -> str:
    """What is whole and plain; a cut number would be another one."""
    found = ""
    for name, value in parts:
        part = f"{'&' if found else ''}{name}={value}"
        if value and _PLAIN.fullmatch(value) and len(found) + len(part) <= longest:
            found += part
    return found
