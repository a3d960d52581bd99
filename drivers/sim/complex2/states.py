"""PackML of the second complex (robot.md#complex-states): which command leads where, and the states on the way."""

from __future__ import annotations

CLEARING, STOPPED, STARTING, IDLE, SUSPENDED, EXECUTE, STOPPING, ABORTING, ABORTED = range(1, 10)
HOLDING, HELD, UNHOLDING, SUSPENDING, UNSUSPENDING, RESETTING, COMPLETING, COMPLETE = range(10, 18)
RESET, START, STOP, HOLD, UNHOLD, SUSPEND, UNSUSPEND, ABORT, CLEAR, COMPLETE_NOW = range(1, 11)

_ALL = frozenset(range(1, 18))
#: Command → (where it is heard, the state on the way, the state at the end).
WAYS: dict[int, tuple[frozenset[int], int, int]] = {
    RESET: (frozenset({STOPPED, COMPLETE}), RESETTING, IDLE),
    START: (frozenset({IDLE}), STARTING, EXECUTE),
    STOP: (_ALL - {STOPPING, STOPPED, CLEARING, ABORTING, ABORTED}, STOPPING, STOPPED),
    HOLD: (frozenset({EXECUTE}), HOLDING, HELD),
    UNHOLD: (frozenset({HELD}), UNHOLDING, EXECUTE),
    SUSPEND: (frozenset({EXECUTE}), SUSPENDING, SUSPENDED),
    UNSUSPEND: (frozenset({SUSPENDED}), UNSUSPENDING, EXECUTE),
    ABORT: (_ALL - {ABORTING, ABORTED}, ABORTING, ABORTED),
    CLEAR: (frozenset({ABORTED}), CLEARING, STOPPED),
    COMPLETE_NOW: (frozenset({EXECUTE}), COMPLETING, COMPLETE),
}


class Panel:
    """The state, and where it is going: `transition_s` on the way. Not kept through a power cut: then it is stopped."""

    def __init__(self, transition_s: float) -> None:
        self.state = STOPPED
        self.requested = STOPPED
        self.arrives_at: float | None = None
        self.by_itself = False  # suspended or held by a cause, and not by a command
        self._transition_s = transition_s

    @property
    def executes(self) -> bool:
        return self.state == EXECUTE

    def is_done(self, command: int) -> bool:
        """Where it leads is reached, or the complex is on its way there."""
        _, way, end = WAYS[command]
        return self.state in (way, end)

    def command(self, command: int, now: float, *, by_itself: bool = False) -> bool:
        """False where the command means nothing in this state."""
        heard_in, way, end = WAYS[command]
        if self.state not in heard_in:
            return False
        self.state, self.requested = way, end
        self.arrives_at, self.by_itself = now + self._transition_s, by_itself
        return True

    def advance(self, now: float) -> None:
        if self.arrives_at is not None and self.arrives_at <= now:
            self.state, self.arrives_at = self.requested, None
