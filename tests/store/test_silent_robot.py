"""When a silent robot closes the restaurant: at once for a lost port, for a spoilt frame or two not at all."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.robot.port import (
    Bin,
    Cell,
    ComplexCommand,
    ComplexState,
    CookingOrder,
    Health,
    HealthFlag,
    Job,
    LineQuality,
    Station,
)
from kiosk.catalogue import load_menu
from kiosk.checkpoints import Checkpoints
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.reasons import COMPLEX_DIFFERS
from kiosk.kitchen.controller import KitchenLine
from kiosk.kitchen.picture import KitchenPicture
from kiosk.store.database import Database
from tests.clocks import ManualClock
from tests.store.holds import care_of

_HEALTH = Health(1, 100, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 1, 1, 1, 8, 24, 12, 8)
_MENU = CurrentMenu(load_menu(None))


class Complex:
    """An idle complex on a scripted line: `trouble` is what a question meets."""

    def __init__(self) -> None:
        self.trouble: DeviceError | None = None
        self.after_one_round: DeviceError | None = None
        self.unheard = ""  # the question that stays unanswered

    async def health(self) -> Health:
        if self.trouble is not None:
            raise self.trouble
        self.trouble, self.after_one_round = self.after_one_round, None
        return _HEALTH

    async def jobs(self) -> tuple[Job, ...]:
        return ()

    async def bins(self) -> tuple[Bin, ...]:
        self._hear("bins")
        return ()

    async def stations(self) -> tuple[Station, ...]:
        self._hear("stations")
        return ()

    async def cells(self) -> tuple[Cell, ...]:
        self._hear("cells")
        return ()

    def _hear(self, question: str) -> None:
        if self.unheard == question:
            raise DeviceUnreachable("robot", "no_answer")

    def line_quality(self) -> LineQuality:
        return LineQuality()

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
    def __init__(self, database: Database, robot: Complex | None = None) -> None:
        self.robot, self.clock = robot or Complex(), ManualClock()
        self.readiness = Readiness(("robot",))
        kitchen = Kitchen()
        self.line = KitchenLine(
            database,
            self.robot,
            self.clock,
            menu=_MENU,
            kitchen=kitchen,
            readiness=self.readiness,
            care=care_of(database, kitchen, self.clock, _MENU),
            checkpoint=Checkpoints({}),
        )

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


@pytest.mark.parametrize("question", ["stations", "bins", "cells"])
async def test_a_comparison_that_a_lost_frame_cut_short_is_made_again(database: Database, question: str) -> None:
    robot, readiness = Complex(), Readiness(("robot",))
    picture = KitchenPicture(database, robot, _MENU, Kitchen(), readiness, ManualClock())
    robot.unheard = question
    with pytest.raises(DeviceUnreachable):
        await picture.compare(_HEALTH)
    robot.unheard = ""
    await picture.compare(_HEALTH)
    assert readiness.checks()["complex"].reason == COMPLEX_DIFFERS  # this one has neither bins nor cells
