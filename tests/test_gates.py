"""Each gate of `make lint` is shown to bite: a planted offender is found, by the rules of this repository."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pytest
from vulture import Vulture

from kiosk.wiring.parts import Parts

ROOT = Path(__file__).parent.parent


def lint(tool: str, *arguments: str, text: str | None = None) -> str:
    """What it says; the repository is sound, so whoever finds nothing says nothing of the planted line."""
    command = [sys.executable, "-m", tool, *arguments]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False).stdout


def ruff(planted: str, where: str) -> set[str]:
    """The codes of what ruff finds in a text, were it the file `where`."""
    said = lint(
        "ruff", "check", "--no-cache", "--output-format", "concise", "--stdin-filename", where, "-", text=planted
    )
    return {line.split()[1] for line in said.splitlines() if line.startswith(where)}


_NINE = ", ".join(f"a{n}: int" for n in range(9))
_SUM = " + ".join(f"a{n}" for n in range(9))
_BRANCHES = "".join(f"    if n == {n}:\n        n += {n}\n" for n in range(11))
PLANTED = {
    "ARG001": "def area(width: int, height: int) -> int:\n    return width\n",
    "ARG005": "area = map(lambda width: 1, [2])\n",
    "C901": f"def area(n: int) -> int:\n{_BRANCHES}    return n\n",
    "FBT001": "def area(wide: bool) -> int:\n    return int(wide)\n",
    "FBT003": "from kiosk import cli\n\ncli.ask(True)\n",
    "PLR0913": f"def area({_NINE}) -> int:\n    return {_SUM}\n",
    "SLF001": "from kiosk import cli\n\ncli.area._width\n",
    "TID251": "import time\n\ntime.time()\n",
    "BLE001": "try:\n    print(1)\nexcept Exception:\n    pass\n",
}


@pytest.mark.parametrize("code", PLANTED)
def test_ruff_finds_what_is_planted(code: str) -> None:
    assert code in ruff(PLANTED[code], "kiosk/flows/planted.py")


@pytest.mark.parametrize("code", ["FBT003", "SLF001", "C901"])
def test_ruff_finds_it_in_tests_too(code: str) -> None:
    assert code in ruff(PLANTED[code], "tests/planted.py")


def test_eight_arguments_and_a_boolean_by_keyword_are_no_finding() -> None:
    eight = ", ".join(f"a{n}: int" for n in range(7))
    used = " + ".join(f"a{n}" for n in range(7))
    assert ruff(f"def area({eight}, *, wide: bool) -> int:\n    return {used} + wide\n", "kiosk/planted.py") == set()


_WRONG = "from pathlib import Path\n\n\ndef size(path: Path) -> str:\n    return path.stat().st_size\n"
_UNTYPED = "def size(path):\n    return path\n"


@pytest.mark.parametrize(("planted", "code"), [(_WRONG, "[return-value]"), (_UNTYPED, "[no-untyped-def]")])
def test_mypy_finds_a_wrong_type_and_a_missing_one(planted: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(planted)
    found = lint("mypy", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "planted.py"))
    assert code in found


def test_mypy_reads_the_tests() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'packages = ["kiosk", "drivers", "tests"]' in settings


def test_vulture_finds_a_function_that_nobody_calls(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("def area() -> int:\n    return 1\n")
    assert "unused function 'area'" in lint("vulture", str(tmp_path / "planted.py"), str(ROOT / ".ci" / "unused.py"))


def unused_names() -> set[str]:
    """What vulture finds without the list in the product alone, and in product and tests."""
    vulture = Vulture()
    vulture.scavenge([str(ROOT / house) for house in ("kiosk", "drivers")])
    found = {item.name for item in vulture.get_unused_code()}
    vulture.scavenge([str(ROOT / "tests")])
    return found | {item.name for item in vulture.get_unused_code()}


@pytest.mark.long
def test_vulture_passes_over_what_the_list_names_and_each_name_is_needed(tmp_path: Path) -> None:
    """A name that vulture would not find is an exception for nothing."""
    names = ROOT / ".ci" / "unused.py"
    bare = unused_names()
    listed = [
        line.split()[0].removeprefix("_.")
        for line in names.read_text().splitlines()
        if line[:1].isalpha() or line[:2] == "_."
    ]
    assert [name for name in listed if name not in bare] == []


def test_few_types_are_passed_over() -> None:
    """At most three in what runs; each in the tests is a planted twin, somebody's untyped hand, or a method of the
    simulated loop that takes less than asyncio's."""

    def count(*houses: str) -> int:
        files = (path for house in houses for path in (ROOT / house).rglob("*.py") if path != Path(__file__))
        return sum(path.read_text("utf-8").count("# type: " + "ignore") for path in files)

    assert count("kiosk", "drivers") <= 3
    assert count("tests") <= 28


def never_brought(names: Iterable[str], tests: str) -> list[str]:
    """Members of `Parts` that no test replaces: settings, not seams."""
    return [name for name in names if not re.search(rf"\b{name}=|\"{name}\":|\bparts\.{name}\b", tests)]


def test_parts_hold_only_what_some_test_brings_along() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    assert never_brought((field.name for field in fields(Parts)), tests) == []
    assert never_brought(["planted_s"], tests) == ["planted_s"]


def test_transactions_are_functions_with_a_name() -> None:
    written = "".join(path.read_text("utf-8") for path in (ROOT / "kiosk").rglob("*.py"))
    assert len(re.findall(r"\blambda (?:tx|transaction|t)\b", written)) <= 15
