"""Alarms: looks whether a person is to be called, writes down whom, and takes the word of who sees to it.

A look is one transaction: what stands, what of it is to be told to whom, and the messages themselves."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.hours import WeeklyHours
from kiosk.domain.staff import alarm
from kiosk.domain.staff.alarm import FIRST, Alarm, AlarmState, Budget, Patience, Seen
from kiosk.domain.staff.alarm_rules import OF_SALES, AlarmRules
from kiosk.domain.staff.alarm_words import message_of
from kiosk.domain.text import Text
from kiosk.flows.staff.alarms.symptoms import Symptoms
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.staff import alarms
from kiosk.store.staff.alarms import AlarmMessage
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
#: Who looks at the page of staff has been shown what stands there: it asks anew every few seconds.
_SHOWN_FOR_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One of those who are called, by a channel of this name."""

    name: str
    channel: str
    level: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPolicy:
    """`quiet`: hours in which only what is urgent is told, in `zone`'s time."""

    rules: AlarmRules
    patience: Patience
    budget: Budget
    quiet: WeeklyHours | None
    zone: ZoneInfo
    called: tuple[Called, ...]
    restaurant: Text

    def is_quiet(self, now: datetime) -> bool:
        return self.quiet is not None and self.quiet.why_closed(now, self.zone, 0.0) is None


class AlarmWatch:
    """`run()` until cancelled; `written`: messages wait to be sent."""

    def __init__(
        self,
        database: Database,
        symptoms: Symptoms,
        policy: AlarmPolicy,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        periods: Periods = USUAL,
    ) -> None:
        self._db = database
        self._symptoms = symptoms
        self._policy = policy
        self._clock = clock
        self._cp = checkpoint
        self._periods = periods
        self._wake = asyncio.Event()
        self._looked_at: float | None = None
        self._standing: list[Alarm] = []
        self._shown: frozenset[int] = frozenset()
        self._shown_at = 0.0
        self.written: Callable[[], None] = lambda: None

    def wake(self) -> None:
        """Something has changed: look now."""
        self._wake.set()

    @property
    def standing(self) -> int:
        """How many are raised and not over."""
        return sum(row.stands for row in self._standing)

    def show(self, shown: Collection[int]) -> None:
        """A page of staff shows these now."""
        self._shown, self._shown_at = frozenset(shown), self._clock.monotonic()

    def staff_knows(self, reason: str) -> bool:
        """Whether somebody was reached about what closes the sales: a channel has accepted it, somebody sees to it, or
        it stands on an open page of staff."""
        shown = self._shown if self._clock.monotonic() - self._shown_at < _SHOWN_FOR_S else frozenset()
        about = (row for row in self._standing if row.rule in OF_SALES and row.subject == reason and row.stands)
        return any(row.is_known or row.alarm_id in shown for row in about)

    async def run(self) -> None:
        while True:
            self._wake.clear()
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._periods.alarms_s):
                    await self._wake.wait()

    async def look(self) -> None:
        seen = {row.key: row for row in await self._symptoms.seen() if not self._policy.rules.of(row.rule).off}
        now_s = self._clock.monotonic()
        elapsed_s = 0.0 if self._looked_at is None else now_s - self._looked_at
        self._looked_at = now_s
        before = {row.alarm_id: row for row in self._standing}
        gone_s = 0.0 if self._symptoms.starting else elapsed_s  # what nobody has spoken of yet is not gone
        self._standing, messages = await self._db.write(self._judge, seen, elapsed_s, gone_s, self._clock.now())
        for row in self._standing:
            if row.stands and (row.alarm_id not in before or not before[row.alarm_id].stands):
                self._cp("alarm.raised")
                _log.warning("alarm_raised", alarm_id=row.alarm_id, rule=row.rule, subject=row.subject)
        if messages:
            self.written()

    def _judge(
        self, tx: Tx, seen: dict[tuple[str, str], Seen], elapsed_s: float, gone_s: float, now: datetime
    ) -> _Judged:
        standing = alarms.read_standing(tx)
        known = {row.key for row in standing}
        looked = [(row, seen.get(row.key)) for row in standing]
        moved = [self._advance(tx, row, now_seen, elapsed_s if now_seen else gone_s, now) for row, now_seen in looked]
        kept = [after for after in moved if after is not None]
        for key in [key for key in seen if key not in known]:
            rule = self._policy.rules.of(key[0])
            begun = alarms.begin(tx, seen[key], now, urgent=rule.urgent or seen[key].urgent)
            after = self._advance(tx, begun, seen[key], 0.0, now)
            kept += [] if after is None else [after]
        return kept, sum([self._tell(tx, to, now) for to in self._policy.called])

    def _advance(self, tx: Tx, row: Alarm, seen: Seen | None, elapsed_s: float, now: datetime) -> Alarm | None:
        """The alarm as it is now and as it is written; None where it stands no more."""
        rules = self._policy.rules
        after = alarm.advance(row, seen, elapsed_s, rules.of(row.rule), self._policy.patience, now)
        if after is None:
            alarms.drop(tx, row.alarm_id)
            return None
        first = [to.name for to in self._policy.called if to.level == FIRST]
        if after.state is AlarmState.RAISED and alarm.is_unreached(
            after, alarms.failed_channels(tx, after.alarm_id), first
        ):
            after = alarm.told_further(after)
        if after != row:
            alarms.save(tx, after)
        if after.state is not AlarmState.CLEARED:
            return after
        alarms.withdraw(tx, after.alarm_id, "over")
        _log.info("alarm_cleared", alarm_id=after.alarm_id, rule=after.rule, subject=after.subject)
        return None

    def _tell(self, tx: Tx, to: Called, now: datetime) -> bool:
        """At most one message a look, and one on the way: what it has not heard yet, all in one. True where there is
        one now."""
        quiet = self._policy.is_quiet(now)
        if quiet or alarms.read_due(tx, to.name, to.level, urgent_only=True):
            alarms.withhold(tx, to.name, doubtful=quiet)
        if alarms.count_waiting(tx, to.name):
            return False
        due = alarms.read_due(tx, to.name, to.level, urgent_only=quiet)
        if not due:
            return False
        urgent = any(row.urgent and row.state is AlarmState.RAISED for row in due)
        budget = self._policy.budget
        lately, last_hour = alarms.count_lately(tx, to.name, now, budget.pause_s)
        if not budget.allows(lately, last_hour, urgent=urgent):
            return False
        words = message_of(due, to.language, self._policy.restaurant.into(to.language))
        alarms.put(tx, new_message(to.name, words.title, words.body, now, urgent=urgent), due)
        return True


_Judged = tuple[list[Alarm], int]


def new_message(
    channel: str, title: str, body: str, now: datetime, *, urgent: bool = False, kind: str = "alarms"
) -> AlarmMessage:
    """One that waits to be sent, with an id of its own."""
    return AlarmMessage(
        message_id=f"alarm-{secrets.token_hex(8)}",
        channel=channel,
        kind=kind,
        urgent=urgent,
        title=title,
        body=body,
        created_at=now,
        tries=0,
        doubts=0,
        error=None,
        accepted_at=None,
        gone=None,
    )
