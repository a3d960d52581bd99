"""Seed order 6: statistics for a period, and a report a day made in the background."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.domain.ordering.order import CURRENCY
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.payment import bonuses, refunds
from kiosk.store.staff import stats

_DAY = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(2000, 1, 2), date(2099, 12, 30)
_MOST_REASONS = 100
_BY_HOUR = timedelta(days=31)  # a longer period is given by day


class RefundsOf(msgspec.Struct, frozen=True):
    """Refunds after payment for one reason by one person; `person`: as the journal names them, without the session;
    `kiosk`: it went back by itself."""

    reason: str
    person: str
    count: int
    amount_kopecks: int


class StatsView(msgspec.Struct, frozen=True):
    """`GET /internal/stats`: days are the restaurant's own, both ends included; `hours` are days where
    the period is longer than a month. Points: `bonus_returned` what had been spent and came back with the money,
    `bonus_taken_back` what had been earned and went with it, `bonus_outstanding` what customers hold as of now."""

    first_day: str
    last_day: str
    currency: str
    orders_created: int
    orders: int
    orders_completed: int
    orders_refunded: int
    revenue_kopecks: int
    refunded_kopecks: int
    average_kopecks: int
    bonus_spent: int
    hours: list[stats.HourRow]
    dishes: list[stats.DishRow]
    combos: list[stats.ComboRow] = []
    options: list[stats.OptionRow] = []
    bonus_earned: int = 0
    bonus_returned: int = 0
    bonus_taken_back: int = 0
    bonus_outstanding: int = 0
    timezone: str = ""
    promises: list[stats.PromiseRow] = []
    refunds: list[RefundsOf] = []


class Reports:
    def __init__(self, database: Database, timezone: ZoneInfo, clock: Clock, periods: Periods = USUAL) -> None:
        self._periods = periods
        self._db = database
        self._timezone = timezone
        self._clock = clock

    def today(self) -> date:
        return self._clock.now().astimezone(self._timezone).date()

    async def stats(self, first: date, last: date) -> StatsView:
        """Dishes at their prices before points, revenue as it was paid. Raises `InvalidRequest`."""
        if last < first:
            raise InvalidRequest.at("to", "a day not before `from`")
        begin, end = f"{first.isoformat()}T", f"{last.isoformat()}T99"
        days = (first.isoformat(), last.isoformat())
        hours = await self._db.walk(stats.read_hours, begin, end, by_day=last - first > _BY_HOUR)
        dishes = await self._db.walk(stats.read_dishes, *days)
        combos = await self._db.walk(stats.read_combos, *days)
        options = await self._db.walk(stats.read_options, *days)
        promises = await self._db.walk(stats.read_promises, *days)
        given_back = await self._db.walk(refunds.given_back, self._begins(first), self._begins(last, after=_DAY))
        outstanding = await self._db.walk(bonuses.read_outstanding)
        paid = sum(row.orders_paid for row in hours)
        revenue = sum(row.revenue_kopecks for row in hours)
        return StatsView(
            first_day=first.isoformat(),
            last_day=last.isoformat(),
            currency=CURRENCY,
            orders_created=sum(row.orders_created for row in hours),
            orders=paid,
            orders_completed=sum(row.orders_completed for row in hours),
            orders_refunded=sum(row.orders_refunded for row in hours),
            revenue_kopecks=revenue,
            refunded_kopecks=sum(row.refunded_kopecks for row in hours),
            average_kopecks=revenue // paid if paid else 0,
            bonus_spent=sum(row.bonus_spent for row in hours),
            hours=hours,
            dishes=dishes,
            combos=combos,
            options=options,
            bonus_earned=sum(row.bonus_earned for row in hours),
            bonus_returned=sum(row.bonus_returned for row in hours),
            bonus_taken_back=sum(row.bonus_taken_back for row in hours),
            bonus_outstanding=outstanding,
            timezone=self._timezone.key,
            promises=promises,
            refunds=_by_person(given_back),
        )

    def _begins(self, day: date, after: timedelta = timedelta()) -> datetime:
        """The moment, of a year that the tables know."""
        known = min(max(day, _FIRST_DAY), _LAST_DAY)
        return datetime.combine(known + after, time.min, self._timezone)

    async def report(self, day: date) -> StatsView:
        """What was kept when the day was over. Raises `NotFound` while there is none."""
        body = await self._db.read(stats.read_report, day.isoformat())
        if body is None:
            raise NotFound
        return msgspec.json.decode(body, type=StatsView)

    async def write_reports(self) -> None:
        """Runs until cancelled: yesterday's report is kept once the day is over and all of it is counted."""
        while True:
            yesterday = self.today() - timedelta(days=1)
            if await self._report_due(yesterday):
                body = msgspec.json.encode(await self.stats(yesterday, yesterday))
                at = rfc3339(self._clock.now())
                day = yesterday.isoformat()
                await self._db.write(stats.store_report, day, body, at)
            await self._clock.sleep(self._periods.day_report_s)

    async def _report_due(self, day: date) -> bool:
        """Not written yet, and no event of the day waits to be counted."""
        if await self._db.read(stats.has_report, day.isoformat()):
            return False
        waiting = await self._db.read(outbox.waiting_for, stats.CONSUMER)
        return not waiting or waiting[0].at.astimezone(self._timezone).date() > day


def _by_person(rows: list[refunds.GivenBackRow]) -> list[RefundsOf]:
    """The greatest sums first; sessions of the shared PIN under the name that was given are one."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        person = row.actor.rpartition(":")[0] if row.actor.startswith("pin:") else row.actor
        found = counts[row.reason, person]
        found[0] += row.count
        found[1] += row.amount_kopecks
    listed = [RefundsOf(*of, count, kopecks) for of, (count, kopecks) in counts.items()]
    return sorted(listed, key=lambda one: (-one.amount_kopecks, one.reason, one.person))[:_MOST_REASONS]
