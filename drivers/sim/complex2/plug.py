"""The second complex's end of the wire: pymodbus's server over Modbus TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.sim.complex2 import image

_UNIT, _UNIT_AT = 1, 6
_READ_BITS, _READ_INPUT, _WRITES = 2, 4, (6, 16)

#: It tells of every frame that is none, with all that was said before: what a line brings is our business, not a log's.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

Read = Callable[[int], list[int]]
Write = Callable[[int, list[int]], ExcCodes | None]


class Plug:
    """`read` gives a block of input registers by its address, `inputs` the discrete ones, `write` judges what is
    written; what passes the wire goes through `heard`, and `answered` is told when an answer leaves."""

    def __init__(
        self,
        *,
        read: Read,
        inputs: Callable[[], int],
        write: Write,
        heard: Callable[[bytes], bytes],
        answered: Callable[[], None],
    ) -> None:
        self._read = read
        self._inputs = inputs
        self._write = write
        self._heard = heard
        self._answered = answered
        self._server: ModbusTcpServer | None = None

    async def listen(self, port: int) -> None:
        """At this port of loopback; nothing where it listens already. Raises `RuntimeError` where it cannot."""
        if self._server is None:
            self._server = ModbusTcpServer(
                SimDevice(_UNIT, simdata=_registers(), action=self._ask),
                address=("127.0.0.1", port),
                ignore_missing_devices=True,
                trace_packet=lambda sending, data: self._passes(data, sending=sending),
            )
            await self._server.serve_forever(background=True)

    def hang_up(self) -> None:
        """No answer any more, also not to what is being asked."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def _passes(self, data: bytes, *, sending: bool) -> bytes:
        if sending:
            if data[_UNIT_AT] != _UNIT:
                return b""  # the library answers for units that are not there with exception 4
            asyncio.get_running_loop().call_soon(self._answered)
        return self._heard(data)

    async def _ask(
        self,
        function: int,
        begins: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """pymodbus's hook: fills in what is read (`registers` are those from `begins` on), judges what is written."""
        if function in _WRITES:
            return None if values is None else self._write(address, [int(value) for value in values])
        if function == _READ_BITS:
            registers[0] = self._inputs()
        elif function == _READ_INPUT:
            for at, size in image.BLOCKS.items():
                if at < address + count and address < at + size:
                    registers[at - begins : at - begins + size] = self._read(at)
        else:
            return ExcCodes.ILLEGAL_FUNCTION
        return None


def _registers() -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
    """Coils (the library wants some; `_ask` refuses them), discrete inputs, holding and input registers."""

    def block(at: int, size: int = 1) -> SimData:
        return SimData(at, count=size, datatype=DataType.REGISTERS)

    bits: Any = [False] * 16
    holding = [
        block(image.MAILBOX, image.MAILBOX_SIZE),
        block(image.BEAT),
        block(image.CHART, image.CHART_SIZE),
        block(image.LABEL, image.LABEL_SIZE),
    ]
    inputs = [block(at, size) for at, size in image.BLOCKS.items()]
    return (
        [SimData(0, values=bits, datatype=DataType.BITS)],
        [SimData(0, values=bits, datatype=DataType.BITS)],
        holding,
        inputs,
    )
