"""The host half of Shtrih-M protocol 2: numbered frames, each carried out once (shtrih.md#numbered-frames)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from drivers.errors import DeviceUnreachable
from drivers.fiscal.once import AnswerLost
from drivers.fiscal.shtrih.frames import code_name, code_of
from drivers.fiscal.shtrih.frames2 import NUMBERS, Broken, Decoder, Event, Numbered, encode, encode_sync
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import Link

_TRIES = 3
_log = logging.getLogger(__name__)


class NumberedLine:
    """Frames over a `Link`. Not reentrant: the caller serialises.

    The device carries out the number after its last one, once. To any other number and to the sync frame it answers
    what it answered last, under that number: so after a lost answer one sync shows whether the command was carried
    out, and the same frame may be sent again. A device that was switched off in between has forgotten both: then its
    fiscal drive says what was carried out (shtrih.md#doubt).
    """

    def __init__(self, link: Link, timeouts: ShtrihTimeouts, device: str) -> None:
        self._link = link
        self._timeouts = timeouts
        self._device = device
        self._number: int | None = None  # of the next frame

    def close(self) -> None:
        self._link.close()

    async def exchange(self, payload: bytes, timeout_s: float) -> bytes:
        """The payload of the answer to exactly this command.

        `DeviceUnreachable`: the device never took the command. `AnswerLost`: it may have taken it.
        """
        code = code_of(payload)
        if self._number is None:
            self._number = _after((await self._synchronise()).number)
        number, self._number = self._number, None
        try:
            return await self._deliver(number, payload, timeout_s)
        except DeviceUnreachable as error:
            raise AnswerLost(code_name(code), silent=True) from error

    async def _deliver(self, number: int, payload: bytes, timeout_s: float) -> bytes:
        code, frame = code_of(payload), encode(number, payload)
        for _ in range(_TRIES):
            told = await self._answer(frame, number, timeout_s)
            if told is None:
                _log.warning("%s: %s: no answer to frame %d", self._device, code_name(code), number)
                told = await self._synchronise()
            self._number = _after(told.number)
            if told.number == number and _answers(told.payload, code):
                return told.payload
            if self._number != number:
                break  # it was switched off, or answers something else
        raise AnswerLost(code_name(code), silent=False)

    async def _synchronise(self) -> Numbered:
        """The last number and its answer; empty where nothing was carried out since power-on. Asked for once in each
        `enquiry_s`, whatever comes back. Raises `DeviceUnreachable`."""
        deadline = self._now() + self._timeouts.enquiry_total_s
        while self._now() < deadline:
            async for event in self._heard(encode_sync(), self._timeouts.enquiry_s):
                if isinstance(event, Numbered):
                    return event
        raise DeviceUnreachable(self._device, "silent")

    async def _answer(self, frame: bytes, number: int, timeout_s: float) -> Numbered | None:
        """What comes under `number`, or under any other from a device that carried out nothing; None after `timeout_s`
        or a broken frame. A late answer to an earlier frame is passed over."""
        async for event in self._heard(frame, timeout_s):
            if isinstance(event, Broken):
                return None
            if isinstance(event, Numbered) and (event.number == number or not event.payload):
                return event
        return None

    async def _heard(self, frame: bytes, timeout_s: float) -> AsyncIterator[Event]:
        """Sends `frame`, then everything that comes until `timeout_s` have passed."""
        self._link.discard()
        self._link.write(frame)
        decoder, deadline = Decoder(), self._now() + timeout_s
        while (left := deadline - self._now()) > 0:
            try:
                events = decoder.feed(await self._link.read(left))
            except TimeoutError:
                return
            for event in events:
                yield event

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _answers(payload: bytes, code: int) -> bool:
    return bool(payload) and payload != b"\xff" and code_of(payload) == code


def _after(number: int) -> int:
    return (number + 1) % NUMBERS
