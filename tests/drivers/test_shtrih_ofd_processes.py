"""A host process killed (SIGKILL) at each step of carrying; register and operator are processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import ShtrihSession
from drivers.link import Link, open_serial
from drivers.sim import __main__ as simulators
from tests import folders
from tests.drivers.register_stand import TIMEOUTS
from tests.forked import Forked
from tests.restaurant import ledger

_WAIT_S = 15.0


class Counted:
    """A line whose n-th piece towards the register is the last thing this process does."""

    def __init__(self, link: Link, left: int) -> None:
        self._link = link
        self._left = left
        self.read, self.discard, self.close = link.read, link.discard, link.close

    def write(self, data: bytes) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        self._link.write(data)


async def _carry(port: str, pieces: int) -> None:
    async def open_link(port: str, baudrate: int) -> Link:
        return Counted(await open_serial(port, baudrate), pieces)

    registrar = ShtrihRegistrar(ShtrihSession(open_link=open_link, port=port, baudrate=115200, timeouts=TIMEOUTS))
    while await registrar.ofd.carry() is not None:
        pass
    await registrar.close()
    sys.stdout.write("through\n")
    sys.stdout.flush()


def _host() -> None:
    asyncio.run(_carry(sys.argv[1], int(sys.argv[2])))


@dataclass
class Place:
    folder: Path
    processes: dict[str, Forked] = field(default_factory=dict)

    @property
    def line(self) -> str:
        return str(self.folder / "fiscal.tty")

    def start(self) -> None:
        operator = self._spawn("ofd", "--port", "0").rpartition(" ")[2]
        self._spawn("shtrih", "--link", self.line, "--seed", "7", "--ofd", operator)

    def _spawn(self, name: str, *words: str) -> str:
        files = [f"--{kind}={self.folder}/{name}.{kind}" for kind in ("state", "ledger", "control")]
        self.processes[name] = Forked(simulators.main, [name, *words, *files])
        return self.heard(self.processes[name])

    def heard(self, process: Forked) -> str:
        assert select.select([process.stdout], [], [], _WAIT_S)[0], "nothing was said"
        return os.read(process.stdout, 1000).decode().strip()

    def state(self, name: str) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_WAIT_S)
            client.connect(f"{self.folder}/{name}.control")
            client.sendall(b'{"state": true}\n')
            return dict(json.loads(client.makefile().readline())["state"])

    def disagreements(self) -> list[str]:
        register = self.state("shtrih")
        sent = register["last_document"] - register["unsent_documents"]
        rows = ledger(self.folder / "ofd.ledger")
        there = [row["fiscal_document_number"] for row in rows if row["effect"] == "taken"]
        found = [f"the operator lacks {number}" for number in range(1, sent + 1) if number not in there]
        return found + ([] if there == list(range(1, len(there) + 1)) else [f"taken: {there}"])

    def stop(self) -> None:
        for process in self.processes.values():
            process.end(signal.SIGTERM, _WAIT_S)


@pytest.fixture
def place() -> Iterator[Place]:
    found = Place(folders.new())
    found.start()
    yield found
    found.stop()
    shutil.rmtree(found.folder)


async def _another_document(line: str, *, opened: bool) -> None:
    registrar = ShtrihRegistrar(ShtrihSession(open_link=open_serial, port=line, baudrate=115200, timeouts=TIMEOUTS))
    await (registrar.close_shift() if opened else registrar.open_shift())
    await registrar.close()


def test_killed_at_each_step_a_host_leaves_register_and_operator_agreeing(place: Place) -> None:
    deaths = 0
    for pieces in range(100):
        host = Forked(_host, [place.line, str(pieces)])
        said = place.heard(host)
        host.end(signal.SIGKILL, _WAIT_S)
        assert place.disagreements() == [], pieces
        if said == "through" and place.state("shtrih")["unsent_documents"] == 0 and deaths == pieces:
            break
        deaths += said == ""
        after = Forked(_host, [place.line, "10000"])
        assert place.heard(after) == "through"
        after.end(signal.SIGKILL, _WAIT_S)
        assert place.disagreements() == [], pieces
        assert place.state("shtrih")["unsent_documents"] == 0
        asyncio.run(_another_document(place.line, opened=place.state("shtrih")["shift_open"]))
    assert deaths >= 20
    assert place.state("ofd")["repeated"] > 0, "no death came between the operator's taking and the ticket"
