"""Messages to the operator of fiscal data and tickets from there, against bytes of real ones.

Headers: the unit tests of yandex/ofd (an operator's own implementation), and the message of a test drive that another
public program was tried with. Tickets: two that the operator «Такском» answered that drive; container checksums are
inside, so each byte is proved.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fiscal.ffd.tlv import DOCUMENT_NUMBER, parse_tlvs
from drivers.fiscal.fields import CodecError, crc16
from drivers.fiscal.ofd import HEADER_SIZE, Header, message_of, parse_message
from drivers.sim.ofd.container import (
    ANSWER_CODE,
    DRIVE_NUMBER,
    MESSAGE_TO_DRIVE,
    TICKET,
    TICKET_MESSAGE,
    Container,
    ticket_message,
)
from tests.clocks import START

YANDEX_HEADER = bytes.fromhex("2a08410a81a20001 39393939303738393530202020202020 310114000000")
DRIVE_HEADER = bytes.fromhex("2a08410a81a20120 39393939303738393032303133323637 270114000000")
TICKETS = {
    1: bytes.fromhex(
        "770045ef5a070110099999078902013267000001e1dd304e1a9321ad0002004d07004900f9030c00373730343231313230312020"
        "36040800880686ce8830000311041000393939393037383930323031333236371004040001000000f403040030c9e6662c040500"
        "fe0301000e820636937ded906b0000"
    ),
    2: bytes.fromhex(
        "7700d5ac5a070110099999078902013267000002f0b189c0d5d9d1480002004d07004900f9030c00373730343231313230312020"
        "3604080088068196dc3c000311041000393939393037383930323031333236371004040002000000f40304001fd2e6662c040500"
        "fe030100008206e19719dc04530000"
    ),
}


@pytest.mark.parametrize(
    ("raw", "header"),
    [
        (YANDEX_HEADER, Header("9999078950", 305, b"\x00\x01")),
        (DRIVE_HEADER, Header("9999078902013267", 295, b"\x01\x20")),
    ],
)
def test_a_header_is_read_and_written_as_others_do(raw: bytes, header: Header) -> None:
    assert Header.parse(raw) == header
    assert header.encode() == raw
    assert header.flags == 0b10100


@pytest.mark.parametrize("number", TICKETS)
def test_the_checksum_of_an_operators_tickets_is_ours(number: int) -> None:
    ticket = TICKETS[number]
    assert crc16(ticket[:2] + ticket[4:]) == int.from_bytes(ticket[2:4], "little")
    message = message_of(Header("9999078902013267", 0, flags=0x04), ticket)
    assert parse_message(message)[1] == ticket


@pytest.mark.parametrize("number", TICKETS)
def test_the_simulated_operators_tickets_have_the_form_of_real_ones(number: int) -> None:
    """Same length, same kinds, same requisites in the same order; sign and time apart."""
    _, ours = parse_message(ticket_message("9999078902013267", number, START))
    theirs = TICKETS[number]
    assert (len(ours), ours[:2], ours[4:20]) == (len(theirs), theirs[:2], theirs[4:20])
    assert (theirs[4], theirs[5]) == (TICKET_MESSAGE, TICKET)
    container = Container.parse(ours)
    told = parse_tlvs(theirs[36 : 36 + int.from_bytes(theirs[34:36], "little")])
    made = parse_tlvs(container.body)
    assert [(tlv.tag, len(tlv.value)) for tlv in made] == [(tlv.tag, len(tlv.value)) for tlv in told]
    by_tag = {tlv.tag: tlv.value for tlv in told}
    assert by_tag[DOCUMENT_NUMBER] == number.to_bytes(4, "little")
    assert by_tag[DRIVE_NUMBER] == b"9999078902013267"
    assert parse_tlvs(by_tag[MESSAGE_TO_DRIVE])[0].tag == ANSWER_CODE


@pytest.mark.parametrize("checked", [1, 2])
def test_a_promised_checksum_is_kept_and_a_wrong_one_told(checked: int) -> None:
    message = message_of(Header("9999078902013267", 0, flags=0x04 | checked), TICKETS[1])
    assert parse_message(message)[1] == TICKETS[1]
    covered = HEADER_SIZE - 2 if checked == 1 else len(message)
    flags = slice(26, 28)  # they say whether there is a checksum at all
    for at in set(range(6, covered)) - set(range(covered)[flags]):
        spoiled = bytearray(message)
        spoiled[at] ^= 0x01
        with pytest.raises(CodecError):
            parse_message(bytes(spoiled))


@given(st.binary(max_size=400))
def test_whatever_comes_is_a_message_or_a_codec_error(data: bytes) -> None:
    try:
        header, container = parse_message(data)
    except CodecError:
        return
    assert header.size == len(container) > 0


@given(st.integers(0, len(TICKETS[1]) + HEADER_SIZE - 1), st.integers(1, 255))
def test_a_spoiled_byte_makes_no_other_ticket(at: int, change: int) -> None:
    whole = ticket_message("9999078902013267", 1, START)
    spoiled = bytearray(whole)
    spoiled[at] ^= change
    try:
        header, raw = parse_message(bytes(spoiled))
        container = Container.parse(raw)
    except CodecError:
        return
    assert container == Container.parse(whole[HEADER_SIZE:])
    assert at < HEADER_SIZE, header  # versions and flags of the header, no more
