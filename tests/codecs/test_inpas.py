"""DualConnector's XML: the samples of its users, whatever else comes, and nothing that two readers could read in two
ways (protocols/inpas.md#fields)."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.sim.inpas.xml import read_request, write_answer
from drivers.terminal.inpas.messages import Answer, CodecError, Field, Operation, moment_text, parse, request

SALE = (
    b'<?xml version="1.0" encoding="UTF-8"?><request><field id="00">49900</field><field id="04">643</field>'
    b'<field id="21">20261129120000</field><field id="25">1</field><field id="26">42</field><field id="27">TID</field>'
    b"<timeout>180000</timeout></request>"
)
APPROVED = (
    b'<response><field id="39">1</field><field id="13">auth</field><field id="14">RRN</field><field id="15">000</field>'
    b'<field id="10">****1234</field><field id="90">0xDF^^slip~</field></response>'
)
REFUSED = b"<response><errorcode>4</errorcode><errordescription>REQUEST_ERROR</errordescription></response>"
ENCODINGS = {"UTF-8": "utf-8", "windows-1251": "cp1251", "cp866": "cp866", "koi8-r": "koi8-r"}


def answer(inner: str, encoding: str = "UTF-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?><response>{inner}</response>'
    return text.encode(ENCODINGS.get(encoding, "utf-8"))


def test_a_sale_is_written_as_its_sample() -> None:
    at = moment_text(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))
    told: dict[Field, str | int] = {
        Field.AMOUNT: 49900,
        Field.NUMBER: 42,
        Field.TERMINAL_ID: "TID",
        Field.TIME: at,
    }
    assert request(Operation.SALE, 180, told) == SALE


def test_the_sample_of_an_approval_is_read() -> None:
    found = parse(APPROVED)
    assert (found.status, found.error) == (1, None)
    assert (found.text(Field.AUTH_CODE), found.text(Field.RRN), found.fields[15]) == ("auth", "RRN", ("000",))
    assert (found.card_last4, found.slip) == ("1234", "slip")


def test_the_sample_of_an_error_is_read() -> None:
    assert parse(REFUSED) == Answer({}, 4, "REQUEST_ERROR")


@pytest.mark.parametrize("spelled", ["0", "00", "000", " 00 "])
def test_a_fields_number_is_one_however_it_is_spelled(spelled: str) -> None:
    assert parse(answer(f'<field id="{spelled}">100</field>')).amount_kopecks == 100


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_texts_are_read_by_the_declaration(encoding: str) -> None:
    assert parse(answer('<field id="19">ОТКАЗАНО</field>', encoding)).text(Field.TEXT) == "ОТКАЗАНО"


def test_a_declaration_that_is_not_true_costs_no_number() -> None:
    told = (
        '<?xml version="1.0" encoding="utf-8"?><response><field id="39">1</field><field id="19">ДА</field></response>'
    )
    found = parse(told.encode("cp1251"))
    assert (found.status, found.text(Field.TEXT)) == (1, "ДА")
    assert parse(answer('<field id="39">16</field>', "klingon")).status == 16


@pytest.mark.parametrize(
    "inner",
    [
        '<field id="39">1</field><field id="39">16</field>',
        '<field id="0">100</field><field id="00">200</field>',
        '<field id="39">1</field><field id="39">yes</field>',
    ],
)
def test_a_field_that_says_two_things_says_nothing(inner: str) -> None:
    found = parse(answer(inner))
    with pytest.raises(CodecError):
        _ = (found.number(Field.STATUS), found.number(Field.AMOUNT))


def test_a_field_that_says_one_thing_twice_says_it() -> None:
    assert parse(answer('<field id="39">1</field><field id="39">01</field><field id="39"></field>')).status == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"<response>",
        b"<html><body>502</body></html>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><response><field id="39">&a;</field></response>',
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><response><field id="39">&a;</field></response>',
        b'<!DOCTYPE lolz [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;">]><response>&m;</response>',
        b'<response><field id="39">&nbsp;1</field></response>',
        b"<response>" + b"<a>" * 100 + b"</a>" * 100 + b"</response>",
        b"<response>" + b'<field id="1">x</field>' * 1000 + b"</response>",
        b"<response>" + b" " * 70_000 + b"</response>",
        b'<response><errorcode>13</errorcode><field id="39">1</field></response>',
        b"<response><errorcode>4</errorcode><errorcode>13</errorcode></response>",
    ],
)
def test_what_is_no_answer_is_none(body: bytes) -> None:
    with pytest.raises(CodecError):
        parse(body)


def test_a_slip_may_hold_what_no_xml_may() -> None:
    found = parse(b'<response><field id="39">1</field><field id="90">\x1b\x0etotal\x00</field></response>')
    assert (found.status, found.slip) == (1, "total")


@pytest.mark.parametrize("amount", [0, -1, 10**12])
def test_no_amount_is_asked_for_that_is_none(amount: int) -> None:
    with pytest.raises(CodecError):
        request(Operation.SALE, 1, {Field.AMOUNT: amount})


_VALUES = st.dictionaries(
    st.sampled_from(sorted(Field)), st.text(st.characters(codec="cp1251", exclude_categories=["Cc"]), max_size=40)
)


@given(_VALUES, st.sampled_from(["UTF-8", "windows-1251"]), st.booleans())
def test_what_the_device_writes_is_read(values: dict[Field, str], encoding: str, bare: bool) -> None:
    told = {int(field): value.strip() for field, value in values.items()}
    found = parse(write_answer(told, encoding=encoding, bare=bare))
    assert {field: found.text(Field(field)) or "" for field in told} == told


@given(st.integers(1, 10**12 - 1), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_what_is_asked_is_read_by_the_device(amount: int, terminal_id: str) -> None:
    body = request(Operation.SALE, 1.5, {Field.AMOUNT: amount, Field.TERMINAL_ID: terminal_id})
    fields, timeout_s = read_request(body)
    assert (fields[0], fields[25], fields[27], timeout_s) == (str(amount), "1", terminal_id, 1.5)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: answer(text)))
@example(b'<?xml version="1.0" encoding="utf-16"?><response/>')
@example(b"\xff\xfe<\x00r\x00/\x00>\x00")
def test_whatever_comes_is_an_answer_or_none(body: bytes) -> None:
    with contextlib.suppress(CodecError):
        found = parse(body)
        for field in Field:
            with contextlib.suppress(CodecError):
                _ = (found.text(field), found.number(field), found.moment(field))


@pytest.mark.parametrize("count", [5_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_answers_that_lose_repeat_or_change_bytes_raise_nothing_but_the_codecs_own(count: int) -> None:
    rng = random.Random(17)
    samples = (APPROVED, REFUSED, answer('<field id="0">100</field><field id="19">ОТКАЗ</field>', "windows-1251"))
    for _ in range(count):
        body = bytearray(rng.choice(samples))
        for _ in range(rng.randrange(4)):
            at = rng.randrange(len(body))
            kind = rng.randrange(3)
            body[at : at + (0 if kind == 2 else rng.randrange(1, 9))] = rng.choice(
                (b"", rng.randbytes(1), b"<", b"&", b'"', bytes(body[at : at + 20]))
            )
        with contextlib.suppress(CodecError):
            parse(bytes(body))
