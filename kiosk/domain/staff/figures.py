"""What counts of a period come to: percentiles, approvals, the funnel of visits, an estimate of lost sales. Pure.

`docs/statistics.md` states each formula; what is not known is null, never nought."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

import msgspec

#: Declines that are no bank's: the guest, or the clock, ended the attempt.
_NOBODY_REFUSED = frozenset(
    {
        "cancelled",
        "expired",
        "not_started",
        "code_expired",
        "too_late",
        "paid_too_late",
        "partial_approval",
        "hold_ended",
    }
)
_DECLINED = "payment_declined"
#: How far a visit at the screen came, in this order.
STEPS = ("touched", "chosen", "cart", "ordered", "paying", "paid")
#: A dish's usual rate is taken from so many days, and known from so many minutes in which it could be had.
USUAL_DAYS, LEAST_MINUTES = 28, 600
_LONGEST_MINUTES = 24 * 60
_WEEK = timedelta(days=7)


class MinutesOf(msgspec.Struct, frozen=True):
    """Whole minutes from paid to ready; `orders`: of so many orders. `kept_share`: ready not later than promised,
    0…1, null where none was ready."""

    orders: int
    promised_p50: int | None
    promised_p95: int | None
    actual_p50: int | None
    actual_p95: int | None
    kept_share: float | None


class PaymentsOf(msgspec.Struct, frozen=True):
    """Attempts by one way to pay that have ended. `approval_rate`: approved of approved and declined, 0…1; what ended
    otherwise (the guest, a receipt, a line that is down) is no bank's answer."""

    method: str
    attempts: int
    approved: int
    declined: int
    approval_rate: float | None


class RefusalsOf(msgspec.Struct, frozen=True):
    """`reason`: the bank's own word, empty where it gave none."""

    method: str
    code: str
    reason: str
    attempts: int


class FunnelStep(msgspec.Struct, frozen=True):
    """Visits that came at least as far; `share`: of all, 0…1; `left`: that came no further."""

    step: str
    visits: int
    share: float
    left: int


class LeftAt(msgspec.Struct, frozen=True):
    """Visits without a payment that ended at this screen."""

    screen: str
    visits: int


class VisitsOf(msgspec.Struct, frozen=True):
    terminal_id: str
    visits: int
    paid: int


class SoldOutOf(msgspec.Struct, frozen=True):
    """`minutes` of open sales in which a dish was not to be had, most of them for `reason`; `lost_kopecks`: an
    estimate, null where its usual rate is not known."""

    item_id: str
    name: str
    reason: str
    minutes: int
    lost_kopecks: int | None


def percentile(counts: Sequence[tuple[int, int]], share: float) -> int | None:
    """The least value that `share` of all do not exceed (nearest rank); `counts`: (value, how many), ascending."""
    rank = ceil(share * sum(count for _, count in counts))
    reached = 0
    for value, count in counts:
        reached += count
        if reached >= rank:
            return value
    return None


def whole_minutes(seconds: float) -> int:
    """Begun ones count; none is longer than a day."""
    return min(max(ceil(seconds / 60), 0), _LONGEST_MINUTES)


def minutes_of(
    promised: Sequence[tuple[int, int]], actual: Sequence[tuple[int, int]], kept: tuple[int, int]
) -> MinutesOf:
    """`kept`: orders that were ready, and those of them in time."""
    ready, in_time = kept
    return MinutesOf(
        orders=sum(count for _, count in actual),
        promised_p50=percentile(promised, 0.5),
        promised_p95=percentile(promised, 0.95),
        actual_p50=percentile(actual, 0.5),
        actual_p95=percentile(actual, 0.95),
        kept_share=round(in_time / ready, 4) if ready else None,
    )


def _is_declined(code: str, reason: str) -> bool:
    """The bank said no."""
    return code == _DECLINED and reason not in _NOBODY_REFUSED


def payments_of(counts: Iterable[tuple[str, str, str, int]]) -> tuple[list[PaymentsOf], list[RefusalsOf]]:
    """`counts`: (method, code, reason, attempts); an empty code is a payment."""
    by_method: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    refusals = []
    for method, code, reason, attempts in counts:
        found = by_method[method]
        found[0] += attempts
        found[1] += 0 if code else attempts
        found[2] += attempts if _is_declined(code, reason) else 0
        if code:
            refusals.append(RefusalsOf(method, code, reason, attempts))
    ways = [
        PaymentsOf(method, total, taken, declined, round(taken / (taken + declined), 4) if taken + declined else None)
        for method, (total, taken, declined) in sorted(by_method.items())
    ]
    return ways, refusals


def funnel_of(visits: Iterable[tuple[str, str, str, int]]) -> tuple[list[FunnelStep], list[LeftAt], list[VisitsOf]]:
    """`visits`: (terminal, reached, left at, how many). Nothing where nobody came."""
    furthest: dict[str, int] = dict.fromkeys(STEPS, 0)
    left: dict[str, int] = defaultdict(int)
    by_terminal: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for terminal_id, reached, left_at, count in visits:
        furthest[reached] = furthest.get(reached, 0) + count
        by_terminal[terminal_id][0] += count
        if reached == STEPS[-1]:
            by_terminal[terminal_id][1] += count
        else:
            left[left_at] += count
    total = sum(furthest.values())
    if not total:
        return [], [], []
    steps, there = [], total
    for step in STEPS:
        own = furthest[step] if step != STEPS[-1] else 0
        steps.append(FunnelStep(step, there, round(there / total, 4), own))
        there -= furthest[step]
    ends = [LeftAt(screen, count) for screen, count in sorted(left.items(), key=lambda one: (-one[1], one[0]))]
    return (
        steps,
        ends,
        [VisitsOf(terminal_id, all_of, paid) for terminal_id, (all_of, paid) in sorted(by_terminal.items())],
    )


class Usual(msgspec.Struct, frozen=True):
    """Of the days that a usual rate is taken from: minutes of open sales, minutes without each dish, its revenue in
    kopecks."""

    open_minutes: int
    out_minutes: Mapping[str, int]
    revenue: Mapping[str, int]


def lost_kopecks(item_id: str, minutes: int, usual: Usual) -> int | None:
    """What a dish usually brought in a minute in which it could be had, for so many minutes. None: too few such minutes
    are known to speak of a usual rate."""
    had = usual.open_minutes - usual.out_minutes.get(item_id, 0)
    if had < LEAST_MINUTES:
        return None
    return round(minutes * usual.revenue.get(item_id, 0) / had)


def sold_out_of(gone: Iterable[tuple[str, str, int]], names: Mapping[str, str], usual: Usual) -> list[SoldOutOf]:
    """`gone`: (dish, reason, minutes), the most minutes first. The dearest first, those of unknown rate last."""
    reasons: dict[str, str] = {}
    minutes: dict[str, int] = defaultdict(int)
    for item_id, reason, more in gone:
        reasons.setdefault(item_id, reason)
        minutes[item_id] += more
    rows = [
        SoldOutOf(item_id, names.get(item_id, item_id), reasons[item_id], count, lost_kopecks(item_id, count, usual))
        for item_id, count in minutes.items()
    ]
    return sorted(rows, key=lambda row: (row.lost_kopecks is None, -(row.lost_kopecks or 0), -row.minutes, row.item_id))


def days_before(first: date, last: date) -> tuple[date, date]:
    """The days a period is held against: a month, or its beginning, against the month before; else the same weekdays
    as many whole weeks earlier as it takes."""
    longest = monthrange(first.year, first.month)[1]
    if first.day == 1 and (last.year, last.month) == (first.year, first.month) and last - first >= _WEEK:
        end = first - timedelta(days=1)
        whole = last.day == longest
        return end.replace(day=1), end if whole else end.replace(day=min(last.day, end.day))
    weeks = ceil(((last - first).days + 1) / 7)
    return first - weeks * _WEEK, last - weeks * _WEEK
