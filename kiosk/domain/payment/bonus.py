"""Points: 1 point = 1 ₽ of discount; how many may be spent, are earned, and go back on a refund."""

from __future__ import annotations

from fractions import Fraction

import msgspec

POINT_KOPECKS = 100
_LEAST_PAID_KOPECKS = 100  # at least one rouble stays to be paid


class BonusRules(msgspec.Struct, frozen=True):
    """`[bonus]`: the share of a payment that is earned, the share of an order that points may pay."""

    accrual: Fraction
    max_share: Fraction

    @classmethod
    def of(cls, accrual: float, max_share: float) -> BonusRules:
        return cls(Fraction(str(accrual)), Fraction(str(max_share)))

    def spendable(self, amount_kopecks: int, balance: int) -> int:
        """The most points an order of `amount_kopecks` takes from this balance."""
        by_share = int(self.max_share * amount_kopecks) // POINT_KOPECKS
        by_rest = (amount_kopecks - _LEAST_PAID_KOPECKS) // POINT_KOPECKS
        return max(0, min(by_share, by_rest, balance))

    def earned(self, paid_kopecks: int) -> int:
        """floor(accrual × roubles paid)."""
        return int(self.accrual * paid_kopecks / POINT_KOPECKS)


def share_of(points: int, part_kopecks: int, whole_kopecks: int, before_kopecks: int) -> int:
    """The points that belong to a part of a payment of which `before_kopecks` went back already; the parts of a whole
    add up to `points` exactly."""
    upto = points * (before_kopecks + part_kopecks) // whole_kopecks
    return upto - points * before_kopecks // whole_kopecks
