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

from kiosk.config.settings import Server
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


def ask(listener: socket.socket) -> socket.socket:
    """A guest who has asked and waits for the answer."""
    guest = socket.create_connection(listener.getsockname(), DEADLINE_S)
    guest.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    return guest


def answer(guest: socket.socket) -> bytes:
    with guest:
        return b"".join(iter(lambda: guest.recv(4096), b""))


@contextlib.contextmanager
def behind(listener: socket.socket, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The kiosk as a socket unit starts it."""
    words = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
        " os.execv(sys.executable, [sys.executable, '-m', 'kiosk', 'run'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", words, str(listener.fileno())],
        cwd=folder,
        pass_fds=[listener.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def door(folder: Path) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        text = (folder / "config.toml").read_text().replace("port = 0", f"port = {listener.getsockname()[1]}")
        (folder / "config.toml").write_text(text)
        (folder / "token.secret").write_text("s" * 40)
        yield listener


def test_who_asks_while_the_kiosk_is_started_again_is_answered_by_the_next_process(
    folder: Path, door: socket.socket
) -> None:
    first = ask(door)  # nobody is there yet
    with behind(door, folder) as process:
        assert answer(first).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    between = ask(door)
    with behind(door, folder):
        assert answer(between).startswith(b"HTTP/1.1 200")


def test_a_socket_unit_of_another_port_than_the_settings_is_refused_by_name(folder: Path, door: socket.socket) -> None:
    (folder / "config.toml").write_text("[server]\nport = 0\nsocket = 'k.sock'\n[database]\npath = 'kiosk.db'\n")
    with behind(door, folder) as process:
        _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert b"$.server.port: kiosk.socket listens at" in errors


def test_the_socket_unit_holds_the_door_of_the_settings() -> None:
    lines = (UNITS / "kiosk.socket").read_text().splitlines()
    assert f"ListenStream=127.0.0.1:{Server().port}" in lines
