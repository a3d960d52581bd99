"""Frames of real devices and of the vendor's tests (shtrih.md#vectors) read and written byte by byte."""

from __future__ import annotations

from datetime import datetime

import pytest

from drivers.fiscal.ffd.drive import DriveStatus, FoundDocument
from drivers.fiscal.ffd.tlv import Tlv, order_id_of, order_tlv, parse_tlvs, text_tlv
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import FullStatus, Model, Operator, ShortStatus
from drivers.fiscal.shtrih.frames import Answer, Decoder, Frame, encode
from drivers.fiscal.shtrih.receipt import SUMS, CloseReceipt

at = datetime.fromisoformat  # naive: the drive knows no time zone


def payload(frame: str) -> bytes:
    (event,) = Decoder().feed(bytes.fromhex(frame))
    assert isinstance(event, Frame)
    return event.payload


def answer(frame: str) -> Answer:
    parsed = Answer.parse(payload(frame))
    assert encode(parsed.encode()) == bytes.fromhex(frame)
    return parsed


REQUESTS = {
    "1": ("02 01 FC FD", commands.model()),
    "2": ("02 05 11 1E 00 00 00 0A", commands.full_status()),
    "3": ("02 05 10 1E 00 00 00 0B", commands.short_status()),
    "5": ("02 06 FF 01 1E 00 00 00 E6", commands.drive_status()),
    "7": ("02 05 E0 1E 00 00 00 FB", commands.open_shift()),
    "9": (
        "02 76 FF 45 1E 00 00 00 10 27" + "00" * 109 + "01 E4",
        commands.close_receipt(CloseReceipt(sums=(10000,) + (0,) * (SUMS - 1), tax_system=1)),
    ),
    "11": ("02 05 88 1E 00 00 00 93", commands.cancel_receipt()),
    "12": ("02 0A 1E 1E 00 00 00 11 01 00 07 00 1D", commands.write_table(17, 1, 7, b"\0")),
    "17": ("02 07 2E 1E 00 00 00 02 02 37", commands.field_shape(2, 2)),
    "19": ("02 05 11 1C 00 00 00 08", commands.full_status()),
}


@pytest.mark.parametrize("number", REQUESTS)
def test_a_command_is_the_frame_of_the_vector(number: str) -> None:
    frame, request = REQUESTS[number]
    sent = request.payload(28 if number == "19" else 30)
    assert encode(sent) == bytes.fromhex(frame)
    assert payload(frame) == sent


def test_the_model_names_itself() -> None:
    found = answer("02 18 FC 00 00 00 02 00 2D 00 D8 D2 D0 C8 D5 2D D1 CC C0 D0 D2 CF CE D1 2D D4 D7")
    assert Model.parse(found.data) == Model(0, 0, 2, 0, 0x2D, 0, "ШТРИХ-СМАРТПОС-Ф")
    assert Model.parse(found.data).encode() == found.data


FULL = (
    "11 00 1E 43 31 CB D3 19 04 12 01 1C 00 92 02 02 00 02 4E 41 00 00 01 01 10 19 0A 12 07 2D 17 00"
    "7F 46 02 00 03 00 00 00 00 00 23 C7 49 D1 01 00"
)


@pytest.mark.parametrize(("extra", "serial_high"), [("", None), ("05 00", 5)])
def test_both_lengths_of_the_full_status_are_read(extra: str, serial_high: int | None) -> None:
    raw = bytes.fromhex(FULL + extra)
    assert len(raw) in (48, 50)
    if not extra:
        assert encode(raw) == bytes.fromhex("02 30" + FULL + "B1")
    status = FullStatus.parse(Answer.parse(raw).data)
    assert (status.operator, status.firmware, status.mode_byte, status.submode) == (30, "C1", 2, 0)
    assert (status.time, status.document, status.last_closed_shift) == (at("2018-10-25T07:45:23"), 28, 3)
    assert status.serial_high == serial_high
    assert Answer(0x11, 0, status.encode()).encode() == raw


def test_both_lengths_of_the_short_status_are_read() -> None:
    sixteen = answer("02 10 10 00 1E 92 02 08 00 01 9F E5 18 01 00 8B 02 00 6D")
    status = ShortStatus.parse(sixteen.data)
    assert (status.operator, status.flags, status.mode, status.submode, status.operations) == (30, 0x0292, 8, 0, 1)
    assert (status.last_print, status.has_paper, status.cover_open) == (None, True, False)
    assert status.encode() == sixteen.data
    seventeen = Answer.parse(bytes.fromhex("10 00 01 90 00 08 05 02 00 00 00 00 00 FF FF FF 05"))
    printing = ShortStatus.parse(seventeen.data)
    assert (printing.submode, printing.last_print, printing.operations) == (5, 5, 2)
    assert printing.encode() == seventeen.data


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            "02 21 FF 01 00 03 04 01 01 08 13 01 0D 02 0B"
            "39 39 39 39 30 37 38 39 30 32 30 30 30 32 37 33 10 00 00 00 D4",
            DriveStatus(
                3,
                4,
                1,
                shift_open=True,
                warnings=8,
                last_document_at=at("2019-01-13T02:11:00"),
                serial="9999078902000273",
                last_document=16,
            ),
        ),
        (
            "02 21 FF 01 00 03 00 00 01 00 15 07 1D 0B 1D"
            "39 32 38 37 34 34 30 33 30 31 31 32 30 39 39 31 A9 01 00 00 68",
            DriveStatus(
                3,
                0,
                0,
                shift_open=True,
                warnings=0,
                last_document_at=at("2021-07-29T11:29:00"),
                serial="9287440301120991",
                last_document=425,
            ),
        ),
    ],
)
def test_the_drive_tells_its_state(frame: str, expected: DriveStatus) -> None:
    found = answer(frame)
    assert DriveStatus.parse(found.data) == expected
    assert expected.encode() == found.data
    assert expected.fiscal


@pytest.mark.parametrize("frame", ["02 03 88 00 1E 95", "02 03 17 00 1E 0A", "02 03 2F 00 01 2D"])
def test_an_operator_is_all_most_commands_answer(frame: str) -> None:
    found = answer(frame)
    assert Operator.parse(found.data).number == found.data[0]


def test_the_font_answer_carries_width_and_size() -> None:
    assert answer("02 07 26 00 F8 01 0C 19 09 C4").data == bytes.fromhex("F8 01 0C 19 09")


def test_a_receipt_is_found_in_the_archive() -> None:
    request = bytes.fromhex("FF 0A 1E 00 00 00 A3 00 00 00")
    assert commands.find_document(163).payload(30) == request
    raw = bytes.fromhex("FF 0A 00 03 00 11 03 18 14 35 A3 00 00 00 EB EA 4B 2E 01 20 4E 00 00 00")
    found = FoundDocument.parse(Answer.parse(raw).data)
    assert found == FoundDocument(3, 0, at("2017-03-24T20:53:00"), 163, 0x2E4BEAEB, 1, 20000)
    assert Answer(0xFF0A, 0, found.encode()).encode() == raw


def test_the_settlement_report_has_its_length() -> None:
    raw = bytes.fromhex("FF 38 00 0D 00 00 00 3B 92 3F 07 02 00 00 00 12 01 19")
    assert Answer.parse(raw).data[:4] == (13).to_bytes(4, "little")
    assert len(Answer.parse(raw).data) == 15


def test_an_error_has_nothing_behind_it() -> None:
    assert Answer.parse(bytes.fromhex("E0 73 1E")) == Answer(0xE0, 0x73)
    assert Answer(0xFF45, 0x6B, b"ignored").encode() == bytes.fromhex("FF 45 6B")


@pytest.mark.parametrize("tag", [1192, 1084])
def test_the_order_id_travels_in_either_tag(tag: int) -> None:
    sent = order_tlv(tag, "ord-17").encode() + text_tlv(1008, "+79990000000").encode()
    assert order_id_of(parse_tlvs(sent)) == "ord-17"


def test_a_bare_1084_and_a_document_without_tags_are_understood() -> None:
    assert order_id_of([Tlv(1084, b"ord-17")]) == "ord-17"
    assert order_id_of([Tlv(1008, b"a@b.c")]) is None
