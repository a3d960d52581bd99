"""Scripted faults of a simulated device and the control socket that switches them (simulators.md#faults)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


class Controlled(Protocol):
    """What a device offers to the control socket."""

    faults: Faults

    def state(self) -> dict[str, Any]:
        """The device's state for `{"state": true}`."""


class Changed(Protocol):
    """A device hears that a fault was switched."""

    def __call__(self, name: str, *, on: bool) -> None: ...


class Faults:
    """The faults that are on, each with its parameters. `known` maps a name to the parameters it requires."""

    def __init__(self, known: Mapping[str, tuple[str, ...]], changed: Changed | None = None) -> None:
        self.known = known
        self._on: dict[str, dict[str, Any]] = {}
        self._off: dict[str, asyncio.Event] = {}
        self._changed = changed

    def on(self, name: str) -> dict[str, Any] | None:
        """The parameters of a fault that is on, else None. A fault without parameters gives an empty dict:
        test with `is not None`."""
        return self._on.get(name)

    def take(self, name: str) -> dict[str, Any] | None:
        """Like `on`, and switches it off: for faults that strike once."""
        return self._on.pop(name, None)

    def switch(self, name: str, parameters: Mapping[str, Any] = NO_PARAMETERS, *, on: bool = True) -> None:
        """Switches a fault on with its parameters, or off. Raises `ValueError` for an unknown name or a parameter that
        is missing."""
        if name not in self.known:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(sorted(self.known))}")
        missing = [word for word in self.known[name] if on and word not in parameters]
        if missing:
            raise ValueError(f"fault {name!r} needs {', '.join(missing)}")
        if on:
            self._on[name] = dict(parameters)
        else:
            self._on.pop(name, None)
            self._off.pop(name, asyncio.Event()).set()
        if self._changed is not None:
            self._changed(name, on=on)

    async def until_off(self, name: str) -> None:
        """Waits as long as a fault is on."""
        if name in self._on:
            await self._off.setdefault(name, asyncio.Event()).wait()

    def listing(self) -> dict[str, dict[str, Any]]:
        return dict(self._on)


def answer(device: Controlled, line: bytes) -> dict[str, Any]:
    """One control line in, one answer out; never raises."""
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("a JSON object is expected")
        if request.get("state"):
            return {"ok": True, "state": device.state(), "faults": device.faults.listing()}
        name, on = request.pop("fault", None), request.pop("on", True)
        if not isinstance(name, str) or not isinstance(on, bool):
            raise ValueError('expected {"fault": NAME, "on": true|false, …} or {"state": true}')
        device.faults.switch(name, request, on=on)
    except (ValueError, UnicodeDecodeError) as error:
        return {"ok": False, "error": str(error)}
    return {"ok": True}


async def serve_control(device: Controlled, path: Path) -> asyncio.Server:
    """JSON lines over a unix socket; a stale socket file is replaced."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(answer(device, line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    return await asyncio.start_unix_server(session, path)
