"""The devices of a simulated day, each on a host of its own: `tests.crash.devices` in the same shape."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.sim import faults
from drivers.sim.atol.device import atol
from drivers.sim.atol_web.device import atol_web
from drivers.sim.gateways.bank import bank
from drivers.sim.gateways.push import push
from drivers.sim.gateways.sms import sms
from drivers.sim.gateways.yookassa import yookassa
from drivers.sim.inpas.device import InpasRules, inpas
from drivers.sim.qr_bank import QrRules
from drivers.sim.raif.device import raif
from drivers.sim.robot.device import RobotRules, robot_of
from drivers.sim.shtrih.device import shtrih
from drivers.sim.site import Site
from drivers.sim.tbank.device import tbank
from drivers.sim.vtk.device import ReaderRules, vtk
from drivers.sim.world import World
from tests.crash import cloud
from tests.crash.devices import QR_BANK
from tests.receiver import new_secret
from tests.restaurant import ledger
from tests.vopr.kafka import kafka
from tests.vopr.network import Line
from tests.vopr.scheduler import Host, Simulation, here
from tests.vopr.storage import leave_behind
from tests.vopr.ways import BROKER_PORT, PUSH_PORT, REGISTRAR_PORT

_PORTS = {"fiscal": REGISTRAR_PORT, "push": PUSH_PORT, "broker": BROKER_PORT}
_PERSON_S = 0.025  # until a card is shown, a code is paid
_READER_WAITS_S = 4  # for a card


class _Cloud(asyncio.Protocol):
    """`tests.crash.cloud` over a transport."""

    def __init__(self, secret: str, book: int) -> None:
        self._secret, self._book, self._heard = secret, book, bytearray()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = bytes(self._heard).partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(body) < int(headers["content-length"]):
            return
        os.write(self._book, cloud.entry(self._secret, headers, body))
        self._transport.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self._transport.close()


@dataclass
class SimulatedDevices:
    """`tests.crash.devices.Devices`: fiscal, robot, bank, SMS and push gateways and cloud, reader and bank of codes,
    a broker."""

    sim: Simulation
    registrar: str
    folder: Path
    names: tuple[str, ...]
    speed: float
    bank: str = "bank"
    robot: str = "robot"
    reader: str = "vtk"
    qr_bank: str = "tbank"
    urls: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    _hosts: dict[str, Host] = field(default_factory=dict)
    _devices: dict[str, Any] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=lambda: dict(_PORTS))
    _starts: int = 0

    def start(self) -> None:
        if self.robot != "robot":
            raise ValueError(f"{self.robot} is not simulated here")
        self.secret_file.write_text(new_secret())
        for name in self.names:
            self.restart(name)

    @property
    def secret_file(self) -> Path:
        return self.folder / "cloud.secret"

    def restart(self, name: str) -> None:
        host = self._hosts[name] = self.sim.host(name)
        self.sim.reached.breaks(f"{name} unplugged", on=False)
        self.sim.run_task(host, self._switch_on(name))

    async def _switch_on(self, name: str) -> None:
        if name == "cloud":
            await self._open_cloud()
            return
        here().on_death.append(lambda: leave_behind(self.folder / f"{name}.state"))
        stack = AsyncExitStack()
        self.sim.keep(stack)
        device = self._devices[name] = await stack.enter_async_context(self._device(name))
        if hasattr(device, "url"):
            self.urls[name] = device.url

    def _port(self, name: str) -> int:
        """The same at each start."""
        if name not in self._ports:
            self._ports[name] = self.sim.free_port()
        return self._ports[name]

    async def _open_cloud(self) -> None:
        book = os.open(self.folder / "cloud.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        secret = self.secret_file.read_text()
        await here().create_server(lambda: _Cloud(secret, book), "127.0.0.1", self._port("cloud"))
        self.urls["cloud"] = f"http://127.0.0.1:{self._port('cloud')}/hook"

    def _device(self, name: str) -> Any:
        state, book, sim = self.folder / f"{name}.state", self.folder / f"{name}.jsonl", self.sim
        site = Site(sim.wall, sim.monotonic, lambda link, on_bytes: Line(sim, link, on_bytes))
        at: dict[str, Any] = {"state": state, "ledger": book, "site": site}
        match name:
            case "bank":
                return (yookassa if self.bank == "yookassa" else bank)(self._port(name), **at)
            case "sms":
                return sms(self._port(name), **at)
            case "push":
                return push(self._port(name), **at)
            case "broker":
                return kafka(self._port(name), **at)
            case "fiscal" if self.registrar == "atol-web":
                return atol_web(self._port(name), seed=1, **at)
            case "fiscal":
                return (atol if self.registrar == "atol" else shtrih)(self.line(name), seed=1, **at)
            case "terminal" | "sbp":
                return self._of_ways(name, at)
        described = self.folder / "complex.toml"
        rules = RobotRules(description=described if described.exists() else None)
        return robot_of(World(name, state, book, site), self.line(name), seed=1, speed=self.speed, rules=rules)

    def _of_ways(self, name: str, at: dict[str, Any]) -> Any:
        """Each start draws other numbers of transactions, as a bank does: what it had before is in its memory."""
        self._starts += 1
        if name == QR_BANK:
            build = raif if self.qr_bank == "raif" else tbank
            return build(self._port(name), rules=QrRules(_PERSON_S), **at)
        if self.reader == "inpas":
            return inpas(self._port(name), seed=self._starts, rules=InpasRules(tap_s=_PERSON_S), **at)
        rules = ReaderRules(tap_s=_PERSON_S, operation_s=_READER_WAITS_S)
        return vtk(self.line(name), seed=self._starts, rules=rules, **at)

    def line(self, name: str) -> Path:
        return self.folder / f"{name}.tty"

    def kill(self, name: str) -> None:
        self._hosts.pop(name).die()
        self.kills += 1
        for kind in [kind for kind in self.sim.reached.broken if kind.startswith(f"{name} ")]:
            self.sim.reached.breaks(kind, on=False)  # what was broken about it has gone with its power
        self.sim.reached.breaks(f"{name} unplugged", on=True)

    def control(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        device, line = self._devices[name], json.dumps(request).encode()
        answer: dict[str, Any] = self.sim.run_in(self._hosts[name], lambda: faults.answer(device, line))
        assert answer["ok"], (name, request, answer)
        return answer

    def fault(self, name: str, fault: str, *, on: bool = True, **parameters: Any) -> None:
        self.control(name, {"fault": fault, "on": on, **parameters})
        self.sim.reached.breaks(f"{name} {fault}", on=on)

    def ledger(self, name: str) -> list[dict[str, Any]]:
        return ledger(self.folder / f"{name}.jsonl")

    def stop(self) -> None:
        """Nothing of them is finalized; the process ends."""
