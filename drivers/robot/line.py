"""The Modbus line to the complex: one request at a time, silence where the protocol wants it, honest errors.

A serial port speaks RTU. Behind `tcp://host:port` is Modbus TCP or an adapter that carries the serial line: the first
questions find out which (robot.md#line). Over RTU nothing tells a late answer from the answer to the next question but
function and length; hence the silence after every request that did not end well. The heads of blocks are checked by
`modbus`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.link import TCP, Link, LinkOpener, open_line
from drivers.robot.adu import (
    ExceptionAnswer,
    ForeignAnswer,
    Framing,
    ModbusTcp,
    Question,
    Rtu,
    granted,
    read_registers,
    write_register,
    write_registers,
)
from drivers.robot.port import LineQuality

DEVICE = "robot"

_ILLEGAL_VALUE, _BUSY = 3, 6
#: A device that lost its power leaves a connection on which nothing ever comes, for minutes also after it is back.
_DEAD_AFTER = 3
_UNKNOWN_AFTER = frozenset({4, 5})  # "failed while doing it", "accepted, still working"


@dataclass(frozen=True, slots=True)
class ModbusTimings:
    """`quiet_s` must be longer than the slowest answer; `refresh_s` is the greatest age of a cached block,
    `stations_s` that of the stations."""

    timeout_s: float = 0.5
    quiet_s: float = 0.5
    gap_s: float = 0.002
    refresh_s: float = 5.0
    stations_s: float = 2.0


class Unheard(Exception):
    """Sent, and no answer of any use came; `code` says whether one of none did."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def framings(port: str, unit: int) -> list[Framing]:
    """How a device at `port` may speak, in the order of asking. An RTU device takes a header of Modbus TCP for noise
    and stays silent; it is asked twice, for some lose the frame that follows noise."""
    return [ModbusTcp(unit), Rtu(unit), Rtu(unit)] if port.startswith(TCP) else [Rtu(unit)]


class ModbusLine:
    """Opens the port when it is needed and again after it was lost. Not for concurrent use: the owner has the lock."""

    def __init__(
        self, port: str, baudrate: int, unit: int, timings: ModbusTimings, open_link: LinkOpener = open_line
    ) -> None:
        self._open_link = open_link
        self._port = port
        self._baudrate = baudrate
        self._timings = timings
        self._link: Link | None = None
        self._silent_until = 0.0
        self._framings = framings(port, unit)
        self._proven = len(self._framings) == 1
        self._unanswered = 0
        self.quality = LineQuality()

    async def read(self, address: int, count: int) -> list[int]:
        """Input registers. `DeviceUnreachable`: no answer; `ForeignState`: the device has no such registers."""
        try:
            return await self.ask(read_registers(address, count))
        except Unheard as error:
            raise DeviceUnreachable(DEVICE, error.code, f"registers {address}…") from error
        except ExceptionAnswer as answer:
            raise self._complaint(answer, f"reading {address}") from answer

    async def write(self, address: int, values: Sequence[int]) -> None:
        """Holding registers in one FC16. `DeviceUnreachable`: never sent; `OutcomeUnknown`: sent, not confirmed."""
        await self._write(write_registers(address, values), address)

    async def write_one(self, address: int, value: int) -> None:
        """One holding register by FC06; errors as in `write`."""
        await self._write(write_register(address, value), address)

    async def ask(self, question: Question) -> list[int]:
        """One request and what it was granted. Raises `Unheard`, `ExceptionAnswer`; never sent: `DeviceUnreachable`."""
        link = await self._send(question)
        sent_at = _now()
        try:
            found = await self._granted(link, question)
        except ExceptionAnswer:
            self._count(sent_at)
            self._heard()
            raise
        except (TimeoutError, ForeignAnswer, DeviceUnreachable) as error:
            foreign = isinstance(error, ForeignAnswer)
            self._count(sent_at, unanswered=int(not foreign), foreign=int(foreign))
            self._not_heard(error)
            raise Unheard("foreign_answer" if foreign else "no_answer") from error
        self._count(sent_at)
        self._heard()
        return found

    def _count(self, sent_at: float, *, unanswered: int = 0, foreign: int = 0) -> None:
        before = self.quality
        self.quality = LineQuality(
            asked=before.asked + 1,
            unanswered=before.unanswered + unanswered,
            foreign=before.foreign + foreign,
            busy_s=before.busy_s + _now() - sent_at,
        )

    def be_quiet(self) -> None:
        """From now on nothing is sent for `quiet_s`: what is still under way must not meet the next request. Numbered
        answers cannot be mistaken."""
        if not (self._proven and self._framings[0].numbered):
            self._silent_until = _now() + self._timings.quiet_s

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    async def _write(self, question: Question, address: int) -> None:
        await self.find_framing()
        try:
            await self.ask(question)
        except Unheard as error:
            raise OutcomeUnknown(DEVICE, error.code, f"writing {address}") from error
        except ExceptionAnswer as answer:
            raise self._complaint(answer, f"writing {address}") from answer

    async def find_framing(self) -> None:
        """Only questions are tried in a language that may be the wrong one."""
        for _ in self._framings:
            if self._proven:
                return
            try:
                await self.ask(read_registers(0, 1))
            except Unheard:
                continue
            except ExceptionAnswer:
                return
        if not self._proven:
            raise DeviceUnreachable(DEVICE, "no_answer", self._port)

    async def _send(self, question: Question) -> Link:
        """A line that was lost meanwhile is opened again, once: nothing has left."""
        for again in (True, False):
            link = await self._ready()
            link.discard()
            self.be_quiet()  # holds even if the call is cancelled
            try:
                link.write(self._framings[0].frame(question))
            except (DeviceUnreachable, OSError) as error:
                self.close()
                if not again:
                    raise DeviceUnreachable(DEVICE, "link_lost", str(error)) from error
            else:
                return link
        raise AssertionError  # the second turn returns or raises

    async def _granted(self, link: Link, question: Question) -> list[int]:
        """Raises `TimeoutError`, `ExceptionAnswer`, `ForeignAnswer`, or `DeviceUnreachable` where the line broke."""
        heard = bytearray()
        deadline = _now() + self._timings.timeout_s
        while True:
            heard += await link.read(max(0.0, deadline - _now()))
            pdu = self._framings[0].answer(heard)
            if pdu is not None:
                return granted(question, pdu)

    def _heard(self) -> None:
        self._proven, self._unanswered = True, 0
        self._silent_until = 0.0 if self._framings[0].numbered else _now() + self._timings.gap_s

    def _not_heard(self, error: Exception) -> None:
        """A stream of frames that does not hold together is begun anew; a language nobody answered in is changed."""
        self.be_quiet()
        self._unanswered += 1
        broken = isinstance(error, ForeignAnswer) and self._framings[0].numbered
        dead = self._port.startswith(TCP) and self._unanswered >= _DEAD_AFTER
        if broken or dead or isinstance(error, DeviceUnreachable):
            self.close()
        if not self._proven:
            self._framings.append(self._framings.pop(0))

    async def _ready(self) -> Link:
        """An open line after its due silence."""
        if self._link is None:
            await asyncio.sleep(0)  # a caller that asks on and on for a missing port must not hold the loop
            try:
                self._link = await self._open_link(self._port, self._baudrate)
            except DeviceUnreachable as error:
                raise DeviceUnreachable(DEVICE, error.code, error.detail) from error
            self._proven, self._unanswered = len(self._framings) == 1, 0
            self.be_quiet()
        # Whatever the port still hears meanwhile is thrown away before the next request: this silence is the flush.
        await asyncio.sleep(max(0.0, self._silent_until - _now()))
        return self._link

    def _complaint(self, answer: ExceptionAnswer, where: str) -> Exception:
        """The error that an exception response means."""
        detail = f"{where}: exception {answer.code}"
        if answer.code == _ILLEGAL_VALUE:
            return DeviceRefused(DEVICE, "bad_request", detail)
        if answer.code == _BUSY:
            return DeviceUnreachable(DEVICE, "busy", detail)
        if answer.code in _UNKNOWN_AFTER:
            return OutcomeUnknown(DEVICE, "device_failure", detail)
        return ForeignState(DEVICE, "foreign_map", detail)


def _now() -> float:
    return asyncio.get_running_loop().time()
