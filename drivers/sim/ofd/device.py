"""The simulated operator of fiscal data: documents by drive and number, each taken once, a ticket for each."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.fiscal.fields import CodecError
from drivers.fiscal.ofd import HEADER_SIZE, Header, parse_message
from drivers.sim.faults import Faults
from drivers.sim.gateways.http import serving
from drivers.sim.listener import Listener
from drivers.sim.ofd.container import Container, ticket_message
from drivers.sim.world import World

#: `away`: nobody listens. `refuse`: hangs up before anything is taken. The others take the document: `silent` never
#: answers, `slow` late, `garbage` noise, `half_answer` (once) half a ticket, `wrong_ticket` that of another "drive" or
#: "document", `too_long` promises 65,535 bytes and never stops sending.
FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "away": (),
        "refuse": (),
        "silent": (),
        "garbage": (),
        "slow": ("seconds",),
        "wrong_ticket": ("of",),
        "half_answer": (),
        "too_long": (),
    }
)
_OTHER_DRIVE = "9999000000000001"
_MESSAGE_S = 30.0


class OfdDevice:
    """One message and one ticket a connection. A repeated document gets its ticket again and no second effect."""

    def __init__(self, world: World) -> None:
        self.faults = Faults(FAULTS, self._fault_changed)
        self._listener = Listener(self._talk, lambda: self.faults.on("away") is not None)
        self._world = world
        self._repeated = 0

    def state(self) -> dict[str, Any]:
        taken = [value for _, value in self._world.scan("document:")]
        return {"port": self.port, "documents": len(taken), "repeated": self._repeated}

    @property
    def port(self) -> int:
        return self._listener.port

    async def start(self, port: int) -> None:
        await self._listener.start(port)

    async def stop(self) -> None:
        await self._listener.stop()

    async def settled(self) -> None:
        """Once a fault that was switched is in force."""
        await self._listener.settled()

    def _fault_changed(self, name: str, *, on: bool) -> None:  # noqa: ARG002  # the listener asks what it is by then
        if name == "away":
            self._listener.look()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_MESSAGE_S):
                head = await reader.readexactly(HEADER_SIZE)
                message = head + await reader.readexactly(Header.parse(head).size)
            if self.faults.on("refuse") is None:
                await self._answer(message, writer)
        except (OSError, asyncio.IncompleteReadError, CodecError):
            pass  # whoever is no drive gets no answer
        finally:
            writer.transport.abort() if self.faults.on("refuse") is not None else writer.close()

    async def _answer(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        """Raises `CodecError` for what is no document."""
        _, raw = parse_message(message)
        document = Container.parse(raw)
        self._take(document, raw)
        if (slow := self.faults.on("slow")) is not None:
            await asyncio.sleep(float(slow["seconds"]))
        if self.faults.on("silent") is not None:
            await asyncio.Event().wait()
        if self.faults.on("too_long") is not None:
            await _flood(document.drive_number, writer)
        writer.write(self._ticket(document))
        await writer.drain()

    def _ticket(self, document: Container) -> bytes:
        wrong = (self.faults.on("wrong_ticket") or {}).get("of")
        drive = _OTHER_DRIVE if wrong == "drive" else document.drive_number
        ticket = ticket_message(drive, document.document + (wrong == "document"), self._world.site.now())
        if self.faults.take("half_answer") is not None:
            return ticket[: len(ticket) // 2]
        return os.urandom(len(ticket)) if self.faults.on("garbage") is not None else ticket

    def _take(self, document: Container, raw: bytes) -> None:
        """Raises `CodecError` where the number is another document's already."""
        key, digest = f"document:{document.drive_number}:{document.document:08d}", hashlib.sha256(raw).hexdigest()
        known = self._world.get(key)
        if known is not None:
            self._repeated += 1
            if known != digest:
                raise CodecError(f"{key} is another document")
            return
        with self._world.change() as change:
            change.put(key, digest)
            change.effect(
                "taken",
                fiscal_drive_number=document.drive_number,
                fiscal_document_number=document.document,
                kind=document.kind,
            )


async def _flood(drive_number: str, writer: asyncio.StreamWriter) -> None:
    writer.write(Header(drive_number, 0xFFFF).encode())
    while True:
        writer.write(bytes(4096))
        await writer.drain()
        await asyncio.sleep(0)


def ofd(port: int, *, state: Path, ledger: Path, control: Path | None = None) -> AbstractAsyncContextManager[OfdDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("ofd", state, ledger)
    return serving(OfdDevice(world), world, port, control)
