"""`GET /api/openapi.json`: OpenAPI 3.1 of /api/*, from the table of operations and the types that decode and answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import msgspec
from aiohttp import web

from kiosk.api.calls import BareCall, Operation
from kiosk.api.describing import describe
from kiosk.api.http.wire import tagged_answer


@cache
def _described(operations: tuple[Operation, ...]) -> tuple[bytes, str]:
    """The body and its tag. On the loop, not on a thread: first uses of a type must not meet (`prepare_types`)."""
    body = msgspec.json.encode(describe(operations))
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True)
class OpenApi:
    """Serves the description from memory, made when it is first asked for: no start waits for it."""

    operations: tuple[Operation, ...]

    async def show(self, call: BareCall[None]) -> web.Response:
        return tagged_answer(call.request, *_described(self.operations))
