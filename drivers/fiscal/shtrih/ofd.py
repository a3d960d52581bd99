"""A Shtrih-M register's documents carried to the operator by the host (drive.md#exchange).

FF30 says how long the message for the operator is, FF31 reads it: it comes whole, with the session's header. FF32 and
FF33 give the ticket back, header included; the drive judges it when the last block is there. The register has no other
commands of a session with the operator.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.fields import CodecError
from drivers.fiscal.ofd import HEADER_SIZE, OfdClient, parse_message
from drivers.fiscal.once import AnswerLost
from drivers.fiscal.port import DEVICE, OfdSettings
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.commands import Request
from drivers.fiscal.shtrih.errors import UNSUPPORTED
from drivers.fiscal.shtrih.layout import Layouts
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession
from drivers.fiscal.shtrih.table_answers import TableValue

_ADDRESS, _PORT = 1, 2
_EXCHANGE = 2  # of the table of network interfaces
_BY_HOST = 0  # else a network interface of the register's own
_NUMBER_SIZE = 2  # of a field that is a number; some models keep the port as text
_NO_SUCH_COMMAND = (0x01, UNSUPPORTED)
#: FFD version 1.2 as some firmware writes it, and as operators want it (the vendor's driver mends the same bytes).
_VERSION_AT, _WRONG_VERSION, _RIGHT_VERSION = slice(6, 8), b"\x01\x02", b"\x01\x20"
_UNCHECKED = bytes(2)
_A = TypeVar("_A")


@dataclass(frozen=True, slots=True)
class ShtrihOfd:
    """`drivers.fiscal.port.DocumentCarrier`. One short command at a time under the registrar's lock; while the operator
    is waited for, nothing is held."""

    session: ShtrihSession
    lock: asyncio.Lock
    client: OfdClient
    layouts: Layouts

    async def settings(self) -> OfdSettings:
        address, port = await self._address()
        network = (await self.layouts.layout(self._ask)).network_table
        exchange = None if network is None else await self._cell(network, _EXCHANGE)
        return OfdSettings(
            address=address,
            port=port,
            by_host=None if exchange is None else exchange.number == _BY_HOST,
            host_possible=await self._knows_buffer(),
        )

    async def carry(self) -> int | None:
        """`DeviceRefused` also where documents wait and none is offered, or a ticket that was taken moved none."""
        waiting = await self._ask(commands.ofd_status())
        if not waiting.queue:
            return None
        host, port = await self._address()  # each time: a technician may have mended it
        if not host or not port:
            raise DeviceRefused(DEVICE, "no_ofd_address")
        await self._give(await self.client.exchange(host, port, await self._message()))
        left = await self._ask(commands.ofd_status())
        if left.queue and left.first_document == waiting.first_document:
            raise DeviceRefused(DEVICE, "ticket_without_effect", f"document {waiting.first_document}")
        return waiting.first_document

    async def _message(self) -> bytes:
        """The message that waits; one that is not whole is read again another time."""
        buffer = await self._ask(commands.ofd_buffer())
        if not buffer.size or not buffer.block:
            raise DeviceRefused(DEVICE, "no_document_offered", f"{buffer.size} bytes by {buffer.block}")
        message = b""
        while len(message) < buffer.size:
            wanted = min(buffer.block, buffer.size - len(message))
            block = await self._ask(commands.read_ofd_block(len(message), wanted))
            if not block.data or len(block.data) > wanted:
                raise DeviceUnreachable(DEVICE, "unreadable_message", f"{len(block.data)} bytes instead of {wanted}")
            message += block.data
        try:
            parse_message(message)
        except CodecError as error:
            raise DeviceUnreachable(DEVICE, "unreadable_message", str(error)) from error
        return _mended(message)

    async def _address(self) -> tuple[str, int]:
        table = (await self.layouts.layout(self._ask)).ofd_table
        address, port = await self._cell(table, _ADDRESS), await self._cell(table, _PORT)
        return "" if address is None else address.text.strip(), 0 if port is None else _port(port)

    async def _give(self, ticket: bytes) -> None:
        """Raises `DeviceRefused` where the drive does not take it. A lost answer proves nothing and costs nothing: the
        document is still in the queue, or it is not."""
        block = (await self._do(commands.begin_ticket(len(ticket)))).block
        if not block:
            raise DeviceRefused(DEVICE, "no_ticket_wanted")
        for at in range(0, len(ticket), block):
            await self._do(commands.write_ticket_block(at, ticket[at : at + block]))

    async def _knows_buffer(self) -> bool:
        try:
            await self._ask(commands.ofd_buffer())
        except ShtrihRefused as refused:
            return refused.number not in _NO_SUCH_COMMAND
        return True

    async def _cell(self, table: int, field: int) -> TableValue | None:
        try:
            return await self._ask(commands.read_table(table, 1, field))
        except ShtrihRefused:
            return None

    async def _ask(self, request: Request[_A]) -> _A:
        async with self.lock:
            return await self.session.ask(request)

    async def _do(self, request: Request[_A]) -> _A:
        try:
            async with self.lock:
                return await self.session.command(request)
        except AnswerLost as lost:
            raise DeviceUnreachable(DEVICE, "answer_lost", str(lost)) from lost


def _port(value: TableValue) -> int:
    if len(value.raw) <= _NUMBER_SIZE:
        return value.number
    text = value.text.strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) < 1 << 16 else 0


def _mended(message: bytes) -> bytes:
    if message[_VERSION_AT] != _WRONG_VERSION or message[HEADER_SIZE - 2 : HEADER_SIZE] != _UNCHECKED:
        return message
    return message[: _VERSION_AT.start] + _RIGHT_VERSION + message[_VERSION_AT.stop :]
