"""Bodies in and out: JSON by type, schema by msgspec, nothing unknown passes."""

from __future__ import annotations

import asyncio
import re
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from drivers.text import finite, is_shown
from kiosk.api.problems import BadJson, BodyTooSlow, UnsupportedMediaType
from kiosk.domain.errors import InvalidRequest, NotFound, Unauthorized
from kiosk.tokens import AccessTokens, Session

T = TypeVar("T")
_AT = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_KEY_LENGTH = 64
_READABLE = msgspec.json.Decoder(float_hook=finite)
#: For 64 KiB at most: whoever needs longer only holds a connection.
_BODY_WITHIN_S = 20.0


async def body_bytes(request: web.Request) -> bytes:
    """The body of a call that requires one. Raises `UnsupportedMediaType`, `BodyTooSlow`."""
    body = await _read(request)
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    return body


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():
        return await request.read()  # it came with its head: nobody waits
    try:
        async with asyncio.timeout(_BODY_WITHIN_S):
            return await request.read()
    except TimeoutError as error:
        raise BodyTooSlow from error


def decode(body: bytes, kind: type[T]) -> T:
    """Raises `BadJson` before any schema check, `InvalidRequest` with the path after it."""
    try:
        value = _READABLE.decode(body.decode("utf-8"))
        msgspec.json.encode(value).decode("utf-8")  # lone surrogates and numbers without end stop here
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadJson from error
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        path, message = (found["path"], found["message"]) if found else ("$", str(error))
        raise InvalidRequest.at(path or "$", message) from error


async def staff_body(request: web.Request, kind: type[T]) -> T:
    """The body of a call by staff: what they write is read again in journals, terminals and on receipts. Raises
    `InvalidRequest` for what is not shown."""
    body = await body_bytes(request)
    wanted = decode(body, kind)
    _require_shown("$", _READABLE.decode(body.decode("utf-8")))
    return wanted


def _require_shown(path: str, value: object) -> None:
    if isinstance(value, str) and not is_shown(value):
        raise InvalidRequest.at(path, "control or invisible characters")
    if isinstance(value, dict):
        for name, part in value.items():
            _require_shown(path, name)
            _require_shown(f"{path}.{name}", part)
    if isinstance(value, list):
        for n, part in enumerate(value):
            _require_shown(f"{path}[{n}]", part)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a call that needs none: absent, or an empty object."""


async def optional_body(request: web.Request, kind: type[T]) -> T:
    """A call without required fields: no body and no type, or JSON."""
    body = await _read(request)
    if not body:
        return kind()
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    return decode(body, kind)


def answer(value: Any, status: int = 200, **headers: str) -> web.Response:
    """A JSON answer that no cache keeps."""
    return web.Response(
        body=bytes(value) if isinstance(value, msgspec.Raw) else msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )


def bearer(request: web.Request, tokens: AccessTokens) -> Session:
    """The session of `Authorization: Bearer …`. Raises `Unauthorized`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    return tokens.verify(token.strip())


def cell_number(request: web.Request) -> int:
    """`{cell}` of the path; what is no number is no cell. Raises `NotFound`."""
    text = request.match_info["cell"]
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound
    return int(text)


def idempotency_key(request: web.Request) -> str | None:
    """Any text up to 64 characters. Raises `InvalidRequest`."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    try:
        text = key.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest.at("Idempotency-Key", "not UTF-8") from error
    if not 1 <= len(text) <= _KEY_LENGTH:
        raise InvalidRequest.at("Idempotency-Key", f"1…{_KEY_LENGTH} characters")
    return text
