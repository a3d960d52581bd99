"""A refund above the limit of one person: what becomes of it until a second one has said yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

#: So long a request waits; the guest stands at the counter, or has gone and comes again.
WAITS_S = 1800
_CLOCK_STEP_S = 60  # the clock may be set back by so much meanwhile


class RequestState(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"  # a second person said yes; the refund was opened with the same commit
    REFUSED = "refused"  # a second person said no, or the first took it back
    EXPIRED = "expired"


TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.WAITING: frozenset({RequestState.CONFIRMED, RequestState.REFUSED, RequestState.EXPIRED}),
    RequestState.CONFIRMED: frozenset(),
    RequestState.REFUSED: frozenset(),
    RequestState.EXPIRED: frozenset(),
}


def needs_second(limit_kopecks: int, given_kopecks: int, amount_kopecks: int) -> bool:
    """`given_kopecks`: what people gave back of the same order before; a limit of 0 is none."""
    return 0 < limit_kopecks < given_kopecks + amount_kopecks


def is_over(asked_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Past its time; or the clock was set back to before it was asked, and how old it is nobody knows."""
    return now >= expires_at or now < asked_at - timedelta(seconds=_CLOCK_STEP_S)
