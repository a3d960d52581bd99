"""Each of the 23 cases that befell others names the scenes that hold the kiosk to its duty, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "docs" / "payment.md").read_text("utf-8").partition("## Cases of others")[2].partition("\n## ")[0]
ROWS = {int(number): rest for number, rest in re.findall(r"^\| (\d+) \|(.+)$", TABLE, re.MULTILINE)}
TESTS = frozenset(
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
)


def test_all_23_are_there() -> None:
    assert sorted(ROWS) == list(range(1, 24))


@pytest.mark.parametrize("number", range(1, 24))
def test_each_case_names_scenes_that_there_are(number: int) -> None:
    named = re.findall(r"`(test_\w+)`", ROWS[number])
    assert named
    assert set(named) <= TESTS
