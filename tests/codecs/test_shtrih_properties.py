"""What must hold for any Shtrih-M bytes: round trips, any chunking, no error but the codec's own."""

from __future__ import annotations

import contextlib
import itertools
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from drivers.fiscal.ffd.drive import (
    Blob,
    ClosedReceipt,
    ClosedReport,
    DocumentHead,
    DriveExpiry,
    DriveSerial,
    DriveStatus,
    DriveVersion,
    FoundDocument,
    ShiftState,
)
from drivers.fiscal.ffd.exchange import OfdStatus, Unacknowledged
from drivers.fiscal.ffd.tlv import Tlv, encode_tlvs, order_id_of, parse_tlvs
from drivers.fiscal.fields import NOT_GIVEN, CodecError
from drivers.fiscal.shtrih.answers import (
    Capabilities,
    FullStatus,
    Model,
    Operator,
    OperatorSum,
    ShortStatus,
)
from drivers.fiscal.shtrih.frames import Answer, Decoder, Frame, Garbage, code_of, encode
from drivers.fiscal.shtrih.receipt import CloseReceipt, CorrectionTotals, LegacyClose, LegacyLine, ReceiptOperation
from drivers.fiscal.shtrih.table_answers import FieldShape, RegisterValue, TableShape, TableValue

PARSERS = (
    Answer.parse,
    Blob.parse,
    Capabilities.parse,
    CloseReceipt.parse,
    ClosedReceipt.parse,
    ClosedReport.parse,
    CorrectionTotals.parse,
    DocumentHead.parse,
    DriveExpiry.parse,
    DriveSerial.parse,
    DriveStatus.parse,
    DriveVersion.parse,
    FieldShape.parse,
    FoundDocument.parse,
    FullStatus.parse,
    LegacyClose.parse,
    LegacyLine.parse,
    Model.parse,
    OfdStatus.parse,
    Operator.parse,
    OperatorSum.parse,
    ReceiptOperation.parse,
    RegisterValue.parse,
    ShiftState.parse,
    ShortStatus.parse,
    TableShape.parse,
    TableValue.parse,
    Unacknowledged.parse,
    parse_tlvs,
    code_of,
)

payloads = st.binary(min_size=1, max_size=255)
kopecks = st.integers(0, 10**10)
bytes_ = st.integers(0, 255)
words = st.integers(0, 0xFFFF)
longs = st.integers(0, 0xFFFFFFFF)
moments = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")).map(
    lambda at: at.replace(second=0, microsecond=0)
)
names = st.text("АБВгдё abc-1№", max_size=40)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.lists(payloads, max_size=5), st.lists(st.integers(0, 2000), max_size=20))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent: list[bytes], cuts: list[int]) -> None:
    decoder = Decoder()
    wire = b"".join(map(encode, sent))
    events = [event for chunk in chunked(wire, cuts) for event in decoder.feed(chunk)]
    assert events == [Frame(payload) for payload in sent]
    assert decoder.feed(encode(b"next")) == [Frame(b"next")]  # nothing of them is left over


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=20))
def test_any_bytes_are_frames_or_garbage_and_none_gets_lost(wire: bytes, cuts: list[int]) -> None:
    decoder = Decoder()
    events: list[Frame | Garbage] = []
    for chunk in chunked(wire, cuts):
        events += decoder.feed(chunk)
    rest = decoder.abandon()
    if rest is not None:
        assert len(rest.data) < 258
        events.append(rest)
    assert b"".join(encode(e.payload) if isinstance(e, Frame) else e.data for e in events) == wire


@given(payloads, st.integers(0, 300), st.integers(1, 255))
def test_one_wrong_byte_never_passes_for_the_frame(sent: bytes, at: int, flip: int) -> None:
    wire = bytearray(encode(sent))
    wire[at % len(wire)] ^= flip
    decoder = Decoder()
    assert Frame(sent) not in decoder.feed(bytes(wire))


@given(st.binary(max_size=300))
def test_parsers_raise_nothing_but_the_codecs_error(data: bytes) -> None:
    for parse in PARSERS:
        with contextlib.suppress(CodecError):
            parse(data)


@given(st.lists(st.builds(Tlv, words, st.binary(max_size=40)), max_size=5))
def test_requisites_round_trip(tlvs: list[Tlv]) -> None:
    assert parse_tlvs(encode_tlvs(tlvs)) == tlvs
    order_id_of(tlvs)


@given(st.sampled_from([0x10, 0xE0, 0xFF01, 0xFF45]), bytes_, st.binary(max_size=100))
def test_answers_round_trip(code: int, error: int, data: bytes) -> None:
    sent = Answer(code, error, b"" if error else data)
    assert Answer.parse(sent.encode()) == sent


@given(
    st.builds(
        ShortStatus,
        operator=bytes_,
        flags=words,
        mode_byte=bytes_,
        submode=bytes_,
        operations=words,
        battery=bytes_,
        supply=bytes_,
        drive_error=bytes_,
        archive_error=bytes_,
        tail=st.binary(min_size=3, max_size=3),
        last_print=st.none() | bytes_,
    )
)
def test_short_status_round_trips(status: ShortStatus) -> None:
    assert ShortStatus.parse(status.encode()) == status
    assert len(Answer(0x10, 0, status.encode()).encode()) in (16, 17)


@given(
    st.builds(DriveStatus, bytes_, bytes_, bytes_, st.booleans(), bytes_, st.none() | moments, st.just("9" * 16), longs)
    | st.builds(OfdStatus, bytes_, bytes_, words, longs, st.none() | moments)
    | st.builds(ShiftState, st.booleans(), words, words)
    | st.builds(ClosedReceipt, kopecks, longs, longs, st.none() | moments)
    | st.builds(ClosedReport, words, longs, longs, st.none() | moments)
    | st.builds(DocumentHead, words, words)
    | st.builds(Unacknowledged, words)
    | st.builds(DriveExpiry, st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.binary(max_size=2))
    | st.builds(OperatorSum, bytes_, kopecks)
    | st.builds(TableShape, names, words, bytes_)
    | st.builds(RegisterValue, bytes_, kopecks)
    | st.builds(CorrectionTotals, bytes_, bytes_, kopecks, st.tuples(*[kopecks] * 5), st.tuples(*[kopecks] * 6), bytes_)
)
def test_answers_of_the_drive_round_trip(sent: object) -> None:
    assert type(sent).parse(sent.encode()) == sent  # type: ignore[attr-defined]


@given(st.sampled_from([2, 3, 4, 5, 31, 41]), bytes_, moments, longs, longs, bytes_, kopecks, words)
def test_found_documents_round_trip(
    kind: int, ticket: int, at: datetime, number: int, sign: int, operation: int, total: int, shift: int
) -> None:
    receipt = kind in (3, 4, 31, 41)
    sent = FoundDocument(kind, ticket, at, number, sign, operation * receipt, total * receipt, shift * (not receipt))
    assert FoundDocument.parse(sent.encode()) == sent


@given(
    st.builds(
        ReceiptOperation,
        kind=st.integers(1, 4),
        quantity_micro=st.integers(0, 2**48 - 1),
        price_kopecks=kopecks,
        sum_kopecks=st.none() | kopecks,
        tax=bytes_,
        subject=bytes_,
        name=names,
        tax_sum_kopecks=st.none() | kopecks,
        department=bytes_,
        method=bytes_,
    )
)
def test_operations_round_trip(line: ReceiptOperation) -> None:
    assert ReceiptOperation.parse(line.encode()) == line


@given(st.tuples(*[kopecks] * 16), bytes_, st.integers(0, 99), st.tuples(*[kopecks] * 6), names)
def test_closings_round_trip(
    sums: tuple[int, ...], tax_system: int, rounding: int, taxes: tuple[int, ...], text: str
) -> None:
    close = CloseReceipt(sums, tax_system, rounding, taxes, text)
    assert CloseReceipt.parse(close.encode()) == close


@given(kopecks, kopecks, bytes_, st.binary(min_size=4, max_size=4), names)
def test_legacy_lines_round_trip(quantity: int, price: int, department: int, taxes: bytes, name: str) -> None:
    line = LegacyLine(quantity, price, department, taxes, name)
    assert LegacyLine.parse(line.encode()) == line


@given(st.tuples(kopecks, kopecks, kopecks, kopecks), st.integers(-9999, 9999), names)
def test_legacy_closings_round_trip(sums: tuple[int, int, int, int], discount: int, text: str) -> None:
    close = LegacyClose(sums, discount, text=text)
    assert LegacyClose.parse(close.encode()) == close


def test_a_sum_of_five_ff_cannot_be_written() -> None:
    try:
        OperatorSum(1, int.from_bytes(NOT_GIVEN, "little")).encode()
    except CodecError:
        return
    raise AssertionError("the device would take it for 'not given'")
