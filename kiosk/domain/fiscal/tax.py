"""Which rate and kind of settlement a dish carries on the receipt: a table with dates (FFD tags 1199 and 1212)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

ANY = "*"


class TaxRule(msgspec.Struct, frozen=True):
    """`item` or `*`; `service` (dine_in, take_away) or `*`; from `valid_from` on, of the restaurant's calendar."""

    vat: str
    subject: int
    valid_from: date
    item: str = ANY
    service: str = ANY


class TaxTable(msgspec.Struct, frozen=True):
    """The dish's own row before the general one, a service's own before any, then the newest that is valid."""

    rules: Sequence[TaxRule]

    def of(self, item: str, service: str, day: date) -> TaxRule:
        """Raises `LookupError` where no row is valid."""
        valid = [
            rule
            for rule in self.rules
            if rule.item in (item, ANY) and rule.service in (service, ANY) and rule.valid_from <= day
        ]
        if not valid:
            raise LookupError(f"no tax rate for {item}, {service} on {day}")
        return max(valid, key=lambda rule: (rule.item != ANY, rule.service != ANY, rule.valid_from))

    def rates(self, day: date) -> frozenset[str]:
        """Every rate a receipt may carry from this day on."""
        return frozenset(rule.vat for rule in self.rules if not self._is_past(rule, day))

    def _is_past(self, rule: TaxRule, day: date) -> bool:
        return any(
            (other.item, other.service) == (rule.item, rule.service) and rule.valid_from < other.valid_from <= day
            for other in self.rules
        )
