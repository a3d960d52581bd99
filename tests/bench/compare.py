"""`python -m tests.bench.compare A.json B.json`: what changed between two runs, and whether more than rounds differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench.figures import Figure, budgets, read_json


def changed(before: Figure, after: Figure) -> bool:
    """Every round of the one lies beyond every round of the other."""
    return min(before.values) > max(after.values) or max(before.values) < min(after.values)


def lines(before: list[Figure], after: list[Figure]) -> list[str]:
    wanted, old = budgets(), {figure.key: figure for figure in before}
    found = ["| what | before | after | after ÷ before | |", "|---|---|---|---|---|"]
    for figure in after:
        known = old.pop(figure.key, None)
        budget = wanted.get(figure.key)
        words = (
            ["no longer kept"] if budget and known and budget.kept(known.median) > budget.kept(figure.median) else []
        )
        if known is None:
            found.append(f"| {figure.text} | | {figure.shown()} | | new |")
            continue
        words += ["changed"] if changed(known, figure) else []
        ratio = f"{figure.median / known.median:.2f}" if known.median else ""
        found.append(f"| {figure.text} | {known.shown()} | {figure.shown()} | {ratio} | {', '.join(words)} |")
    return found + [f"| {figure.text} | {figure.shown()} | | | gone |" for figure in old.values()]


def main(words: list[str]) -> int:
    """1 where a budget is no longer kept, 2 for a file that cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args(words)
    try:
        (then, before), (now, after) = read_json(options.before), read_json(options.after)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"before: {then['at']}, {then['machine']}, load {then['load']}")
    print(f"after:  {now['at']}, {now['machine']}, load {now['load']}\n")
    told = lines(before, after)
    print("\n".join(told))
    return int(any("no longer kept" in line for line in told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
