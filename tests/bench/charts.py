"""Charts of a run as SVG: creation, payment and start by the number of orders stored; the steps of a lunch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import Figure

DOCS = Path(__file__).parents[2] / "docs"
_WIDTH, _BAR, _LEFT, _RIGHT, _HEAD = 720, 26, 260, 110, 40
_INK, _BARS = "#223", "#c2571a"


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """(name, length, what is written at its end) of every bar, as an SVG document."""
    height, longest = _HEAD + _BAR * len(rows) + 10, max((value for _, value, _ in rows), default=0) or 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" font-family="sans-serif"'
        f' font-size="13" fill="{_INK}"><title>{escape(title)}</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, value, words) in enumerate(rows):
        top, width = _HEAD + _BAR * number, (_WIDTH - _LEFT - _RIGHT) * max(value, 0) / longest
        parts += [
            f'<text x="{_LEFT - 8}" y="{top + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 8}" fill="{_BARS}"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{top + 15}">{escape(words)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def charts(figures: Sequence[Figure]) -> dict[str, str]:
    """File name → SVG, of what was measured."""
    found = {}
    for name, title in (
        ("creation", "Orders created a second, 32 clients"),
        ("payment", "Payment, ms"),
        ("start", "Start until it sells, s"),
    ):
        rows = _by_size(figures, name)
        if rows:
            found[f"bench-growth-{name}.svg"] = bars(f"{title}, by orders stored", rows)
    lunch = [f for f in figures if f.key.startswith("lunch.") and f.key.endswith("_p95")]
    if lunch:
        steps = [(f.text.removeprefix("… ").removesuffix(", p95"), f.median, f.shown()) for f in lunch]
        found["bench-lunch.svg"] = bars("A lunch of 200 orders an hour: p95 of every step", steps)
    return found


def _by_size(figures: Sequence[Figure], name: str) -> list[tuple[str, float, str]]:
    rows = [f for f in figures if f.key.startswith("growth.") and f.key.endswith(f".{name}")]
    rows.sort(key=lambda figure: int(figure.key.split(".")[1]))
    return [(f"{int(figure.key.split('.')[1]):,}", figure.median, figure.shown()) for figure in rows]


def write_charts(figures: Sequence[Figure], folder: Path = DOCS) -> list[Path]:
    found = []
    for name, svg in charts(figures).items():
        (folder / name).write_text(svg)
        found.append(folder / name)
    return found
