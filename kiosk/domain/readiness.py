"""What the process knows of its devices right now: why sales are paused, what the kitchen holds, how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.domain.planning import Plan, Work
from kiosk.domain.reasons import STARTING
from kiosk.domain.text import Text


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `/readyz` and `kiosk check`. One that does not block (SMS, a station) closes only what needs it."""

    ok: bool
    reason: str | None = None
    blocks: bool = True
    detail: str = ""  # the device's own code and text, for the call to its service
    told: Text | None = None  # the same in words


class Readiness:
    """Checks by name; sales go on only while every one that blocks them is ok."""

    def __init__(self, waiting_for: tuple[str, ...]) -> None:
        self._checks = {name: Check(False, STARTING) for name in waiting_for}
        self._when_all_spoke: list[Callable[[], None]] = []

    def set(
        self, name: str, reason: str | None, *, blocks: bool = True, detail: str = "", told: Text | None = None
    ) -> bool:
        """`reason` None = ok. True when this changed anything."""
        check = Check(reason is None, reason, blocks, detail, told)
        changed = self._checks.get(name) != check
        self._checks[name] = check
        if not self.starting:
            waiting, self._when_all_spoke = self._when_all_spoke, []
            for tell in waiting:
                tell()
        return changed

    def when_all_spoke(self, tell: Callable[[], None]) -> None:
        """Call `tell` once nothing is `starting` any more; at once where nothing is."""
        if self.starting:
            self._when_all_spoke.append(tell)
        else:
            tell()

    def blocked(self, *, unless_starting: bool = False) -> tuple[str, str] | None:
        """(check, reason) of the first that sales wait for, or None. `unless_starting`: of those that have spoken."""
        for name, check in self._checks.items():
            if check.blocks and check.reason is not None and not (unless_starting and check.reason == STARTING):
                return name, check.reason
        return None

    def pause_reason(self) -> str | None:
        """Why nothing is sold now, or None."""
        found = self.blocked()
        return None if found is None else found[1]

    @property
    def starting(self) -> bool:
        """Something that sales hang on has not spoken since the start."""
        return any(check.reason == STARTING for check in self._checks.values())

    def checks(self) -> Mapping[str, Check]:
        return dict(self._checks)


@dataclass(frozen=True, slots=True)
class StockBin:
    """One bin as the robot last told; `ingredient` is our id, or None for a code the menu does not know."""

    bin: int
    ingredient: str | None
    unit: str
    level: int
    capacity: int
    committed: int
    low: bool
    usable: bool


@dataclass(slots=True)
class Kitchen:
    """The robot's last snapshot and what is still to be cooked. A lost link makes everything unsellable."""

    bins: Sequence[StockBin] = ()
    linked: bool = False
    held: dict[str, int] = field(default_factory=dict)
    pending: frozenset[int] = frozenset()  # portions to be cooked, and the plan they make
    plan: Plan = field(default_factory=Plan)
    phases: dict[str, Work] = field(default_factory=dict)  # by chart fingerprint
    typical: Work = ()  # the dish of middle length: what a stranger's "how long?" is answered with
    factor: float = 1.0
    stopped_items: frozenset[str] = frozenset()
    stopped_ingredients: frozenset[str] = frozenset()
    stations_down: frozenset[int] = frozenset()
    recalled: set[int] = field(default_factory=set)  # portions being given back: not submitted again meanwhile
    _summed: tuple[Sequence[StockBin], Mapping[str, int]] | None = field(default=None, init=False, repr=False)

    def levels(self) -> Mapping[str, int]:
        """Level less the robot's own commitments, by ingredient; summed once for each telling of the robot."""
        if not self.linked:
            return {}
        if self._summed is None or self._summed[0] is not self.bins:
            levels: dict[str, int] = {}
            for row in self.bins:
                if row.ingredient is not None and row.usable:
                    levels[row.ingredient] = levels.get(row.ingredient, 0) + max(0, row.level - row.committed)
            self._summed = self.bins, levels
        return self._summed[1]

    def promise_s(self, new: list[Work]) -> int:
        """Honest seconds until `new` is ready: the plan times what cooking really took lately."""
        return round(self.plan.ready_in_s(new) * self.factor)
