"""The description of a complex: read strictly, and what no complex can have is named with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.robot.equipment import EquipmentError, demo_file
from drivers.sim.robot.device import read_equipment
from kiosk.catalogue import load_complex

TEXT = demo_file().read_text("utf-8")


def spoilt(tmp_path: Path, before: str, after: str, times: int = 1) -> Path:
    assert before in TEXT
    file = tmp_path / "complex.toml"
    file.write_text(TEXT.replace(before, after, times), "utf-8")
    return file


def test_the_kiosk_and_the_simulator_read_one_file_alike() -> None:
    assert load_complex(None) == load_complex(demo_file()) == read_equipment(None) == read_equipment(demo_file())


def test_the_demos_complex_has_what_its_menu_needs() -> None:
    found = load_complex(None)
    assert (found.slots, len(found.stations), len(found.bins), len(found.cells)) == (8, 8, 24, 6)
    assert found.by_number[2].id == "wok"
    assert found.parameters(2, 2) == found.stations["wok"].operations["heat"]
    assert found.parameters(2, 3) is None  # nothing is fried in a wok
    assert found.parameters(9, 1) is None
    assert [row.low for row in found.bins[:2]] == [1200, 1200]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("capacity = 2", 'capacity = "2"', r"line \d+: Expected `int`.*stations\[0\]"),
        ("capacity = 2", "capacty = 2", "capacty"),
        ("slots = 8", "slots = 9", "slots"),
        ('id = "fryer"', 'id = "wok"', r"line \d+: station wok stands twice"),
        ("number = 3\nname = { ru = \"фритюр\"", "number = 2\nname = { ru = \"фритюр\"", "station fryer: number 2"),
        ("operations.mix = {}", "operations.stir = {}", "station wok: operation 'stir' has no number"),
        ("fry = 3", "fry = 2", "operations: numbers repeat"),
        ("min = 120, max = 200", "min = 220, max = 200", "station fryer: fry: 'temp_c': min is above max"),
        ('id = "arm"', 'id = "wok"', "resource wok: a station is called so"),
        ('id = "arm"', 'id = "the arm"', r"resources\[0\].id"),
        ("low = 1200", "low = 8001", "bin 1: low at 8001, but it holds 8000"),
        ("[[cells]]\nnumber = 3", "[[cells]]\nnumber = 2", "cells are numbered 1…6"),
        ("[[bins]]\nnumber = 24", "[[bins]]\nnumber = 25", "bins"),
        ('unit = "g"\ncapacity = 8000', 'unit = "kg"\ncapacity = 8000', r"bins\[0\].unit"),
        ('name = { ru = "вок", en = "wok" }', 'name = { ru = "", en = "wok" }', "a name is 1…64"),
        ("[operations]", "[operations", "Expected ']'"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [load_complex, read_equipment])
def test_what_no_complex_can_have_is_named(
    tmp_path: Path, read: Callable[[Path], object], before: str, after: str, why: str
) -> None:
    with pytest.raises(EquipmentError, match=why) as refusal:
        read(spoilt(tmp_path, before, after))
    assert "complex.toml" in str(refusal.value)


def test_a_line_is_that_of_the_table_which_is_wrong(tmp_path: Path) -> None:
    file = spoilt(tmp_path, 'id = "oven"', 'id = "wok"')
    with pytest.raises(EquipmentError) as refusal:
        load_complex(file)
    line = int(str(refusal.value).partition(", line ")[2].partition(":")[0])
    lines = file.read_text("utf-8").splitlines()
    assert lines[line - 1] == "[[stations]]"
    assert 'id = "wok"' in lines[line]


def test_a_file_that_is_not_there_is_no_demo(tmp_path: Path) -> None:
    for read in (load_complex, read_equipment):
        with pytest.raises(EquipmentError, match=r"nothing\.toml"):
            read(tmp_path / "nothing.toml")


def test_a_station_that_was_taken_out_is_known_and_closed(tmp_path: Path) -> None:
    found = load_complex(spoilt(tmp_path, 'id = "fryer"', 'id = "fryer"\nout = true'))
    assert found.out == {3}
    assert found.stations["fryer"].operations
