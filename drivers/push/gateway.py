"""The push gateway over HTTP (http.md#calls-to-others): `POST /push` → 202."""

from __future__ import annotations

from drivers.http import HttpDevice


class HttpPushGateway:
    """`PushGateway`; every call has one deadline."""

    def __init__(self, url: str, key: str = "", timeout_s: float = 10.0) -> None:
        self._http = HttpDevice("push", url, key, timeout_s)

    async def send(self, to: str, title: str, body: str, client_id: str) -> None:
        await self._http.post("/push", {"to": to, "title": title, "body": body, "client_id": client_id})

    async def close(self) -> None:
        await self._http.close()
