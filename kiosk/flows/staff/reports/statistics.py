"""Seed order 6: statistics for a period, and a report a day made in the background."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import CURRENCY
from kiosk.domain.staff import figures
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.payment import bonuses, refunds
from kiosk.store.staff import day_counts, report_letters, stats
from kiosk.store.staff.day_counts import Minutes
from kiosk.store.transaction import Reader, Tx

_DAY = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(2000, 1, 2), date(2099, 12, 30)
_MOST_REASONS = 100
_USUAL = timedelta(days=figures.USUAL_DAYS)
_BY_HOUR = timedelta(days=31)  # a longer period is given by day


class RefundsOf(msgspec.Struct, frozen=True):
    """Refunds after payment for one reason by one person; `person`: as the journal names them, without the session;
    `kiosk`: it went back by itself."""

    reason: str
    person: str
    count: int
    amount_kopecks: int


class Sums(msgspec.Struct, frozen=True):
    """Of a period's hours. Points: `bonus_returned` what had been spent and came back with the money,
    `bonus_taken_back` what had been earned and went with it."""

    first_day: str
    last_day: str
    orders_created: int
    orders: int
    orders_completed: int
    orders_refunded: int
    revenue_kopecks: int
    refunded_kopecks: int
    average_kopecks: int
    bonus_spent: int
    bonus_earned: int = 0
    bonus_returned: int = 0
    bonus_taken_back: int = 0


class Before(Sums, frozen=True):
    """What the period is held against; `until`: where the period is not over, up to which hour of the day, without it:
    of both the same part of the day is counted."""

    until: str = ""


class StatsView(Sums, frozen=True, kw_only=True):
    """`GET /internal/stats`: days are the restaurant's own, both ends included; `hours` are days where the period is
    longer than a month; `bonus_outstanding`: what customers hold as of now."""

    currency: str
    hours: list[stats.HourRow]
    dishes: list[stats.DishRow]
    combos: list[stats.ComboRow] = []
    options: list[stats.OptionRow] = []
    bonus_outstanding: int = 0
    timezone: str = ""
    promises: list[stats.PromiseRow] = []
    refunds: list[RefundsOf] = []
    before: Before | None = None
    services: list[day_counts.ServiceRow] = []
    payments: list[figures.PaymentsOf] = []
    refusals: list[figures.RefusalsOf] = []
    minutes: figures.MinutesOf | None = None
    funnel: list[figures.FunnelStep] = []
    left: list[figures.LeftAt] = []
    visits: list[figures.VisitsOf] = []
    open_minutes: int = 0
    sold_out: list[figures.SoldOutOf] = []


class Reports:
    def __init__(
        self,
        database: Database,
        timezone: ZoneInfo,
        clock: Clock,
        periods: Periods = USUAL,
        *,
        menu: CurrentMenu | None = None,
        letters_to: Sequence[str] = (),
    ) -> None:
        """`menu` names dishes that were not sold; `letters_to`: who gets each day's report by mail."""
        self._periods = periods
        self._db = database
        self._timezone = timezone
        self._clock = clock
        self._menu = menu
        self._letters_to = letters_to
        self.written: Callable[[], None] = lambda: None

    def today(self) -> date:
        return self._clock.now().astimezone(self._timezone).date()

    async def named(self, first: date | None, last: date | None) -> StatsView:
        """Of a period whose ends are today where they are not named. Raises `InvalidRequest`."""
        return await self.stats(first or self.today(), last or self.today())

    async def stats(self, first: date, last: date) -> StatsView:
        """Dishes at their prices before points, revenue as it was paid. Raises `InvalidRequest`."""
        if last < first:
            raise InvalidRequest.at("to", "a day not before `from`")
        return await self._db.walk(self._read, first, last, self._clock.now().astimezone(self._timezone))

    def _read(self, reader: Reader, first: date, last: date, now: datetime) -> StatsView:
        begin, end = f"{first.isoformat()}T", f"{last.isoformat()}T99"
        days = (first.isoformat(), last.isoformat())
        hours = stats.read_hours(reader, begin, end, by_day=last - first > _BY_HOUR)
        ways, refusals = figures.payments_of(
            (row.method, row.code, row.reason, row.attempts) for row in day_counts.read_payments(reader, *days)
        )
        funnel, left, visits = figures.funnel_of(
            (row.terminal_id, row.reached, row.left_at, row.visits) for row in day_counts.read_visits(reader, *days)
        )
        return StatsView(
            **_sums(first, last, hours),
            currency=CURRENCY,
            hours=hours,
            dishes=stats.read_dishes(reader, *days),
            combos=stats.read_combos(reader, *days),
            options=stats.read_options(reader, *days),
            bonus_outstanding=bonuses.read_outstanding(reader),
            timezone=self._timezone.key,
            promises=stats.read_promises(reader, *days),
            refunds=_by_person(refunds.given_back(reader, self._begins(first), self._begins(last, after=_DAY))),
            before=_before(reader, first, last, now),
            services=day_counts.read_services(reader, *days),
            payments=ways,
            refusals=refusals[:_MOST_REASONS],
            minutes=_minutes(reader, days),
            funnel=funnel,
            left=left,
            visits=visits,
            open_minutes=day_counts.read_open_minutes(reader, *days),
            sold_out=self._sold_out(reader, days, last),
        )

    def _sold_out(self, reader: Reader, days: tuple[str, str], last: date) -> list[figures.SoldOutOf]:
        gone = day_counts.read_sold_out(reader, *days)
        if not gone or last < _FIRST_DAY + _USUAL:
            return []
        known = ((last - _USUAL + _DAY).isoformat(), last.isoformat())
        out: dict[str, int] = defaultdict(int)
        for row in day_counts.read_sold_out(reader, *known):
            out[row.item_id] += row.minutes
        sold = day_counts.read_sold_while_open(reader, *known)
        usual = figures.Usual(
            day_counts.read_open_minutes(reader, *known), out, {row.item_id: row.revenue_kopecks for row in sold}
        )
        names = {row.item_id: row.name for row in sold}
        if self._menu is not None:
            names |= {item_id: dish.item.name.ru for item_id, dish in self._menu.now.dishes.items()}
        return figures.sold_out_of(((row.item_id, row.reason, row.minutes) for row in gone), names, usual)

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
                await self._db.write(self._keep, day, body, at)
                self.written()
            await self._clock.sleep(self._periods.day_report_s)

    def _keep(self, tx: Tx, day: str, body: bytes, at: str) -> None:
        """The report and who is to get it, in one commit."""
        stats.store_report(tx, day, body, at)
        report_letters.put(tx, day, self._letters_to, at)

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


def _sums(first: date, last: date, hours: Sequence[stats.HourRow]) -> dict[str, Any]:
    paid = sum(row.orders_paid for row in hours)
    revenue = sum(row.revenue_kopecks for row in hours)
    return {
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "orders_created": sum(row.orders_created for row in hours),
        "orders": paid,
        "orders_completed": sum(row.orders_completed for row in hours),
        "orders_refunded": sum(row.orders_refunded for row in hours),
        "revenue_kopecks": revenue,
        "refunded_kopecks": sum(row.refunded_kopecks for row in hours),
        "average_kopecks": revenue // paid if paid else 0,
        "bonus_spent": sum(row.bonus_spent for row in hours),
        "bonus_earned": sum(row.bonus_earned for row in hours),
        "bonus_returned": sum(row.bonus_returned for row in hours),
        "bonus_taken_back": sum(row.bonus_taken_back for row in hours),
    }


def _before(reader: Reader, first: date, last: date, now: datetime) -> Before | None:
    """None where the years before are none that are kept. A day under way is held against as much of another."""
    if first - _FIRST_DAY <= last - first + _BY_HOUR or first > now.date():
        return None
    begin, end = figures.days_before(first, last)
    hour = f"{now.hour + 1:02d}" if last == now.date() else ""
    hours = stats.read_hours(reader, f"{begin.isoformat()}T", f"{end.isoformat()}T{hour or 99}", by_day=True)
    return Before(**_sums(begin, end, hours), until=f"{hour}:00" if hour else "")


def _minutes(reader: Reader, days: tuple[str, str]) -> figures.MinutesOf:
    counts: dict[Minutes, list[tuple[int, int]]] = {kind: [] for kind in Minutes}
    for row in day_counts.read_minutes(reader, *days):
        counts[row.kind].append((row.minutes, row.orders))
    return figures.minutes_of(counts[Minutes.PROMISED], counts[Minutes.ACTUAL], stats.read_kept(reader, *days))
