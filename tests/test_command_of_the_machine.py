"""A command of the machine's ends within its time, with all that it has started, and whatever it says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kiosk.runtime.command import run_command

_LONG_S = 60.0


async def test_a_command_that_goes_well_says_nothing(tmp_path: Path) -> None:
    assert await run_command(["touch", str(tmp_path / "down")], _LONG_S) is None
    assert (tmp_path / "down").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sh", "-c", "echo 'Access denied' >&2; exit 4"], "exit 4: Access denied"),
        (["/no/such/command"], "No such file"),
        (["sh", "-c", "head -c 100000000 /dev/zero >&2; exit 1"], "exit 1"),
    ],
)
async def test_a_command_that_fails_says_why_in_a_line(words: list[str], says: str) -> None:
    told = await run_command(words, _LONG_S)
    assert told is not None
    assert says in told
    assert len(told) <= 300


@pytest.mark.parametrize(
    "words", [["sleep", "600"], ["sh", "-c", "sleep 600; true"], ["sh", "-c", "(sleep 600 >&2) & sleep 600"]]
)
async def test_a_command_that_hangs_is_ended_with_what_it_has_started(words: list[str]) -> None:
    began = time.monotonic()
    told = await run_command(words, 0.2)
    assert told == "not ended within 0.2 s"
    assert time.monotonic() - began < _LONG_S


async def test_what_a_command_leaves_behind_keeps_nobody_waiting() -> None:
    assert await run_command(["sh", "-c", "sleep 5 & exit 0"], _LONG_S) is None
