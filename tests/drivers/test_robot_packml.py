"""The simulated complex's state machine against the whole transition table of robot.md#complex-states."""

import pytest

from drivers.robot.port import ComplexCommand as C
from drivers.robot.port import ComplexState as S
from drivers.sim.robot.packml import PackML

TABLE = {
    (S.STOPPED, C.RESET): S.RESETTING,
    (S.COMPLETE, C.RESET): S.RESETTING,
    (S.IDLE, C.START): S.STARTING,
    (S.EXECUTE, C.HOLD): S.HOLDING,
    (S.HELD, C.UNHOLD): S.UNHOLDING,
    (S.EXECUTE, C.SUSPEND): S.SUSPENDING,
    (S.SUSPENDED, C.UNSUSPEND): S.UNSUSPENDING,
    (S.EXECUTE, C.COMPLETE): S.COMPLETING,
    (S.ABORTED, C.CLEAR): S.CLEARING,
}
NOT_STOPPED_FROM = {S.STOPPING, S.STOPPED, S.CLEARING, S.ABORTING, S.ABORTED}
NOT_ABORTED_FROM = {S.ABORTING, S.ABORTED}
ENDS = {
    S.RESETTING: S.IDLE,
    S.STARTING: S.EXECUTE,
    S.HOLDING: S.HELD,
    S.UNHOLDING: S.EXECUTE,
    S.SUSPENDING: S.SUSPENDED,
    S.UNSUSPENDING: S.EXECUTE,
    S.COMPLETING: S.COMPLETE,
    S.STOPPING: S.STOPPED,
    S.ABORTING: S.ABORTED,
    S.CLEARING: S.STOPPED,
}


def expected(state: S, command: C) -> S | None:
    if command is C.STOP:
        return None if state in NOT_STOPPED_FROM else S.STOPPING
    if command is C.ABORT:
        return None if state in NOT_ABORTED_FROM else S.ABORTING
    return TABLE.get((state, command))


@pytest.mark.parametrize("state", S)
def test_each_command_in_each_state_does_what_the_table_says(state: S) -> None:
    for command in C:
        machine = PackML(state, 1.0)
        target = expected(state, command)
        assert machine.allows(command) is (target is not None), command
        if target is None:
            with pytest.raises(ValueError, match=command.name):
                machine.command(command, 0.0)
            assert machine.state is state
        else:
            machine.command(command, 0.0)
            assert machine.state is target, command


@pytest.mark.parametrize("state", S)
def test_passing_states_complete_after_their_time_and_others_never(state: S) -> None:
    command = next((c for s, c in TABLE if TABLE[s, c] is state), C.STOP if state is S.STOPPING else C.ABORT)
    source = next((s for s in S if expected(s, command) is state), None)
    if state not in ENDS or source is None:
        assert PackML(state, 1.0).due(cooking=False) is None
        return
    machine = PackML(source, 1.0)
    machine.command(command, 10.0)
    assert not machine.advance(10.9, cooking=False)
    assert machine.advance(11.0, cooking=False)
    assert machine.state is ENDS[state]
    assert machine.due(cooking=False) is None


def test_stopping_waits_for_what_is_cooking() -> None:
    machine = PackML(S.EXECUTE, 1.0)
    machine.command(C.STOP, 0.0)
    assert not machine.advance(100.0, cooking=True)
    assert machine.cooks
    assert machine.advance(100.0, cooking=False)
    assert not machine.cooks
