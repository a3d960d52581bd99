"""structlog in its fast form, with phones, tokens and card-like digits masked on the way out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_PLAIN = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d"  # ids and times stay readable
_PHONE = re.compile(rf"(?P<plain>{_PLAIN})|(?<![A-Za-z0-9])\+?\d[\d\xa0 ()-]{{8,}}\d(?![A-Za-z0-9])")
_TOKEN = re.compile(r"\b(eyJ[\w-]+\.[\w-]+\.[\w-]*|tok_\w+|Bearer\s+\S+)")
_SECRET_NAMES = frozenset({"password", "card_token", "access_token", "temporary_token", "pickup_code", "authorization"})
_PLAIN_NAMES = frozenset({"timestamp", "event", "level", "hex"})


def configure(level: str, form: str) -> None:
    """`form`: json for machines, console for people."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.dev.ConsoleRenderer(colors=False)]
        if form == "console"
        else [*shared, structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if form == "console"
        else structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No phone, token, code or card number leaves the process in a log line."""
    for name, value in event.items():
        if name not in _PLAIN_NAMES:
            event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    if name in _SECRET_NAMES:
        return "***"
    if isinstance(value, str):
        return _PHONE.sub(_mask, _TOKEN.sub("***", value))
    if isinstance(value, dict):
        return {key: _clean(str(key), part) for key, part in value.items()}
    return [_clean("", part) for part in value] if isinstance(value, list | tuple) else value


def _mask(match: re.Match[str]) -> str:
    text = match.group()
    digits = re.sub(r"\D", "", text)
    return f"…{digits[-2:]}" if len(digits) >= 10 and not match["plain"] and not _taxpayer(text) else text


def _taxpayer(text: str) -> bool:
    """An INN, which is public, and no number of a mobile phone: 12 digits, or 10 that do not begin with 9."""
    return re.fullmatch(r"[0-9]{12}|[0-8][0-9]{9}", text) is not None


def _json(value: Any, **_: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)
