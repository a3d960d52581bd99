"""Figures as data: their values of every round, what is wanted of them, as a table, as JSON and in documents."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tomllib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

BUDGETS = Path(__file__).with_name("budgets.toml")
README = Path(__file__).parents[2] / "README.md"
DOCUMENT = README.parent / "docs" / "bench.md"
MARKS = ("<!-- bench -->", "<!-- /bench -->")
_DIGITS = {"/s": 0, "ms": 1, "s": 2, "MB": 0, "": 2, "×": 2, "orders": 0, "files": 0, "KB": 0}


@dataclass(frozen=True, slots=True)
class Figure:
    """`key` names it for budgets and comparisons (`orders.creation_32.ratio`), `text` for people; one value a round."""

    key: str
    text: str
    unit: str
    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def shown(self) -> str:
        digits = _DIGITS.get(self.unit, 1)
        gap = "" if self.unit in ("", "/s", "×") else " "
        median = f"{self.median:,.{digits}f}{gap}{self.unit}"
        if len(self.values) == 1:
            return median
        return f"{median} ({min(self.values):,.{digits}f}–{max(self.values):,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Budget:
    at_least: float | None = None
    at_most: float | None = None

    def kept(self, value: float) -> bool:
        least, most = self.at_least, self.at_most
        return (least is None or value >= least) and (most is None or value <= most)

    def shown(self, unit: str) -> str:
        gap = "" if unit in ("", "/s", "×") else " "
        bounds = (("≥", self.at_least), ("≤", self.at_most))
        return ", ".join(f"{sign} {bound:,.10g}{gap}{unit}" for sign, bound in bounds if bound is not None)


def budgets() -> dict[str, Budget]:
    return {key: Budget(**bounds) for key, bounds in tomllib.loads(BUDGETS.read_text()).items()}


def rows(figures: list[Figure]) -> list[tuple[str, str, str, str]]:
    """What, measured, wanted, and whether it was kept."""
    wanted = budgets()
    found = []
    for figure in figures:
        budget = wanted.get(figure.key)
        kept = "" if budget is None else "yes" if budget.kept(figure.median) else "**no**"
        found.append((figure.text, figure.shown(), "" if budget is None else budget.shown(figure.unit), kept))
    return found


def table(figures: list[Figure]) -> str:
    head = "| what | measured | wanted | kept |\n|---|---|---|---|\n"
    return head + "".join("| " + " | ".join(row) + " |\n" for row in rows(figures))


def about() -> dict[str, str]:
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z",
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "load": " ".join(f"{value:.1f}" for value in os.getloadavg()),
    }


def write_json(file: Path, figures: list[Figure]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"about": about(), "figures": [asdict(figure) for figure in figures]}
    file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def read_json(file: Path) -> tuple[dict[str, str], list[Figure]]:
    """Raises `OSError` and `ValueError` for what is no file of `write_json`."""
    told = json.loads(file.read_text())
    try:
        return told["about"], [Figure(**figure) for figure in told["figures"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file} was not written by the bench: {error!r}") from error


def spelled_out(figures: list[Figure]) -> list[Figure]:
    """Each by itself: what goes on from the line above it (`… p99`) repeats what that is of."""
    found, above = [], ""
    for figure in figures:
        if figure.text.startswith("… "):
            found.append(replace(figure, text=f"{above}: {figure.text.removeprefix('… ')}"))
        else:
            above = figure.text
            found.append(figure)
    return found


def write_readme(
    told: dict[str, str], figures: list[Figure], readme: Path = README, document: Path | None = DOCUMENT
) -> None:
    """Fill what stands between the two marks: what has a budget in the README, everything in the document. Raises
    `ValueError` where there are no marks."""
    wanted = budgets()
    _fill(readme, told, [figure for figure in spelled_out(figures) if figure.key in wanted])
    if document is not None:
        _fill(document, told, figures)


def _fill(file: Path, told: dict[str, str], figures: list[Figure]) -> None:
    text = file.read_text()
    before, found, rest = text.partition(MARKS[0])
    _, closed, after = rest.partition(MARKS[1])
    if not (found and closed):
        raise ValueError(f"{file} has no place for the figures: {' … '.join(MARKS)}")
    said = f"`make bench` on {told['at'][:10]}: {told['machine']}, median (least–most of the rounds)."
    file.write_text(f"{before}{MARKS[0]}\n{said}\n\n{table(figures)}{MARKS[1]}{after}")
