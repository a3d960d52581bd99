"""Faults below the program, by strace on the real process: fdatasync that fails stops the process and the next life is
well; SIGKILL at the n-th pwrite64 of the writer loses nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.sim.gateways.http import held_port
from tests.crash.calls import CALL_S, Gone, call
from tests.crash.judging import judged
from tests.crash.rig import World, pause, world
from tests.crash.sweeping import buy

_TRY = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=getpid:error=EIO:when=65535", "true"]
_SYNCS = "fdatasync,fsync"
_START_S = 30.0


def strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(_TRY, check=False, capture_output=True, timeout=10).returncode == 0


pytestmark = pytest.mark.skipif(not strace_works(), reason="strace is not installed or may not trace here")


@contextlib.contextmanager
def kept_port() -> Iterator[int]:
    """A port that nobody else is given meanwhile."""
    with held_port(0) as held:
        yield int(held.getsockname()[1])


@contextlib.contextmanager
def traced(place: World, port: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command `kiosk run` under strace, with everything it started."""
    config = place.folder / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("port = 0", f"port = {port}", 1))
    command = ["strace", "-f", "-qq", *options, sys.executable, "-m", "kiosk", "run", "--config", str(config)]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(CALL_S)
        config.write_text(text)


def until_ended(process: subprocess.Popen[bytes]) -> int | None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(CALL_S)
    return None


def sold_in(place: World, port: int, process: subprocess.Popen[bytes]) -> None:
    """An order in this life, as far as it lives."""
    with contextlib.suppress(Gone, AssertionError, KeyError):
        until_open(port, process)
        buy(place, port)


def until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(int(_START_S / 0.05)):
        with contextlib.suppress(Gone):
            if call(port, "GET", "/api/restaurant").body["sales"]["open"]:
                return
        if process.poll() is not None:
            raise Gone("before it listened")
        pause(0.05)
    raise AssertionError("sales never opened")


def struck_by(inject: str, syscalls: str) -> tuple[int | None, list[str]]:
    """A day with one fault: how the process ended, and what the ledgers say a life later."""
    with kept_port() as port, world() as place:
        place.scenarios += 1
        trace = ["-o", "/dev/null", "-e", f"trace={syscalls}", "-e", f"inject={syscalls}:{inject}"]
        with traced(place, port, *trace) as process:
            sold_in(place, port, process)
            code = until_ended(process)
        place.kills += 1
        return code, judged(place)


def calls_of_an_order(folder: Path, syscall: str) -> tuple[int, int]:
    """The n-th call of the busiest thread (the writer's) when sales are open, and when an order is done."""
    with kept_port() as port, world() as place:
        book = place.folder / "strace"
        with traced(place, port, "-o", str(book), "-e", f"trace={syscall}") as process:
            until_open(port, process)
            before = _busiest(book)
            buy(place, port)
            place.views.clear()
            pause(1.0)
            after = _busiest(book)
    return before, after


def _busiest(book: Path) -> int:
    """strace counts `when` by thread; a call that is shown in two halves is one."""
    counts: dict[str, int] = {}
    for line in book.read_text().splitlines():
        thread, _, rest = line.partition(" ")
        if "resumed" not in rest and "(" in rest:
            counts[thread] = counts.get(thread, 0) + 1
    return max(counts.values(), default=0)


def test_4_disk_that_fails_to_sync_stops_the_process_and_the_next_life_is_well() -> None:
    code, found = struck_by("error=EIO:when=16", _SYNCS)
    assert found == []
    assert code == 1, "after a failed fsync the process must end by itself"


def test_4_killed_in_the_middle_of_a_write_to_the_disk_nothing_is_lost() -> None:
    code, found = struck_by("signal=SIGKILL:when=190", "pwrite64")
    assert found == []
    assert code in (-9, 137)


@pytest.mark.long
def test_4_disk_that_fails_at_any_sync_stops_the_process(tmp_path: Path) -> None:
    before, after = calls_of_an_order(tmp_path, _SYNCS)
    for n in range(max(1, before - 3), after + 1, max(1, (after - before) // 6)):
        code, found = struck_by(f"error=EIO:when={n}", _SYNCS)
        assert (code, found) == (1, []), n


@pytest.mark.long
def test_4_killed_at_any_write_to_the_disk_nothing_is_lost(tmp_path: Path) -> None:
    before, after = calls_of_an_order(tmp_path, "pwrite64")
    for n in range(max(1, before - 3), after + 1, max(1, (after - before) // 20)):
        _, found = struck_by(f"signal=SIGKILL:when={n}", "pwrite64")
        assert found == [], n
