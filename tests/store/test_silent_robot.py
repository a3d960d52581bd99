"""When a silent robot closes the restaurant: at once for a lost port, for a spoilt frame or two not at all."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.robot.port import Bin, Cell, ComplexCommand, ComplexState, CookingOrder, Health, HealthFlag, Job, Station
from kiosk.catalogue import load_menu
from kiosk.checkpoints import pass_by
from kiosk.domain.readiness import Kitchen, Readiness
from kiosk.sinks.kitchen import KitchenLine
from kiosk.store.database import Database
from tests.clocks import ManualClock

_HEALTH = Health(1, 100, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 1, 1, 1, 8, 24, 12, 8)
_MENU = load_menu(None)


class Complex:
    """An idle complex on a scripted line: `trouble` is what a question meets."""

    def __init__(self) -> None:
        self.trouble: DeviceError | None = None
        self.after_one_round: DeviceError | None = None

    async def health(self) -> Health:
        if self.trouble is not None:
            raise self.trouble
        self.trouble, self.after_one_round = self.after_one_round, None
        return _HEALTH

    async def jobs(self) -> tuple[Job, ...]:
        return ()

    async def bins(self) -> tuple[Bin, ...]:
        return ()

    async def stations(self) -> tuple[Station, ...]:
        return ()

    async def cells(self) -> tuple[Cell, ...]:
        return ()

    async def fault_text(self) -> str:
        return ""

    async def beat(self) -> None:
        return

    async def submit(self, order: CookingOrder) -> None:
        raise DeviceRefused("robot", "full", order.order_id)

    async def cancel(self, job_id: int, attempt: int) -> None:
        raise DeviceRefused("robot", "wrong_state", f"{job_id}.{attempt}")

    async def release(self, job_id: int, attempt: int) -> None:
        raise DeviceRefused("robot", "wrong_state", f"{job_id}.{attempt}")

    async def open_cell(self, cell: int, job_id: int) -> None:
        raise DeviceRefused("robot", "wrong_state", f"{cell} {job_id}")

    async def set_bin(self, bin_number: int, level: int) -> None:
        raise DeviceRefused("robot", "bad_request", f"{bin_number} {level}")

    async def command(self, command: ComplexCommand) -> None:
        raise DeviceRefused("robot", "wrong_state", command.name)

    async def acknowledge_fault(self) -> None:
        return

    async def close(self) -> None:
        return


class Stand:
    def __init__(self, database: Database) -> None:
        self.robot, self.clock = Complex(), ManualClock()
        self.readiness = Readiness(("robot",))
        self.line = KitchenLine(
            database, self.robot, _MENU, Kitchen(), self.readiness, self.clock, pass_by, self._nothing_held
        )

    async def _nothing_held(self) -> None:
        return

    async def meets(self, error: DeviceError) -> str | None:
        """One good round, then `error` for ever: why nothing is sold after it."""
        self.robot.trouble, self.robot.after_one_round = None, error
        return await self.still_meets(type(error))

    async def still_meets(self, error: type[DeviceError]) -> str | None:
        with pytest.raises(error):
            await self.line.run()
        return self.readiness.pause_reason()


@pytest.fixture
def stand(database: Database) -> Stand:
    return Stand(database)


@pytest.mark.parametrize(
    "error",
    [
        DeviceUnreachable("robot", "no_answer"),
        DeviceUnreachable("robot", "foreign_answer"),
        OutcomeUnknown("robot", "not_acknowledged"),
    ],
    ids=lambda error: error.code,
)
async def test_4_a_frame_lost_on_the_line_closes_nothing_and_silence_that_lasts_does(
    stand: Stand, error: DeviceError
) -> None:
    assert await stand.meets(error) is None
    stand.clock.advance(2.0)
    assert await stand.still_meets(type(error)) is None
    stand.clock.advance(1.0)
    assert await stand.still_meets(type(error)) == "robot_offline"
    assert await stand.meets(error) is None  # heard again, sales go on; the next lost frame is forgiven again


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DeviceUnreachable("robot", "port_missing"), "robot_offline"),
        (DeviceUnreachable("robot", "link_lost"), "robot_offline"),
        (ForeignState("robot", "serial_changed"), "robot_serial_changed"),
    ],
    ids=lambda value: getattr(value, "code", value),
)
async def test_4_a_cable_pulled_or_another_robot_closes_at_once(stand: Stand, error: DeviceError, reason: str) -> None:
    assert await stand.meets(error) == reason


async def test_4_a_robot_never_heard_since_the_start_is_offline_at_once(stand: Stand) -> None:
    stand.robot.trouble = DeviceUnreachable("robot", "no_answer")
    assert await stand.still_meets(DeviceUnreachable) == "robot_offline"
