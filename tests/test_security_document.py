"""docs/security.md keeps its word: every promise names tests, and every test it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/security.md").read_text("utf-8")
#: The ids of ASVS 5.0 that bear on this program; the ones it does not meet stand under "Not promised".
ASVS = frozenset(
    re.findall(
        r"[\d.]+",
        """
        1.3.6 2.2.1 2.2.2 2.3.1 2.3.2 2.3.3 2.3.4 2.3.5 2.4.1 3.2.2 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 3.5.2 3.5.3
        5.2.1 5.2.2 5.2.6
        6.1.1 6.1.3 6.3.1 6.3.2 6.3.8 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3 7.2.1 7.2.2 7.3.1 7.3.2 7.4.1
        7.4.2 7.5.3 8.2.1 8.2.2 8.2.3 8.2.4 8.3.1 8.3.2 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4 11.4.2 13.2.1
        13.2.2 13.2.3 13.2.4 13.2.5 13.2.6 13.3.1 13.3.2 13.3.4 13.4.1 13.4.2 13.4.3 13.4.4 13.4.5 13.4.6 14.2.1
        14.2.2 14.2.3 14.2.4 14.2.6 14.2.7 15.4.1 15.4.2 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3
        16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3 16.5.4
        """,
    )
)


def promises(text: str) -> list[list[str]]:
    """The cells of each row of the tables of promises."""
    found = []
    for part in text.split("| promised | tests | ASVS |\n")[1:]:
        rows = part.split("\n\n", 1)[0].splitlines()[1:]
        found += [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return found


def named(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def existing_tests() -> set[str]:
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (\w+)", path.read_text("utf-8"), re.MULTILINE)
    }


def test_every_promise_names_its_tests_and_its_ids() -> None:
    rows = promises(TEXT)
    assert len(rows) > 30
    for words, tests, ids in rows:
        assert words
        assert named(tests), words
        assert set(ids.split(", ")) <= ASVS, words


def test_every_test_that_is_named_exists() -> None:
    there = existing_tests()
    assert named(TEXT) - there == set()
    assert named(TEXT + "`test_of_nothing`") - there == {"test_of_nothing"}


def test_it_can_be_read_at_one_sitting() -> None:
    assert len(TEXT.splitlines()) <= 150


@pytest.mark.parametrize("extra", ["", "kafka", "pictures"])
def test_every_package_the_program_asks_for_is_listed(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["optional-dependencies"][extra] if extra else project["dependencies"]
    listed = {name.lower() for name in re.findall(r"\| ([\w-]+) \| [\d.]+ (?=\|)", TEXT)}
    listed |= {name.lower() for name in re.findall(r"(?<=\d )\| ([\w-]+) \| [\d.]+ \|", TEXT)}
    assert {re.split(r"[\[<>=!]", one)[0].lower() for one in asked} - listed == set()
