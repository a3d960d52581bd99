"""The complex's PackML state machine (robot.md#complex-states): commands, transitions and who asked for a pause."""

from __future__ import annotations

from drivers.robot.port import ComplexCommand as Command
from drivers.robot.port import ComplexState as State

PAUSED_BY_CELLS, PAUSED_BY_DOOR, PAUSED_BY_STUCK = "cells", "door", "stuck"

_NEVER_STOPPED = frozenset({State.STOPPING, State.STOPPED, State.CLEARING, State.ABORTING, State.ABORTED})
_NEVER_ABORTED = frozenset({State.ABORTING, State.ABORTED})

_COMMANDS: dict[Command, tuple[frozenset[State], State]] = {
    Command.RESET: (frozenset({State.STOPPED, State.COMPLETE}), State.RESETTING),
    Command.START: (frozenset({State.IDLE}), State.STARTING),
    Command.HOLD: (frozenset({State.EXECUTE}), State.HOLDING),
    Command.UNHOLD: (frozenset({State.HELD}), State.UNHOLDING),
    Command.SUSPEND: (frozenset({State.EXECUTE}), State.SUSPENDING),
    Command.UNSUSPEND: (frozenset({State.SUSPENDED}), State.UNSUSPENDING),
    Command.COMPLETE: (frozenset({State.EXECUTE}), State.COMPLETING),
    Command.CLEAR: (frozenset({State.ABORTED}), State.CLEARING),
    Command.STOP: (frozenset(State) - _NEVER_STOPPED, State.STOPPING),
    Command.ABORT: (frozenset(State) - _NEVER_ABORTED, State.ABORTING),
}

_COMPLETE: dict[State, State] = {
    State.RESETTING: State.IDLE,
    State.STARTING: State.EXECUTE,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.COMPLETING: State.COMPLETE,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.CLEARING: State.STOPPED,
}

_FINISHES_COOKING = frozenset({State.STOPPING, State.COMPLETING})


class PackML:
    """Transient states last `transition_s`; Stopping and Completing also until no job is cooking any more."""

    def __init__(self, state: State, transition_s: float) -> None:
        self.state = state
        self.requested = state
        self.paused_by: str | None = None  # why the complex itself paused: only that cause may lift it
        self._transition_s = transition_s
        self._complete_at = 0.0

    @property
    def cooks(self) -> bool:
        """May a phase begin now? Jobs under way are brought to their end while stopping or completing."""
        return self.state is State.EXECUTE or self.state in _FINISHES_COOKING

    def allows(self, command: Command) -> bool:
        return self.state in _COMMANDS[command][0]

    def already(self, command: Command) -> bool:
        """Is the complex where `command` leads, or on its way there?"""
        acting = _COMMANDS[command][1]
        return self.state in (acting, _COMPLETE[acting])

    def command(self, command: Command, now: float, *, paused_by: str | None = None) -> None:
        """Raises `ValueError` where the table has no such transition."""
        if not self.allows(command):
            raise ValueError(f"{command.name} in {self.state.name}")
        self.state = _COMMANDS[command][1]
        self.requested = _COMPLETE[self.state]
        self.paused_by = paused_by
        self._complete_at = now + self._transition_s

    def abort(self, now: float) -> None:
        """A fault or the e-stop; no effect where the machine is aborted already."""
        if self.allows(Command.ABORT):
            self.command(Command.ABORT, now)

    def advance(self, now: float, *, cooking: bool) -> bool:
        """State complete, when it is time. True if the state changed."""
        due = self.due(cooking=cooking)
        if due is None or now < due:
            return False
        self.state = _COMPLETE[self.state]
        return True

    def due(self, *, cooking: bool) -> float | None:
        """When the state completes by itself, if time alone is awaited."""
        if self.state not in _COMPLETE or (cooking and self.state in _FINISHES_COOKING):
            return None
        return self._complete_at
