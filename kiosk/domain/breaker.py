"""What failed for one customer is not sold to the next: a breaker trips, is asked again, and is restored by itself."""

from __future__ import annotations

from dataclasses import dataclass

#: Refused connections in a row: one may be a restart at the other end.
UNREACHABLE_IN_A_ROW = 2
PROBE_AGAIN_S, PROBE_REFUSAL_S = 2.0, 15.0


@dataclass(slots=True)
class Breaker:
    """`down` and `refuses`: the words it is tripped with. An answer that was lost and found by asking is no failure:
    nobody tells it here."""

    down: str
    refuses: str
    refusal_probe_s: float = PROBE_REFUSAL_S
    reason: str | None = None
    _unreachable: int = 0

    def answered(self) -> None:
        """A good answer, to a probe or to real work: restored."""
        self.reason, self._unreachable = None, 0

    def unreachable(self) -> None:
        """A connection that was refused: nothing was sent."""
        self._unreachable += 1
        if self._unreachable >= UNREACHABLE_IN_A_ROW:
            self.reason = self.down

    def silent(self) -> None:
        """A question that changes nothing stayed without an answer."""
        self.reason = self.down

    def refused(self) -> None:
        """It answered, and will say no to the next one too."""
        self.reason = self.refuses

    @property
    def probe_in_s(self) -> float | None:
        """How soon to ask again; None while it is not tripped."""
        if self.reason is None:
            return PROBE_AGAIN_S if self._unreachable else None
        return self.refusal_probe_s if self.reason == self.refuses else PROBE_AGAIN_S
