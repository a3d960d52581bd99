"""structlog in its fast form, with phones, tokens and card-like digits masked on the way out. Nothing in a line is
obeyed by a terminal."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections import deque
from collections.abc import MutableMapping
from datetime import date
from typing import IO, Any

import msgspec
import structlog

from drivers.text import shown, without_digits

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_PLAIN = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d"  # ids and times stay readable
_PHONE = re.compile(rf"(?P<plain>{_PLAIN})|(?<![A-Za-z0-9])\+?\d[\d\xa0 ()-]{{8,}}\d(?![A-Za-z0-9])")
_TOKEN = re.compile(r"\b(eyJ[\w-]+\.[\w-]+\.[\w-]*|tok_\w+|Bearer\s+\S+)")
_HEX = re.compile(r"\b(?:[0-9a-fA-F]{2}){10,}\b")
_SECRET_NAMES = frozenset({"password", "card_token", "access_token", "temporary_token", "pickup_code", "authorization"})
#: The last lines of this process, masked like those that are written: JSON, the newest last.
_LAST: deque[bytes] = deque(maxlen=2000)
_PLAIN_NAMES = frozenset({"timestamp", "event", "level", "hex"})


def configure(level: str, form: str) -> None:
    """`form`: json for machines, console for people. What drivers and libraries say to the standard `logging` goes the
    same way: one level, one form, one stream, masked alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = form == "console"
    written: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if console else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[*shared, _remember, written],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if console
        else structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    _bridge(_LEVELS[level], shared, written, sys.stderr.buffer if console else sys.stdout.buffer)


def _bridge(
    level: int, shared: list[structlog.typing.Processor], written: structlog.typing.Processor, to: IO[bytes]
) -> None:
    """Everything the standard `logging` is given ends in our pipeline. Libraries are heard from `warning` on: below it
    they log every statement and frame with all its values."""
    handler = _Handler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, _sentence, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _remember, written, _as_text],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("drivers").setLevel(level)
    logging.captureWarnings(capture=True)


class _Handler(logging.Handler):
    """Whole lines to the stream of our own ones; a line that cannot be written stops nobody."""

    def __init__(self, to: IO[bytes]) -> None:
        super().__init__()
        self._to = to

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except (TypeError, ValueError):  # values that do not fit into the sentence: it is logged without them
            record.args = ()
            line = self.format(record)
        with contextlib.suppress(OSError, ValueError):
            self._to.write(line.encode("utf-8", "backslashreplace") + b"\n")
            self._to.flush()


def last_lines() -> list[str]:
    """What this process logged of late, a JSON object a line; nothing before `configure`."""
    return [line.decode() for line in _LAST]


def _remember(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    _LAST.append(_json(dict(event)))
    return event


def _sentence(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A foreign line is a free sentence, no stable word of ours: it is masked whole, also where it shows bytes."""
    event["event"] = _clean("", _HEX.sub(_without_digits, str(event["event"])))
    return event


def _without_digits(match: re.Match[str]) -> str:
    return without_digits(bytes.fromhex(match.group())).hex()


def _as_text(_: Any, __: str, line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No phone, token, code or card number leaves the process in a log line."""
    for name, value in event.items():
        if name not in _PLAIN_NAMES and not name.startswith("_"):  # the latter: structlog's own, taken out later
            event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    if name in _SECRET_NAMES:
        return "***"
    if value is None or isinstance(value, int | float | bytes | date):
        return value
    if isinstance(value, dict):
        return {shown(str(key)): _clean(str(key), part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", part) for part in value]
    text = _PHONE.sub(_mask, _TOKEN.sub("***", str(value)))
    return "\n".join(map(shown, text.split("\n"))) if name == "exception" else shown(text)


def _mask(match: re.Match[str]) -> str:
    text = match.group()
    digits = re.sub(r"\D", "", text)
    return f"…{digits[-2:]}" if len(digits) >= 10 and not match["plain"] and not _taxpayer(text) else text


def _taxpayer(text: str) -> bool:
    """An INN, which is public, and no number of a mobile phone: 12 digits, or 10 that do not begin with 9."""
    return re.fullmatch(r"[0-9]{12}|[0-8][0-9]{9}", text) is not None


def _json(value: Any, **_: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)
