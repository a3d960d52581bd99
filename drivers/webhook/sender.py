"""Delivers over HTTP: no redirects, one deadline, and no private address behind a public name (SSRF)."""

from __future__ import annotations

import ipaddress
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from drivers.errors import OutcomeUnknown
from drivers.webhook.port import Delivery

_DEVICE = "webhook"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_PAUSE_S = 86400.0


class _PublicResolver(AbstractResolver):
    """Resolves a name once for the connection and refuses it when any of its addresses is not public."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if host not in _LOOPBACK and not all(ipaddress.ip_address(row["host"]).is_global for row in found):
            raise OSError(f"{host} is a private address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


class HttpWebhookSender:
    """`WebhookSender`; the deadline is that of Standard Webhooks, 15–30 s."""

    def __init__(self, timeout_s: float = 20.0) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, url: str, headers: dict[str, str], body: bytes) -> Delivery:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=_PublicResolver())
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.readany()
                return Delivery(answer.status, _pause_s(answer.headers.get("Retry-After")))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutcomeUnknown(_DEVICE, "no_answer", type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _pause_s(text: str | None) -> float | None:
    """Seconds only; a date is rare and the schedule covers it."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return min(float(text), _LONGEST_PAUSE_S)
