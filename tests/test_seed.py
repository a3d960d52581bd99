"""docs/seed.md keeps its word: every row of the seed's two tables is there, every link names what exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEED = (ROOT / "docs/seed.md").read_text("utf-8")
ROWS = {
    "Авторизация пользователя": "1 2 2.1 2.2 3 3.1 4",
    "Заказ блюда": "1 2 3 3.1 3.2 3.3 3.4 3.5 3.6 3.7 4 4.1 4.2 5 6",
}
FOLDERS = ("kiosk/", "drivers/", "web/", "tests/")
_LINK = re.compile(r"\[`([^`\]]+)`\]\(([^)]+)\)")


def section(title: str) -> list[list[str]]:
    """The cells of each row of the table under a heading, without its head."""
    text = SEED.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_in(path: Path) -> set[str]:
    """Every class and function of a Python file, methods as `Class.method` too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = (row for row in node.body if isinstance(row, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}.{row.name}" for row in members}
    return found


LINKS = [(text, target) for line in SEED.splitlines() for text, target in _LINK.findall(line)]


@pytest.mark.parametrize("title", ROWS)
def test_every_row_of_the_table_has_code_and_a_scene(title: str) -> None:
    rows = section(title)
    assert [row[0].split()[0] for row in rows] == ROWS[title].split()
    for _, code, scenes in rows:
        assert _LINK.search(code), code
        assert any(target.startswith("../tests/") for _, target in _LINK.findall(scenes)), scenes


@pytest.mark.parametrize(("text", "target"), LINKS, ids=[f"{text} in {target}" for text, target in LINKS])
def test_every_link_names_what_is_there(text: str, target: str) -> None:
    path = (ROOT / "docs" / target).resolve()
    assert path.exists(), target
    if path.suffix == ".py" and not text.endswith(".py"):
        assert text in names_in(path), f"{target} has no {text}"


def test_every_name_in_quotes_that_looks_like_a_file_is_a_link() -> None:
    for name in re.findall(r"(?<!\[)`([^`]+)`(?!\])", SEED):
        assert not name.startswith(FOLDERS), f"{name} is no link"
        assert not name.startswith("test_"), f"{name} is no link"
