"""Requests and answers of DualConnector without I/O: numbered fields in XML (protocols/inpas.md#fields)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType
from xml.parsers import expat
from xml.sax.saxutils import escape

from drivers.text import shown

#: What is longer is no answer; deeper or wider neither.
LONGEST_ANSWER = 64 * 1024
_DEEPEST, _MOST_ELEMENTS, _LONGEST_TEXT = 8, 512, 256
_MOST_KOPECKS = 10**12
_RUBLES = "643"
_TIME = "%Y%m%d%H%M%S"
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
#: Letters that no XML may have; slips are full of them.
_NO_LETTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENCODINGS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
        **dict.fromkeys(("windows-1251", "cp1251", "win-1251", "1251"), "cp1251"),
        **dict.fromkeys(("cp866", "ibm866", "866"), "cp866"),
        "koi8-r": "koi8-r",
        "iso-8859-5": "iso8859-5",
    }
)
_ID = re.compile("[0-9]{1,3}")
_DIGITS = re.compile("[0-9]{1,12}")
_MARKS = re.compile(r"0x[0-9A-Fa-f]{2}\^\^")
_LAST4 = re.compile("([0-9]{4})$")


class CodecError(ValueError):
    """What came is no answer of DualConnector's, or one that says two things."""


class Field(IntEnum):
    AMOUNT = 0
    CURRENCY = 4
    PAN = 10
    AUTH_CODE = 13
    RRN = 14
    TEXT = 19
    TIME = 21
    OPERATION = 25
    NUMBER = 26
    TERMINAL_ID = 27
    MERCHANT_ID = 28
    ORIGINAL = 34
    STATUS = 39
    MODE = 64
    COMMAND = 65
    SLIP = 90


class Operation(IntEnum):
    SALE = 1
    VOID = 4
    TEST = 26
    REFUND = 29
    EMERGENCY_CANCEL = 53
    SETTLEMENT = 59
    CUSTOM = 63


class Status(IntEnum):
    UNDEFINED = 0
    APPROVED = 1
    CANCELLED = 13
    REFUSED = 16
    OFFLINE = 17
    NO_CONNECTION = 34
    ABORTED = 53


@dataclass(frozen=True, slots=True)
class Answer:
    """`fields` by number, each with every value that came; `error` is DualConnector's own code, without fields."""

    fields: Mapping[int, tuple[str, ...]]
    error: int | None = None
    description: str = ""

    def text(self, field: Field) -> str | None:
        """None for one that is missing or empty. Raises `CodecError` for one that has two values."""
        values = {value for value in self.fields.get(field, ()) if value}
        if len(values) > 1:
            raise CodecError(f"field {field:02d} says {sorted(values)[:4]}")
        return next(iter(values), None)

    def number(self, field: Field) -> int | None:
        """None for what is no number. Raises `CodecError` as `text`; 0 and 00 are two spellings of one value."""
        told = (value for value in self.fields.get(field, ()) if value)
        numbers = {int(value) if _DIGITS.fullmatch(value) else None for value in told}
        if len(numbers) > 1:
            raise CodecError(f"field {field:02d} has several values")
        return next(iter(numbers), None)

    def moment(self, field: Field) -> datetime | None:
        """Local time of the reader; None for what is no time."""
        try:
            return datetime.strptime(self.text(field) or "", _TIME)  # noqa: DTZ007  # the reader has no zone
        except ValueError:
            return None

    @property
    def status(self) -> int:
        """0, "undefined", where it says nothing."""
        return self.number(Field.STATUS) or Status.UNDEFINED

    @property
    def amount_kopecks(self) -> int | None:
        return self.number(Field.AMOUNT)

    @property
    def card_last4(self) -> str | None:
        found = _LAST4.search(self.text(Field.PAN) or "")
        return found and found[1]

    def short(self, field: Field) -> str | None:
        """One line that is fit for a table."""
        value = self.text(field)
        return value and shown(value)[:_LONGEST_TEXT]

    @property
    def slip(self) -> str:
        """Its lines, without the marks that speak to a printer."""
        told = "\n".join(self.fields.get(Field.SLIP, ()))
        lines = _MARKS.sub("", told).replace("~", "\n").strip().splitlines()
        return "\n".join(map(shown, lines))


def request(operation: Operation, timeout_s: float, fields: Mapping[Field, str | int] | None = None) -> bytes:
    """The body of a request; fields in the order of their numbers."""
    known = {**(fields or {}), Field.OPERATION: operation.value}
    if Field.AMOUNT in known:
        if not 0 < int(known[Field.AMOUNT]) < _MOST_KOPECKS:
            raise CodecError(f"no amount: {known[Field.AMOUNT]}")
        known[Field.CURRENCY] = _RUBLES
    rows = "".join(f'<field id="{field.value:02d}">{escape(str(known[field]))}</field>' for field in sorted(known))
    timeout = f"<timeout>{round(timeout_s * 1000)}</timeout>"
    return f'<?xml version="1.0" encoding="UTF-8"?><request>{rows}{timeout}</request>'.encode()


def moment_text(moment: datetime) -> str:
    return moment.strftime(_TIME)


def parse(body: bytes) -> Answer:
    """An answer, whatever stands in it. Raises `CodecError`."""
    if len(body) > LONGEST_ANSWER:
        raise CodecError(f"{len(body)} bytes")
    text = _NO_LETTERS.sub(" ", _DECLARATION.sub("", _decoded(body), count=1))
    reading = _Reading()
    try:
        reading.parser.Parse(text.strip(), True)  # noqa: FBT003  # expat's own
    except (expat.ExpatError, UnicodeError, RecursionError) as error:
        raise CodecError(str(error)) from error
    return reading.answer()


def _decoded(body: bytes) -> str:
    """By its declaration; one that is not true is not believed. Numbers are the same in all of them."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    found = _DECLARED.match(body)
    declared = "utf-8" if found is None else _ENCODINGS.get(found[1].decode().lower(), "utf-8")
    for encoding in (declared, "utf-8"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return shown(body.decode("cp1251", errors="replace"))


class _Reading:
    """Elements of the one answer; entities are none of ours to unfold."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(encoding="utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._letters
        self._path: list[str] = []
        self._elements = 0
        self._field: int | None = None
        self._text: list[str] = []
        self._fields: dict[int, list[str]] = {}
        self._named: dict[str, set[str]] = {}

    def _refuse(self, *_: object) -> None:
        raise CodecError("a document type, which an answer has no use for")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.lower())
        self._elements += 1
        if len(self._path) > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise CodecError("too deep, or too wide")
        if self._path[0] != "response":
            raise CodecError(f"<{name[:40]}> instead of <response>")
        if len(self._path) == 2:
            told = next((value for key, value in attributes.items() if key.lower() == "id"), "").strip()
            self._field = int(told) if self._path[1] == "field" and _ID.fullmatch(told) else None
            self._text = []

    def _letters(self, text: str) -> None:
        if len(self._path) >= 2:
            self._text.append(text)

    def _end(self, _: str) -> None:
        if len(self._path) == 2:
            value = "".join(self._text).strip()
            if self._field is not None:
                self._fields.setdefault(self._field, []).append(value)
            elif self._path[1] != "field":
                self._named.setdefault(self._path[1], set()).add(value)
        self._path.pop()

    def answer(self) -> Answer:
        """Raises `CodecError` for an error and an approval in one."""
        told = [word for word in self._named.get("errorcode", ()) if word]
        if unreadable := [word for word in told if not _DIGITS.fullmatch(word)]:
            raise CodecError(f"errorcode says {unreadable[0][:20]!r}")
        codes = {int(word) for word in told}
        if len(codes) > 1:
            raise CodecError(f"errorcode says {sorted(codes)[:4]}")
        error = next(iter(codes), None) or None
        fields = {field: tuple(values) for field, values in self._fields.items()}
        found = Answer(fields, error, shown(" ".join(self._named.get("errordescription", ())))[:_LONGEST_TEXT])
        if error is not None and found.status == Status.APPROVED:
            raise CodecError(f"errorcode {error} beside an approval")
        return found
