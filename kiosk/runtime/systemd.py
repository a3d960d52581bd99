"""sd_notify and sd_listen_fds in some lines of standard library (no library is alive for them)."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from pathlib import Path

_FIRST_INHERITED = 3  # SD_LISTEN_FDS_START


def notify(state: str) -> None:
    """Notify systemd; nothing happens where it did not start us, or listens no more: no stop fails for that."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
    ):
        channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        channel.sendall(state.encode())


def inherited_listener() -> socket.socket | None:
    """The listening socket of a socket unit, which outlives this process: who connects while it is started again waits
    for the next one (sd_listen_fds). None where there is none. Raises `ValueError` where there are several."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1":
        raise ValueError(f"systemd hands over {count or 'no'} sockets, wanted is one")
    listener = socket.socket(fileno=_FIRST_INHERITED)
    listener.set_inheritable(False)
    return listener


def brings_back() -> bool:
    """Whether systemd started us, which starts again what ended."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def runtime_folder() -> Path | None:
    """Where the unit keeps what lives as long as it does (`RuntimeDirectory=`); None without one."""
    first = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None


def watchdog_period_s() -> float | None:
    """Half of what the unit allows, or None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if re.fullmatch("[0-9]{1,18}", microseconds) else None
