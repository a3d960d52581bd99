"""Fixtures: one restaurant a test, made to order by `open_restaurant`."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from kiosk import logs
from tests import folders
from tests.crash import tally
from tests.patient_loop import HurriedLoop, PatientLoop
from tests.restaurant import Restaurant, restaurant
from tests.samples import EVERY, SEED, SEED_VARIABLE
from tests.spreading import spread

# A busy machine is no failure: the run as a whole is timed, not each example. Each run draws other examples.
settings.register_profile("kiosk", deadline=None, max_examples=200 if EVERY else 40)
settings.load_profile("kiosk")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Of every test and fixture: a scene, or a driver with its device, has all that acts on its own loop."""
    return (
        {"hurried": HurriedLoop}
        if item.nodeid.startswith(("tests/scenes/", "tests/drivers/"))
        else {"patient": PatientLoop}
    )


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    logs.configure("error", "json")


@pytest.fixture
async def place() -> AsyncIterator[Restaurant]:
    """The restaurant with everything in order."""
    async with restaurant() as found:
        yield found


def pytest_configure(config: pytest.Config) -> None:
    """Where `tmp_path` lies, and where the crash tests of all workers write down what they did, for the summary."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folders.root()))
    if tally.VARIABLE not in os.environ:
        folder = tempfile.mkdtemp(prefix="kiosk-tally-")
        os.environ[tally.VARIABLE] = f"{folder}/tally.jsonl"
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long comes first: each of several workers begins with an equal part of the list (`--dist worksteal`),
    and one that began its longest test last would keep all others waiting."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = spread([item for item in items if item.get_closest_marker("heavy")], items, workers)


#: A restaurant that was built and torn down is walked through a few times and not forty: a sixth of what it costs.
_COLLECTED_AFTER = (20_000, 50, 50)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: no collection of garbage walks it again, here or in a fork."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED_AFTER)


#: What a machine may lack that nobody can install: the vendor's library, the right to mount a disk.
_MAY_BE_SKIPPED = ("KIOSK_LIBFPTR10", "no disk of one's own")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under `make test` nothing is skipped in silence: what wants a tool that is not there has failed. A failure names
    the seed that its sample may be of."""
    report = yield
    if report.failed:
        report.sections.append(("samples of sweeps", f"{SEED_VARIABLE}={SEED}"))
    if report.skipped and isinstance(report.longrepr, tuple) and os.environ.get("KIOSK_SKIPS") == "fail":
        reason = str(report.longrepr[2])
        if not any(word in reason for word in _MAY_BE_SKIPPED):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} cannot be run here: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if skipped := terminalreporter.stats.get("skipped"):
        terminalreporter.section(f"NOT RUN HERE: {len(skipped)} tests", red=True, bold=True)
        for reason, count in Counter(str(report.longrepr[2]) for report in skipped).items():
            terminalreporter.write_line(f"{count} × {reason}")
    path = os.environ.get(tally.VARIABLE)
    lines = tally.told(tally.read(Path(path))) if path else []
    if lines:
        terminalreporter.section("nothing lost, nothing twice")
        for line in lines:
            terminalreporter.write_line(line)
