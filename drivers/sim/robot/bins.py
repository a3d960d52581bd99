"""The simulated complex's bins: what lies in them, what accepted jobs were promised of it, what is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.robot.port import BinFlag, JobState
from drivers.sim.robot.memory import Memory, SlotRecord


@dataclass
class Surroundings:
    """What people and wear do to the machine; a power cut does not undo it."""

    estop_pressed: bool = False
    door_open: bool = False
    cells_full: bool = False
    nobody_comes: bool = False
    jammed: set[int] = field(default_factory=set)
    empty_bins: set[int] = field(default_factory=set)
    cold_cells: set[int] = field(default_factory=set)
    warm_bins: set[int] = field(default_factory=set)


class Bins:
    """By bin number from 1, or by the ingredient's code; amounts in the bin's own unit."""

    def __init__(self, memory: Memory, around: Surroundings) -> None:
        self._memory = memory
        self._around = around
        self._rows = memory.equipment.bins

    def level(self, number: int) -> int:
        return 0 if number in self._around.empty_bins else self._memory.levels[number - 1]

    def holding(self, ingredient: int) -> list[int]:
        """Numbers of the bins that hold it."""
        return [row.number for row in self._rows if row.ingredient == ingredient]

    def amount(self, ingredient: int) -> int:
        return sum(map(self.level, self.holding(ingredient)))

    def lacking(self, wanted: Iterable[tuple[int, int]]) -> int | None:
        """The code of the first ingredient of which there is too little."""
        return next((code for code, amount in wanted if self.amount(code) < amount), None)

    def promised(self) -> Counter[int]:
        """Per ingredient: promised to accepted jobs and not yet taken."""
        found: Counter[int] = Counter()
        for slot in self._memory.jobs():
            if slot.state in (JobState.QUEUED, JobState.COOKING, JobState.HELD) and not slot.food_spent:
                for code, amount in slot.ingredients:
                    found[code] += amount
        return found

    def committed(self) -> Counter[int]:
        """The same per bin: of several with one ingredient, in their order."""
        found: Counter[int] = Counter()
        for code, amount in self.promised().items():
            bins, left = self.holding(code), amount
            for number in bins:
                found[number] = min(left, self.level(number))
                left -= found[number]
            if bins:
                found[bins[0]] += left
        return found

    def flags(self, number: int) -> BinFlag:
        level = self.level(number)
        flags = BinFlag.LOW if level < self._rows[number - 1].low else BinFlag(0)
        return flags | BinFlag.EMPTY if level == 0 else flags

    def take(self, slot: SlotRecord) -> None:
        """The food of a job leaves the bins. The caller commits."""
        slot.food_spent = True
        for code, amount in slot.ingredients:
            left = amount
            for number in self.holding(code):
                taken = min(left, self._memory.levels[number - 1])
                self._memory.levels[number - 1] -= taken
                left -= taken
