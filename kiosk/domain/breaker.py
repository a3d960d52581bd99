"""What failed for one customer is not sold to the next: a breaker trips, is asked again, and is restored by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Refused connections, or questions without an answer, in a row: one may be a restart at the other end.
UNREACHABLE_IN_A_ROW = 2
#: Work of so many customers in a row that was taken and came to nothing: one may be a card of its own kind.
LOST_IN_A_ROW = 3
PROBE_AGAIN_S, PROBE_REFUSAL_S, PROBE_AT_MOST_S = 2.0, 15.0, 3600.0


@dataclass(slots=True)
class Breaker:
    """`down` and `refuses`: the words it is tripped with. An answer that was lost and found by asking is no failure:
    not observed here.

    A probe asks less than real work does. Where real work fails again after a good probe, the next probe waits twice as
    long, until real work has succeeded: every try costs a customer's time, and a receipt that is refused a charge and
    its return."""

    down: str
    refuses: str
    refusal_probe_s: float = PROBE_REFUSAL_S
    reason: str | None = None
    _unreachable: int = 0
    _lost: set[str] = field(default_factory=set)
    _by_work: bool = False
    _tripped_by_work: int = 0  # since real work last succeeded

    def answered(self) -> None:
        """Real work succeeded, or a person says that all is well: restored."""
        self.probed()
        self._tripped_by_work = 0
        self._lost.clear()

    def probed(self) -> None:
        """A probe found nothing wrong: restored, as far as it can tell."""
        self.reason, self._unreachable, self._by_work = None, 0, False

    def heard(self) -> None:
        """A question was answered: it is there. What it refuses to do it may go on refusing."""
        self._unreachable = 0
        if not self._by_work:
            self.reason = None

    def unreachable(self) -> None:
        """A connection that was refused, or a question without an answer: nothing was done."""
        self._unreachable += 1
        if self._unreachable >= UNREACHABLE_IN_A_ROW:
            self._trip(self.down)

    def silent(self) -> None:
        """A probe stayed without an answer."""
        self._trip(self.down)

    def refused(self, *, by_work: bool = False) -> None:
        """It answered, and will say no to the next one too."""
        self._trip(self.refuses, by_work=by_work)

    def lost(self, customer: str) -> None:
        """It took a customer's work, and says itself that it does not know of it."""
        self._lost.add(customer)
        if len(self._lost) >= LOST_IN_A_ROW:
            self._lost.clear()
            self._trip(self.down, by_work=True)

    def _trip(self, reason: str, *, by_work: bool = False) -> None:
        self._tripped_by_work += by_work and not self._by_work
        self.reason, self._by_work = reason, by_work

    @property
    def probe_in_s(self) -> float | None:
        """How soon to ask again; None while it is not tripped."""
        if self.reason is None:
            return PROBE_AGAIN_S if self._unreachable else None
        if self._by_work:
            often = min(self._tripped_by_work - 1, 20)
            return min(self.refusal_probe_s * 2.0**often, max(self.refusal_probe_s, PROBE_AT_MOST_S))
        return self.refusal_probe_s if self.reason == self.refuses else PROBE_AGAIN_S
