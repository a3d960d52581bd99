"""The table of operations served: admit, read the body, let the handler do it, answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from aiohttp import web

from kiosk.api.admission import Admission
from kiosk.api.calls import Call, Operation
from kiosk.api.http.problems import Handler
from kiosk.api.http.wire import answer, request_body

_EVENT_STREAM = "text/event-stream"
_LAST_WORD = re.compile(r"\{(\w+)\}$")


def routes(operations: Sequence[Operation], groups: Iterable[object], admission: Admission) -> list[web.RouteDef]:
    """A route for each row. `groups`: one object of every class whose methods are handlers. Raises `LookupError` for a
    row without its object."""
    by_name = {type(group).__name__: group for group in groups}
    patterns = _patterns(frozenset(operation.at.path for operation in operations))
    return [
        _route(
            operation,
            patterns[operation.at.path],
            _served(operation, by_name[operation.handler.__qualname__.partition(".")[0]], admission),
        )
        for operation in operations
    ]


def _route(operation: Operation, pattern: str, handler: Handler) -> web.RouteDef:
    if operation.at.method == "GET":
        return web.get(pattern, handler, allow_head=operation.media != _EVENT_STREAM)
    return web.route(operation.at.method, pattern, handler)


@lru_cache(8)  # as many listeners have a table of their own
def _patterns(paths: frozenset[str]) -> Mapping[str, str]:
    """Of each path, as aiohttp matches it."""
    return {path: _pattern(path, paths) for path in paths}


def _pattern(path: str, paths: Iterable[str]) -> str:
    """A word at the end does not match what stands at its place by name: `GET /api/orders/create` is 405, not 404."""
    word = _LAST_WORD.search(path)
    if word is None:
        return path
    start = path[: word.start()]
    named = sorted(
        rest for other in paths if other.startswith(start) and not {"/", "{"} & set(rest := other[len(start) :])
    )
    apart = f"(?!(?:{'|'.join(map(re.escape, named))})$)" if named else ""
    return f"{start}{{{word[1]}:{apart}[^{{}}/]+}}"


def _served(operation: Operation, group: object, admission: Admission) -> Handler:
    """What is the same for every request is looked up here, once."""
    admit, read = admission.of(operation), _reader(operation, group)
    handle: Callable[[Call[Any, Any]], Awaitable[Any]] = partial(operation.handler, group)
    status, kind = next(iter(operation.answers.items()))

    async def serve(request: web.Request) -> web.StreamResponse:
        by = admit(request)
        value = await handle(Call(request, by, await read(request)))
        if isinstance(value, web.StreamResponse):
            return value
        return web.Response(status=status) if kind is None else answer(value, status)

    return serve


def _reader(operation: Operation, group: object) -> Callable[[web.Request], Awaitable[Any]]:
    if not operation.takes_body:
        return _no_body
    return partial(
        request_body,
        kind=operation.body,
        optional=not operation.needs_body,
        screen=operation.screen and partial(operation.screen, group),
        by_staff=operation.who.staff,
    )


async def _no_body(_: web.Request) -> None:
    return None
