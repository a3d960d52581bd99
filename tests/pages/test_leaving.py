"""Pages are gone before their restaurant is: what a page asks of a server that has just left would be its complaint."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SCENES = sorted(Path(__file__).parent.glob("test_*.py"))
_PLACES = ("restaurant(", "demo_kiosk(")
#: Closes the pages at its own end.
_CLOSES = "touring("


def left_open(source: str) -> list[str]:
    """Tests that have a restaurant of their own, look at it and do not end with `screens.close()` inside it."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncFunctionDef)]
    return [
        function.name
        for function in functions
        if function.name.startswith("test_") and "screens." in ast.unparse(function)
        for block in _own_places(function)
        if "screens.close()" not in ast.unparse(block.body[-1])
    ]


def _own_places(function: ast.AsyncFunctionDef) -> Iterator[ast.AsyncWith]:
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith):
            entered = " ".join(ast.unparse(item.context_expr) for item in node.items)
            if any(name in entered for name in _PLACES) and _CLOSES not in ast.unparse(node):
                yield node


def test_pages_of_a_restaurant_in_a_block_are_closed_at_the_end_of_it() -> None:
    assert [f"{scene.stem}: {name}" for scene in SCENES for name in left_open(scene.read_text())] == []


def test_pages_left_open_are_caught() -> None:
    begun = "async def test_a(screens):\n  async with restaurant() as place:\n    await screens.kiosk(place.kiosk)\n"
    assert left_open(begun) == ["test_a"]
    assert left_open(f"{begun}    await screens.close()\n") == []
