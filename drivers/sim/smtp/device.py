"""The simulated mail server: takes letters by SMTP and delivers each it has taken, a repeated one twice, as mail is."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.sim.faults import Faults
from drivers.sim.gateways.http import serving
from drivers.sim.listener import Listener
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

#: `down`: nobody listens. `hold`: no answer while it is on. `busy`: 451 to each letter. `refuse`: 550 to each
#: addressee. `lose_answer` (once): the letter is taken and the connection breaks. `endless`: an answer that never ends.
FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"down": (), "slow": ("seconds",), "hold": (), "busy": (), "refuse": (), "lose_answer": (), "endless": ()}
)
_TALK_S = 60.0
_LONGEST_LETTER = 1024 * 1024


class _HungUp(Exception):
    """The conversation is over."""


class SmtpDevice:
    """HELO, EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT of RFC 5321; no sign-in, no encryption: it is this machine's."""

    def __init__(self, world: World) -> None:
        self.faults = Faults(FAULTS, self._fault_changed)
        self._listener = Listener(self._talk, lambda: self.faults.on("down") is not None)
        self._world = world
        self._tries = 0

    def state(self) -> dict[str, Any]:
        """`tries`: letters that were begun since the start, also those that were not taken."""
        return {"port": self.port, "tries": self._tries, "letters": [row for _, row in self._world.scan("letter:")]}

    @property
    def port(self) -> int:
        return self._listener.port

    async def start(self, port: int) -> None:
        await self._listener.start(port)

    async def stop(self) -> None:
        await self._listener.stop()

    def _fault_changed(self, name: str, *, on: bool) -> None:  # noqa: ARG002  # the listener asks what it is by then
        if name == "down":
            self._listener.look()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_TALK_S):
                await self._converse(reader, writer)
        except (OSError, TimeoutError, _HungUp, asyncio.IncompleteReadError, ValueError):
            pass  # whoever does not speak SMTP is hung up on
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender, receivers = "", list[str]()
        await self._say(writer, "220 mail.invalid ESMTP")
        while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            word, _, rest = line.partition(" ")
            match word.upper():
                case "EHLO":
                    await self._say(writer, "250-mail.invalid\r\n250-8BITMIME\r\n250 SMTPUTF8")
                case "MAIL":
                    self._tries += 1
                    sender, receivers = _address(rest), []
                    await self._say(writer, "451 try later" if self.faults.on("busy") is not None else "250 OK")
                case "RCPT":
                    refused = self.faults.on("refuse") is not None
                    receivers += [] if refused else [_address(rest)]
                    await self._say(writer, "550 no such mailbox" if refused else "250 OK")
                case "DATA" if receivers:
                    await self._say(writer, "354 go on")
                    self._take(sender, receivers, await _letter(reader))
                    if self.faults.take("lose_answer") is not None:
                        writer.transport.abort()
                        raise _HungUp
                    await self._say(writer, "250 taken")
                case "HELO" | "RSET" | "NOOP":
                    await self._say(writer, "250 OK")
                case "QUIT":
                    await self._say(writer, "221 bye")
                    raise _HungUp
                case _:
                    await self._say(writer, "502 not here")

    async def _say(self, writer: asyncio.StreamWriter, text: str) -> None:
        await self.faults.until_off("hold")
        if (slow := self.faults.on("slow")) is not None:
            await asyncio.sleep(float(slow["seconds"]))
        while self.faults.on("endless") is not None:
            writer.write(b"250-and more\r\n" * 64)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(f"{text}\r\n".encode())
        await writer.drain()

    def _take(self, sender: str, receivers: list[str], body: bytes) -> None:
        found = email.message_from_bytes(body, policy=email.policy.default)
        text = found.get_body(("plain",)) or found
        files = {str(part.get_filename()): len(part.get_payload(decode=True)) for part in found.iter_attachments()}
        told = {
            "from": sender,
            "to": ", ".join(receivers),
            "subject": str(found["Subject"] or ""),
            "text": str(text.get_content()).replace("\r\n", "\n").strip(),
            "message_id": str(found["Message-ID"] or ""),
            **({"attachments": files} if files else {}),
        }
        number = len(list(self._world.scan("letter:"))) + 1
        with self._world.change() as change:
            change.put(f"letter:{number:08d}", told)
            change.effect("delivered", **told)


def _address(text: str) -> str:
    """`FROM:<a@b> SIZE=1` → `a@b`."""
    return text.partition("<")[2].partition(">")[0]


async def _letter(reader: asyncio.StreamReader) -> bytes:
    """Up to the line with a dot alone (RFC 5321 4.5.2). Raises `ValueError` for one without end."""
    found = bytearray()
    while (line := await reader.readline()) != b".\r\n":
        if not line or len(found) > _LONGEST_LETTER:
            raise ValueError("no end of the letter")
        found += line[1:] if line.startswith(b".") else line
    return bytes(found)


def smtp(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[SmtpDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("smtp", state, ledger, site)
    return serving(SmtpDevice(world), world, port, control)
