"""VTK messages by name, with their fields as values (protocols/vtk.md#messages)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from drivers.terminal.vtk.tlv import CodecError, Field, Tag, encode_fields, parse_fields
from drivers.text import shown

IDL = "IDL"  # alive and selling
DIS = "DIS"  # alive, nothing is sold
STA = "STA"  # a card was shown, or START pressed
VRP = "VRP"  # a sale
FIN = "FIN"  # its end
ABR = "ABR"  # a wish to end it
CON, DAT, DSC = "CON", "DAT", "DSC"  # the reader's own traffic through the kiosk
#: The greatest operation number: eight decimal digits.
LAST_OPERATION = 99_999_999

_NAME = re.compile(rb"[A-Z]{3}")
_DECIMAL = re.compile(rb"[0-9]{1,12}")
_NUMBERS = (Tag.OPERATION, Tag.AMOUNT, Tag.KEEPALIVE, Tag.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Message:
    """`name` and the other fields in the order of the wire. A tag that comes twice counts the first time."""

    name: str
    fields: tuple[Field, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Raises `CodecError`; an unknown tag is none."""
        fields = parse_fields(data)
        name = next((value for tag, value in fields if tag == Tag.NAME), b"")
        if not _NAME.fullmatch(name):
            raise CodecError(f"no message name: {name[:20]!r}")
        found = cls(name.decode(), tuple(field for field in fields if field[0] != Tag.NAME))
        for tag in _NUMBERS:
            found.number(tag)
        return found

    def encode(self) -> bytes:
        return encode_fields(((Tag.NAME, self.name.encode()), *self.fields))

    def get(self, tag: Tag) -> bytes | None:
        return next((value for found, value in self.fields if found == tag), None)

    def number(self, tag: Tag) -> int | None:
        """A decimal field; leading zeros are legal. Raises `CodecError`."""
        value = self.get(tag)
        if value is None:
            return None
        if not _DECIMAL.fullmatch(value):
            raise CodecError(f"field {tag:02X} is no number: {value[:20]!r}")
        return int(value)

    def text(self, tag: Tag) -> str:
        """Its lines, empty where there is none; what cannot be shown becomes `�`."""
        found = (self.get(tag) or b"").split(b"\n")
        return "\n".join(shown(line.decode("utf-8", "replace")) for line in found)

    @property
    def operation(self) -> int | None:
        return self.number(Tag.OPERATION)

    @property
    def amount_kopecks(self) -> int | None:
        return self.number(Tag.AMOUNT)


def decimal(tag: Tag, value: int) -> Field:
    return tag, str(value).encode()


def local_time(now: datetime) -> Field:
    """`now` with its offset from UTC, as `YYYYMMDDThhmmss+hhmm`."""
    return Tag.TIME, now.strftime("%Y%m%dT%H%M%S%z").encode()


def after(operation: int) -> int:
    """The number of the next sale."""
    return 1 if operation >= LAST_OPERATION else operation + 1
