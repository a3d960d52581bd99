"""Random and mutated frames, a million of them: codecs raise nothing but their own error and lose no byte."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from drivers.fiscal.atol import answers as atol_answers
from drivers.fiscal.atol import frames as atol_codec
from drivers.fiscal.atol.frames import bcd_value
from drivers.fiscal.ffd.drive import FoundDocument, ShiftState
from drivers.fiscal.ffd.tlv import Tlv, order_id_of, parse_tlvs
from drivers.fiscal.fields import CodecError
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih import frames as shtrih_codec
from drivers.fiscal.shtrih.frames import Answer
from drivers.sim.atol.commands import COMMANDS as ATOL_COMMANDS
from drivers.sim.shtrih.commands import COMMANDS as SHTRIH_COMMANDS
from drivers.terminal.vtk import frames as vtk_codec
from drivers.terminal.vtk.messages import Message
from drivers.terminal.vtk.slip import approval_of
from drivers.terminal.vtk.tlv import CodecError as VtkError
from drivers.terminal.vtk.tlv import Tag
from tests.codecs.test_shtrih_properties import PARSERS
from tests.codecs.vtk_vectors import VECTORS

NORMAL, MILLION = 20_000, 1_000_000
SEED = 54
ATOL_PARSERS: tuple[Callable[[bytes], object], ...] = (
    atol_answers.FullState.parse,
    atol_answers.ShortState.parse,
    atol_answers.standing_of,
    atol_answers.ReceiptSums.parse,
    atol_answers.LastReceipt.parse,
    ShiftState.parse,
    FoundDocument.parse,
    bcd_value,
    lambda data: order_id_of(parse_tlvs(data)),
)


def payloads(rng: random.Random, codes: list[int]) -> Iterator[bytes]:
    """A code and what may follow it, often of the right form."""
    while True:
        head = shtrih_codec.code_bytes(rng.choice(codes)) if rng.random() < 0.7 else rng.randbytes(1)
        kind = rng.randrange(4)
        body = rng.randbytes(rng.choice((0, 1, 4, 9, 16, 30, 48, 63, 112, 120)))
        if kind == 1:
            body = bytes(len(body))
        elif kind == 2:
            body = Tlv(rng.choice((1008, 1192, 1084, 1174, 1194)), body[:40]).encode()
        yield (head + (b"\x1e\0\0\0" if kind else b"") + body)[:250]


def mutated(rng: random.Random, frame: bytes) -> bytes:
    """Some stay whole; the others lose, repeat, swap or flip something."""
    kind, at = rng.randrange(6), rng.randrange(len(frame))
    if kind == 0:
        return frame
    if kind == 1:
        return frame[:at]
    if kind == 2:
        return frame[:at] + frame[at + 1 :]
    if kind == 3:
        return frame[:at] + rng.randbytes(rng.randrange(4)) + frame[at:]
    if kind == 4:
        return frame[:at] + bytes((frame[at] ^ 1 << rng.randrange(8),)) + frame[at + 1 :]
    return frame[at:] + frame[:at]


def try_all(parsers: tuple[Callable[[bytes], object], ...], rng: random.Random, data: bytes) -> int:
    """Two of the parsers each time; how many understood."""
    understood = 0
    for parse in rng.sample(parsers, 2):
        try:
            parse(data)
        except CodecError:
            continue
        understood += 1
    return understood


def survive_shtrih(count: int) -> None:
    rng, decoder = random.Random(SEED), shtrih_codec.Decoder()
    source = payloads(rng, sorted(SHTRIH_COMMANDS))
    frames = understood = fed = out = 0
    for _ in range(count):
        wire = mutated(rng, shtrih_codec.encode(next(source)))
        fed += len(wire)
        for event in decoder.feed(wire):
            if isinstance(event, shtrih_codec.Garbage):
                out += len(event.data)
                continue
            frames, out = frames + 1, out + len(event.payload) + 3
            understood += try_all(PARSERS, rng, event.payload)
            understood += try_all((Answer.parse, commands.model().parse), rng, event.payload)
        if rng.random() < 0.2:
            rest = decoder.abandon()
            out += 0 if rest is None else len(rest.data)
    rest = decoder.abandon()
    assert fed == out + (0 if rest is None else len(rest.data))
    assert frames > count / 8
    assert understood > frames / 4


def survive_atol(count: int) -> None:
    rng, decoder = random.Random(SEED), atol_codec.Decoder()
    source = payloads(rng, sorted(ATOL_COMMANDS))
    frames = understood = 0
    for _ in range(count):
        for event in decoder.feed(mutated(rng, atol_codec.encode(rng.randrange(0xE0), next(source)))):
            if isinstance(event, atol_codec.Frame):
                frames += 1
                understood += try_all(ATOL_PARSERS, rng, event.data)
    assert frames > count / 8
    assert understood > frames / 8


def survive_vtk(count: int) -> None:
    """Whole ones come out. What was harmed passes for a frame only where its two bytes of checksum fit by chance, once
    in 65,536, and then is read or refused like any other."""
    rng, decoder = random.Random(SEED), vtk_codec.SerialDecoder()
    golden = [bytes.fromhex(vector.frame) for vector in VECTORS if vector.sender == vtk_codec.READER]
    frames = by_chance = 0
    for _ in range(count):
        for fields in decoder.feed(mutated(rng, rng.choice(golden))):
            frames += 1
            if vtk_codec.encode_serial(vtk_codec.READER, fields) in golden:
                assert Message.parse(fields).name
            else:
                by_chance += 1
                read_or_refused(fields)
        read_or_refused(rng.randbytes(rng.randrange(60)))
    assert frames > count / 8
    assert by_chance <= 1 + 3 * count / 2**16


def read_or_refused(fields: bytes) -> None:
    """Nothing but the codec's own error, and a slip of any text is read too."""
    try:
        found = Message.parse(fields)
    except VtkError:
        return
    approval_of(0, found.text(Tag.SLIP))


@pytest.mark.parametrize("survive", [survive_shtrih, survive_atol, survive_vtk])
def test_codecs_survive_some_bad_frames(survive: Callable[[int], None]) -> None:
    survive(NORMAL)


@pytest.mark.long
@pytest.mark.parametrize("survive", [survive_shtrih, survive_atol, survive_vtk])
def test_codecs_survive_a_million_bad_frames(survive: Callable[[int], None]) -> None:
    survive(MILLION)
