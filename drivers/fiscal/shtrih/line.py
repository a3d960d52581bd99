"""The host half of Shtrih-M protocol 1: one command at a time and the fate of its answer (shtrih.md#line)."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum, auto

from drivers.errors import DeviceUnreachable
from drivers.fiscal.once import AnswerLost
from drivers.fiscal.shtrih.frames import ACK, ENQ, NAK, NOISE, STX, Decoder, Frame, code_name, code_of, encode
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import Link

_TRIES = 10
_BABBLE_READS = 50  # a line that never falls silent ends the draining
_log = logging.getLogger(__name__)


class _Delivery(Enum):
    ACCEPTED = auto()
    REFUSED = auto()  # explicit NAKs only: certainly not executed
    DOUBTFUL = auto()


class ShtrihLine:
    """Frames over a `Link`. Not reentrant: the caller serialises."""

    def __init__(self, link: Link, timeouts: ShtrihTimeouts, device: str) -> None:
        self._link = link
        self._timeouts = timeouts
        self._device = device
        self._rest = bytearray()

    def close(self) -> None:
        self._link.close()

    async def exchange(self, payload: bytes, timeout_s: float) -> bytes:
        """The payload of the answer to exactly this command.

        `DeviceUnreachable`: the device never took the command. `AnswerLost`: it may have taken it.
        """
        code = code_of(payload)
        await self._become_idle()
        try:
            delivery = await self._deliver(encode(payload))
            if delivery is not _Delivery.REFUSED:
                return await self._result(code, timeout_s, accepted=delivery is _Delivery.ACCEPTED)
        except DeviceUnreachable as error:
            raise AnswerLost(code_name(code), silent=True) from error
        raise DeviceUnreachable(self._device, "command_not_taken", code_name(code))

    async def _become_idle(self) -> None:
        """ENQ until NAK; a pending answer is a stale one: it is read, acknowledged, named in the log, never used."""
        self._rest.clear()
        self._link.discard()
        deadline = self._now() + self._timeouts.enquiry_total_s
        tries = 0
        while self._now() < deadline:
            tries += 1
            byte = await self._enquire()
            if byte == NAK:
                # Late NAKs of earlier ENQs must not be taken for the answer to our frame.
                if tries == 1 and await self._quiet_now():
                    return
                await self._drain()
                return
            if byte == ACK:
                await self._throw_stale_away()
                tries = 0
            elif byte is not None:
                await self._drain()
        raise DeviceUnreachable(self._device, "silent")

    async def _throw_stale_away(self) -> None:
        stale = await self._receive(self._timeouts.ack_s)
        if stale is not None:
            _log.warning("%s: stale answer %s thrown away: %s", self._device, _name(stale), stale.hex())

    async def _deliver(self, frame: bytes) -> _Delivery:
        """Resends after an explicit NAK only: after silence the command may be running (shtrih.md#line)."""
        for _ in range(_TRIES):
            self._link.write(frame)
            byte = await self._control(self._timeouts.ack_s)
            if byte == ACK:
                return _Delivery.ACCEPTED
            if byte != NAK:
                return _Delivery.DOUBTFUL
            # A frame that lost its STX earns a NAK for every byte; anything else among them is doubt.
            if set(await self._drain()) - {NAK, NOISE}:
                return _Delivery.DOUBTFUL
        return _Delivery.REFUSED

    async def _result(self, code: int, timeout_s: float, *, accepted: bool) -> bytes:
        if accepted:
            answer = await self._receive(timeout_s)
            if answer is not None and _code(answer) == code:
                return answer
        else:
            await self._drain()
        return await self._recover(code, timeout_s + self._timeouts.recovery_s)

    async def _recover(self, code: int, budget_s: float) -> bytes:
        """ENQ: ACK brings the kept answer, NAK means there is none."""
        deadline = self._now() + budget_s
        damaged = 0
        while self._now() < deadline and damaged < _TRIES:
            byte = await self._enquire()
            if byte == NAK:
                raise AnswerLost(code_name(code), silent=False)
            if byte == ACK:
                answer = await self._receive(self._timeouts.ack_s)
                if answer is None:
                    damaged += 1
                elif _code(answer) == code:
                    _log.info("%s: answer %s recovered", self._device, code_name(code))
                    return answer
            elif byte is not None:
                await self._drain()
        raise AnswerLost(code_name(code), silent=damaged == 0)

    async def _receive(self, timeout_s: float) -> bytes | None:
        """One answer, acknowledged; None when it did not come whole (then a NAK is out, unless nothing came)."""
        first = await self._control(timeout_s)
        if first is None:
            return None
        decoder = Decoder()
        events = decoder.feed(bytes((first,))) if first == STX else []
        while first == STX and not events:
            part = await self._some(decoder.wants, self._timeouts.byte_s)
            if not part:
                break
            events = decoder.feed(part)
        if events and isinstance(events[0], Frame):
            self._link.write(bytes((ACK,)))
            return events[0].payload
        await self._drain()
        self._link.write(bytes((NAK,)))
        return None

    async def _enquire(self) -> int | None:
        self._link.write(bytes((ENQ,)))
        return await self._control(self._timeouts.enquiry_s)

    async def _control(self, timeout_s: float) -> int | None:
        """The next byte that is not FF noise; None after `timeout_s`."""
        deadline = self._now() + timeout_s
        while (left := deadline - self._now()) > 0:
            byte = await self._byte(left)
            if byte != NOISE:
                return byte
        return None

    async def _byte(self, timeout_s: float) -> int | None:
        part = await self._some(1, timeout_s)
        return part[0] if part else None

    async def _some(self, most: int, timeout_s: float) -> bytes:
        """What has arrived, `most` bytes of it; nothing after a silence of `timeout_s`."""
        if not self._rest:
            try:
                self._rest += await self._link.read(timeout_s)
            except TimeoutError:
                return b""
        part = bytes(self._rest[:most])
        del self._rest[:most]
        return part

    async def _quiet_now(self) -> bool:
        """Nothing else has arrived with the NAK; costs no wait."""
        while self._rest and self._rest[0] == NOISE:
            self._rest.pop(0)
        return not self._rest

    async def _drain(self) -> bytes:
        """Read until the line is silent for a byte's time."""
        drained = bytes(self._rest)
        self._rest.clear()
        for _ in range(_BABBLE_READS):
            try:
                drained += await self._link.read(self._timeouts.byte_s)
            except TimeoutError:
                break
        return drained

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _code(payload: bytes) -> int | None:
    """None for an answer too short to say."""
    return None if payload == b"\xff" else code_of(payload)


def _name(payload: bytes) -> str:
    code = _code(payload)
    return "?" if code is None else code_name(code)
