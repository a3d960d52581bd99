"""A breaker: when it trips, how soon it is asked again, what restores it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.breaker import PROBE_AGAIN_S, PROBE_REFUSAL_S, Breaker

TOLD = ("answered", "unreachable", "silent", "refused")


def breaker() -> Breaker:
    return Breaker("bank_down", "bank_refuses")


def test_one_refused_connection_may_be_a_restart_and_the_second_trips() -> None:
    one = breaker()
    one.unreachable()
    assert (one.reason, one.probe_in_s) == (None, PROBE_AGAIN_S)
    one.answered()
    one.unreachable()
    assert one.reason is None
    one.unreachable()
    assert (one.reason, one.probe_in_s) == ("bank_down", PROBE_AGAIN_S)


def test_a_refusal_and_a_failed_probe_trip_at_once() -> None:
    one = breaker()
    one.refused()
    assert (one.reason, one.probe_in_s) == ("bank_refuses", PROBE_REFUSAL_S)
    one.silent()
    assert (one.reason, one.probe_in_s) == ("bank_down", PROBE_AGAIN_S)


@given(st.lists(st.sampled_from(TOLD), max_size=12))
def test_whatever_came_before_a_good_answer_restores(told: list[str]) -> None:
    one = breaker()
    for word in told:
        getattr(one, word)()
        assert (one.reason is not None) >= (word in ("silent", "refused"))
    one.answered()
    assert (one.reason, one.probe_in_s) == (None, None)
