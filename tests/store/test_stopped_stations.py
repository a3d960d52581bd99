"""A portion whose SUBMIT was under way when the process died, at a station that is stopped by its temperature."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceUnreachable
from drivers.robot.port import CookingOrder
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.staff import climates
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.store import rows
from tests.store.test_silent_robot import Complex, Stand

STATION = rows.CHART.phases[0].station


class Taking(Complex):
    """It takes what is submitted."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[int] = []

    async def submit(self, order: CookingOrder) -> None:
        self.taken.append(order.job_id)


def sell(tx: Tx) -> None:
    rows.sell(tx, "ORDER1")
    tx.execute("UPDATE orders SET status = ?", (OrderStatus.PAID,))
    tx.execute("UPDATE portion SET status = ?", (PortionStatus.SUBMITTING,))


def stop(tx: Tx) -> None:
    climates.begin(tx, f"station_{STATION}", "too_warm", 90.0, START)
    climates.stop(tx, climates.read_excursions(tx)[0], 90.0, START)


@pytest.mark.parametrize("stopped", [True, False])
async def test_4_nothing_is_submitted_again_to_a_stopped_station(database: Database, stopped: bool) -> None:
    stand = Stand(database, Taking())
    await database.write(sell)
    if stopped:
        await database.write(stop)
    await stand.meets(DeviceUnreachable("robot", "no_answer"))
    portions = await database.read(orders.portions, "ORDER1")
    assert isinstance(stand.robot, Taking)
    assert stand.robot.taken == ([] if stopped else [row.portion_id for row in portions])


async def test_4_what_waits_too_long_for_a_stopped_station_is_given_up(database: Database) -> None:
    stand = Stand(database, Taking())
    await database.write(sell)
    await database.write(stop)
    await stand.meets(DeviceUnreachable("robot", "no_answer"))
    stand.clock.advance(601.0)
    await stand.meets(DeviceUnreachable("robot", "no_answer"))
    portions = await database.read(orders.portions, "ORDER1")
    assert {row.status for row in portions} == {PortionStatus.FAILED}
