"""`make bench`, or `python -m tests.bench [PART …]`: what the README tells, measured; parts can be run alone.

The default takes some ten minutes on two cores; `--long` adds a million orders, half an hour of lunch and the orders of
a week.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import boards, cards, codes, growing, kitchen, lunch, orders, others, paying, robot, starting, week
from tests.bench.charts import write_charts
from tests.bench.figures import Figure, about, read_json, table, write_json, write_readme

JSON = Path("var/bench.json")
Part = Callable[[argparse.Namespace], Awaitable[list[Figure]]]
PARTS: dict[str, Part] = {
    "orders": lambda options: orders.measure(),
    "payment": lambda options: paying.measure(),
    "card": lambda options: cards.measure(),
    "qr": lambda options: codes.measure(),
    "start": lambda options: starting.measure(),
    "boards": lambda options: boards.measure(),
    "growth": lambda options: growing.measure(growing.LONG_SIZES if options.long else growing.SIZES),
    "lunch": lambda options: lunch.measure(
        options.lunch_min or (lunch.LONG_LUNCH_MIN if options.long else lunch.LUNCH_MIN)
    ),
    "kitchen": lambda options: kitchen.measure(),
    "robot": lambda options: robot.measure(),
    "week": lambda options: week.measure(week.LONG_ORDERS if options.long else week.ORDERS),
    "people": lambda options: others.measure_people(),
    "fiscal": lambda options: others.measure_fiscal(),
    "page": lambda options: others.measure_page(),
}


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--long", action="store_true", help="a million orders, half an hour of lunch, a week's orders")
    parser.add_argument("--lunch-min", type=float, help="minutes of the lunch")
    parser.add_argument("--json", type=Path, default=JSON, metavar="FILE", help=f"where the figures go ({JSON})")
    parser.add_argument(
        "--readme", action="store_true", help="write the tables into README and docs/bench.md, the charts into docs/"
    )
    parser.add_argument("--from", type=Path, dest="told", metavar="FILE", help="measure nothing, take this JSON")
    options = parser.parse_args(words)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


async def measured(options: argparse.Namespace) -> tuple[list[Figure], list[str]]:
    """The figures, and the parts that could not be measured: one that fails takes nothing from the others."""
    found: list[Figure] = []
    failed: list[str] = []
    for name in options.parts or PARTS:
        began = time.perf_counter()
        try:
            found += await PARTS[name](options)
        except (AssertionError, OSError, TimeoutError) as error:
            failed.append(name)
            print(f"{name}: not measured: {error!r}", file=sys.stderr)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
        write_json(options.json, found)
    return found, failed


def main(words: list[str]) -> int:
    """1 where a part could not be measured, 2 for a file that cannot be read; a budget not kept is no failure."""
    options = arguments(words)
    failed: list[str] = []
    if options.told is not None:
        try:
            told, figures = read_json(options.told)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
    else:
        told = about()
        figures, failed = asyncio.run(measured(options))
    print(f"\n{told['at']}, {told['machine']}, load {told['load']}\n\n{table(figures)}")
    if options.readme:
        write_readme(told, figures)
        for chart in write_charts(figures):
            print(chart, file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
