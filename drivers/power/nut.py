"""The client of Network UPS Tools' server `upsd` (RFC 9271): what the supply says, asked each time anew.

Nothing is changed at the supply, so that no answer can leave anything in doubt: silence is silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import re

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.power.port import PowerState
from drivers.text import shown

PORT = 3493  # RFC 9271 4.1
_DEVICE = "ups"
_LONGEST_LINE = 1024
_MOST_LINES = 500
_VARIABLE = re.compile(r'VAR (?P<ups>\S+) (?P<name>[A-Za-z0-9_.-]+) "(?P<value>(?:[^"\\]|\\.)*)"')
#: What the server answers while it has no word of the supply itself: nothing is wrong with the question.
_NOT_NOW = frozenset({"DATA-STALE", "DRIVER-NOT-CONNECTED"})


class NutUps:
    """`name` of the supply at the server, as in `ups.conf`."""

    def __init__(self, name: str, host: str, port: int, timeout_s: float = 3.0) -> None:
        self._name = name
        self._host = host
        self._port = port
        self._timeout_s = timeout_s

    async def state(self) -> PowerState:
        """Raises `DeviceUnreachable` (`offline`; `no_data` where only the supply is silent), `DeviceRefused`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                lines = await self._list()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise DeviceUnreachable(_DEVICE, "offline", str(error)) from error
        return state_of(lines, self._name)

    async def _list(self) -> list[str]:
        """The lines of the answer, the first and the last included. Raises `ValueError` for one without end."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=_LONGEST_LINE)
        try:
            writer.write(f"LIST VAR {self._name}\n".encode())
            await writer.drain()
            lines: list[str] = []
            while len(lines) < _MOST_LINES:
                raw = (await reader.readuntil(b"\n")).strip()
                line = shown(raw.decode("utf-8", "replace"))
                lines.append(line)
                if line.startswith(("END LIST VAR", "ERR")):
                    writer.write(b"LOGOUT\n")
                    return lines
            raise ValueError("an answer without end")
        except asyncio.LimitOverrunError as error:
            raise ValueError("a line without end") from error
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def state_of(lines: list[str], name: str) -> PowerState:
    """Of an answer to LIST VAR (RFC 9271 4.2.7). Raises what `NutUps.state` raises."""
    last = lines[-1] if lines else ""
    if last.startswith("ERR"):
        code = last.removeprefix("ERR").split(maxsplit=1)
        raise _refusal(code[0] if code else "")
    found = {
        match["name"]: re.sub(r"\\(.)", r"\1", match["value"])
        for line in lines
        if (match := _VARIABLE.fullmatch(line)) is not None and match["ups"] == name
    }
    words = found.get("ups.status", "").split()
    if not {"OL", "OB"} & set(words):  # it is being started, or says nothing that is known
        raise DeviceUnreachable(_DEVICE, "no_data", " ".join(words))
    return PowerState(
        on_battery="OB" in words,
        low="LB" in words or "FSD" in words,
        replace="RB" in words,
        charge_percent=_number(found.get("battery.charge"), 0, 100),
        runtime_s=_number(found.get("battery.runtime"), 0, 1e7),
        words=" ".join(words),
        model=found.get("ups.model", ""),
    )


def _refusal(code: str) -> DeviceError:
    if code in _NOT_NOW:
        return DeviceUnreachable(_DEVICE, "no_data", code)
    return DeviceRefused(_DEVICE, "refused", code or "an unreadable refusal")


def _number(text: str | None, least: float, most: float) -> float | None:
    """None for what is no number, or none of a battery."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if least <= found <= most else None
