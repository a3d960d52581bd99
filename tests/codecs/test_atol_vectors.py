"""ATOL v3 frames as the vendor's driver and a second client put them on the wire (atol.md#vectors)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.fiscal.atol.frames import (
    ASYNC_ID,
    ESCAPE,
    LAST_ID,
    STX,
    Broken,
    Decoder,
    Frame,
    bcd,
    bcd_value,
    crc8,
    encode,
    text_bytes,
    text_of,
)
from drivers.fiscal.fields import CodecError

VECTORS = (
    "fe 00 00 01 9d",
    "fe 05 00 f0 a6 57 55 00 00 fd ee",
    "fe 01 00 00 c4 02",
    "fe 06 00 00 c1 01 00 00 00 a5 77",
    "fe 02 00 01 c2 00 7e",
    "fe 09 00 1f c1 01 0e 00 00 91 34 00 00 24",
    "fe 0b 00 15 c1 01 09 00 00 56 01 00 00 00 30 21",
    "fe 07 00 27 c1 01 12 00 00 9a 00 c9",
    "fe 08 00 85 c1 01 41 00 00 92 00 01 9d",
    "fe 0d 00 95 c1 01 49 00 00 99 00 02 00 00 05 01 00 97",
    "fe 0d 00 a9 c1 01 53 00 00 4a 00 01 00 00 00 00 00 9f",
    "fe 06 00 3a c1 01 8a 00 00 5a ad",
    "fe 07 00 1c c1 01 7b 00 00 67 01 79",
    "fe 06 00 03 c1 01 01 00 00 3f 04",
    "fe 0b 00 09 c1 01 03 00 00 56 01 00 00 00 30 37",
    "fe 01 00 8f a1 f6",
    "fe 04 00 90 a3 55 00 00 78",
    "fe 01 00 90 b3 20",
    "fe 05 00 f0 a7 46 55 9a 00 2d",
)
PLATFORM_5_PROBE = bytes.fromhex("24400d00200 1f74074657374 65".replace(" ", ""))
packets = st.integers(0, LAST_ID) | st.just(ASYNC_ID)
# Escapes must come up often enough to matter.
payloads = st.lists(st.sampled_from((STX, ESCAPE, 0xEE, 0xED)) | st.integers(0, 255), max_size=300).map(bytes)


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_is_read_and_written_as_it_is(vector: str) -> None:
    raw = bytes.fromhex(vector)
    (frame,) = Decoder().feed(raw)
    assert isinstance(frame, Frame)
    assert encode(frame.id, frame.data) == raw


def test_the_two_probes_of_the_vendors_driver_leave_the_second() -> None:
    abort = bytes.fromhex("fe 01 00 00 c4 02")
    assert Decoder().feed(PLATFORM_5_PROBE + abort) == [Frame(0, b"\xc4")]


def test_a_wrong_checksum_names_the_packet_that_must_be_repeated() -> None:
    raw = bytearray.fromhex("fe 06 00 3a c1 01 8a 00 00 5a ad")
    raw[-1] ^= 1
    assert Decoder().feed(bytes(raw)) == [Broken(0x3A)]


def test_a_wrong_escape_breaks_the_frame() -> None:
    assert Decoder().feed(bytes.fromhex("fe 05 00 f0 a6 57 55 00 00 fd 11")) == [Broken(0xF0)]


def test_a_frame_cut_short_by_the_next_is_broken_and_the_next_is_whole() -> None:
    whole = encode(7, b"\xc2\x01")
    assert Decoder().feed(encode(6, b"\xc2\x00\xfe")[:-1] + whole) == [Broken(6), Frame(7, b"\xc2\x01")]


@given(packets, payloads)
def test_every_frame_comes_back_whole_in_whatever_pieces(packet: int, data: bytes) -> None:
    raw, decoder = encode(packet, data), Decoder()
    assert raw.count(STX) == 1
    events = [event for byte in raw for event in decoder.feed(bytes((byte,)))]
    assert events == Decoder().feed(raw) == [Frame(packet, data)]


@given(packets, payloads, st.binary(max_size=40).map(lambda noise: noise.replace(b"\xfe", b"")))
def test_noise_without_a_start_byte_is_skipped(packet: int, data: bytes, noise: bytes) -> None:
    assert Decoder().feed(noise + encode(packet, data) + noise)[0] == Frame(packet, data)


@given(packets, payloads, st.binary(max_size=40))
def test_after_any_noise_a_frame_is_read_again(packet: int, data: bytes, noise: bytes) -> None:
    assert Frame(packet, data) in Decoder().feed(noise + encode(packet, data))


@given(st.binary(max_size=400))
def test_any_bytes_give_only_frames_whose_checksum_is_right(noise: bytes) -> None:
    for event in Decoder().feed(noise):
        if isinstance(event, Frame):
            assert encode(event.id, event.data) in noise


@given(packets, st.binary(max_size=60), st.data())
def test_one_flipped_bit_never_gives_a_frame_another_content(packet: int, data: bytes, draw: st.DataObject) -> None:
    """Where nothing is escaped: a broken escape shifts the bytes, and then eight bits of checksum are all there is."""
    raw = bytearray(encode(packet, data))
    assume(ESCAPE not in raw)
    at = draw.draw(st.integers(0, 8 * len(raw) - 1))
    raw[at // 8] ^= 1 << at % 8
    for event in Decoder().feed(bytes(raw)):
        if isinstance(event, Frame) and event.id == packet and len(event.data) == len(data):
            assert event.data == data


@given(st.integers(0, 10**10 - 1))
def test_bcd_round_trips_and_stays_decimal(value: int) -> None:
    assert bcd_value(bcd(value, 5)) == value


@pytest.mark.parametrize(("value", "size"), [(-1, 1), (100, 1), (10**10, 5)])
def test_a_value_that_does_not_fit_its_bcd_is_refused(value: int, size: int) -> None:
    with pytest.raises(CodecError):
        bcd(value, size)


def test_hexadecimal_digits_are_no_bcd() -> None:
    with pytest.raises(CodecError):
        bcd_value(b"\x1a")


@pytest.mark.parametrize(("packet", "data"), [(-1, b""), (0xF1, b""), (0, bytes(0x4000))])
def test_what_does_not_fit_a_frame_is_refused(packet: int, data: bytes) -> None:
    with pytest.raises(CodecError):
        encode(packet, data)


def test_text_goes_in_cp866_with_two_signs_swapped() -> None:
    assert text_bytes("Кассир") == bytes.fromhex("8aa0e1e1a8e0")
    assert text_bytes("№$") == "$№".encode("cp866")
    assert text_of(text_bytes("Чек № 1, $ и ёлка")) == "Чек № 1, $ и ёлка"


def test_the_checksum_starts_from_ff() -> None:
    assert crc8(b"\x01") == 0x9D
