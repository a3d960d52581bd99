"""Bodies in and out: JSON by type, schema by msgspec, nothing unknown passes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from drivers.text import finite, is_shown
from kiosk.api.http.problems import BadJson, BodyTooLarge, BodyTooSlow, UnsupportedMediaType
from kiosk.domain.errors import InvalidRequest
from kiosk.domain.text import Text

T = TypeVar("T")
_AT = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_READABLE = msgspec.json.Decoder(float_hook=finite)
#: For 64 KiB at most: whoever needs longer only holds a connection.
_BODY_WITHIN_S = 20.0
#: For a file, from a telephone in the hall too.
_FILE_WITHIN_S = 60.0


async def request_body(
    request: web.Request, kind: type[T], *, optional: bool, screen: Callable[[object], None] | None, by_staff: bool
) -> T:
    """The body of a call; where it is `optional`, no body and no type either. `screen` looks at the JSON before the
    schema. Raises `UnsupportedMediaType`, `BodyTooSlow`, `BadJson` before any schema check, `InvalidRequest`."""
    body = await _read(request)
    if optional and not body:
        return kind()
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    value = _json(body)
    if screen is not None:
        screen(value)
    wanted = _as(kind, value)
    if by_staff:
        _require_shown(value)
    return wanted


async def raw_body(request: web.Request, media: Sequence[str], longest_bytes: int) -> bytes:
    """A body that is no JSON. One that is longer is refused while it comes, and no more of it is kept. Raises
    `UnsupportedMediaType`, `BodyTooLarge`, `BodyTooSlow`."""
    if request.content_type not in media:
        named = ", ".join(media)
        raise UnsupportedMediaType(Text(f"Тип тела: {named}", f"The type of the body is one of {named}"))
    if (request.content_length or 0) > longest_bytes:
        raise BodyTooLarge
    found = bytearray()
    try:
        async with asyncio.timeout(_FILE_WITHIN_S):
            async for piece in request.content.iter_any():
                found += piece
                if len(found) > longest_bytes:
                    raise BodyTooLarge
    except TimeoutError as error:
        raise BodyTooSlow from error
    return bytes(found)


def _as(kind: type[T], value: object) -> T:
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        path, message = (found["path"], found["message"]) if found else ("$", str(error))
        raise InvalidRequest.at(path or "$", message) from error


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():
        return await request.read()  # it came with its head: nobody waits
    try:
        async with asyncio.timeout(_BODY_WITHIN_S):
            return await request.read()
    except TimeoutError as error:
        raise BodyTooSlow from error


def _json(body: bytes) -> object:
    try:
        value = _READABLE.decode(body.decode("utf-8"))
        msgspec.json.encode(value).decode("utf-8")  # lone surrogates and numbers without end stop here
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadJson from error
    return value


def _require_shown(value: object, path: str = "$") -> None:
    """What staff write is read again in journals, terminals and on receipts. Raises `InvalidRequest`."""
    if isinstance(value, str) and not is_shown(value):
        raise InvalidRequest.at(path, "control or invisible characters")
    if isinstance(value, dict):
        for name, part in value.items():
            _require_shown(name, path)
            _require_shown(part, f"{path}.{name}")
    if isinstance(value, list):
        for n, part in enumerate(value):
            _require_shown(part, f"{path}[{n}]")


def answer(value: Any, status: int = 200, **headers: str) -> web.Response:
    """A JSON answer that no cache keeps."""
    return web.Response(
        body=bytes(value) if isinstance(value, msgspec.Raw) else msgspec.json.encode(value),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )


def tagged_answer(request: web.Request, body: bytes, tag: str, headers: dict[str, str] | None = None) -> web.Response:
    """JSON that a cache may keep but must ask about: 304 while its tag is the same."""
    headers = {"ETag": tag, "Cache-Control": "no-cache", **(headers or {})}
    given = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    if tag in given or "*" in given:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)
