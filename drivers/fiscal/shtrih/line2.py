"""The host half of Shtrih-M protocol 2: numbered frames; a lost answer stays lost (protocols/shtrih.md §1)."""

from __future__ import annotations

import asyncio
import logging

from drivers.errors import DeviceUnreachable
from drivers.fiscal.shtrih.frames import code_name, code_of
from drivers.fiscal.shtrih.frames2 import NUMBERS, Broken, Decoder, Numbered, encode, encode_sync
from drivers.fiscal.shtrih.line import AnswerLost
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import Link

_log = logging.getLogger(__name__)


class NumberedLine:
    """Frames over a `Link`. Not reentrant: the caller serialises.

    Whether a device repeats the answer to a repeated number is not known, so nothing is ever sent twice: after a lost
    answer the number is asked for anew, and the drive's memory says what was carried out (§3).
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
            await self._synchronise()
        number, self._number = self._number or 0, None
        try:
            answer = await self._ask(encode(number, payload), timeout_s)
            if answer is not None and answer.number == number and _answers(answer.payload, code):
                self._number = (number + 1) % NUMBERS
                return answer.payload
            _log.warning("%s: %s: no answer to frame %d", self._device, code_name(code), number)
            await self._synchronise()
        except DeviceUnreachable as error:
            raise AnswerLost(code, silent=True) from error
        raise AnswerLost(code, silent=False)

    async def _synchronise(self) -> None:
        deadline = self._now() + self._timeouts.enquiry_total_s
        while self._now() < deadline:
            told = await self._ask(encode_sync(), self._timeouts.enquiry_s)
            if told is not None and not told.payload:
                self._number = (told.number + 1) % NUMBERS
                return
        raise DeviceUnreachable(self._device, "silent")

    async def _ask(self, frame: bytes, timeout_s: float) -> Numbered | None:
        """The first whole frame that comes; None after `timeout_s` or a broken one."""
        self._link.discard()
        self._link.write(frame)
        decoder, deadline = Decoder(), self._now() + timeout_s
        while (left := deadline - self._now()) > 0:
            try:
                events = decoder.feed(await self._link.read(left))
            except TimeoutError:
                return None
            for event in events:
                if isinstance(event, Numbered):
                    return event
                if isinstance(event, Broken):
                    return None
        return None

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _answers(payload: bytes, code: int) -> bool:
    return bool(payload) and payload != b"\xff" and code_of(payload) == code
