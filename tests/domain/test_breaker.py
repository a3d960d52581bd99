"""A breaker: when it trips, how soon it is asked again, what restores it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.breaker import PROBE_AGAIN_S, PROBE_AT_MOST_S, PROBE_REFUSAL_S, Breaker

TOLD = ("answered", "unreachable", "silent", "refused")


def breaker() -> Breaker:
    return Breaker("bank_down", "bank_refuses")


def state(one: Breaker) -> tuple[str | None, float | None]:
    return one.reason, one.probe_in_s


def test_one_refused_connection_may_be_a_restart_and_the_second_trips() -> None:
    one = breaker()
    one.unreachable()
    assert state(one) == (None, PROBE_AGAIN_S)
    one.answered()
    one.unreachable()
    assert one.reason is None
    one.unreachable()
    assert state(one) == ("bank_down", PROBE_AGAIN_S)


def test_a_refusal_and_a_failed_probe_trip_at_once() -> None:
    one = breaker()
    one.refused()
    assert state(one) == ("bank_refuses", PROBE_REFUSAL_S)
    one.silent()
    assert state(one) == ("bank_down", PROBE_AGAIN_S)


@given(st.lists(st.sampled_from(TOLD), max_size=12))
def test_whatever_came_before_a_good_answer_restores(told: list[str]) -> None:
    one = breaker()
    for word in told:
        getattr(one, word)()
        assert (one.reason is not None) >= (word in ("silent", "refused"))
    one.answered()
    assert state(one) == (None, None)


def test_work_that_is_refused_again_after_a_good_probe_is_asked_about_ever_later() -> None:
    one, waits = breaker(), []
    for _ in range(12):
        one.refused(by_work=True)
        waits.append(one.probe_in_s)
        one.refused(by_work=True)  # somebody else who was under way: the same refusal
        assert one.probe_in_s == waits[-1]
        one.probed()
        assert one.reason is None
    assert waits[:3] == [PROBE_REFUSAL_S, 2 * PROBE_REFUSAL_S, 4 * PROBE_REFUSAL_S]
    assert waits[-1] == PROBE_AT_MOST_S
    one.answered()
    one.refused(by_work=True)
    assert one.probe_in_s == PROBE_REFUSAL_S


def test_an_answered_question_lifts_no_refusal_of_work() -> None:
    one = breaker()
    one.refused(by_work=True)
    one.heard()
    assert one.reason == "bank_refuses"
    one.silent()
    one.heard()
    assert one.reason is None


def test_work_of_three_customers_that_came_to_nothing_trips() -> None:
    one = breaker()
    for key in ("A:1", "A:1", "A:1", "B:1", "B:1"):  # a card of its own kind, tried again and again
        one.lost(key)
        one.heard()
        assert one.reason is None
    one.lost("C:1")
    assert state(one) == ("bank_down", PROBE_REFUSAL_S)
    one.heard()
    assert one.reason == "bank_down"
