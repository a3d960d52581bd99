"""Containers of the simulated drive and operator: the form of real ones, with a hash where those have a cipher.

Form (data exchange protocol of the tax service, as real containers show it): length u16, CRC16-CCITT u16 of all else,
kind of message, kind of document, format 1, two service bytes, drive number 8 BCD, document number 3 big-endian, 12
service bytes; then the document: kind u16, length u16, requisites; then the sign of the transmission, 10 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.fiscal.ffd.tlv import DATE_TIME, DOCUMENT_NUMBER, Tlv, parse_tlvs, text_tlv
from drivers.fiscal.fields import CodecError, Fields, crc16, uint
from drivers.fiscal.ofd import Header, message_of, parse_message

DOCUMENT_MESSAGE, TICKET_MESSAGE = 0xA5, 0x5A
TICKET = 7
OFD_INN, OPERATOR_SIGN, DRIVE_NUMBER, MESSAGE_TO_DRIVE, ANSWER_CODE = 1017, 1078, 1041, 1068, 1022
_FORMAT, _SERVICE, _LONG_SERVICE = 1, b"\x10\x09", 12
_INN = "7700000000"


@dataclass(frozen=True, slots=True)
class Container:
    message: int
    kind: int
    drive_number: str
    document: int
    body: bytes

    def encode(self) -> bytes:
        numbers = bytes.fromhex(self.drive_number) + self.document.to_bytes(3, "big")
        document = uint(self.kind, 2) + uint(len(self.body), 2) + self.body
        tail = bytes((self.message, self.kind, _FORMAT)) + _SERVICE + numbers + bytes(_LONG_SERVICE)
        tail += document + self._sign(document)
        length = uint(len(tail) + 4, 2)
        return length + uint(crc16(length + tail), 2) + tail

    def _sign(self, document: bytes) -> bytes:
        source = f"{self.message}:{self.drive_number}:{self.document}:".encode() + document
        kind = b"\x81" if self.message == DOCUMENT_MESSAGE else b"\x82"
        return kind + b"\x06" + hashlib.sha256(source).digest()[:6] + bytes(2)

    @classmethod
    def parse(cls, data: bytes) -> Container:
        """Raises `CodecError`, also for a sign that is not right."""
        f = Fields(data)
        length, checksum = f.uint(2), f.uint(2)
        if length != len(data) or checksum != crc16(data[:2] + data[4:]):
            raise CodecError("the container is damaged")
        message, kind, _ = f.take(3)
        f.take(len(_SERVICE))
        drive, document = f.take(8).hex(), int.from_bytes(f.take(3), "big")
        f.take(_LONG_SERVICE)
        kind, size = f.uint(2), f.uint(2)
        found = cls(message, kind, drive, document, f.take(size))
        if found.encode() != data:
            raise CodecError("the sign of the container is wrong")
        return found


def document_message(drive_number: str, number: int, kind: int, requisites: Sequence[Tlv]) -> bytes:
    """A document on its way to the operator, session's header first."""
    body = b"".join(map(Tlv.encode, requisites))
    container = Container(DOCUMENT_MESSAGE, kind, drive_number, number, body).encode()
    return message_of(Header(drive_number, len(container)), container)


def ticket_message(drive_number: str, number: int, at: datetime, code: int = 0) -> bytes:
    """The operator's acknowledgement: `code` 0 taken, 14 broken rules of form."""
    sign = hashlib.sha256(f"ofd:{drive_number}:{number}".encode()).digest()[:8]
    requisites = (
        text_tlv(OFD_INN, _INN.ljust(12)),
        Tlv(OPERATOR_SIGN, sign),
        text_tlv(DRIVE_NUMBER, drive_number),
        Tlv(DOCUMENT_NUMBER, number.to_bytes(4, "little")),
        Tlv(DATE_TIME, int(at.timestamp()).to_bytes(4, "little")),
        Tlv(MESSAGE_TO_DRIVE, Tlv(ANSWER_CODE, bytes((code,))).encode()),
    )
    body = b"".join(map(Tlv.encode, requisites))
    container = Container(TICKET_MESSAGE, TICKET, drive_number, number, body).encode()
    return message_of(Header(drive_number, len(container), flags=0x04), container)


@dataclass(frozen=True, slots=True)
class Ticket:
    drive_number: str
    number: int
    at: datetime  # UTC
    sign: bytes

    @classmethod
    def parse(cls, message: bytes) -> Ticket:
        """As the drive reads it, session's header first. Raises `CodecError`."""
        header, raw = parse_message(message)
        container = Container.parse(raw)
        told = {tlv.tag: tlv for tlv in parse_tlvs(container.body)}
        if (container.message, container.kind) != (TICKET_MESSAGE, TICKET) or DRIVE_NUMBER not in told:
            raise CodecError("no ticket")
        if not header.drive_number == told[DRIVE_NUMBER].text == container.drive_number:
            raise CodecError("a ticket of two drives")
        try:
            number, stamp = (int.from_bytes(told[tag].value, "little") for tag in (DOCUMENT_NUMBER, DATE_TIME))
            sign = told[OPERATOR_SIGN].value
        except KeyError as error:
            raise CodecError("a ticket without its requisites") from error
        if number != container.document:
            raise CodecError("a ticket of two documents")
        return cls(container.drive_number, number, datetime.fromtimestamp(stamp, UTC), sign)
