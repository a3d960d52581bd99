"""One alarm: what it stands for, its states, and what a look makes of it. Time is what has passed, never what a wall
clock says: nobody is called sooner or later because a clock was set. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from kiosk.domain.staff.alarm_rules import AlarmRule
from kiosk.domain.text import Text

#: Whom it is told: the first called, then those who are called when nobody has answered.
FIRST, SECOND = 1, 2


class AlarmState(StrEnum):
    PENDING = "pending"  # seen, and not yet for long enough
    RAISED = "raised"  # nobody has said that they see to it
    ACKNOWLEDGED = "acknowledged"  # somebody has
    CLEARED = "cleared"  # its cause is gone


TRANSITIONS: Mapping[AlarmState, frozenset[AlarmState]] = MappingProxyType(
    {
        AlarmState.PENDING: frozenset({AlarmState.RAISED}),
        AlarmState.RAISED: frozenset({AlarmState.ACKNOWLEDGED, AlarmState.CLEARED}),
        AlarmState.ACKNOWLEDGED: frozenset({AlarmState.CLEARED}),
        AlarmState.CLEARED: frozenset(),
    }
)


class ForbiddenChange(Exception):
    """The table of transitions has no such one."""


class Seen(msgspec.Struct, frozen=True):
    """A rule's condition that holds now. `subject`: what it is about, one alarm for each; `detail`: the same in words,
    empty where the rule's title says it all; `urgent`: more than its rule is."""

    rule: str
    subject: str
    detail: Text
    urgent: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.subject


class Alarm(msgspec.Struct, frozen=True):
    """`waited_s`: since it was first seen, then since it was last told (`round`, `level`: how often, and to whom);
    `gone_s`: how long its cause has not been seen; `told_at`: when the first channel accepted it."""

    alarm_id: int
    rule: str
    subject: str
    detail_ru: str
    detail_en: str
    urgent: bool
    state: AlarmState
    seen_at: datetime
    waited_s: float = 0.0
    gone_s: float = 0.0
    level: int = 0
    round: int = 0
    raised_at: datetime | None = None
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    cleared_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.subject

    @property
    def detail(self) -> Text:
        return Text(self.detail_ru, self.detail_en)

    @property
    def stands(self) -> bool:
        """Raised, and its cause is not known to be gone."""
        return self.state in (AlarmState.RAISED, AlarmState.ACKNOWLEDGED)

    @property
    def is_known(self) -> bool:
        """Whether some person has been reached: a channel accepted it, or somebody acknowledged it."""
        return self.stands and (self.told_at is not None or self.state is AlarmState.ACKNOWLEDGED)


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `escalate_s`: without an answer others are called too; `repeat_s`: then all again; `hold_s`: a cause
    must be gone for so long before it counts as gone, so that one that comes and goes is one alarm."""

    escalate_s: float
    repeat_s: float
    hold_s: float


def move(alarm: Alarm, state: AlarmState, **changes: object) -> Alarm:
    """Raises `ForbiddenChange`."""
    if state not in TRANSITIONS[alarm.state]:
        raise ForbiddenChange(f"alarm {alarm.alarm_id}: {alarm.state} → {state}")
    return msgspec.structs.replace(alarm, state=state, **changes)


def advance(
    alarm: Alarm, seen: Seen | None, elapsed_s: float, rule: AlarmRule, patience: Patience, now: datetime
) -> Alarm | None:
    """What a look `elapsed_s` after the one before makes of it; None: it has not lasted, and never was an alarm."""
    if alarm.state is AlarmState.PENDING:
        if seen is None or rule.off:
            return None
        waited_s = alarm.waited_s + elapsed_s
        alarm = msgspec.structs.replace(alarm, waited_s=waited_s)
        return alarm if waited_s < rule.after_s else raised(alarm, now)
    if seen is None or rule.off:
        gone_s = alarm.gone_s + elapsed_s
        if gone_s >= patience.hold_s or rule.off:
            return move(alarm, AlarmState.CLEARED, cleared_at=now, gone_s=gone_s)
        return msgspec.structs.replace(alarm, gone_s=gone_s)
    alarm = msgspec.structs.replace(
        alarm,
        gone_s=0.0,
        waited_s=alarm.waited_s + elapsed_s,
        detail_ru=seen.detail.ru,
        detail_en=seen.detail.en,
        urgent=rule.urgent or seen.urgent,
    )
    return _called_again(alarm, patience) if alarm.state is AlarmState.RAISED else alarm


def raised(alarm: Alarm, now: datetime) -> Alarm:
    return move(alarm, AlarmState.RAISED, raised_at=now, level=FIRST, round=1, waited_s=0.0)


def _called_again(alarm: Alarm, patience: Patience) -> Alarm:
    limit_s = patience.escalate_s if alarm.level < SECOND else patience.repeat_s
    return alarm if alarm.waited_s < limit_s else escalated(alarm)


def escalated(alarm: Alarm) -> Alarm:
    """Everybody is called, those of the first level again."""
    return msgspec.structs.replace(alarm, level=SECOND, round=alarm.round + 1, waited_s=0.0)


def told_further(alarm: Alarm) -> Alarm:
    """The next are called at once; who waits to be told already is not told twice."""
    return msgspec.structs.replace(alarm, level=SECOND, waited_s=0.0)


def is_unreached(alarm: Alarm, failed: Collection[str], first: Collection[str]) -> bool:
    """Whether the next are to be called at once: it is urgent, nobody has been reached, and every channel of the first
    level has failed already (or there is none)."""
    untold = alarm.state is AlarmState.RAISED and alarm.urgent and alarm.level < SECOND and alarm.told_at is None
    return untold and set(first) <= set(failed)


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages one channel takes: one in `pause_s`, `per_hour` in an hour, of which the last quarter is for
    what is urgent."""

    pause_s: float
    per_hour: int

    def allows(self, lately: int, last_hour: int, *, urgent: bool) -> bool:
        """`lately`: of them in the last `pause_s`. What is not allowed now is summed in a later message."""
        most = self.per_hour if urgent else max(1, self.per_hour * 3 // 4)
        return not lately and last_hour < most
