"""What the second revision of the map carries of a chart beside its five registers a phase (robot.md#the-extension).

Staged before SUBMIT like the chart: job id, tolerances of the twelve ingredients, six registers for each phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from drivers.robot.mailbox import MAX_INGREDIENTS, MAX_PHASES
from drivers.robot.port import CookingOrder, Phase
from drivers.robot.registers import MapError, checked, split_u32, u32

HEAD_SIZE = 2 + MAX_INGREDIENTS
PHASE_WIDTH = 6
_MORE = 2
_NO_LIMIT = 0xFFFF
_REVERSIBLE = 0x8000
_MOST_RESOURCES = 8


@dataclass(frozen=True, slots=True)
class Extension:
    """As the robot reads it; `phases`: in the order of the chart."""

    job_id: int
    tolerances: tuple[int, ...]
    words: tuple[int, ...]
    phases: tuple[Sequence[int], ...]


def says_more(order: CookingOrder) -> bool:
    """Whether anything is asked that the five registers of a phase cannot say."""
    bare = (Phase(p.operation, p.station, p.p1, p.p2, p.max_s) for p in order.phases)
    return any(order.tolerances) or any(known != phase for known, phase in zip(bare, order.phases, strict=True))


def encode_extension(order: CookingOrder) -> list[int]:
    """As long as the chart has phases. Raises `MapError` for what it cannot carry."""
    if len(order.tolerances) > MAX_INGREDIENTS or len(order.phases) > MAX_PHASES:
        raise MapError("bad_value", f"{len(order.tolerances)} tolerances, {len(order.phases)} phases")
    words = [*split_u32(order.job_id), *order.tolerances, *([0] * (MAX_INGREDIENTS - len(order.tolerances)))]
    for index, phase in enumerate(order.phases):
        words += _phase_words(index, phase)
    return checked(words)


def _phase_words(index: int, phase: Phase) -> list[int]:
    """[two further parameters, longest wait, resources, predecessors 16–23 and flags, predecessors 0–15]."""
    after = phase.after if phase.after is not None else (index - 1,) if index else ()
    if any(not 0 <= n < index for n in after) or len(phase.more) > _MORE:
        raise MapError("bad_value", f"phase {index + 1} after {after}, {len(phase.more)} further parameters")
    if any(not 1 <= number <= _MOST_RESOURCES for number in phase.resources):
        raise MapError("bad_value", f"phase {index + 1} needs resources {phase.resources}")
    wait = _NO_LIMIT if phase.max_wait_s is None else phase.max_wait_s
    if phase.max_wait_s is not None and not 0 <= wait < _NO_LIMIT:
        raise MapError("bad_value", f"phase {index + 1} waits {wait}")
    high, low = split_u32(sum(1 << n for n in set(after)))
    needs = sum(1 << (number - 1) for number in set(phase.resources))
    more = [*phase.more, *([0] * (_MORE - len(phase.more)))]
    return [*more, wait, needs, high | (0 if phase.irreversible else _REVERSIBLE), low]


def decode_extension(area: Sequence[int], count: int) -> Extension:
    """Of the staging area, for a chart of so many phases."""
    words = tuple(area[: HEAD_SIZE + PHASE_WIDTH * count])
    rows = tuple(words[n : n + PHASE_WIDTH] for n in range(HEAD_SIZE, len(words), PHASE_WIDTH))
    return Extension(u32(words[0], words[1]), words[2:HEAD_SIZE], words, rows)


def extended(phases: Sequence[Phase], extension: Extension) -> tuple[Phase, ...]:
    """The phases of a chart with what its extension says. Raises `MapError` where a phase waits for a later one."""
    found = []
    for index, (phase, row) in enumerate(zip(phases, extension.phases, strict=True)):
        before = u32(row[4] & ~_REVERSIBLE, row[5])
        after = tuple(n for n in range(MAX_PHASES) if before >> n & 1)
        if before >> MAX_PHASES or any(n >= index for n in after):
            raise MapError("bad_value", f"phase {index + 1} after {after}")
        found.append(
            replace(
                phase,
                more=tuple(row[:_MORE]),
                after=after,
                resources=tuple(n + 1 for n in range(16) if row[3] >> n & 1),
                max_wait_s=None if row[2] == _NO_LIMIT else row[2],
                irreversible=not row[4] & _REVERSIBLE,
            )
        )
    return tuple(found)
