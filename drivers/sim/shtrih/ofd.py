"""The simulated registrar's side of the way to the operator: FF30…FF33, FF3C (drive.md#exchange)."""

from __future__ import annotations

from drivers.fiscal.ffd.exchange import BlockSize, KeptTicket, OfdBuffer
from drivers.fiscal.fields import CodecError, Fields
from drivers.fiscal.ofd import TICKET_LIMIT
from drivers.sim.ofd.container import document_message
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.register import Register

_BLOCK = 240
_NO_DATA, _NOT_TAKEN, _BAD_PARAMETERS = 0x08, 0x20, 0x33


def buffer_status(register: Register, operator: int, data: bytes) -> bytes:
    return OfdBuffer(len(_message(register)), _BLOCK).encode()


def read_block(register: Register, operator: int, data: bytes) -> bytes:
    fields, message = Fields(data), _message(register)
    offset, size = fields.uint(2), fields.uint(1)
    if not 0 < size <= _BLOCK or offset + size > len(message):
        raise Refusal(_BAD_PARAMETERS)
    return message[offset : offset + size]


def begin_ticket(register: Register, operator: int, data: bytes) -> bytes:
    size = Fields(data).uint(2)
    if not 0 < size <= TICKET_LIMIT or not _message(register):
        raise Refusal(_BAD_PARAMETERS)
    register.ticket_size, register.ticket = size, b""
    return BlockSize(_BLOCK).encode()


def write_block(register: Register, operator: int, data: bytes) -> bytes:
    """Blocks come in their order; with the last one the drive judges the ticket, and the buffer is empty either way."""
    fields = Fields(data)
    offset, size = fields.uint(2), fields.uint(1)
    block = fields.rest()
    if offset != len(register.ticket) or size != len(block) or offset + size > register.ticket_size:
        raise Refusal(_BAD_PARAMETERS)
    register.ticket += block
    if len(register.ticket) == register.ticket_size:
        ticket, register.ticket, register.ticket_size = register.ticket, b"", 0
        try:
            with register.world.change() as change:
                register.drive.take_ticket(change, ticket)
        except CodecError as error:
            raise Refusal(_NOT_TAKEN) from error
    return b""


def kept_ticket(register: Register, operator: int, data: bytes) -> bytes:
    document = register.drive.document(Fields(data).uint(4))
    kept = None if document is None else register.drive.ticket(document)
    if document is None or kept is None:
        raise Refusal(_NO_DATA)
    return KeptTicket(kept.at, kept.sign, document.number).encode()


def _message(register: Register) -> bytes:
    """The oldest unsent document; empty where the register carries its documents itself, or none waits."""
    first = register.drive.first_unsent() if register.carried_by_host else None
    if first is None:
        return b""
    return document_message(register.drive.state.serial, first.number, first.kind, first.requisites())
