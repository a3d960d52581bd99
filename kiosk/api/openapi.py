"""`GET /api/openapi.json`: OpenAPI 3.1 of /api/*, from tables of operations and the types that decode and answer."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import msgspec
from aiohttp import web

from kiosk.api.customer_operations import CUSTOMER_OPERATIONS
from kiosk.api.describing import Operation, describe
from kiosk.api.public import tagged_answer
from kiosk.api.staff_operations import STAFF_OPERATIONS

_TAGGED = {200: ("ETag",), 304: ("ETag",)}

OPERATIONS: tuple[Operation, ...] = (
    *CUSTOMER_OPERATIONS,
    *STAFF_OPERATIONS,
    Operation(
        method="GET",
        path="/api/openapi.json",
        summary="This description",
        parameters=("If-None-Match",),
        answers={200: dict[str, Any], 304: None},
        headers=_TAGGED,
        stores=False,
    ),
)


@cache
def _described() -> tuple[bytes, str]:
    """The body and its tag. On the loop, not on a thread: first uses of a type must not meet (`prepare_types`)."""
    body = msgspec.json.encode(describe(OPERATIONS))
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


class OpenApi:
    """Serves the description from memory, made when it is first asked for: no start waits for it."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/openapi.json", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        return tagged_answer(request, *_described())
