"""A line on which requests can be spoilt on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.errors import DeviceUnreachable
from drivers.robot.adu import Question, crc16
from drivers.robot.line import ModbusLine

Spoil = Callable[[bytes], bytes]


class RoughLine(ModbusLine):
    """See `ModbusLine`. One owner."""

    @property
    def numbered(self) -> bool:
        """Whether it is Modbus TCP."""
        return self._framings[0].numbered

    async def spoilt(self, question: Question, spoil: Spoil) -> bytes:
        """Sends what `spoil` makes of the frame; every byte that is heard within the time of an answer. Ends what was
        begun: by silence, over TCP by the connection."""
        await self.find_framing()
        link = await self._ready()
        link.discard()
        link.write(spoil(self._framings[0].frame(question)))
        heard = bytearray()
        deadline = asyncio.get_running_loop().time() + self._timings.timeout_s
        try:
            while True:
                heard += await link.read(max(0.0, deadline - asyncio.get_running_loop().time()))
        except (TimeoutError, DeviceUnreachable):
            pass
        self._end_request()
        return bytes(heard)

    def _end_request(self) -> None:
        if self.numbered:
            self.close()
        self.be_quiet()

    def for_another_unit(self, frame: bytes) -> bytes:
        if self.numbered:
            return frame[:6] + bytes((frame[6] % 247 + 1,)) + frame[7:]
        other = bytes((frame[0] % 247 + 1,)) + frame[1:-2]
        return other + crc16(other).to_bytes(2, "little")

    def damaged(self, frame: bytes) -> bytes:
        """A wrong CRC; over TCP the number of a protocol that does not exist."""
        if self.numbered:
            return frame[:2] + b"\x13\x37" + frame[4:]
        return frame[:-1] + bytes((frame[-1] ^ 0x55,))

    def cut_short(self, frame: bytes) -> bytes:
        return frame[: len(frame) // 2]
