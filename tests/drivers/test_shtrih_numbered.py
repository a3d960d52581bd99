"""Frames of protocol 2 of a Shtrih-M registrar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.fiscal.fields import crc16
from drivers.fiscal.shtrih.frames2 import Broken, Decoder, Event, Numbered, Sync, encode, encode_sync


def test_the_checksum_is_the_known_one() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert encode_sync() == bytes((0x8F, 0, 0)) + crc16(bytes(2)).to_bytes(2, "little")


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=255)), max_size=5), st.integers(1, 50))
def test_frames_come_out_as_they_went_in(sent: list[tuple[int, bytes]], piece: int) -> None:
    wire = b"".join(encode(number, payload) for number, payload in sent) + encode_sync()
    decoder, events = Decoder(), list[Event]()
    for at in range(0, len(wire), piece):
        events += decoder.feed(wire[at : at + piece])
    assert events == [*(Numbered(number, payload) for number, payload in sent), Sync()]


@given(st.binary(max_size=600))
def test_any_bytes_leave_a_decoder_that_reads_the_next_frame(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    assert decoder.feed(encode(7, b"\x10\x00"))[-1] == Numbered(7, b"\x10\x00")


@given(st.binary(min_size=1, max_size=40), st.integers(0, 400), st.integers(0, 7))
def test_a_flipped_bit_never_passes(payload: bytes, at: int, bit: int) -> None:
    wire = bytearray(encode(7, payload))
    wire[at % len(wire)] ^= 1 << bit
    events = Decoder().feed(bytes(wire))
    assert Numbered(7, payload) not in events
    assert all(isinstance(event, Broken) for event in events)
