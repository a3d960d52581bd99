"""The unit as systemd itself judges it, and what the process tells it: ready, alive, stopping."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.restaurant import short_folder
from tests.store.test_upgrade import old

UNITS = Path(__file__).parent.parent / "systemd"
DEADLINE_S = 40.0
EXPOSURE_LIMIT = 1.5

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=DEADLINE_S)


def verify(text: str, folder: Path) -> str:
    """What systemd says of the unit; the program it starts need not be installed here."""
    unit = folder / "kiosk.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", text))
    done = analyze("verify", "--man=no", str(unit))
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    assert verify((UNITS / "kiosk.service").read_text(), tmp_path) == ""


@needs_systemd
def test_the_check_of_the_unit_sees_a_misspelt_directive(tmp_path: Path) -> None:
    text = (UNITS / "kiosk.service").read_text().replace("ProtectHome=", "ProtectHomes=")
    assert "ProtectHomes" in verify(text, tmp_path)


@needs_systemd
def test_the_exposure_of_the_unit_stays_low() -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(UNITS / "kiosk.service"))
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert float(exposure) <= EXPOSURE_LIMIT


def test_the_unit_names_what_the_process_relies_on() -> None:
    lines = (UNITS / "kiosk.service").read_text().splitlines()
    wanted = ["Type=notify", "WatchdogSec=15", "Restart=always", "RestartSec=1", "StartLimitIntervalSec=0"]
    wanted += ["KillMode=mixed", "TimeoutStopSec=45", "User=kiosk", "StateDirectory=kiosk"]
    wanted += ["ExecStart=/opt/kiosk/.venv/bin/kiosk run --config /etc/kiosk/config.toml"]
    assert [line for line in wanted if line not in lines] == []


def test_the_rules_name_both_serial_devices() -> None:
    rules = (UNITS / "90-kiosk-serial.rules").read_text()
    assert re.findall(r'SYMLINK\+="([^"]+)"', rules) == ["kiosk/fiscal", "kiosk/robot"]


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    (found / "config.toml").write_text("[server]\nport = 0\nsocket = 'k.sock'\n[database]\npath = 'kiosk.db'\n")
    yield found
    shutil.rmtree(found, ignore_errors=True)


@contextlib.contextmanager
def service(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """`kiosk run` as systemd would start it, and the socket where it reports."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(folder / "notify"))
        listener.settimeout(DEADLINE_S)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        command = [sys.executable, "-m", "kiosk", "run", "--config", str(folder / "config.toml")]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder
        )
        try:
            yield process, listener
        finally:
            process.kill()
            process.communicate(timeout=DEADLINE_S)


def until_told(listener: socket.socket, state: str) -> list[str]:
    """Everything told up to and with `state`."""
    told = []
    while state not in told:
        told.append(listener.recv(4096).decode())
    return told


def test_systemd_is_told_of_the_start_of_life_and_of_the_end(folder: Path) -> None:
    (folder / "token.secret").write_text("s" * 40)
    with service(folder) as (process, listener):
        before = until_told(listener, "READY=1")
        assert "STOPPING=1" not in before
        assert until_told(listener, "WATCHDOG=1").count("WATCHDOG=1") == 1
        until_told(listener, "WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        until_told(listener, "STOPPING=1")
        assert process.wait(DEADLINE_S) == 0


def test_a_service_without_its_token_secret_never_says_it_is_ready(folder: Path) -> None:
    with service(folder) as (process, listener):
        _, errors = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 2
        assert b"$.auth.secret_file" in errors
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.recv(4096)


def test_a_start_that_brings_an_old_database_up_to_date_asks_systemd_for_more_time(folder: Path) -> None:
    (folder / "token.secret").write_text("s" * 40)
    old(folder / "kiosk.db")
    with service(folder) as (_, listener):
        told = until_told(listener, "READY=1")
    asked = [state for state in told if state.startswith("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=")]
    assert asked
    assert "from version 9 to 10" in asked[0]
