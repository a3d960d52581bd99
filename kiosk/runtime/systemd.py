"""sd_notify in a dozen lines of standard library: READY, STOPPING, WATCHDOG (no library is alive for it)."""

from __future__ import annotations

import os
import re
import socket


def notify(state: str) -> None:
    """Notify systemd; nothing happens where it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        channel.sendall(state.encode())


def watchdog_period_s() -> float | None:
    """Half of what the unit allows, or None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if re.fullmatch("[0-9]{1,18}", microseconds) else None
