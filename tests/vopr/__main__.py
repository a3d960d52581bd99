"""`python -m tests.vopr --seed N`: a day of the restaurant, simulated; one seed is one history to the byte.

The last line is JSON: `{seed, orders, sold, kills, power_cuts, faults, violations, trace, wires, files, reached}`;
`trace`, `wires` and `files` are SHA-256 of every callback, of every byte on every wire, and of the files that are left;
`reached` is `{points, kinds, pairs, never}`: how many named points of the product were passed, how many kinds of faults
were met, how many pairs of both, and the points that were never passed. With `--count` the sums of the days, and the
digests of their digests. Exit 0, or 1 where a promise was broken or nothing was sold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import json
import os
import pickle
import pkgutil
import shlex
import shutil
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from drivers import bank, broker, fiscal, sbp, terminal
from kiosk import logs
from kiosk.api.http.pages import shipped
from kiosk.catalogue import load_menu, load_notices, web_root
from kiosk.config import load
from kiosk.runtime.preparing import prepare_types
from kiosk.wiring import Kiosk, Parts
from tests import folders
from tests.databases.ready import lay_ready, ready_database
from tests.restaurant import NOBODY, config_text
from tests.vopr.coverage import figures, together, told
from tests.vopr.living import KINDS, Report, live
from tests.vopr.plants import PLANTS

#: What libraries import when it is first asked for.
_LATE = ("_strptime", "encodings.idna", "phonenumbers.data.region_RU")
_real_s, _cpu_s = time.monotonic, time.process_time


@dataclass(frozen=True)
class Wanted:
    """What kind of days, with which bug, of at most so many steps."""

    kind: str = "day"
    plant: str = ""
    most: int = 10**6


def warm() -> None:
    """What every life would import, make or read anew is there before the forks; a life of the product, with nothing
    but its own loop and threads, has compiled what it compiles at first use."""
    for folder in (bank, broker, fiscal, sbp, terminal):
        for found in pkgutil.walk_packages(folder.__path__, f"{folder.__name__}."):
            import_module(found.name)
    for name in _LATE:
        import_module(name)
    prepare_types()
    ready_database()
    load_menu(None)
    load_notices(None)
    shipped(web_root())
    place = folders.new("vopr")
    try:
        asyncio.run(_one_life(place))
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _one_life(folder: Path) -> None:
    lay_ready(folder / "kiosk.db")
    (folder / "config.toml").write_text(config_text(folder, NOBODY))
    logs.configure("error", "json")
    kiosk = Kiosk(load(folder / "config.toml"), Parts(asked_within_s=0.0))
    await kiosk.start()
    await kiosk.stop()


def played(seed: int, wanted: Wanted) -> Report:
    """One day in a fork of its own, which nothing outlives."""
    folder = folders.new("vopr")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _play(seed, folder, wanted, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    shutil.rmtree(folder, ignore_errors=True)
    if not told:
        return Report(seed, violations=["the simulation itself died"], broken=True)
    report: Report = pickle.loads(told)
    return report


def _play(seed: int, folder: Path, wanted: Wanted, writing: int) -> None:
    """The child: never returns."""
    gc.disable()  # a finalizer of a dead host would still act
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        logs.configure("error", "json")
        began_s = _cpu_s()
        report = live(seed, folder, wanted.kind, wanted.plant, wanted.most)
        report.cpu_s = _cpu_s() - began_s
    except BaseException:  # noqa: BLE001  # the child ends here, whatever it was
        report = Report(seed, violations=[f"the simulation itself failed: {traceback.format_exc()}"], broken=True)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(pickle.dumps(report))
    os._exit(0)


def many(seeds: Iterable[int], wanted: Wanted, workers: int) -> Iterator[Report]:
    """The days, as they end; each worker plays every so many-th."""
    listed = list(seeds)
    if workers == 1:
        for seed in listed:
            yield played(seed, wanted)
        return
    pipes = []
    for worker in range(workers):
        reading, writing = os.pipe()
        if os.fork() == 0:
            with os.fdopen(writing, "wb") as pipe:
                for seed in listed[worker::workers]:
                    pickle.dump(played(seed, wanted), pipe)
                    pipe.flush()
            os._exit(0)
        os.close(writing)
        pipes.append(os.fdopen(reading, "rb"))
    for number in range(len(listed)):
        yield pickle.load(pipes[number % workers])


def shortest(seed: int, wanted: Wanted, steps: int) -> int | None:
    """The fewest steps of the day that still break a promise."""
    for most in range(1, steps + 1):
        if played(seed, Wanted(wanted.kind, wanted.plant, most)).violations:
            return most
    return None


def _command(seed: int, wanted: Wanted, *more: str) -> str:
    words = ["python", "-m", "tests.vopr", "--seed", str(seed), "--kind", wanted.kind]
    if wanted.plant:
        words += ["--plant", wanted.plant]
    return shlex.join([*words, *more])


def _show(report: Report, wanted: Wanted, *, story: bool, each: bool) -> None:
    """A failure: the command that plays it again, what happened, and the last events; `each`: the day's own line."""
    out = sys.stdout.write
    if each:
        out(json.dumps(report.line()) + "\n")
    if report.violations:
        out(f"seed {report.seed}: {len(report.violations)} violations; again: {_command(report.seed, wanted)}\n")
        out("".join(f"  {line}\n" for line in report.violations))
        out("the day was:\n")
    if report.violations or story:
        out("".join(f"  {line}\n" for line in report.story))
    if report.violations:
        out("".join(f"  {line}\n" for line in report.told))
    if report.failures and (report.violations or story):
        out("".join(f"  {line}\n" for line in report.failures))


def sums(reports: list[Report]) -> dict[str, Any]:
    """The line of a day, or of many: figures summed, digests of the digests; a day that sold nothing has reached
    nothing."""
    reached = {"reached": figures(together(report.reached for report in reports if report.counts))}
    if len(reports) == 1:
        return reports[0].line() | reached
    lines = [report.line() for report in reports]
    names = ("orders", "sold", "kills", "power_cuts", "faults", "violations")
    digests = {
        name: hashlib.sha256("".join(line[name] for line in lines).encode()).hexdigest()
        for name in ("trace", "wires", "files")
    }
    return {
        "seed": reports[0].seed,
        **{name: sum(line[name] for line in lines) for name in names},
        **digests,
        **reached,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.vopr", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first day")
    parser.add_argument("--count", type=int, default=1, help="so many days")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="day")
    parser.add_argument("--plant", choices=sorted(PLANTS), default="")
    parser.add_argument("--story", action="store_true", help="what happened, also where nothing broke")
    parser.add_argument("--each", action="store_true", help="a line of JSON for each day, to compare two runs by")
    parser.add_argument("--shrink", action="store_true", help="the shortest beginning of the day that still fails")
    parser.add_argument("--steps", type=int, default=10**6, help="so many steps of the day")
    parser.add_argument("--until", action="store_true", help="end with the first day that fails")
    options = parser.parse_args(arguments)
    wanted = Wanted(options.kind, options.plant, options.steps)
    warm()
    began, reports = _real_s(), []
    for report in many(range(options.seed, options.seed + options.count), wanted, options.workers):
        reports.append(report)
        _show(report, wanted, story=options.story, each=options.each)
        if options.until and report.violations:
            break
    if options.shrink and (failed := next((report for report in reports if report.violations), None)):
        steps = shortest(failed.seed, wanted, failed.steps)
        sys.stdout.write(f"the shortest: {_command(failed.seed, wanted, '--steps', str(steps))}\n")
    counted = [report for report in reports if report.counts]
    if options.count > 1:
        sys.stdout.write(
            f"{len(counted)} days that sold, {len(reports) - len(counted)} that sold nothing, in"
            f" {_real_s() - began:.0f} s, {sum(report.callbacks for report in reports)} callbacks,"
            f" {sum(report.cpu_s for report in reports) / len(reports):.2f} CPU seconds a day\n"
        )
    ways = together(report.sold_by for report in counted)
    sys.stdout.write(f"sold by way to pay: {', '.join(f'{name} {count}' for name, count in sorted(ways.items()))}\n")
    sys.stdout.write(told(together(report.reached for report in counted)))
    sys.stdout.write(json.dumps(sums(reports)) + "\n")
    return int(not counted or any(report.violations for report in reports))


if __name__ == "__main__":
    raise SystemExit(main())
