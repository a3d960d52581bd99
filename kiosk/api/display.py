"""Seed 4.1: the hall board's stream by aiohttp-sse; resumes by Last-Event-ID, beats every five seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from kiosk.api.calls import BareCall
from kiosk.api.http.parameters import LAST_EVENT_ID
from kiosk.api.http.streams import Streams
from kiosk.sinks.board import HallBoard, Screen
from kiosk.sinks.board_picture import Frame, Snapshot

_BEAT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayApi:
    board: HallBoard
    streams: Streams

    async def follow(self, call: BareCall[None]) -> web.StreamResponse:
        with self.streams.hold(call.place):
            return await self._show(call)

    async def _show(self, call: BareCall[None]) -> web.StreamResponse:
        screen = await self.board.open(call.read(LAST_EVENT_ID))
        try:
            async with sse_response(call.request) as stream:
                for told in screen.opening:
                    await _send(stream, told)
                await self._go_on(stream, screen)
        except ConnectionResetError:
            pass
        finally:
            self.board.disconnect(screen)
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
        await stream.send(msgspec.json.encode({"kitchen": self.board.kitchen_stands()}).decode(), event="beat")


async def _send(stream: EventSourceResponse, told: Frame | Snapshot) -> None:
    if isinstance(told, Snapshot):
        body = msgspec.json.encode({"orders": told.orders}).decode()
        await stream.send(body, event="snapshot", id=str(told.last))
        return
    identity = None if told.sequence is None else str(told.sequence)
    await stream.send(msgspec.json.encode(told.order).decode(), event="order", id=identity)
