"""DualConnector's XML as its paper shows it, read and written by this device itself: it shares no code with whoever
talks to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, unescape

_FIELD = re.compile(r'<field\s+id="(\d{1,3})"\s*>(.*?)</field>', re.DOTALL)
_TIMEOUT = re.compile(r"<timeout>\s*(\d{1,7})\s*</timeout>")


class RequestError(ValueError):
    """Answered with errorcode 4."""


def read_request(body: bytes) -> tuple[dict[int, str], float | None]:
    """The fields by number, and the seconds that the reader has."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(str(error)) from error
    if "<request>" not in text or "</request>" not in text:
        raise RequestError("no request")
    fields: dict[int, str] = {}
    for number, value in _FIELD.findall(text):
        if int(number) in fields:
            raise RequestError(f"field {number} twice")
        fields[int(number)] = unescape(value)
    timeout = _TIMEOUT.search(text)
    return fields, None if timeout is None else int(timeout[1]) / 1000


def write_answer(fields: Mapping[int, object], *, encoding: str, bare: bool) -> bytes:
    """`bare`: ids without a leading zero, as some versions have them."""
    form = "{}" if bare else "{:02d}"
    rows = "".join(
        f'<field id="{form.format(number)}">{escape(str(value))}</field>'
        for number, value in sorted(fields.items())
        if value is not None
    )
    text = f'<?xml version="1.0" encoding="{encoding}"?><response>{rows}</response>'
    return text.encode(encoding, errors="replace")


def write_error(code: int, description: str, *, encoding: str) -> bytes:
    inner = f"<errorcode>{code}</errorcode><errordescription>{escape(description)}</errordescription>"
    return f'<?xml version="1.0" encoding="{encoding}"?><response>{inner}</response>'.encode(encoding)
