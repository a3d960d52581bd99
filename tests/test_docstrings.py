"""What is public says what it does: at least 60 of 100 functions have a docstring that says more than their name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAST = 0.6
#: Words that say nothing beside a name.
_FILLERS = frozenset(re.findall(r"\w+", "a an the of for to is its this it and in on by with return returns get gets"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(body: list[ast.stmt]) -> Iterator[Function]:
    """Functions and methods without an underscore, also those of classes in classes; none inside a function."""
    for node in body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)


def _stems(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]+", text.lower()) if word not in _FILLERS}


def is_explained(function: Function) -> bool:
    said = ast.get_docstring(function)
    return said is not None and bool(_stems(said) - _stems(function.name.replace("_", " ")))


def counted(sources: list[str]) -> tuple[int, int]:
    """(public functions, explained ones)."""
    functions = [function for source in sources for function in public(ast.parse(source).body)]
    return len(functions), sum(map(is_explained, functions))


def test_six_of_ten_public_functions_are_explained() -> None:
    files = (path for house in ("kiosk", "drivers") for path in (ROOT / house).rglob("*.py"))
    total, explained = counted([path.read_text("utf-8") for path in files if "sim" not in path.parts])
    assert total > 1000
    assert explained / total >= LEAST, f"{explained} of {total}"


def test_planted_docstrings_that_repeat_the_name_do_not_count() -> None:
    source = '''
def open_shift():
    """Opens the shift."""

def close_shift():
    """The Z report."""

def bare(): ...

class Office:
    """Has two."""

    def names(self):
        """In the order of the configuration."""

    def _own(self):
        """Not counted."""

class _Hidden:
    def names(self): ...
'''
    assert counted([source]) == (4, 2)
