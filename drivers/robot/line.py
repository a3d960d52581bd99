"""The Modbus RTU line to the complex: one request at a time, silence where the protocol wants it, honest errors.

pymodbus takes a late answer for the answer to the next request, even with another length or function
(protocols/robot.md §3). Hence no retries inside it, silence after every request that did not end well, and a check of
each answer's function, length and address; the block headers are checked by `modbus`.
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.link import TCP, host_of

DEVICE = "robot"

_Client = AsyncModbusSerialClient | AsyncModbusTcpClient

_READ_INPUT, _WRITE_ONE, _WRITE_MANY = 4, 6, 16
_ILLEGAL_VALUE, _BUSY = 3, 6
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


class ModbusLine:
    """Opens the port when it is needed and again after it was lost. Not for concurrent use: the owner has the lock."""

    def __init__(self, port: str, baudrate: int, unit: int, timings: ModbusTimings) -> None:
        self._port = port
        self._baudrate = baudrate
        self._unit = unit
        self._timings = timings
        self._client: _Client | None = None
        self._silent_until = 0.0

    async def read(self, address: int, count: int) -> list[int]:
        """Input registers. `DeviceUnreachable`: no answer; `ForeignState`: the device has no such registers."""
        client = await self._ready()
        call = client.read_input_registers
        answer = await self._exchange(lambda: call(address, count=count, device_id=self._unit))
        if answer is None:
            raise DeviceUnreachable(DEVICE, "no_answer", f"registers {address}…")
        if answer.isError():
            raise self._complaint(answer, f"reading {address}")
        if answer.function_code != _READ_INPUT or len(answer.registers) != count:
            self.be_quiet()
            raise DeviceUnreachable(DEVICE, "foreign_answer", f"registers {address}…")
        return list(answer.registers)

    async def write(self, address: int, values: Sequence[int]) -> None:
        """Holding registers in one FC16. `DeviceUnreachable`: never sent; `OutcomeUnknown`: sent, not confirmed."""
        client = await self._ready()
        call, words = client.write_registers, list(values)
        answer = await self._exchange(lambda: call(address, words, device_id=self._unit))
        self._check_write(answer, _WRITE_MANY, address)
        if answer is None or answer.count != len(words):
            self.be_quiet()
            raise OutcomeUnknown(DEVICE, "foreign_answer", f"writing {address}")

    async def write_one(self, address: int, value: int) -> None:
        """One holding register by FC06; errors as in `write`."""
        client = await self._ready()
        call = client.write_register
        answer = await self._exchange(lambda: call(address, value, device_id=self._unit))
        self._check_write(answer, _WRITE_ONE, address)

    def be_quiet(self) -> None:
        """From now on nothing is sent for `quiet_s`: what is still under way must not meet the next request."""
        self._silent_until = _now() + self._timings.quiet_s

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _exchange(self, call: Callable[[], Awaitable[ModbusPDU]]) -> ModbusPDU | None:
        """One request and its answer, or None when it stayed unanswered. Never sent: `DeviceUnreachable`."""
        self.be_quiet()  # stands if the call is cancelled
        try:
            answer = await call()
        except ConnectionException as error:
            raise DeviceUnreachable(DEVICE, "link_lost", str(error)) from error
        except ModbusException:
            self.be_quiet()
            return None
        self._silent_until = _now() + self._timings.gap_s
        return answer

    async def _ready(self) -> _Client:
        """An open line after its due silence."""
        if self._client is None or not self._client.connected:
            self.close()
            await asyncio.sleep(0)  # a caller that asks on and on for a missing port must not hold the loop
            self._client = await self._open()
            self.be_quiet()
        # The reader runs meanwhile and throws away what was left in the port: this silence is also the flush.
        await asyncio.sleep(max(0.0, self._silent_until - _now()))
        if not self._client.connected:
            raise DeviceUnreachable(DEVICE, "link_lost", self._port)
        return self._client

    async def _open(self) -> _Client:
        """pyserial locks the port by flock (`exclusive=True`), so that a killed process leaves no lock behind."""
        on_network = self._port.startswith(TCP)
        if not on_network and not os.path.exists(self._port):
            raise DeviceUnreachable(DEVICE, "port_missing", self._port)
        client = self._over_network() if on_network else self._over_serial()
        try:
            opened = await client.connect()
        except (OSError, termios.error) as error:  # a terminal that hung up meanwhile
            raise DeviceUnreachable(DEVICE, "port_missing", str(error)) from error
        if not opened:
            client.close()
            raise DeviceUnreachable(DEVICE, "port_missing" if on_network else "port_busy", self._port)
        return client

    def _over_serial(self) -> AsyncModbusSerialClient:
        return AsyncModbusSerialClient(
            self._port,
            framer=FramerType.RTU,
            baudrate=self._baudrate,
            timeout=self._timings.timeout_s,
            retries=0,
            reconnect_delay=0,
        )

    def _over_network(self) -> AsyncModbusTcpClient:
        """The same frames through an adapter that carries a serial line."""
        host, port = host_of(self._port)
        return AsyncModbusTcpClient(
            host, port=port, framer=FramerType.RTU, timeout=self._timings.timeout_s, retries=0, reconnect_delay=0
        )

    def _check_write(self, answer: ModbusPDU | None, function: int, address: int) -> None:
        if answer is None:
            raise OutcomeUnknown(DEVICE, "no_answer", f"writing {address}")
        if answer.isError():
            raise self._complaint(answer, f"writing {address}")
        if answer.function_code != function or answer.address != address:
            self.be_quiet()
            raise OutcomeUnknown(DEVICE, "foreign_answer", f"writing {address}")

    def _complaint(self, answer: ModbusPDU, where: str) -> Exception:
        """The error that an exception response stands for."""
        code = answer.exception_code
        detail = f"{where}: exception {code}"
        if code == _ILLEGAL_VALUE:
            return DeviceRefused(DEVICE, "bad_request", detail)
        if code == _BUSY:
            return DeviceUnreachable(DEVICE, "busy", detail)
        if code in _UNKNOWN_AFTER:
            return OutcomeUnknown(DEVICE, "device_failure", detail)
        return ForeignState(DEVICE, "foreign_map", detail)


def _now() -> float:
    return asyncio.get_running_loop().time()
