"""What of a simulated day is not the product's own: all of it is named, and nothing else keeps a clock of its own."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

from tests.vopr import seams

_ROOT = Path(__file__).parents[2]
_INJECTED, _REPLACED = 9, 24
#: A clock of the interpreter that is held where no day asks it.
_UNASKED = {
    "aiokafka.record.default_records:_DefaultRecordBatchBuilderPy(default)": "each record is given its time",
    "drivers.sim.site:Site(default)": "every simulated device has a site of the simulation",
    "prometheus_client.context_managers:default_timer": "figures of the process",
    "queue:time": "no thread waits", "threading:_time": "no thread waits",
    "subprocess:_time": "no process is started", "socketserver:time": "the cloud of the real days",
    "rich.console:monotonic": "the command line",
    "timeit:Timer(default)": "", "timeit:default_timer": "", "timeit:repeat(default)": "", "timeit:timeit(default)": "",
    "tests.vopr.__main__:_real_s": "how long the days took",
}  # fmt: skip
#: Where the wall clock is read; of these each is a part that a day replaces, or no part of a day.
_WALL = {"kiosk.clock", "drivers.sim.site", "drivers.terminal.vtk.reader"}
_ASKED = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|\btime\.(time|time_ns)\(")


def _of_a_process(code: str) -> set[str]:
    """What a process that has loaded a day says, line by line; this one has loaded other things besides."""
    loads = "import sys\nfrom tests.vopr import __main__, seams\n__main__.warm()\n"
    command = [sys.executable, "-c", f"{loads}{code}"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("\n")) - {""}


def test_4_everything_that_is_replaced_is_named_and_counted() -> None:
    assert (len(seams.INJECTED), len(seams.REPLACED)) == (_INJECTED, _REPLACED)
    assert not [where for where in seams.REPLACED if where.startswith("kiosk.")], "the product is given parts"
    drivers = [where for where in seams.REPLACED if where.startswith("drivers.")]
    assert drivers == ["drivers.sim.gateways.http:held_port"]


def test_4_what_is_replaced_is_there() -> None:
    for where in seams.REPLACED:
        module, _, name = where.partition(":")
        assert hasattr(importlib.import_module(module), name), where


def test_4_no_other_clock_is_captured() -> None:
    found = _of_a_process("print(*seams.captured_clocks(), sep='\\n')")
    assert "aiohttp.connector:monotonic" in found, "the search finds nothing"
    assert found - set(seams.REPLACED) - set(_UNASKED) == set()


def test_4_planted_clock_that_is_captured_is_found() -> None:
    planted = "import kiosk.tasks, time\nkiosk.tasks.monotonic = time.monotonic\n"
    assert "kiosk.tasks:monotonic" in _of_a_process(f"{planted}print(*seams.captured_clocks(), sep='\\n')")


def test_4_no_other_line_asks_for_the_wall_clock() -> None:
    loaded = _of_a_process("print(*(name for name in sys.modules if name.startswith(('kiosk', 'drivers'))), sep='\\n')")
    asking = {name for name in loaded if (source := _source(name)) and _ASKED.search(source)}
    assert "kiosk.clock" in asking, "the search finds nothing"
    assert asking - _WALL == set()


def _source(module: str) -> str:
    file = _ROOT / f"{module.replace('.', '/')}.py"
    return file.read_text() if file.is_file() else ""
