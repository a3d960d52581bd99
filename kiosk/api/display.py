"""Seed 4.1: the hall board's stream by aiohttp-sse; resumes by Last-Event-ID, beats every five seconds."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from kiosk.sinks.showing import Frame, Opening, Screen, Showing

_BEAT_S = 5.0


class DisplayApi:
    def __init__(self, showing: Showing) -> None:
        self._showing = showing

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/display/events", self.follow, allow_head=False)]

    async def follow(self, request: web.Request) -> web.StreamResponse:
        screen = self._showing.connect()
        try:
            opening = await self._showing.opening(request.headers.get("Last-Event-ID"))
            async with sse_response(request) as stream:
                await _open(stream, opening)
                await _go_on(stream, screen, opening.last)
        except ConnectionResetError:
            pass
        finally:
            self._showing.disconnect(screen)
        return stream


async def _open(stream: EventSourceResponse, opening: Opening) -> None:
    if opening.snapshot is not None:
        body = msgspec.json.encode({"orders": opening.snapshot}).decode()
        await stream.send(body, event="snapshot", id=str(opening.last))
    for frame in opening.missed:
        await _send(stream, frame)


async def _go_on(stream: EventSourceResponse, screen: Screen, last: int) -> None:
    """Frames as they come, a beat every five seconds among them."""
    loop = asyncio.get_running_loop()
    await stream.send("{}", event="beat")
    beat_at = loop.time() + _BEAT_S
    while not screen.dropped and stream.is_connected():
        try:
            async with asyncio.timeout_at(beat_at):
                frame = await screen.queue.get()
        except TimeoutError:
            await stream.send("{}", event="beat")
            beat_at = loop.time() + _BEAT_S
            continue
        if frame is None:
            return
        if frame.sequence is None or frame.sequence > last:
            await _send(stream, frame)


async def _send(stream: EventSourceResponse, frame: Frame) -> None:
    identity = None if frame.sequence is None else str(frame.sequence)
    await stream.send(msgspec.json.encode(frame.order).decode(), event="order", id=identity)
