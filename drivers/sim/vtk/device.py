"""A simulated Vendotek reader: power, faults and wire around `reader.Reader`, at a pseudo-terminal or a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.sim.faults import NO_PARAMETERS, Faults, serve_control
from drivers.sim.noise import Noise
from drivers.sim.pty import at_a_line
from drivers.sim.site import HERE, Site
from drivers.sim.vtk.account import Account
from drivers.sim.vtk.reader import (
    AFTER_BANK,
    AFTER_STORE,
    AUTOCANCEL,
    AUTOFINAL,
    BEFORE_BANK,
    KEEP,
    Reader,
    ReaderRules,
)
from drivers.sim.world import World
from drivers.terminal.vtk.frames import KIOSK, READER, START, SerialDecoder, TcpDecoder, encode_serial, encode_tcp
from drivers.terminal.vtk.messages import Message
from drivers.terminal.vtk.tlv import CodecError, Tag

__all__ = ["KNOWN_FAULTS", "NetworkedVtk", "ReaderRules", "VtkDevice", "vtk", "vtk_over_network"]

# `tap`, `refuse_card` and `unplug` are people at the screen: a card is shown now, the cable is pulled for a moment.
# `on_idl_after_approval`, `abr` and `stores_late` are habits of a firmware. `online`: it reaches its bank through us.
KNOWN_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tap": (),
        "refuse_card": (),
        "unplug": (),
        "nobody_taps": (),
        "decline": (),
        "partial": ("kopecks",),
        "slow": ("seconds",),
        "off": (),
        "link_lost": (),
        "silent": (),
        "not_ready": (),
        "lose_answer": ("after",),
        "power_cut": ("at",),
        "foreign_sale": (),
        "on_idl_after_approval": ("do",),
        "abr": ("do",),
        "stores_late": (),
        "noise": ("rate",),
        "bytewise": (),
        "garbage": (),
        "bad_crc": (),
        "long_lengths": (),
        "online": ("host", "port"),
    }
)
_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "power_cut": ("at", (BEFORE_BANK, AFTER_BANK, AFTER_STORE)),
        "on_idl_after_approval": ("do", (KEEP, AUTOCANCEL, AUTOFINAL)),
        "abr": ("do", ("honoured", "ignored")),
        "lose_answer": ("after", ("IDL", "DIS", "STA", "VRP", "FIN")),
    }
)
_AT_ONCE = ("tap", "refuse_card", "unplug", "foreign_sale")  # they happen, and are over
_USUAL = ReaderRules()
_UNPLUGGED_S = 2.0
_STRAY = b"\x00\x1f\x1f\x00\x03noise\x1f"


class VtkDevice:
    """Bytes in by `feed`, bytes out by `send`; needs a running event loop. `plugged` hears of the pulled cable; `now_s`
    is the time by which the reader measures silence."""

    def __init__(
        self,
        world: World,
        send: Callable[[bytes], None],
        *,
        plugged: Callable[[bool], None] | None = None,
        seed: int | None = None,
        rules: ReaderRules = _USUAL,
        over_network: bool = False,
        reboot_s: float = 0.3,
    ) -> None:
        self.faults: Faults = _CheckedFaults(KNOWN_FAULTS, self._switched)
        self._rng = random.Random(seed)
        self.account = Account(world, self._rng)
        self._send_bytes = send
        self._plugged = plugged
        self._rules = rules
        self._over_network = over_network
        self._reboot_s = reboot_s
        self._heard = Noise(self.faults, self._rng, START).heard
        self._loop = asyncio.get_running_loop()
        self.now_s: Callable[[], float] = self._loop.time
        self._booting: asyncio.TimerHandle | None = None
        self._reader: Reader | None = None
        self.heard: list[str] = []  # names of messages, since the start
        self._boot()

    def feed(self, data: bytes) -> None:
        """A stream that cannot be told apart is nothing to a reader either: it waits for a new connection."""
        if self._reader is None:
            return
        try:
            frames = self._decoder.feed(self._heard(data))
        except CodecError:
            self.connected()
            return
        for frame in frames:
            with contextlib.suppress(CodecError):
                message = Message.parse(frame)
                self.heard.append(message.name)
                if self._reader is not None:
                    self._reader.take(message)

    def connected(self) -> None:
        """Another connection begins another stream."""
        self._decoder = TcpDecoder(KIOSK) if self._over_network else SerialDecoder(KIOSK)

    def state(self) -> dict[str, Any]:
        return {
            "powered": self._reader is not None,
            "operation": self.account.operation,
            "sale": self.account.sale,
            "waits_for_card": self._reader is not None and self._reader.waits_for_card,
        }

    def _boot(self) -> None:
        self._booting = None
        self.connected()
        self._reader = Reader(self.account, self.faults, self._rules, self._send, self._cut_power, lambda: self.now_s())

    def power_off(self) -> None:
        if self._booting is not None:
            self._booting.cancel()
            self._booting = None
        if self._reader is not None:
            self._reader.power_off()
            self._reader = None

    def _cut_power(self) -> None:
        """In the middle of a sale; it comes back by itself."""
        self.power_off()
        if self._plugged is not None and self._over_network:
            for plugged in (False, True):
                self._plugged(plugged)
        self._booting = self._loop.call_later(self._reboot_s, self._boot)

    def _pull(self) -> None:
        plugged = self._plugged
        if plugged is not None:
            plugged(False)  # noqa: FBT003
            self._loop.call_later(_UNPLUGGED_S, lambda: plugged(True))  # noqa: FBT003

    def _send(self, message: Message) -> None:
        if self.faults.on("silent") is not None or self._is_lost(message.name):
            return
        frame = self._framed(message)
        if self.faults.on("garbage") is not None and not self._over_network:
            frame = _STRAY + frame
        if self.faults.take("bad_crc") is not None and not self._over_network:
            frame = frame[:-1] + bytes((frame[-1] ^ 1,))
        frame = self._heard(frame)
        if self.faults.on("bytewise") is None:
            self._send_bytes(frame)
            return
        for at in range(len(frame)):
            self._loop.call_soon(self._send_bytes, frame[at : at + 1])

    def _framed(self, message: Message) -> bytes:
        fields = message.encode()
        if self.faults.on("long_lengths") is not None:
            parts = ((Tag.NAME, message.name.encode()), *message.fields)
            fields = b"".join(bytes((tag, 0x82)) + len(value).to_bytes(2, "big") + value for tag, value in parts)
        return (encode_tcp if self._over_network else encode_serial)(READER, fields)

    def _is_lost(self, name: str) -> bool:
        lose = self.faults.on("lose_answer")
        if lose is None or lose["after"] != name:
            return False
        self.faults.take("lose_answer")
        return True

    def _switched(self, name: str, *, on: bool) -> None:
        if name == "off":
            self.power_off()
            if not on:
                self._boot()
        elif name == "link_lost" and self._plugged is not None:
            self._plugged(not on)
        elif name in _AT_ONCE and on:
            self.faults.take(name)
            self._happens(name)

    def _happens(self, name: str) -> None:
        if name == "foreign_sale":
            self.account.take_from_another()
        elif name == "unplug":
            self._pull()
        elif self._reader is not None:
            self._reader.tap(refused=name == "refuse_card")


class _CheckedFaults(Faults):
    """Refuses values a fault cannot have."""

    def switch(self, name: str, parameters: Mapping[str, Any] = NO_PARAMETERS, *, on: bool = True) -> None:
        if on and name in _CHOICES:
            word, choices = _CHOICES[name]
            if parameters.get(word) not in choices:
                raise ValueError(f"fault {name!r}: {word} is one of {', '.join(choices)}")
        if on and name in ("noise", "slow") and not isinstance(next(iter(parameters.values()), None), int | float):
            raise ValueError(f"fault {name!r}: {self.known[name][0]} is a number")
        if on and name == "partial" and not isinstance(parameters.get("kopecks"), int):
            raise ValueError("fault 'partial': kopecks is a whole number")
        super().switch(name, parameters, on=on)


@asynccontextmanager
async def vtk(
    link: Path,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    rules: ReaderRules = _USUAL,
    site: Site = HERE,
) -> AsyncIterator[VtkDevice]:
    """The reader at a pseudo-terminal until the context is left, which is a power cut for it."""
    world = World("vtk", state, ledger, site)

    def build(send: Callable[[bytes], None], plugged: Callable[[bool], None]) -> VtkDevice:
        return VtkDevice(world, send, plugged=plugged, seed=seed, rules=rules)

    async with at_a_line(world, link, control, build) as device:
        try:
            yield device
        finally:
            device.power_off()


class NetworkedVtk:
    """The reader at a TCP port: one kiosk at a time, the newest."""

    def __init__(self, world: World, seed: int | None, rules: ReaderRules) -> None:
        self.port = 0
        self._writer: asyncio.StreamWriter | None = None
        self._serving: set[asyncio.Task[None] | None] = set()
        self._plugged = True
        self.device = VtkDevice(
            world, self._send, plugged=lambda on: self._plug(on=on), seed=seed, rules=rules, over_network=True
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._hang_up()
        if not self._plugged:
            writer.transport.abort()
            return
        self._serving.add(asyncio.current_task())
        self._writer = writer
        self.device.connected()
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                self.device.feed(data)
        writer.transport.abort()

    async def end(self) -> None:
        self.device.power_off()
        self._hang_up()
        await asyncio.gather(*filter(None, self._serving))

    def _send(self, data: bytes) -> None:
        if self._writer is not None:
            self._writer.write(data)

    def _plug(self, *, on: bool) -> None:
        self._plugged = on
        if not on:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None


@asynccontextmanager
async def vtk_over_network(
    port: int,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    rules: ReaderRules = _USUAL,
) -> AsyncIterator[NetworkedVtk]:
    """The same at a port of loopback; 0 takes a free one."""
    world = World("vtk", state, ledger)
    found = NetworkedVtk(world, seed, rules)
    server = await asyncio.start_server(found.serve, "127.0.0.1", port)
    found.port = server.sockets[0].getsockname()[1]
    controlling = None if control is None else await serve_control(found.device, control)
    try:
        yield found
    finally:
        if controlling is not None:
            controlling.close()
        server.close()
        await found.end()
        world.close()
