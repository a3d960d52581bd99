"""Answers of the kiosk as a person reads them in a terminal: names with values, tables, CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from drivers.text import is_shown, shown

_MONEY = "_kopecks"


def json_text(value: Any) -> str:
    """On one line. What a terminal would obey is told by its number (RFC 8259 7), so that the value stays the same."""
    text = json.dumps(value, ensure_ascii=False)
    return text if is_shown(text) else "".join(one if is_shown(one) else json.dumps(one)[1:-1] for one in text)


def harmless(text: str) -> str:
    """Line by line: what is printed is only ever read."""
    return "\n".join(map(shown, text.split("\n")))


def text_of(answer: Any) -> str:
    """Plain members as `name  value`, lists of records as tables under their name."""
    if not answer:
        return "done"
    plain: list[tuple[str, str]] = []
    tables: list[str] = []
    for name, value in _flat(answer):
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            tables.append(f"{shown(name)}\n{table(value)}")
        elif isinstance(value, list) and not value:
            tables.append(f"{shown(name)}: none")
        else:
            plain.append((_title(name), cell(name, value)))
    width = max((len(name) for name, _ in plain), default=0)
    lines = [f"{name.ljust(width)}  {value}" for name, value in plain]
    return "\n\n".join(["\n".join(lines), *tables] if lines else tables)


def _flat(answer: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in answer.items():
        if isinstance(value, dict) and value:
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, value))
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """Columns as wide as they need; records of one list may differ in their members."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_title(name) for name in names]] + [[cell(name, row.get(name)) for name in names] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    padded = (zip(line, widths, strict=True) for line in cells)
    return "\n".join("  ".join(text.ljust(width) for text, width in line).rstrip() for line in padded)


def cell(name: str, value: Any) -> str:
    """Money in roubles, yes and no, a dash for nothing."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith(_MONEY):
        roubles, kopecks = divmod(abs(value), 100)
        return f"{'-' if value < 0 else ''}{roubles}.{kopecks:02}"
    return json_text(value) if isinstance(value, dict | list) else shown(str(value))


def _title(name: str) -> str:
    return shown(name.removesuffix(_MONEY))


def csv_text(rows: list[dict[str, Any]]) -> str:
    """RFC 4180 with the names of the JSON; money stays in kopecks. A cell that a spreadsheet would take for a formula
    begins with an apostrophe."""
    out = io.StringIO()
    if rows:
        names, writer = list(rows[0]), csv.writer(out)
        writer.writerow(map(_harmless, names))
        writer.writerows([_harmless(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = shown(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def refusal_text(problem: Any) -> str:
    """A problem of the API in one line."""
    if not isinstance(problem, dict):
        return shown(str(problem))
    extra = {name: problem[name] for name in problem if name not in ("type", "title", "status", "instance", "code")}
    errors = "; ".join(f"{error['path']} {error['message']}" for error in extra.pop("errors", []))
    more = "; ".join(
        f"{name} {cell(name, value)}" for name, value in extra.items() if value and value != problem.get("title")
    )
    told = (f"{problem.get('title')} ({problem.get('code')})", errors, more)
    return shown(" - ".join(part for part in told if part))
