"""One device behind HTTP: a request with one deadline for all of it, and what its failure says about the outcome."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from typing import Any, TypeVar

import aiohttp
import msgspec

from drivers.bounded import bounded
from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown, connection_word
from drivers.text import finite, shown

_CONNECT_S = 5.0
#: What is longer is no answer of these devices.
LONGEST_ANSWER = 64 * 1024
#: Of a text that is kept: the registrars' and banks' own have some hundred characters.
_LONGEST_TEXT = 1024
_DEEPEST = 32
#: Packed answers are neither asked for nor unpacked: a small one may hold more than the memory does.
PLAIN = {"Accept-Encoding": "identity"}
T = TypeVar("T")
_ACCEPTED = (200, 201, 202)
#: It answers, and will take nothing from us until a person sees to it.
REFUSES_US = (401, 403)
#: The gateway does not take anything from us now, or is not at this address; it says nothing against this message.
_NOT_NOW = {
    **dict.fromkeys(REFUSES_US, "unauthorized"),
    **dict.fromkeys((404, 405, 407), "wrong_address"),
    **dict.fromkeys((408, 429), "busy"),
}


class UnreadableAnswer(ValueError):
    """What came is no JSON of the expected form."""


def read_json(body: bytes, kind: type[T]) -> T:
    """An answer from outside, whatever its content, as `kind`; its texts as `cleaned`. What `kind` does not name is
    passed over. Raises `UnreadableAnswer`."""
    return cleaned(decoded(body, kind))


def decoded(body: bytes, kind: type[T]) -> T:
    """As `read_json`, with its texts as they came. Raises `UnreadableAnswer`."""
    wanted: Any = kind  # a type is hashable, whatever type[T] says
    try:
        found: T = _decoder(wanted).decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: bytes that are no UTF-8
        raise UnreadableAnswer(str(error)[:200]) from error
    return found


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=finite)


def cleaned(value: T) -> T:
    """Its texts as they may be shown, cut to what a device has to say. Raises `UnreadableAnswer` for what is nested
    deeper than any device nests."""
    found: T = _cleaned(value, _DEEPEST)
    return found


def _cleaned(value: Any, deeper: int) -> Any:
    if isinstance(value, str):
        return shown(value[:_LONGEST_TEXT])
    if not isinstance(value, dict | list | msgspec.Struct):
        return value
    if not deeper:
        raise UnreadableAnswer(f"nested more than {_DEEPEST} deep")
    deeper -= 1
    if isinstance(value, dict):
        return {_cleaned(name, deeper): _cleaned(part, deeper) for name, part in value.items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **{name: _cleaned(part, deeper) for name, part in _parts(value)})
    return [_cleaned(part, deeper) for part in value]


def _parts(value: msgspec.Struct) -> list[tuple[str, Any]]:
    return [(name, getattr(value, name)) for name in value.__struct_fields__]


class HttpDevice:
    """`call` gives status and body; `post` also reads the status, for gateways that only accept or refuse."""

    def __init__(
        self,
        device: str,
        url: str,
        key: str,
        timeout_s: float,
        *,
        fresh: bool = False,
        longest: int = LONGEST_ANSWER,
    ) -> None:
        """`fresh`: a connection of its own for each call. One that was kept may have died unnoticed, and what was
        written to it then is unknown where a refused one would have been certain. `longest`: bytes of an answer."""
        self._device = device
        self._url = url.rstrip("/")
        self._headers = PLAIN | ({"Authorization": f"Bearer {key}"} if key else {})
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, _CONNECT_S))
        self._fresh = fresh
        self._longest = longest
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        content: bytes | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of an `exchange`."""
        status, _, body = await self.exchange(
            method, path, headers=headers, json=json, content=content, parameters=parameters
        )
        return status, body

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        content: bytes | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (by names in any case) and body of one request, its own body `json` or `content`. A
        connection that was not made sent nothing (`DeviceUnreachable`); whatever fails later is `OutcomeUnknown`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=self._fresh, socket_factory=bounded(self._longest)),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=self._timeout,
                auto_decompress=False,
            )
        if content is not None:
            headers = {**(headers or {}), "Content-Type": "application/json"}
        try:
            async with self._session.request(
                method,
                self._url + path,
                headers=headers,
                json=json,
                data=content,
                params=parameters,
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await self._body(response)
        except aiohttp.ClientConnectorError as error:
            raise DeviceUnreachable(self._device, connection_word(error), str(error)) from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise OutcomeUnknown(self._device, "no_answer", repr(error)[:500]) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Raises `OutcomeUnknown` for one without end."""
        found = bytearray()
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > self._longest:
                raise OutcomeUnknown(self._device, "answer_too_long", f"over {self._longest} bytes")
        return bytes(found)

    async def post(self, path: str, json: Mapping[str, str | int]) -> bytes:
        """The body of an acceptance. `DeviceRefused`: 4xx about this request. Bodies are not passed on: they may repeat
        a phone number."""
        status, body = await self.call("POST", path, json=json)
        if status in _ACCEPTED:
            return body
        if status in _NOT_NOW:
            raise DeviceUnreachable(self._device, _NOT_NOW[status], f"HTTP {status}")
        if 400 <= status < 500:
            raise DeviceRefused(self._device, "refused", f"HTTP {status}")
        raise OutcomeUnknown(self._device, "unexpected_answer", f"HTTP {status}")

    async def probe(self, path: str) -> None:
        """A question with no effect: any answer but a refusal of ourselves or a fault is life. Raises
        `DeviceUnreachable`."""
        try:
            status, _ = await self.call("GET", path)
        except OutcomeUnknown as error:
            raise DeviceUnreachable(self._device, error.code, error.detail) from error
        if status in REFUSES_US:
            raise DeviceUnreachable(self._device, "unauthorized", f"HTTP {status}")
        if status >= 500:
            raise DeviceUnreachable(self._device, "unexpected_answer", f"HTTP {status}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
