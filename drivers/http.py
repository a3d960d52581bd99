"""One device behind HTTP: a request with one deadline for all of it, and what its failure says about the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

import aiohttp
import msgspec

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.text import is_shown, shown

_CONNECT_S = 5.0
#: What is longer is no answer of these devices: a bank's list of two full days is some 2 MB.
LONGEST_ANSWER = 8 * 1024 * 1024
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
    """An answer from outside, whatever stands in it; its texts as they may be shown. Raises `UnreadableAnswer`."""
    try:
        text = body.decode("utf-8")
        if "\\" not in text and is_shown(text):
            return msgspec.json.decode(text, type=kind)
        return msgspec.convert(_shown(msgspec.json.decode(text)), kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: bytes that are no UTF-8
        raise UnreadableAnswer(str(error)[:200]) from error


def _shown(value: object) -> object:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(name): _shown(part) for name, part in value.items()}
    return [_shown(part) for part in value] if isinstance(value, list) else value


class HttpDevice:
    """`call` gives status and body; `post` also reads the status, for gateways that only accept or refuse."""

    def __init__(self, device: str, url: str, key: str, timeout_s: float, *, fresh: bool = False) -> None:
        """`fresh`: a connection of its own for each call. One that was kept may have died unnoticed, and what was
        written to it then is unknown where a refused one would have been certain."""
        self._device = device
        self._url = url.rstrip("/")
        self._headers = PLAIN | ({"Authorization": f"Bearer {key}"} if key else {})
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, _CONNECT_S))
        self._fresh = fresh
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """One request. A connection that was refused sent nothing (`DeviceUnreachable`); whatever fails later is
        `OutcomeUnknown`."""
        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=self._fresh)
            self._session = aiohttp.ClientSession(
                headers=self._headers, timeout=self._timeout, connector=connector, auto_decompress=False
            )
        try:
            async with self._session.request(
                method, self._url + path, headers=headers, json=json, params=parameters, allow_redirects=False
            ) as response:
                return response.status, await self._body(response)
        except aiohttp.ClientConnectorError as error:
            raise DeviceUnreachable(self._device, "connection_refused", str(error)) from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise OutcomeUnknown(self._device, "no_answer", repr(error)[:500]) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Raises `OutcomeUnknown` for one without end."""
        found = bytearray()
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > LONGEST_ANSWER:
                raise OutcomeUnknown(self._device, "answer_too_long", f"over {LONGEST_ANSWER} bytes")
        return bytes(found)

    async def post(self, path: str, json: Mapping[str, str | int]) -> bytes:
        """The body of an acceptance. `DeviceRefused`: 4xx about this request. Bodies are not told on: they may repeat
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
