"""Both listeners as aiohttp applications: routes, the problem middleware, security headers."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from kiosk.api.calls import BODY_LIMIT
from kiosk.api.http.gate import Gate
from kiosk.api.http.problems import OFFERED_LANGUAGES, ExpectationFailed, ForeignHost, Handler, problem, problems
from kiosk.api.http.unreadable import SERVER
from kiosk.domain.errors import Unauthorized
from kiosk.domain.text import LANGUAGES, Text


def application(
    routes: Iterable[web.RouteDef], *, gate: Gate | None = None, languages: Sequence[str] = LANGUAGES
) -> web.Application:
    """An application of these routes; what is not named here is 404. `gate`: of the public listener; `languages`: what
    guests may choose."""
    middlewares = [problems] if gate is None else [gate.middleware, headers, problems, own_name, same_origin]
    app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT)
    app[OFFERED_LANGUAGES] = tuple(languages)
    app.on_response_prepare.append(_in_our_words)
    app.add_routes(routes)
    return app


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


async def _in_our_words(request: web.Request, response: web.StreamResponse) -> None:
    """No versions; and what aiohttp refuses before any middleware, it refuses with the words that came."""
    response.headers["Server"] = SERVER
    if isinstance(response, web.HTTPExpectationFailed):
        told = problem(request, ExpectationFailed())
        response.body, response.content_type = told.body, told.content_type
        response.headers["Content-Length"] = str(told.content_length)


@web.middleware
async def own_name(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another site whose name was made to lead here asks under that name: it gets nothing."""
    host = request.headers.get("Host")
    if host is not None and not _is_ours(host):
        raise ForeignHost
    return await handler(request)


@lru_cache(64)
def _is_ours(host: str) -> bool:
    """An address is nobody's name; names are ours where they are this machine's."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name in ("localhost", own, f"{own}.local", own.partition(".")[0])
    return True


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No page of another origin may drive the kiosk (there is no CORS): a foreign `Origin` changes nothing."""
    origin = request.headers.get("Origin")
    if origin and request.method not in ("GET", "HEAD", "OPTIONS") and _netloc(origin) != request.host:
        raise Unauthorized(Text("Чужая страница", "A foreign origin"))
    return await handler(request)


def _netloc(origin: str) -> str | None:
    """None: not readable as a URL, so not ours."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
