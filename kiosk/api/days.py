"""Days as a call names them."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from kiosk.domain.errors import InvalidRequest


def day_of(request: web.Request, name: str, default: date) -> date:
    """A day of the query (`2026-11-22`). Raises `InvalidRequest`."""
    text = request.query.get(name)
    return default if text is None else as_day(text, name)


def as_day(text: str, name: str) -> date:
    """Raises `InvalidRequest`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.at(name, "a day like 2026-11-22") from error
