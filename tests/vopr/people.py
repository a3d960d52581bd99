"""People at the door and staff at their socket: a request is bytes on a connection of a host of their own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.crash.calls import CALL_S, Answer, Gone
from tests.vopr.scheduler import Host


class _Asking(asyncio.Protocol):
    """HTTP/1.1 of one request: RFC 9112."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._heard = bytearray()
        self._transport: Any = None
        self.answer: Answer | None = None
        self.over = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = bytes(self._heard).partition(b"\r\n\r\n")
        if not found or self.over:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if len(body) >= int(headers.get("content-length", "0")):
            self.answer = Answer(int(lines[0].split()[1]), json.loads(body) if body else None)
            self.over = True
            self._transport.close()

    def eof_received(self) -> None:
        self.over = True

    def connection_lost(self, error: Exception | None) -> None:
        self.over = True


class Asked:
    """`tests.crash.calls.Asked`: a request under way. `key`: a port, or the path of a socket."""

    def __init__(self, people: Host, key: int | str, request: bytes) -> None:
        self._people = people
        self._said = request.partition(b" HTTP")[0].decode()
        self._ask = _Asking(request)
        people.call_soon(self._start, ("127.0.0.1", key) if isinstance(key, int) else key)

    def _start(self, key: Any) -> None:
        self._task = self._people.create_task(self._connect(key))

    async def _connect(self, key: Any) -> None:
        try:
            await self._people.sim.network.connect(self._people, key, lambda: self._ask)
        except OSError:
            self._ask.over = True

    @property
    def over(self) -> bool:
        return self._ask.over

    def answer(self) -> Answer:
        """Raises `Gone`."""
        sim = self._people.sim
        if not self._ask.over:
            sim.run_until(sim.now + CALL_S, lambda: self._ask.over)
        if self._ask.answer is None:
            raise Gone(self._said)
        return self._ask.answer


class People:
    """The calls of `tests.crash.calls`, and `pause`, which lets virtual time go."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def call(self, port: int, method: str, path: str, body: Any = None, token: str = "", key: str = "") -> Answer:
        return self.ask(port, method, path, body, token, key).answer()

    def internal(self, path: Path, method: str, target: str, body: Any = None) -> Answer:
        return Asked(self._host, str(path), _request(method, target, body)).answer()

    def ask(self, port: int, method: str, path: str, body: Any = None, token: str = "", key: str = "") -> Asked:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        return Asked(self._host, port, _request(method, path, body, headers))

    def pause(self, seconds: float = 0.06) -> None:
        sim = self._host.sim
        sim.run_until(sim.now + seconds)


def _request(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data
