"""Both listeners as aiohttp applications: routes, the problem middleware, security headers."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from kiosk.api.problems import Handler, problems
from kiosk.domain.errors import Unauthorized
from kiosk.domain.text import Text

BODY_LIMIT = 64 * 1024


def application(*groups: Iterable[web.RouteDef], public: bool) -> web.Application:
    """An application of these routes; what is not named here is 404."""
    middlewares = [headers, problems, same_origin] if public else [problems]
    app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT)
    for routes in groups:
        app.add_routes(routes)
    return app


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


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
