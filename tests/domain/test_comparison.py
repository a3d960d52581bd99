"""The description of the complex against what the robot tells: each difference by name, nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.robot.port import (
    Bin,
    BinFlag,
    BinUnit,
    Cell,
    CellState,
    ComplexState,
    Health,
    HealthFlag,
    Station,
    StationState,
)
from kiosk.catalogue import load_complex, load_menu
from kiosk.kitchen.comparison import differences, lost_stations, what_is_lost

DEMO = load_complex(None)
HEALTH = Health(1, 100, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 1, 1, 1, 8, 24, 6, 8)
UNITS = {"g": BinUnit.GRAM, "pcs": BinUnit.PIECE, "ml": BinUnit.MILLILITRE}
BINS = [Bin(r.number, r.ingredient, UNITS[r.unit], BinFlag(0), 0, r.capacity, 0) for r in DEMO.bins]
CELLS = [Cell(row.number, CellState.FREE) for row in DEMO.cells]
STATIONS = [Station(number, StationState.IDLE) for number in DEMO.by_number]


def test_what_is_as_it_is_described_is_not_spoken_of() -> None:
    assert differences(DEMO, HEALTH, BINS, CELLS, STATIONS) == []
    assert lost_stations(DEMO, STATIONS) == frozenset()


@pytest.mark.parametrize(
    ("health", "bins", "cells", "stations", "said"),
    [
        (replace(HEALTH, slots=5), BINS, CELLS, STATIONS, "job slots: described 8, the robot has 5"),
        (HEALTH, BINS, CELLS[:4], STATIONS, "hand-out cells: described 6, the robot has 4"),
        (HEALTH, BINS[1:], CELLS, STATIONS, "bin 1: the robot does not have it"),
        (HEALTH, [*BINS, replace(BINS[0], bin=25)], CELLS, STATIONS, "bin 25: not described"),
        (HEALTH, [replace(BINS[0], ingredient=2), *BINS[1:]], CELLS, STATIONS, "described 1, 8000 g, the robot has 2"),
        (HEALTH, [replace(BINS[0], unit=BinUnit.PIECE), *BINS[1:]], CELLS, STATIONS, "the robot has 1, 8000 pcs"),
        (HEALTH, BINS, CELLS, STATIONS[:2] + STATIONS[3:], "station 3 (fryer): the robot does not have it"),
    ],
)
def test_each_difference_is_named(
    health: Health, bins: list[Bin], cells: list[Cell], stations: list[Station], said: str
) -> None:
    (found,) = differences(DEMO, health, bins, cells, stations)
    assert said in found.en
    assert found.ru != found.en


def test_a_station_that_the_robot_does_not_have_is_lost_but_not_where_it_tells_of_none() -> None:
    assert lost_stations(DEMO, STATIONS[:2] + STATIONS[3:]) == {3}
    assert lost_stations(DEMO, []) == frozenset()


def test_what_a_robot_of_the_first_revision_is_not_told_is_named() -> None:
    charts = load_menu(None).charts()
    assert what_is_lost(HEALTH, charts) is None
    lost = what_is_lost(replace(HEALTH, map_version=1), charts)
    assert lost is not None
    assert "wait limits" in lost.en
    assert "shared resources" in lost.en
    assert "branches" in lost.en
    assert "tolerances" in lost.en
    assert what_is_lost(replace(HEALTH, map_version=1), []) is None
