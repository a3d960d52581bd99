"""What must hold for anything to be sold: asked when an order is created, and again before its money moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import BankUnavailable, DomainError, FiscalUnavailable, ItemsUnavailable, SalesPaused
from kiosk.domain.hours import CLOSED, OpeningHours, WeeklyHours
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen, KitchenState
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import OrderLine
from kiosk.domain.ordering.reservation import shortages, total_needs
from kiosk.domain.reasons import QUEUE_TOO_LONG, SOLD_OUT, words_of
from kiosk.domain.text import Text
from kiosk.flows.ordering.availability import Offer

#: In the seed's words (3.3, 3.4) where a payment meets them; an order that is not made yet meets paused sales.
_AT_PAYMENT: Mapping[str, type[DomainError]] = {
    "bank": BankUnavailable,
    "fiscal": FiscalUnavailable,
    "receipts": FiscalUnavailable,
}


class Limits(msgspec.Struct, frozen=True):
    """`[robot] max_promise_s` and `[restaurant] hours`, which those of a menu overrule; None = always open."""

    max_promise_s: int
    hours: OpeningHours | None
    zone: ZoneInfo


class Look:
    """Every condition at one moment, taken on the loop; the writer's thread may read it."""

    def __init__(
        self,
        offer: Offer,
        limits: Limits,
        now: datetime,
        *,
        blocked: tuple[str, str] | None,
        kitchen: KitchenState,
    ) -> None:
        self._offer = offer
        self._blocked = blocked
        self._kitchen = kitchen
        self._limits = limits
        self._now = now

    def require(self, lines: Sequence[OrderLine]) -> int:
        """Everything that is known without the database; the promised seconds. Raises `SalesPaused`,
        `ItemsUnavailable`."""
        self._require_open()
        self._require_dishes(lines, self._offer)
        return self._require_time(lines)

    def tell(
        self, lines: Sequence[OrderLine], levels: Mapping[str, int], held: Mapping[str, int]
    ) -> tuple[int, dict[int, str]]:
        """The same without a refusal for single dishes: the promised seconds, and by line why it cannot be had. Raises
        `SalesPaused`."""
        self._require_open()
        reasons = {line.line: reason for line in lines if (reason := self._why_not(line, self._offer))}
        had = [line for line in lines if line.line not in reasons]
        short = _short(had, levels, held)
        reasons |= {line.line: SOLD_OUT for line in had if not short.isdisjoint(line.formula)}
        return self._require_time([line for line in lines if line.line not in reasons]), reasons

    def _require_open(self) -> None:
        if self._blocked is not None:
            raise SalesPaused(reason=self._blocked[1])

    def _require_dishes(self, lines: Sequence[OrderLine], offer: Offer) -> None:
        if gone := [(line, reason) for line in lines if (reason := self._why_not(line, offer))]:
            raise _unavailable(gone)

    def _require_time(self, lines: Sequence[OrderLine]) -> int:
        promise_s = self.promise_s(lines)
        if (reason := self.why_not_in(promise_s)) is not None:
            raise SalesPaused(reason=reason)
        return promise_s

    def require_for_payment(self, lines: Sequence[OrderLine]) -> None:
        """The same in the seed's words (3.3, 3.4). Raises `BankUnavailable`, `FiscalUnavailable` too."""
        kind = None if self._blocked is None else _AT_PAYMENT.get(self._blocked[0])
        if self._blocked is not None and kind is not None:
            raise kind(reason=self._blocked[1])
        self._require_open()
        self._require_dishes(lines, Offer(self._offer.menu, self._kitchen, any_hour=True))  # it was ordered in its hour
        self._require_time(lines)

    def require_stock(self, lines: Sequence[OrderLine], levels: Mapping[str, int], held: Mapping[str, int]) -> None:
        """Raises `ItemsUnavailable` for what the bins cannot give beside all that is held."""
        if short := _short(lines, levels, held):
            raise _unavailable((line, SOLD_OUT) for line in lines if not short.isdisjoint(line.formula))

    def promise_s(self, lines: Iterable[OrderLine]) -> int:
        """Honest seconds until the last of them is ready."""
        works = self._kitchen.works
        return self._kitchen.promise_s(
            works.get(line.chart_fingerprint, ()) for line in lines for _ in range(line.quantity)
        )

    def why_not_in(self, promise_s: float) -> str | None:
        """Why nothing is sold that takes so long, or None: the queue, the opening hours."""
        return QUEUE_TOO_LONG if promise_s > self._limits.max_promise_s else self.why_closed(promise_s)

    def why_closed(self, promise_s: float) -> str | None:
        hours = self._offer.menu.timetable.opening(self._limits.hours)
        return None if hours is None else hours.why_closed(self._now, self._limits.zone, promise_s)

    def _why_not(self, line: OrderLine, offer: Offer) -> str | None:
        reason = offer.why_not(line.item_id, line.formula, self._kitchen.stations(line.chart_fingerprint))
        if reason is None and line.combo_id is not None:
            reason = offer.why_not_named(line.combo_id)
        return reason


class Conditions:
    """Takes looks: at readiness, stop list, stations, queue and opening hours."""

    def __init__(self, menu: CurrentMenu, kitchen: Kitchen, readiness: Readiness, clock: Clock, limits: Limits) -> None:
        self._menu = menu
        self._kitchen = kitchen
        self._readiness = readiness
        self._clock = clock
        self._limits = limits

    def look(self, *, unless_starting: bool = False) -> Look:
        """`unless_starting`: what has not spoken since the start is not judged; whoever asks so waits for it later."""
        kitchen = self._kitchen.now
        return Look(
            Offer(self._menu.now, kitchen),
            self._limits,
            self._clock.now(),
            blocked=self._readiness.blocked(unless_starting=unless_starting),
            kitchen=kitchen,
        )

    @property
    def known(self) -> bool:
        """Every device that sales depend on has reported, and the robot has reported what it holds, or one of them says
        no."""
        return not self._readiness.starting and (bool(self._kitchen.now.bins) or self._readiness.blocked() is not None)

    @property
    def opening(self) -> WeeklyHours | None:
        """When the restaurant is open; None: always."""
        return self._menu.now.timetable.opening(self._limits.hours)

    def says_closed(self, reason: str) -> Text:
        """Why nothing is sold, for the guest; of a holiday in its own words."""
        today = self._clock.now().astimezone(self._limits.zone).date()
        own = self._menu.now.timetable.says.get(today) if reason == CLOSED else None
        return own or words_of(reason).guest

    def reason_of(self, check: str) -> str | None:
        """Why what hangs on one check alone is closed, or None."""
        found = self._readiness.checks().get(check)
        return None if found is None else found.reason

    def why_paused(self, promise_s: float) -> str | None:
        """Why nothing is sold now that takes so long, or None: what the first screen says. A queue too long for one
        dish may have room for another."""
        return self._readiness.pause_reason() or self.look().why_closed(promise_s)


def _short(lines: Iterable[OrderLine], levels: Mapping[str, int], held: Mapping[str, int]) -> set[str]:
    """The ingredients of which the bins have too little for all of them together."""
    needs = total_needs(line.formula for line in lines for _ in range(line.quantity))
    return {row.ingredient for row in shortages(needs, levels, held, {})}


def _unavailable(gone: Iterable[tuple[OrderLine, str]]) -> ItemsUnavailable:
    """Named by what was asked for, each once."""
    named: dict[str, str] = {}
    for line, reason in gone:
        named.setdefault(line.asked_id, reason)
    return ItemsUnavailable(items=[{"item_id": item_id, "reason": reason} for item_id, reason in named.items()])
