"""Alarms as rules: what a look makes of one, who is called when, and what a message says."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from kiosk.domain.staff.alarm import (
    SECOND,
    TRANSITIONS,
    Alarm,
    AlarmState,
    Budget,
    ForbiddenChange,
    Patience,
    Seen,
    advance,
    is_unreached,
    move,
)
from kiosk.domain.staff.alarm_rules import OF_SALES, AlarmRule, AlarmRules, rule_of_pause
from kiosk.domain.staff.alarm_words import TITLES, message_of, remedy_of, title_of
from kiosk.domain.text import Text

NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
PATIENCE = Patience(escalate_s=900, repeat_s=3600, hold_s=120)
RULE = AlarmRule(after_s=60, urgent=True)
SEEN = Seen("sales_closed", "bank_down", Text("нет банка", "no bank"))


def alarm(state: AlarmState = AlarmState.RAISED, **changes: object) -> Alarm:
    found = Alarm(
        alarm_id=7,
        rule="sales_closed",
        subject="bank_down",
        detail_ru="нет банка",
        detail_en="no bank",
        urgent=True,
        state=state,
        seen_at=NOW,
        level=1,
        round=1,
    )
    return msgspec.structs.replace(found, **changes)


def after(before: Alarm, seconds: float, seen: Seen | None = SEEN, rule: AlarmRule = RULE) -> Alarm:
    found = advance(before, seen, seconds, rule, PATIENCE, NOW)
    assert found is not None
    return found


def test_alarm_is_raised_once_its_cause_has_lasted_and_dropped_where_it_has_not() -> None:
    pending = alarm(AlarmState.PENDING, level=0, round=0)
    waiting = after(pending, 59)
    assert waiting.state is AlarmState.PENDING
    raised = after(waiting, 1)
    assert (raised.state, raised.level, raised.round, raised.waited_s) == (AlarmState.RAISED, 1, 1, 0)
    assert advance(waiting, None, 1, RULE, PATIENCE, NOW) is None


def test_cause_that_comes_back_within_the_hold_was_never_gone() -> None:
    going = after(alarm(), 119, None)
    assert (going.state, going.gone_s) == (AlarmState.RAISED, 119)
    assert after(going, 1).gone_s == 0
    assert after(going, 1, None).state is AlarmState.CLEARED


def test_without_an_answer_others_are_called_and_then_all_again_and_none_after_one() -> None:
    called = after(alarm(), 900)
    assert (called.level, called.round) == (SECOND, 2)
    assert after(called, 3599).round == 2
    assert after(called, 3600).round == 3
    seen_to = move(alarm(), AlarmState.ACKNOWLEDGED)
    assert after(seen_to, 10_000).round == 1
    assert after(alarm(), 899, None).round == 1, "nobody is called again for what is gone"


def test_rule_that_is_switched_off_clears_what_stands() -> None:
    off = AlarmRule(off=True)
    assert after(alarm(), 0, rule=off).state is AlarmState.CLEARED
    assert advance(alarm(AlarmState.PENDING), SEEN, 0, off, PATIENCE, NOW) is None


@pytest.mark.parametrize("state", AlarmState)
@pytest.mark.parametrize("to", AlarmState)
def test_states_change_by_their_table_alone(state: AlarmState, to: AlarmState) -> None:
    if to in TRANSITIONS[state]:
        assert move(alarm(state), to).state is to
    else:
        with pytest.raises(ForbiddenChange):
            move(alarm(state), to)


def test_the_next_are_called_at_once_where_every_first_channel_has_failed() -> None:
    assert is_unreached(alarm(), ["sms", "push"], ["sms"])
    assert is_unreached(alarm(), [], [])
    assert not is_unreached(alarm(), ["sms"], ["sms", "push"])
    assert not is_unreached(alarm(told_at=NOW), ["sms"], ["sms"])
    assert not is_unreached(alarm(urgent=False), ["sms"], ["sms"])
    assert not is_unreached(alarm(AlarmState.ACKNOWLEDGED), ["sms"], ["sms"])


def test_the_last_quarter_of_an_hours_messages_is_for_what_is_urgent() -> None:
    budget = Budget(pause_s=60, per_hour=8)
    assert [budget.allows(0, hour, urgent=False) for hour in (5, 6)] == [True, False]
    assert [budget.allows(0, hour, urgent=True) for hour in (7, 8)] == [True, False]
    assert not budget.allows(1, 1, urgent=True)


def test_pause_has_one_rule_and_another_where_that_is_switched_off() -> None:
    rules = AlarmRules()
    assert rule_of_pause("fiscal_offline", rules) == "registrar_off"
    assert rule_of_pause("robot_held", rules) == "robot_held"
    assert rule_of_pause("bank_down", rules) == "sales_closed"
    assert [rule_of_pause(reason, rules) for reason in ("staff", "closed", "queue_too_long")] == [None] * 3
    without = AlarmRules(registrar_off=AlarmRule(off=True))
    assert rule_of_pause("fiscal_offline", without) == "sales_closed"


def test_every_rule_has_its_words_in_both_languages() -> None:
    assert set(TITLES) == set(AlarmRules().named())
    for rule in AlarmRules().named():
        row = alarm(rule=rule, subject="robot_held" if rule in OF_SALES else "x")
        for text in (title_of(row), remedy_of(row)):
            assert text.ru
            assert text.en


def test_message_names_what_to_do_and_fits_an_sms_however_many_there_are() -> None:
    one = message_of([alarm()], "en", "Ogonyok")
    assert one.title == "Ogonyok: Sales are closed: no bank"
    assert one.body.endswith("I see to it: kiosk alarms ack 7")
    many = message_of([alarm(alarm_id=n, detail_ru="очень " * 20) for n in range(40)], "ru", "Огонёк")
    assert many.title == "Огонёк: тревоги: 40"
    assert "и ещё" in many.body
    assert len(many.title) + len(many.body) < 670


def test_what_is_urgent_comes_first_and_what_is_over_last() -> None:
    rows = [
        alarm(AlarmState.CLEARED, alarm_id=1, rule="disk", detail_ru=""),
        alarm(alarm_id=2, rule="bin_low", urgent=False, detail_ru=""),
        alarm(alarm_id=3, rule="pin_guessed", detail_ru=""),
    ]
    first, second, third = message_of(rows, "ru", "Огонёк").body.split("\n")
    assert first.startswith("Подбирают PIN")
    assert second.startswith("Кончается продукт")
    assert third == "Прошло: Мало места на диске."
