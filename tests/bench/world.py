"""A restaurant for measuring: every device a process of its own, the kiosk another one, started and stopped at will."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from drivers.robot.equipment import demo_file
from tests.bench.load import Connection, connect, request
from tests.restaurant import short_folder

HTTP_DEVICES = ("bank", "sms", "push")
_SERIAL_DEVICES = {"fiscal": "shtrih", "robot": "robot"}
_DEADLINE_S = 120.0
_NOT_COPIED = shutil.ignore_patterns("*.tty", "*.sock", "*.control")
_CONFIG = """
[server]
port = {port}
socket = "{folder}/k.sock"
[database]
path = "{folder}/kiosk.db"
[bank]
url = "http://127.0.0.1:{bank}"
[sms]
url = "http://127.0.0.1:{sms}"
[push]
url = "http://127.0.0.1:{push}"
[fiscal]
port = "{folder}/fiscal.tty"
[robot]
port = "{folder}/robot.tty"
max_promise_s = 1000000
[auth]
limits = {{ logins_per_device_per_minute = 1000000, sms_per_site_per_day = 1000000, resend_s = 0 }}
[log]
level = "error"
"""
_QR_CONFIG = """
[payment]
methods = ["token", "sbp"]
[sbp]
driver = "{driver}"
url = "http://127.0.0.1:{port}{base}"
"""
_READER_CONFIG = """
[payment]
methods = ["token", "terminal"]
[terminal]
driver = "{driver}"
port = "{scheme}://127.0.0.1:{port}{path}"
"""
#: By reader, how it is addressed.
_READER_ADDRESSES = {"vtk": ("tcp", ""), "inpas": ("http", "/")}
#: By bank of QR payments, where its API begins.
_QR_BASES = {"tbank": "/v2", "raif": "/api"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def tick(seconds: float = 0.005) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


def spawn(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(60)


class World:
    """`folder` of another world to begin with: its devices remember what its books tell. `ports`: where the kiosk finds
    a device otherwise than directly. `qr_bank`: whose codes it takes too; `reader`: by which it takes cards."""

    def __init__(self, speed: float = 1000.0, like: Path | None = None, qr_bank: str = "", reader: str = "") -> None:
        self.folder = short_folder()
        self._speed = speed
        if like is not None:
            shutil.copytree(like, self.folder, dirs_exist_ok=True, ignore=_NOT_COPIED)
        self._beside = {name: kind for name, kind in (("sbp", qr_bank), ("terminal", reader)) if kind}
        self.ports = {name: free_port() for name in (*HTTP_DEVICES, *self._beside)}
        self.devices: dict[str, subprocess.Popen[bytes]] = {}
        self.kiosk: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.replaced: dict[str, str] = {}  # in the configuration: text → text

    async def start_devices(self) -> None:
        for name in (*self.ports, *_SERIAL_DEVICES):
            files = [f"--{kind}={self.folder}/{name}.{kind}" for kind in ("state", "ledger", "control")]
            if name in self.ports:
                kind = self._beside.get(name, name)
                quick = ["--speed=100"] if name == "terminal" else []
                self.devices[name] = spawn("drivers.sim", kind, f"--port={self.ports[name]}", *quick, *files)
            else:
                own = [f"--link={self.folder}/{name}.tty", f"--speed={self._speed}", "--seed=1"]
                self.devices[name] = spawn("drivers.sim", _SERIAL_DEVICES[name], *own, *files)
        for name, process in self.devices.items():
            await self._until_ready(name, process)

    async def _until_ready(self, name: str, process: subprocess.Popen[bytes]) -> None:
        end = time.perf_counter() + _DEADLINE_S
        while not (self.folder / f"{name}.control").exists():
            assert process.poll() is None, f"the simulated {name} ended"
            assert time.perf_counter() < end, f"the simulated {name} does not start"
            await tick()

    def switch(self, device: str, fault: str, **members: Any) -> None:
        """Let a device be as slow as a real one."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / f"{device}.control"))
            line.sendall(json.dumps({"fault": fault, "on": True, **members}).encode() + b"\n")
            line.recv(4096)

    async def start_kiosk(self, module: str = "kiosk") -> tuple[float, float]:
        """Seconds from the start of the process to `/readyz` 200, and until it sells."""
        self.port = free_port()
        text = _CONFIG.format(port=self.port, folder=self.folder, **self.ports)
        if driver := self._beside.get("sbp"):
            text += _QR_CONFIG.format(driver=driver, port=self.ports["sbp"], base=_QR_BASES[driver])
        if driver := self._beside.get("terminal"):
            scheme, path = _READER_ADDRESSES[driver]
            text += _READER_CONFIG.format(driver=driver, scheme=scheme, port=self.ports["terminal"], path=path)
        for old, new in self.replaced.items():
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "config.toml").write_text(text)
        began = time.perf_counter()
        self.kiosk = spawn(module, "run", "--config", str(self.folder / "config.toml"))
        line = await self._connected()
        async with asyncio.timeout(_DEADLINE_S):
            while (await line.ask(request("GET", "/readyz")))[0] != 200:
                await tick()
            ready_s = time.perf_counter() - began
            while not (await line.json(request("GET", "/api/restaurant")))["sales"]["open"]:
                await tick()
        line.close()
        return ready_s, time.perf_counter() - began

    async def _connected(self) -> Connection:
        end = time.perf_counter() + _DEADLINE_S
        while True:
            try:
                return await connect(self.port)
            except OSError:
                assert self.kiosk is not None
                assert self.kiosk.poll() is None, "the kiosk ended"
                assert time.perf_counter() < end, "the kiosk does not listen"
                await tick()

    def stop_kiosk(self) -> None:
        if self.kiosk is not None:
            stop(self.kiosk)
            self.kiosk = None

    def close(self) -> None:
        self.stop_kiosk()
        for process in self.devices.values():
            stop(process)
        self.devices.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_devices(self) -> None:
        for process in self.devices.values():
            stop(process)
        self.devices.clear()

    # What the kiosk's process holds.

    def memory_mb(self) -> float:
        assert self.kiosk is not None
        status = Path(f"/proc/{self.kiosk.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def busy_s(self) -> float:
        """Of a core, since its start."""
        assert self.kiosk is not None
        fields = Path(f"/proc/{self.kiosk.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self) -> int:
        assert self.kiosk is not None
        return len(list(Path(f"/proc/{self.kiosk.pid}/fd").iterdir()))

    def file_mb(self, ending: str = "") -> float:
        file = self.folder / f"kiosk.db{ending}"
        return file.stat().st_size / 1e6 if file.exists() else 0.0

    def staff(self) -> aiohttp.ClientSession:
        """The technician's socket."""
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.folder / "k.sock")))

    async def internal(self, path: str) -> Any:
        """Of the technician's socket."""
        async with self.staff() as staff, staff.get(f"http://kiosk{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def refill(self) -> None:
        """A technician fills every bin."""
        async with self.staff() as staff:
            for row in tomllib.loads(demo_file().read_text("utf-8"))["bins"]:
                body = {"bin": row["number"], "amount": row["capacity"]}
                async with staff.post("http://kiosk/internal/stock/refill", json=body) as answer:
                    assert answer.status == 204, await answer.text()


class Guest:
    """Somebody at a screen, on one connection."""

    def __init__(self, line: Connection, token: str) -> None:
        self._line = line
        self.token = token

    @classmethod
    async def come(cls, world: World) -> Guest:
        line = await connect(world.port)
        return cls(line, (await line.json(request("POST", "/api/auth/guest")))["access_token"])

    async def call(self, method: str, path: str, body: object = None) -> Any:
        return await self._line.json(request(method, path, body, self.token), 200, 201, 202)

    async def create(self, items: Sequence[str] = ("tea",)) -> dict[str, Any]:
        body = {"items": [{"item_id": item, "quantity": 1} for item in items], "service": "dine_in"}
        found: dict[str, Any] = await self.call("POST", "/api/orders/create", body)
        return found

    async def pay(self, order_id: str) -> float:
        """Milliseconds from the call to its 200."""
        started = time.perf_counter()
        await self.call("POST", f"/api/orders/{order_id}/payment", {"card_token": "tok_ok"})
        return (time.perf_counter() - started) * 1000

    async def until_taken(self, order_id: str) -> None:
        end = time.perf_counter() + _DEADLINE_S
        while (await self.call("GET", f"/api/orders/{order_id}"))["status"] != "completed":
            assert time.perf_counter() < end, f"{order_id} is not completed"
            await tick(0.02)

    def leave(self) -> None:
        self._line.close()


async def most_in_stock(world: World, count: int) -> list[str]:
    """The dishes of which most is there: the bins are finite here too."""
    line = await connect(world.port)
    menu = await line.json(request("GET", "/api/menu/categories"))
    line.close()
    dishes = [d["id"] for c in menu["categories"] for d in c["items"] if c["id"] != "combos"]
    query = "&".join(f"item={dish}" for dish in dishes)
    rows = (await world.internal(f"/internal/menu/availability?{query}"))["items"]
    return [row["item_id"] for row in sorted(rows, key=lambda row: -row["max_quantity"])[:count]]
