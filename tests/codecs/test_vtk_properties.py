"""What must hold for any VTK bytes: round trips, any chunking, no error but the codec's own."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.vtk.frames import (
    KIOSK,
    LONGEST,
    READER,
    Decoder,
    SerialDecoder,
    TcpDecoder,
    encode_serial,
    encode_tcp,
)
from drivers.terminal.vtk.messages import Message
from drivers.terminal.vtk.online import Destination
from drivers.terminal.vtk.slip import approval_of
from drivers.terminal.vtk.tlv import CodecError, encode_field, encode_fields, parse_fields

values = st.one_of(st.binary(max_size=40), st.integers(0, 700).map(bytes))
fields = st.lists(st.tuples(st.integers(0, 255), values), max_size=6)
bodies = st.binary(max_size=300)
cut = st.lists(st.integers(0, 3000), max_size=20)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(data) + 1) for at in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(fields)
def test_fields_come_out_as_they_went_in(sent: list[tuple[int, bytes]]) -> None:
    assert parse_fields(encode_fields(sent)) == tuple(sent)


@given(st.integers(0, 0xFFFF))
def test_a_length_has_the_shortest_form_and_every_form_is_read(size: int) -> None:
    value = bytes(size)
    wire = encode_field(0x13, value)
    assert len(wire) - size == (2 if size < 0x80 else 3 if size < 0x100 else 4)
    assert parse_fields(b"\x13\x82" + size.to_bytes(2, "big") + value) == ((0x13, value),)


@pytest.mark.parametrize("wire", ["01", "0105", "0180", "018301", "0182", "018200", "01810361"])
def test_a_field_that_does_not_end_is_refused(wire: str) -> None:
    with pytest.raises(CodecError):
        parse_fields(bytes.fromhex(wire))


@pytest.mark.parametrize(("decoder", "encode"), [(SerialDecoder, encode_serial), (TcpDecoder, encode_tcp)])
@given(sent=st.lists(bodies, max_size=5), cuts=cut)
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    decoder: Callable[[], Decoder], encode: Callable[[bytes, bytes], bytes], sent: list[bytes], cuts: list[int]
) -> None:
    found = decoder()
    wire = b"".join(encode(READER, body) for body in sent)
    assert [body for chunk in chunked(wire, cuts) for body in found.feed(chunk)] == sent
    assert not found.pending


@given(st.binary(max_size=60).filter(lambda noise: 0x1F not in noise), bodies)
def test_what_stands_before_a_start_is_passed_over(noise: bytes, sent: bytes) -> None:
    assert SerialDecoder().feed(noise + encode_serial(READER, sent)) == [sent]


@given(st.binary(max_size=60), bodies)
def test_noise_with_starts_in_it_costs_no_frame_behind_it(noise: bytes, sent: bytes) -> None:
    """A false start may claim the bytes behind it; when they do not come the frame is found all the same."""
    decoder = SerialDecoder()
    found = decoder.feed(noise + encode_serial(READER, sent))
    for _ in range(len(noise) + 1):
        if decoder.pending:
            found += decoder.abandon()
    assert found[-1:] == [sent]


@given(bodies, st.integers(0, 400), st.integers(1, 255), bodies)
def test_one_wrong_byte_never_passes_for_the_frame_and_the_next_one_is_heard(
    sent: bytes, at: int, flip: int, following: bytes
) -> None:
    wire = bytearray(encode_serial(READER, sent))
    wire[at % len(wire)] ^= flip
    decoder = SerialDecoder()
    found = decoder.feed(bytes(wire) + encode_serial(READER, following))
    while decoder.pending:
        found += decoder.abandon()
    assert found == [following]


@given(bodies, st.sampled_from([KIOSK, bytes.fromhex("97FC"), bytes.fromhex("96FC")]), bodies)
def test_frames_of_others_are_ignored(foreign: bytes, sender: bytes, sent: bytes) -> None:
    assert SerialDecoder().feed(encode_serial(sender, foreign) + encode_serial(READER, sent)) == [sent]
    assert TcpDecoder().feed(encode_tcp(sender, foreign) + encode_tcp(READER, sent)) == [sent]


def test_a_claim_of_more_than_any_frame_has_does_not_hold_up_what_follows() -> None:
    claim = bytes((0x1F,)) + (LONGEST + 1).to_bytes(2, "big")
    assert SerialDecoder().feed(claim + encode_serial(READER, b"")) == [b""]
    with pytest.raises(CodecError):
        TcpDecoder().feed(claim[1:])
    with pytest.raises(CodecError):
        encode_serial(READER, bytes(LONGEST))


@given(st.binary(max_size=300))
def test_parsers_raise_nothing_but_the_codecs_error(data: bytes) -> None:
    for parse in (parse_fields, Message.parse, Destination.parse):
        with contextlib.suppress(CodecError):
            parse(data)
    approval_of(0, data.decode("utf-8", "replace"))


@given(st.binary(max_size=2000), cut)
def test_any_bytes_are_taken_by_a_line_and_nothing_is_kept_for_good(wire: bytes, cuts: list[int]) -> None:
    decoder = SerialDecoder()
    for chunk in chunked(wire, cuts):
        decoder.feed(chunk)
    for _ in range(len(wire)):
        decoder.abandon()
    assert not decoder.pending
