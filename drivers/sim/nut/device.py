"""The simulated supply with its server `upsd`: a battery that empties while the mains are gone and fills afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.sim.faults import Faults
from drivers.sim.gateways.http import serving
from drivers.sim.listener import Listener
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

UPS = "ups"
#: `mains_lost`: the battery supplies. `battery_left` (once): so much is left. `battery_low`: it ends. `worn`: it is to
#: be replaced. `stale`: the server has lost the supply. `unknown`: it knows none of that name. `down`: nobody listens.
#: `hold`: no answer while it is on. `garbage`: bytes that are no answer. `endless`: an answer that never ends.
FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mains_lost": (),
        "battery_left": ("percent",),
        **dict.fromkeys(("battery_low", "worn", "stale", "unknown", "down", "hold", "garbage", "endless"), ()),
    }
)
_LASTS_S = 1200.0  # a full battery at this load
_FILLS_S = 3600.0
_LOW_PERCENT = 20.0
_TALK_S = 60.0


class NutDevice:
    """VER, NETVER, LIST UPS, LIST VAR, GET VAR, LOGOUT of RFC 9271; nothing can be commanded by it."""

    def __init__(self, world: World) -> None:
        self.faults = Faults(FAULTS, self._fault_changed)
        self._listener = Listener(self._talk, lambda: self.faults.on("down") is not None)
        self._world = world
        self._charge = float(world.get("charge", 100.0))
        self._since = world.site.monotonic()
        self.asked = 0  # lists of what it says, since the start

    def state(self) -> dict[str, Any]:
        return {"port": self.port, "status": self._status(), "charge_percent": round(self._charged(), 1)}

    @property
    def port(self) -> int:
        return self._listener.port

    async def start(self, port: int) -> None:
        await self._listener.start(port)

    async def stop(self) -> None:
        await self._listener.stop()

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "down":
            self._listener.look()
        if name == "battery_left" and (left := self.faults.take(name)) is not None:
            self._charge, self._since = float(left["percent"]), self._world.site.monotonic()
        if name == "mains_lost":
            self._settle(lost=not on)
            with self._world.change() as change:
                change.put("charge", self._charge)
                change.effect("mains_lost" if on else "mains_back", percent=round(self._charge, 1))

    def _settle(self, *, lost: bool) -> None:
        """What the battery holds by now; `lost`: whether the mains were gone until now."""
        now = self._world.site.monotonic()
        passed_s, self._since = now - self._since, now
        change = -passed_s / _LASTS_S if lost else passed_s / _FILLS_S
        self._charge = min(100.0, max(0.0, self._charge + 100 * change))

    def _charged(self) -> float:
        self._settle(lost=self._lost)
        return _LOW_PERCENT / 2 if self.faults.on("battery_low") is not None else self._charge

    @property
    def _lost(self) -> bool:
        return self.faults.on("mains_lost") is not None

    def _status(self) -> str:
        charge = self._charged()
        words = ["OB", "DISCHRG"] if self._lost else ["OL", *(["CHRG"] if charge < 100 else [])]
        words += ["LB"] if charge <= _LOW_PERCENT else []
        return " ".join([*words, *(["RB"] if self.faults.on("worn") is not None else [])])

    def _variables(self) -> dict[str, str]:
        charge = self._charged()
        return {
            "battery.charge": f"{charge:.0f}",
            "battery.charge.low": f"{_LOW_PERCENT:.0f}",
            "battery.runtime": f"{charge / 100 * _LASTS_S:.0f}",
            "device.mfr": "Simulated",
            "ups.load": "35",
            "ups.model": 'Back "1000"',
            "ups.status": self._status(),
        }

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_TALK_S):
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            pass  # whoever does not speak the protocol is hung up on
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            await self.faults.until_off("hold")
            if self.faults.on("garbage") is not None:
                writer.write(b"\x00\xff\xfe VAR\n" * 3)
                return
            if line == "LOGOUT":
                writer.write(b"OK Goodbye\n")
                return
            for answer in self._answers(line):
                writer.write(f"{answer}\n".encode())
                await writer.drain()

    def _answers(self, line: str) -> Iterator[str]:
        match line.split():
            case ["VER"]:
                yield "Network UPS Tools upsd 2.8.0 - simulated"
            case ["NETVER"]:
                yield "1.3"
            case ["LIST", "UPS"]:
                yield from ("BEGIN LIST UPS", f'UPS {UPS} "simulated"', "END LIST UPS")
            case ["LIST", "VAR", name]:
                yield from self._listed(name)
            case ["GET", "VAR", name, variable]:
                yield self._refusal(name) or self._one(variable)
            case _:
                yield "ERR UNKNOWN-COMMAND"

    def _refusal(self, name: str) -> str | None:
        if name != UPS or self.faults.on("unknown") is not None:
            return "ERR UNKNOWN-UPS"
        return "ERR DATA-STALE" if self.faults.on("stale") is not None else None

    def _listed(self, name: str) -> Iterator[str]:
        if refusal := self._refusal(name):
            yield refusal
            return
        self.asked += 1
        yield f"BEGIN LIST VAR {UPS}"
        while True:
            yield from (_told(variable, value) for variable, value in self._variables().items())
            if self.faults.on("endless") is None:
                break
        yield f"END LIST VAR {UPS}"

    def _one(self, variable: str) -> str:
        value = self._variables().get(variable)
        return "ERR VAR-NOT-SUPPORTED" if value is None else _told(variable, value)


def _told(variable: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'VAR {UPS} {variable} "{escaped}"'


def nut(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[NutDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("nut", state, ledger, site)
    return serving(NutDevice(world), world, port, control)
