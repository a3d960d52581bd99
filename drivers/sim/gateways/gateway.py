"""A message gateway as a device: what it accepted it sends, one client_id once, also after a restart."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from drivers.sim.gateways.http import HttpSimulator
from drivers.sim.world import World


class GatewayDevice(HttpSimulator, ABC):
    """`POST {path}` with `members` and a client_id → 202; sending is committed before it is answered."""

    def __init__(self, world: World, path: str, members: Sequence[str]) -> None:
        super().__init__([web.post(path, self._accept)])
        self._world = world
        self._members = members
        self._requests = 0

    def state(self) -> dict[str, Any]:
        """`requests` counts since the start, repetitions and failures included."""
        sent = [value for _, value in self._world.scan("client:")]
        return {"port": self.port, "requests": self._requests, "messages": sent}

    @abstractmethod
    def refusal(self, members: dict[str, str]) -> tuple[int, str] | None:
        """Status and word for a message this gateway will never send."""

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        self._requests += 1
        await self._delay()
        try:
            body = await request.json()
            client_id = _text(body, "client_id")
            members = {name: _text(body, name) for name in self._members}
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "bad_request"}, status=400)
        if (refused := self.refusal(members)) is not None:
            return web.json_response({"error": refused[1]}, status=refused[0])
        record = self._world.get(f"client:{client_id}") or self._send(client_id, members)
        if self.faults.take("lose_answer") is not None:
            return await self._hang_up(request)
        return web.json_response({"message_id": record["message_id"]}, status=202)

    def _send(self, client_id: str, members: dict[str, str]) -> dict[str, str]:
        record = {"message_id": f"M{secrets.token_hex(6)}", **members, "client_id": client_id}
        with self._world.change() as change:
            change.put(f"client:{client_id}", record)
            change.effect("sent", **members, client_id=client_id)
        return record


def _text(body: dict[str, Any], name: str) -> str:
    """A member that must be text and say something."""
    value = body[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(name)
    return value
