"""How long phases take, from what the robot's table shows at each look: from the look that first sees one under way to
the look that first sees it over. One that was under way at the first look tells nothing, nor does one that was broken
off, or that went on while nobody looked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from drivers.robot.port import Job, JobState

#: A phase's job goes on after it, or is ready; any other state breaks it off.
_GOES_ON = (JobState.COOKING, JobState.READY, JobState.PICKED_UP)
_MOST_BETWEEN_LOOKS_S = 2.0


@dataclass(frozen=True, slots=True)
class Lap:
    """`phase`: from 1."""

    job_id: int
    phase: int
    took_s: float


@dataclass(slots=True)
class _Seen:
    phase: int  # under way; 0: none
    since_s: float
    whole: bool  # its begin was seen
    held: bool


class Stopwatch:
    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], _Seen] = {}
        self._looked_at = -math.inf

    def look(self, jobs: Iterable[Job], now_s: float) -> Iterator[Lap]:
        """What is over since the last look; `now_s` by a clock that nobody sets. After a gap it is as at first."""
        known, self._seen = self._seen if now_s - self._looked_at <= _MOST_BETWEEN_LOOKS_S else {}, {}
        self._looked_at = now_s
        for job in jobs:
            key = (job.job_id, job.attempt)
            before = known.get(key)
            phase = job.phase if job.state is JobState.COOKING and not job.waits else 0
            stands = job.state is JobState.HELD
            if before is not None and before.phase == phase and not stands:
                self._seen[key] = before
                continue
            if before is not None and before.phase and before.whole and job.state in _GOES_ON:
                yield Lap(job.job_id, before.phase, now_s - before.since_s)
            whole = before is not None and not before.held
            self._seen[key] = _Seen(phase, now_s, whole, held=stands)
