"""The manuals say something about every code that a person may meet, and about none that there is not.

`python -m tests.test_manual` prints docs/codes.md anew, after words of the product have changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kiosk.wiring  # noqa: F401 - every refusal is defined then
from kiosk.cli_words import parser
from kiosk.domain import reasons
from kiosk.domain.errors import DomainError
from kiosk.domain.staff.alarm_rules import AlarmRules
from kiosk.domain.staff.stuck import Kind

DOCS = Path(__file__).parent.parent / "docs"
MANUAL = (DOCS / "operation-ru.md").read_text("utf-8")
LEAST_WORDS = 2
_HEAD = """# Codes

Every word that stands last in `kiosk status` and `kiosk devices`, and every code of a refused call, as the product
itself says them; printed by `python -m tests.test_manual`, held to the code by that test. What to do, step by step:
[operation-ru.md](operation-ru.md). Alarms: [operation.md](operation.md#alarms); what waits for a person:
[operation.md](operation.md#what-is-stuck)."""
_COMMAND = re.compile(r"`kiosk ([a-z-]+)(?: ([a-z-]+))?")


def rows(heading: str, text: str = MANUAL) -> dict[str, list[str]]:
    """By code: what stands beside it, below this heading and those under it."""
    begin = text.index(f"\n## {heading}\n")
    end = text.find("\n## ", begin + 1)
    found = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", text[begin : end if end > 0 else None], re.MULTILINE)
    return {code: [means, does] for code, means, does in found}


def short(found: dict[str, list[str]]) -> list[str]:
    return [code for code, (means, does) in found.items() if len(f"{means} {does}".split()) < 2 * LEAST_WORDS]


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("Тревоги", set(AlarmRules().named())),
        ("Почему не продаём", set(reasons.HINTS)),
        ("Что ждёт решения", {kind.value for kind in Kind}),
    ],
)
def test_every_code_has_its_lines_and_every_line_its_code(heading: str, codes: set[str]) -> None:
    found = rows(heading)
    assert found.keys() == codes
    assert short(found) == []


def test_a_code_that_is_missing_is_seen() -> None:
    text = MANUAL.replace("| `sbp_down` |", "| `sbp_gone` |")
    assert rows("Почему не продаём", text).keys() ^ set(reasons.HINTS) == {"sbp_down", "sbp_gone"}


def test_every_command_that_it_names_is_one() -> None:
    (commands,) = [action for action in parser("")._actions if action.dest == "command"]  # noqa: SLF001 - argparse tells it nowhere else
    known = commands.choices
    assert known is not None
    named = {found[0] for found in _COMMAND.findall(MANUAL)}
    assert named <= set(known)


def codes() -> str:
    """docs/codes.md, as the product speaks."""
    return "\n".join([_HEAD, *_reasons(), *_problems(), ""])


def _reasons() -> Iterator[str]:
    yield from ("", "## Reasons", "", "| word | a guest reads | a technician reads |", "|---|---|---|")
    for reason in reasons.HINTS:
        words = reasons.words_of(reason)
        yield f"| `{reason}` | {words.guest.en} | {words.technician.en} |"


def _problems() -> Iterator[str]:
    yield from ("", "## Refused calls", "", "| code | means |", "|---|---|")
    for kind in sorted(_kinds(DomainError), key=lambda kind: kind.code):
        yield f"| `{kind.code}` | {kind.title.en} |"


def _kinds(of: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in of.__subclasses__():
        if "code" in vars(kind) and kind.__module__.startswith("kiosk."):
            yield kind
        yield from _kinds(kind)


def test_codes_are_documented_as_the_product_says_them() -> None:
    assert (DOCS / "codes.md").read_text("utf-8") == codes()


if __name__ == "__main__":
    print(codes(), end="")
