"""The simulated devices and the cloud's receiver, each a process that outlives the kiosk and can be killed by name."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.sim import __main__ as simulators
from drivers.sim.gateways.http import held_port
from tests.crash import cloud
from tests.forked import Forked
from tests.receiver import new_secret
from tests.restaurant import ledger

START_S = 40.0
DEVICES = ("fiscal", "robot", "bank")
EFFECTS = ("sms", "cloud")
READER, QR_BANK = "terminal", "sbp"
_CARDS_A_SECOND = "40"
SERVERS = ("bank", "sms", "cloud", QR_BANK)


@dataclass
class Devices:
    """`names` are started together; a device that is started again keeps its port, its memory and its ledger.

    A serial line of a killed device leads nowhere: the kernel would give the number of its terminal to the next one
    that is opened, and the link, which the dead cannot remove, would lead to a device of another world. So the number
    is held here until the device is back. So is the number of a TCP port, from before the device's first start.
    """

    folder: Path
    names: tuple[str, ...] = DEVICES
    speed: float = 80.0
    bank: str = "bank"  # or `yookassa`
    reader: str = "vtk"  # or `inpas`, which is a service
    robot: str = "robot"  # or `complex2`, which is at a TCP port
    qr_bank: str = "tbank"  # or `raif`
    urls: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    _processes: dict[str, Forked] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)
    _ports: dict[str, socket.socket] = field(default_factory=dict)

    def start(self) -> None:
        if "cloud" in self.names:
            self.secret_file.write_text(new_secret())
        for name in self.names:
            self._spawn(name)
        for name in self.names:
            self._until_ready(name)

    @property
    def secret_file(self) -> Path:
        return self.folder / "cloud.secret"

    def _spawn(self, name: str) -> None:
        main = cloud.main if name == "cloud" else simulators.main
        self._processes[name] = Forked(main, [*self._arguments(name), f"--ledger={self.folder}/{name}.jsonl"])

    def _arguments(self, name: str) -> list[str]:
        port = str(self._port(name)) if self._is_server(name) else ""
        if name == "cloud":
            return ["--port", port, "--secret-file", str(self.secret_file)]
        common = [f"--state={self.folder}/{name}.state", f"--control={self.folder}/{name}.sock"]
        if name == QR_BANK:
            return [self.qr_bank, "--port", port, "--speed", _CARDS_A_SECOND, *common]
        if name == READER and self.reader == "inpas":
            return ["inpas", "--port", port, "--speed", _CARDS_A_SECOND, "--seed", "1", *common]
        if name in SERVERS:
            return [self.bank if name == "bank" else name, "--port", port, *common]
        link = ["--link", str(self.line(name)), "--seed", "1"]
        if name == "fiscal":
            return ["shtrih", *link, *common]
        if name == READER:
            return ["vtk", *link, "--speed", _CARDS_A_SECOND, *common]
        place = ["--port", str(self._port(name)), "--seed", "1"] if self.robot == "complex2" else link
        described = self.folder / "complex.toml"  # where the kiosk's settings name one
        also = [f"--complex={described}"] if self.robot == "robot" and described.exists() else []
        return [self.robot, *place, "--speed", str(self.speed), *common, *also]

    def _is_server(self, name: str) -> bool:
        return name in SERVERS or (name == READER and self.reader == "inpas")

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = held_port(0)
        return int(self._ports[name].getsockname()[1])

    def _until_ready(self, name: str) -> None:
        stdout = self._processes[name].stdout
        ready, _, _ = select.select([stdout], [], [], START_S)
        assert ready, f"{name} did not start"
        words = os.read(stdout, 1000).decode().split()
        assert words[:1] == ["ready"], (name, words)
        if words[1].startswith(("http", "tcp")):
            self.urls[name] = words[1]
        else:
            self._hold(name)

    def robot_ends(self) -> tuple[str, str]:
        """Of a line that is put between: where the kiosk looks for the robot, and where it is."""
        if self.robot == "complex2":
            return str(self._port("line")), self.urls["robot"]
        return str(self.folder / "line.tty"), str(self.line("robot"))

    @property
    def robot_port(self) -> str:
        """`[robot] port` of a kiosk behind that line."""
        near, _ = self.robot_ends()
        return f"tcp://127.0.0.1:{near}" if near.isdecimal() else near

    def line(self, name: str) -> Path:
        return self.folder / f"{name}.tty"

    def _hold(self, name: str) -> None:
        before = self._held.pop(name, None)
        self._held[name] = os.open(self.line(name), os.O_RDWR | os.O_NOCTTY)
        if before is not None:
            os.close(before)

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def dead(self, name: str) -> bool:
        return self._processes[name].dead()

    def kill(self, name: str) -> None:
        """The plug of one device is pulled."""
        process = self._processes.pop(name)
        self.line(name).unlink(missing_ok=True)  # after `link_lost` it is another terminal than the one held
        process.end(signal.SIGKILL, START_S)
        self.kills += 1

    def restart(self, name: str) -> None:
        self._spawn(name)
        self._until_ready(name)

    def control(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(START_S)
            channel.connect(str(self.folder / f"{name}.sock"))
            channel.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(channel.makefile().readline())
            assert answer["ok"], (name, request, answer)
            return answer

    def fault(self, name: str, fault: str, *, on: bool = True, **parameters: Any) -> None:
        self.control(name, {"fault": fault, "on": on, **parameters})

    def ledger(self, name: str) -> list[dict[str, Any]]:
        return ledger(self.folder / f"{name}.jsonl")

    def stop(self) -> None:
        for process in self._processes.values():
            process.end(signal.SIGTERM, START_S)
        while self._held:
            os.close(self._held.popitem()[1])
        while self._ports:
            self._ports.popitem()[1].close()
