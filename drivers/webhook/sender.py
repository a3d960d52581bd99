"""Delivers over HTTP: no redirects, one deadline, and no private address behind a public name (SSRF)."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from drivers.bounded import bounded
from drivers.errors import DeviceUnreachable, OutcomeUnknown
from drivers.http import LONGEST_ANSWER, PLAIN
from drivers.webhook.port import Delivery

_DEVICE = "webhook"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_PAUSE_S = 86400.0


class _PublicResolver(AbstractResolver):
    """Resolves a name once for the connection and refuses it when any of its addresses is not public."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if host not in _LOOPBACK and not all(_is_public(row["host"]) for row in found):
            raise OSError(errno.EACCES, f"{host} has a private address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:10.0.0.1 is 10.0.0.1
    return bool((mapped or address).is_global)


class HttpWebhookSender:
    """`WebhookSender`; the deadline is that of Standard Webhooks, 15–30 s. `resolver`: another than the system's."""

    def __init__(self, timeout_s: float = 20.0, resolver: AbstractResolver | None = None) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, url: str, headers: dict[str, str], body: bytes) -> Delivery:
        if self._session is None:
            resolver = _PublicResolver(self._resolver or aiohttp.ThreadedResolver())
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, socket_factory=bounded(LONGEST_ANSWER)),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers=PLAIN,
                auto_decompress=False,
            )
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.readany()
                return Delivery(answer.status, _pause_s(answer.headers))
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:  # no connection: nothing has left
            raise DeviceUnreachable(_DEVICE, "no_answer", f"{type(error).__name__}: {error}"[:200]) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise OutcomeUnknown(_DEVICE, "no_answer", f"{type(error).__name__}: {error}"[:200]) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _pause_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, or as a date by the endpoint's own clock (RFC 9110 §10.2.3)."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_PAUSE_S)
    try:
        pause: timedelta = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):  # neither, one without a zone, or no date of this calendar
        return None
    return min(max(0.0, pause.total_seconds()), _LONGEST_PAUSE_S)
