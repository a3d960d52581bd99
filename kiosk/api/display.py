"""Seed 4.1: the hall board's stream by aiohttp-sse; resumes by Last-Event-ID, beats every five seconds."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from kiosk.api.peer import place
from kiosk.api.streams import Streams
from kiosk.sinks.board import Frame, Snapshot
from kiosk.sinks.showing import Screen, Showing

_BEAT_S = 5.0


class DisplayApi:
    def __init__(self, showing: Showing, streams: Streams) -> None:
        self._showing = showing
        self._streams = streams

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/display/events", self.follow, allow_head=False)]

    async def follow(self, request: web.Request) -> web.StreamResponse:
        with self._streams.hold(place(request)):
            return await self._show(request)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        screen = await self._showing.open(request.headers.get("Last-Event-ID"))
        try:
            async with sse_response(request) as stream:
                for told in screen.opening:
                    await _send(stream, told)
                await self._go_on(stream, screen)
        except ConnectionResetError:
            pass
        finally:
            self._showing.disconnect(screen)
        return stream

    async def _go_on(self, stream: EventSourceResponse, screen: Screen) -> None:
        """Frames as they come, a beat every five seconds among them."""
        loop = asyncio.get_running_loop()
        await self._beat(stream)
        beat_at = loop.time() + _BEAT_S
        while not screen.dropped and stream.is_connected():
            try:
                async with asyncio.timeout_at(beat_at):
                    told = await screen.queue.get()
            except TimeoutError:
                await self._beat(stream)
                beat_at = loop.time() + _BEAT_S
                continue
            if told is None:
                return
            await _send(stream, told)

    async def _beat(self, stream: EventSourceResponse) -> None:
        """`kitchen`: why nothing is cooked now, else null."""
        await stream.send(msgspec.json.encode({"kitchen": self._showing.kitchen_stands()}).decode(), event="beat")


async def _send(stream: EventSourceResponse, told: Frame | Snapshot) -> None:
    if isinstance(told, Snapshot):
        body = msgspec.json.encode({"orders": told.orders}).decode()
        await stream.send(body, event="snapshot", id=str(told.last))
        return
    identity = None if told.sequence is None else str(told.sequence)
    await stream.send(msgspec.json.encode(told.order).decode(), event="order", id=identity)
