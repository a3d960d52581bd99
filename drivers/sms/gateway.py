"""The SMS gateway over HTTP (http.md#calls-to-others): `POST /messages` → 202."""

from __future__ import annotations

from drivers.http import HttpDevice


class HttpSmsGateway:
    """`SmsGateway`; every call has one deadline."""

    def __init__(self, url: str, key: str = "", timeout_s: float = 10.0) -> None:
        self._http = HttpDevice("sms", url, key, timeout_s, fresh=True)

    async def send(self, to: str, text: str, client_id: str) -> None:
        await self._http.post("/messages", {"to": to, "text": text, "client_id": client_id})

    async def probe(self) -> None:
        await self._http.probe("/messages")

    async def close(self) -> None:
        await self._http.close()
