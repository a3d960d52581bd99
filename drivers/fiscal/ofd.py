"""How a document gets to the operator of fiscal data: one message over TCP, one ticket back, no certificates.

A message is a session header of 30 bytes and the container that the fiscal drive made and encrypted; the ticket comes
back in the same form. The header (data exchange protocol of the tax service, level of the session): signature 2A08410A,
session version 81A2, format version 2, drive number 16 in ASCII, body size, flags and checksum u16 little-endian each.
The content of a container only the drive and the operator can judge.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.fields import CodecError, Fields, crc16, uint

DEVICE = "ofd"
SIGNATURE, SESSION_VERSION = bytes.fromhex("2A08410A"), bytes.fromhex("81A2")
HEADER_SIZE = 30
FLAG_CONTAINER, FLAG_ANSWER_WANTED = 0x04, 0x10
_CHECKED_HEADER, _CHECKED_WHOLE = 1, 2  # bits 0 and 1 of the flags: what the checksum covers
_DRIVE_NUMBER_SIZE = 16
#: The longest message of operator acknowledgement is 512 bytes, the container around it 32 (FFD, table of documents).
TICKET_LIMIT = 2048


@dataclass(frozen=True, slots=True)
class Header:
    """`size`: of the container behind it, bytes; `checksum` 0 where the flags promise none."""

    drive_number: str
    size: int
    format_version: bytes = b"\x01\x20"
    flags: int = FLAG_CONTAINER | FLAG_ANSWER_WANTED
    checksum: int = 0

    def encode(self) -> bytes:
        number = self.drive_number.encode("ascii", errors="replace").ljust(_DRIVE_NUMBER_SIZE)
        if len(number) != _DRIVE_NUMBER_SIZE or len(self.format_version) != 2:
            raise CodecError(f"{self.drive_number!r} is no drive number")
        head = SIGNATURE + SESSION_VERSION + self.format_version + number
        return head + uint(self.size, 2) + uint(self.flags, 2) + uint(self.checksum, 2)

    @classmethod
    def parse(cls, data: bytes) -> Header:
        f = Fields(data)
        if f.take(4) != SIGNATURE or f.take(2) != SESSION_VERSION:
            raise CodecError(f"{data[:6].hex()} begins no message of the operator")
        version, number = f.take(2), f.take(_DRIVE_NUMBER_SIZE)
        if not number.isascii():
            raise CodecError(f"{number.hex()} is no drive number")
        return cls(number.decode().rstrip(), f.uint(2), version, f.uint(2), f.uint(2))


def message_of(header: Header, container: bytes) -> bytes:
    """With the checksum that the flags of `header` promise."""
    plain = Header(header.drive_number, len(container), header.format_version, header.flags).encode()
    checksum = _checksum(header.flags, plain, container)
    return plain[:-2] + uint(checksum or 0, 2) + container


def parse_message(data: bytes) -> tuple[Header, bytes]:
    """Header and container of a whole message. Raises `CodecError`."""
    header, container = Header.parse(data[:HEADER_SIZE]), data[HEADER_SIZE:]
    if len(container) != header.size or not container:
        raise CodecError(f"{len(container)} bytes of a container of {header.size}")
    if _checksum(header.flags, data[:HEADER_SIZE], container) not in (None, header.checksum):
        raise CodecError("the checksum is wrong")
    return header, container


def _checksum(flags: int, header: bytes, container: bytes) -> int | None:
    """CRC16-CCITT over the header less its last field, by the flags also over the container; None: none is promised."""
    checked = flags & 0x03
    if checked not in (_CHECKED_HEADER, _CHECKED_WHOLE):
        return None
    return crc16(header[:-2] + (container if checked == _CHECKED_WHOLE else b""))


@dataclass(frozen=True, slots=True)
class OfdTimeouts:
    connect_s: float = 10.0
    answer_s: float = 30.0  # from the last byte sent to the last byte of the ticket


class OfdClient:
    """One connection for each document. A hostile or broken operator makes nothing but a `DeviceError`."""

    def __init__(self, timeouts: OfdTimeouts | None = None) -> None:
        self._timeouts = timeouts or OfdTimeouts()

    async def exchange(self, host: str, port: int, message: bytes) -> bytes:
        """The ticket for `message`, whole, header first.

        Raises `DeviceUnreachable` (nobody there, silence, closed early: the same document is carried again later) or
        `DeviceRefused` (an answer that is no ticket for this drive).
        """
        reader, writer = await self._connect(host, port)
        try:
            async with asyncio.timeout(self._timeouts.answer_s):
                writer.write(message)
                await writer.drain()
                head = await reader.readexactly(HEADER_SIZE)
                answer = _read_header(head, message)
                ticket = head + await reader.readexactly(answer.size)
        except TimeoutError as error:
            raise DeviceUnreachable(DEVICE, "silent") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise DeviceUnreachable(DEVICE, "closed_early", str(error)) from error
        finally:
            writer.transport.abort()  # a peer that reads nothing would keep an orderly close waiting without an end
        return _whole(ticket)

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._timeouts.connect_s):
                return await asyncio.open_connection(host, port)
        except (OSError, UnicodeError, ValueError) as error:  # a name that IDNA cannot say; a timeout is an OSError
            raise DeviceUnreachable(DEVICE, "no_connection", f"{host}:{port} {error}".rstrip()) from error


def _read_header(head: bytes, message: bytes) -> Header:
    try:
        answer = Header.parse(head)
    except CodecError as error:
        raise DeviceRefused(DEVICE, "no_ticket", str(error)) from error
    if answer.drive_number != Header.parse(message).drive_number:
        raise DeviceRefused(DEVICE, "other_drive", answer.drive_number)
    if not 0 < answer.size <= TICKET_LIMIT - HEADER_SIZE:
        raise DeviceRefused(DEVICE, "no_ticket", f"{answer.size} bytes")
    return answer


def _whole(ticket: bytes) -> bytes:
    try:
        parse_message(ticket)
    except CodecError as error:
        raise DeviceRefused(DEVICE, "no_ticket", str(error)) from error
    return ticket
