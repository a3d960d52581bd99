"""The description of the complex against what the robot tells: each difference by name, nothing where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.robot.port import (
    NO_CAPABILITY,
    Bin,
    BinFlag,
    BinUnit,
    Capability,
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
from tests.complexes import with_cells

DEMO = load_complex(None)
HEALTH = Health(
    1, 100, 1, ComplexState.EXECUTE, HealthFlag(0), 0, 0, 1, 1, 1, 8, 24, 6, 8, capabilities=Capability.SHARED_CELLS
)
UNITS = {"g": BinUnit.GRAM, "pcs": BinUnit.PIECE, "ml": BinUnit.MILLILITRE}
BINS = [Bin(r.number, r.ingredient, UNITS[r.unit], BinFlag(0), 0, r.capacity, 0) for r in DEMO.bins]
CELLS = [Cell(row.number, CellState.FREE, size=row.size) for row in DEMO.cells]
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
    assert what_is_lost(DEMO, HEALTH, charts) is None
    lost = what_is_lost(DEMO, replace(HEALTH, map_version=1), charts)
    assert lost is not None
    assert "wait limits" in lost.en
    assert "shared resources" in lost.en
    assert "branches" in lost.en
    assert "tolerances" in lost.en
    assert what_is_lost(DEMO, replace(HEALTH, map_version=1), []) is None


def test_large_cells_of_a_robot_that_puts_one_portion_into_each_are_named(tmp_path: Path) -> None:
    large = load_complex(with_cells(tmp_path / "complex.toml", 1, 3, 2, 1, 1, 1))
    lost = what_is_lost(large, replace(HEALTH, capabilities=NO_CAPABILITY), [])
    assert lost is not None
    assert lost.en == "the robot puts one portion into a cell: larger are 2, 3"
    assert what_is_lost(large, HEALTH, []) is None
    told = [replace(cell, size=row.size) for cell, row in zip(CELLS, large.cells, strict=True)]
    assert differences(large, HEALTH, BINS, told, STATIONS) == []
    (other,) = differences(large, HEALTH, BINS, [*told[:2], replace(told[2], size=1), *told[3:]], STATIONS)
    assert other.en == "cell 3 (portions): described 2, the robot has 1"
