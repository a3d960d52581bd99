"""How long the complex really takes, learned for each operation at each station; and what a promise must add to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from kiosk.domain.menu.chart import ChartPhase

#: What was last seen weighs so much once enough was seen; and the very first against the chart's own seconds.
_LEAST_WEIGHT, _MOST_WEIGHT = 0.1, 0.3
#: A complex is not so many times faster or slower than its charts: what says so was not seen whole.
_FASTEST, _SLOWEST = 0.3, 3.0
_USUAL_SPREAD = 0.1
#: Of ten promises nine are kept: how far a normal value lies from its mean there.
_NINE_OF_TEN = 1.2816
_MISSED = 0.1
#: How fast the margin follows what came of promises, and how far.
_MARGIN_STEP, _MARGIN_LEAST, _MARGIN_MOST = 0.05, 0.8, 1.6
#: A phase that seems to have taken so many times its own seconds was held, not slow.
_MOST_TIMES = 2 * _SLOWEST
_STEP_S = 30.0


class Learned(msgspec.Struct, frozen=True):
    """Of one operation at one station: how often seen, and its seconds by the chart's nominal ones, mean and spread."""

    operation: int
    station: int
    seen: int
    mean: float
    spread: float

    def with_one_more(self, ratio: float) -> Learned:
        weight = min(_MOST_WEIGHT, max(_LEAST_WEIGHT, 1.0 / (self.seen + 1)))
        off = ratio - self.mean
        mean = min(_SLOWEST, max(_FASTEST, self.mean + weight * off))
        variance = (1 - weight) * (self.spread**2 + weight * off * off)
        return Learned(self.operation, self.station, self.seen + 1, mean, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class Pace:
    """All that was learned. `margin`: what promises are multiplied by so that nine of ten are kept."""

    learned: Mapping[tuple[int, int], Learned] = field(default_factory=dict)
    margin: float = 1.0

    def of(self, phase: ChartPhase) -> Learned:
        key = (phase.operation, phase.station)
        return self.learned.get(key) or Learned(*key, 0, self._usual(), self._usual() * _USUAL_SPREAD)

    def _usual(self) -> float:
        """Of what was never seen: as the rest of the complex."""
        rows = self.learned.values()
        return sum(row.mean for row in rows) / len(rows) if rows else 1.0

    def seconds(self, phase: ChartPhase) -> float:
        """How long it takes on average."""
        return phase.p2 * self.of(phase).mean

    def with_phase(self, phase: ChartPhase, took_s: float) -> Pace:
        """After one more was seen from its begin to its end."""
        if not phase.p2 or took_s > phase.p2 * _MOST_TIMES:
            return self
        learned = self.of(phase).with_one_more(took_s / phase.p2)
        return Pace({**self.learned, (phase.operation, phase.station): learned}, self.margin)

    def with_promise(self, *, kept: bool) -> Pace:
        """After the end of one order whose promise was kept or not."""
        step = _MARGIN_STEP * ((0.0 if kept else 1.0) - _MISSED)
        return Pace(self.learned, min(_MARGIN_MOST, max(_MARGIN_LEAST, self.margin * math.exp(step))))

    def promise_s(self, expected_s: float) -> float:
        """The ninth of ten values where `expected_s` is the mean: the more steps, the more their spreads even out."""
        rows = [row for row in self.learned.values() if row.mean > 0]
        share = sum(row.spread / row.mean for row in rows) / len(rows) if rows else _USUAL_SPREAD
        spread_s = share * math.sqrt(_STEP_S * max(expected_s, 0.0))
        return (expected_s + _NINE_OF_TEN * spread_s) * self.margin
