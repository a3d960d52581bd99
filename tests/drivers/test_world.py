"""The memory of a simulated device: what was changed is read so, what was undone never was, the ledger says it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.sim.world import World
from tests.restaurant import ledger


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "state", tmp_path / "ledger.jsonl"


def test_what_is_read_is_what_was_put_last_also_within_the_change(files: tuple[Path, Path]) -> None:
    world = World("bank", *files)
    assert world.get("sum", 7) == 7
    with world.change() as change:
        change.put("sum", {"kopecks": 1})
        assert world.get("sum") == {"kopecks": 1}
        change.put("sum", {"kopecks": 2})
        assert world.get("sum") == {"kopecks": 2}
    world.get("sum")["kopecks"] = 3  # what a device makes of it is not remembered
    assert world.get("sum") == {"kopecks": 2}
    with world.change() as change:
        change.delete("sum")
    assert world.get("sum") is None
    world.close()


def test_what_was_undone_never_was(files: tuple[Path, Path]) -> None:
    world = World("bank", *files)

    def broken_off() -> None:
        with world.change() as change:
            change.put("sum", 1)
            change.effect("charged")
            assert world.get("sum") == 1
            raise LookupError

    with pytest.raises(LookupError):
        broken_off()
    assert world.get("sum") is None
    world.close()
    assert ledger(files[1]) == []


def test_a_memory_that_is_opened_again_has_it_all(files: tuple[Path, Path]) -> None:
    world = World("bank", *files)
    assert world.get("sum") is None
    with world.change() as change:
        change.put("sum", 1)
        change.effect("charged", sum=1)
    world.close()
    again = World("bank", *files)
    assert again.get("sum") == 1
    again.close()
    assert [line["effect"] for line in ledger(files[1])] == ["charged"]
