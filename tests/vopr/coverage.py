"""Which points of the product a run has passed, and under which faults: what it never came to it proves nothing of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from kiosk import checkpoints
from kiosk.checkpoints import Checkpoints

K = TypeVar("K")
#: Every named point of the product, in the order in which they are listed there.
POINTS: tuple[str, ...] = tuple(
    dict.fromkeys(name for key, names in vars(checkpoints).items() if key.endswith("POINTS") for name in names)
)
UNDISTURBED, KILL, POWER_CUT = "nothing", "kill", "power cut"
#: (point, kind of fault) → how often it was passed while that was broken; of a death: how often it was the last one.
Pairs = Mapping[tuple[str, str], int]


class Reached:
    """Of one day. `broken`: the kinds of faults that are in force now."""

    def __init__(self) -> None:
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.broken: dict[str, None] = {}
        self._last = ""

    def begin_life(self) -> None:
        self._last = ""

    def passes(self, name: str) -> None:
        self._last = name
        for kind in self.broken or (UNDISTURBED,):
            self.pairs[name, kind] += 1

    def dies(self, kind: str) -> None:
        """The kiosk, somewhere behind the point that it passed last; before its first one there is nothing to tell."""
        if self._last:
            self.pairs[self._last, kind] += 1

    def breaks(self, kind: str, *, on: bool) -> None:
        if on:
            self.broken[kind] = None
        else:
            self.broken.pop(kind, None)


class Noted(Checkpoints):
    """A bomb whose points are noted on the way to it."""

    def __init__(self, bomb: Checkpoints, reached: Reached) -> None:
        super().__init__({})
        self._bomb, self._reached = bomb, reached

    def __call__(self, name: str) -> None:
        self._reached.passes(name)
        self._bomb(name)

    def die(self) -> None:
        self._bomb.die()


def together(days: Iterable[Mapping[K, int]]) -> dict[K, int]:
    """The sums of all days."""
    found: Counter[K] = Counter()
    for counts in days:
        found.update(counts)
    return dict(found)


def figures(pairs: Pairs) -> dict[str, Any]:
    """For the last line: how many points were passed and which were not, how many kinds of faults were met, and how
    many of the pairs of both."""
    passed = {point for point, _ in pairs}
    kinds = {kind for _, kind in pairs} - {UNDISTURBED}
    return {
        "points": len(passed),
        "kinds": len(kinds),
        "pairs": sum(kind != UNDISTURBED for _, kind in pairs),
        "never": [point for point in POINTS if point not in passed],
    }


def told(pairs: Pairs) -> str:
    """For people: the same, and of each kind of fault at how many points it was met."""
    found, kinds = figures(pairs), Counter(kind for _, kind in pairs if kind != UNDISTURBED)
    never = ", ".join(found["never"]) or "none"
    met = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items(), key=lambda row: (-row[1], row[0])))
    of = len({*POINTS, *(point for point, _ in pairs)})
    return (
        f"points passed: {found['points']} of {of}; never: {never}\n"
        f"faults at points: {found['pairs']} of {of * found['kinds']} pairs; points that each was met at: {met}\n"
    )
