"""How the line to the robot does, over the last minute."""

from __future__ import annotations

from collections import deque

from drivers.robot.port import CookingComplex, LineQuality
from kiosk.clock import Clock
from kiosk.domain.kitchen.show import LineShown

_WINDOW_S, _STEP_S = 60.0, 5.0


class LineWatch:
    """Notes the line's counters every few seconds, for a minute."""

    def __init__(self, robot: CookingComplex, clock: Clock) -> None:
        self._robot = robot
        self._clock = clock
        self._notes: deque[tuple[float, LineQuality]] = deque()
        self._shown = LineShown()

    def look(self) -> LineShown:
        """What the minute before now was like; it changes every few seconds."""
        now = self._clock.monotonic()
        if self._notes and now - self._notes[-1][0] < _STEP_S:
            return self._shown
        self._notes.append((now, self._robot.line_quality()))
        while now - self._notes[0][0] > _WINDOW_S:
            self._notes.popleft()
        (then, before), (_, after) = self._notes[0], self._notes[-1]
        self._shown = LineShown(
            asked=after.asked - before.asked,
            unanswered=after.unanswered - before.unanswered,
            foreign=after.foreign - before.foreign,
            busy_permille=round((after.busy_s - before.busy_s) * 1000 / max(now - then, _STEP_S)),
        )
        return self._shown
