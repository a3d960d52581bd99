"""Golden frames of VTK readers, byte for byte (docs/protocols/vtk.md#golden-frames)."""

from __future__ import annotations

import pytest

from drivers.terminal.vtk.frames import KIOSK, SerialDecoder, TcpDecoder, crc, encode_serial, encode_tcp
from drivers.terminal.vtk.messages import Message, after
from drivers.terminal.vtk.online import Destination, State
from drivers.terminal.vtk.slip import approval_of
from drivers.terminal.vtk.tlv import CodecError, Tag
from tests.codecs.vtk_vectors import CONNECT, CRC_ALONE, ITS_CRC, MISPRINTED, SALE_OVER_TCP, VECTORS, Vector

NAMED = {vector.says: vector for vector in (*VECTORS, *CONNECT)}


def message_of(vector: Vector) -> Message:
    (fields,) = SerialDecoder(vector.sender).feed(bytes.fromhex(vector.frame))
    return Message.parse(fields)


@pytest.mark.parametrize("says", NAMED)
def test_a_golden_frame_is_read_and_written_byte_for_byte(says: str) -> None:
    vector = NAMED[says]
    assert encode_serial(vector.sender, message_of(vector).encode()) == bytes.fromhex(vector.frame)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.says)
def test_a_golden_frame_says_what_the_papers_say(vector: Vector) -> None:
    found = message_of(vector)
    assert tuple((tag, value.decode()) for tag, value in found.fields) == vector.fields


def test_a_connection_is_told_with_address_port_and_state() -> None:
    asked, answered = (message_of(vector).get(Tag.DESTINATION) for vector in CONNECT)
    assert asked is not None
    assert answered is not None
    to = Destination.parse(asked)
    assert (to.place, to.host, to.port) == (0, "178.62.190.140", 51803)
    assert to.encode(State.ESTABLISHED) == answered


def test_over_tcp_the_same_fields_have_no_start_and_no_crc() -> None:
    sale = message_of(NAMED["a sale of 499.00"])
    assert encode_tcp(KIOSK, sale.encode()) == bytes.fromhex(SALE_OVER_TCP)
    (fields,) = TcpDecoder(KIOSK).feed(bytes.fromhex(SALE_OVER_TCP))
    assert Message.parse(fields) == sale


def test_the_papers_own_slips_are_known() -> None:
    """A length byte is missing in one, so its fields cannot be read; the CRC of another is a misprint."""
    broken = bytes.fromhex(CRC_ALONE)
    assert crc(broken[:-2]).to_bytes(2, "big") == broken[-2:]
    (fields,) = SerialDecoder(KIOSK).feed(broken)
    with pytest.raises(CodecError):
        Message.parse(fields)
    assert crc(bytes.fromhex(MISPRINTED)) == int(ITS_CRC, 16)


def test_a_slip_tells_who_paid_and_by_what_the_bank_knows_it() -> None:
    slip = message_of(NAMED["approved with a slip"]).text(Tag.SLIP)
    found = approval_of(49900, slip)
    assert (found.rrn, found.auth_code, found.reader_id, found.reason) == ("633212345678", "123456", "25201221", None)


def test_a_slip_of_another_bank_is_read_as_far_as_it_goes() -> None:
    slip = "RESULT : DECLINED\r\nPAN: ************1118\nno colon\nCARD:\nRESPONSE CODE:051\nRRN:028810000045\x1b[2J"
    found = approval_of(0, slip)
    assert (found.card_last4, found.card_brand, found.reason) == ("1118", None, "insufficient_funds")
    assert found.rrn is not None
    assert found.rrn.isprintable()
    assert approval_of(0, "").reason is None
    assert approval_of(0, "RESPONSE CODE:096").reason == "response_code_96"


@pytest.mark.parametrize(("text", "amount"), [("00007000", 7000), ("0", 0), ("999999999999", 999_999_999_999)])
def test_amounts_are_decimal_with_leading_zeros(text: str, amount: int) -> None:
    assert Message("FIN", ((Tag.AMOUNT, text.encode()),)).amount_kopecks == amount


@pytest.mark.parametrize("text", ["", "-1", "7 000", "7e3", "1" * 13, "\u0661"])
def test_what_is_no_number_is_no_message(text: str) -> None:
    with pytest.raises(CodecError):
        Message.parse(Message("VRP", ((Tag.AMOUNT, text.encode()),)).encode())


def test_operations_are_counted_to_eight_digits_and_begin_anew() -> None:
    assert [after(0), after(41), after(99_999_998), after(99_999_999)] == [1, 42, 99_999_999, 1]
