"""The kitchen for the hall to look at: a stream of whole pictures by aiohttp-sse, nothing to resume."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec
from aiohttp import web
from aiohttp_sse import sse_response

from kiosk.api.calls import BareCall
from kiosk.api.http.streams import Streams
from kiosk.domain.kitchen.show import KitchenShow
from kiosk.sinks.kitchen_screens import KitchenScreen, KitchenScreens

_BEAT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KitchenApi:
    screens: KitchenScreens
    streams: Streams

    async def follow(self, call: BareCall[None]) -> web.StreamResponse:
        with self.streams.hold(call.place):
            return await self._show(call)

    async def _show(self, call: BareCall[None]) -> web.StreamResponse:
        screen = self.screens.open()
        try:
            async with sse_response(call.request) as stream:
                while stream.is_connected():
                    event, body = await _next(screen)
                    if not event:
                        break
                    await stream.send(body, event=event)
        except ConnectionResetError:
            pass
        finally:
            self.screens.disconnect(screen)
        return stream


async def _next(screen: KitchenScreen) -> tuple[str, str]:
    """The next event and its data: a picture, or a beat where none has come for five seconds; no event: the end."""
    try:
        async with asyncio.timeout(_BEAT_S):
            show = await screen.next()
    except TimeoutError:
        return "beat", "{}"
    return ("", "") if show is None else ("kitchen", _encode(show))


def _encode(show: KitchenShow) -> str:
    return msgspec.json.encode(show).decode()
