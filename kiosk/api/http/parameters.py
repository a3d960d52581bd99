"""The words of paths, queries and headers: how OpenAPI tells each, and how it is read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from kiosk.api.calls import Parameter
from kiosk.clock import is_moment
from kiosk.domain.errors import InvalidRequest, NotFound, TillCodeUnknown

_KEY_LENGTH = 64
_EVERY_REVISION = 10**15


def _id(text: str) -> str:
    """Ids that cannot be ours find nothing, like those that could."""
    return text if len(text) <= 64 and text.isascii() else "-"


def _cell(text: str) -> int:
    """What is no number is no cell."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound
    return int(text)


def _alarm(text: str) -> int:
    """What is no number is no alarm."""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise NotFound
    return int(text)


def _lot_id(text: str) -> int:
    """What is no number is no lot."""
    return _alarm(text)


def _number(name: str, meaning: str, digits: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise InvalidRequest.at(name, meaning)
    return int(text)


def _revision(text: str) -> int:
    """What is no number is no revision."""
    return _alarm(text)


def _before_revision(text: str) -> int:
    return _number("before", "a revision's number", 12, text)


def _till_code(text: str) -> str:
    if len(text) != 4 or not (text.isascii() and text.isdigit()):
        raise TillCodeUnknown
    return text


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.at(name, "a day like 2026-11-22") from error


def _kept_day(name: str, text: str) -> date:
    """Of which a journal may be kept: with the moments of its begin and end in every zone."""
    day = _day(name, text)
    if not is_moment(datetime.combine(day, time.min, UTC)):
        raise InvalidRequest.at(name, "a day of this century")
    return day


def _before(text: str) -> str:
    if len(text) > 36 or not text.isascii():
        raise InvalidRequest.at("before", "an order id")
    return text


def _key(text: str) -> str:
    try:
        key = text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest.at("Idempotency-Key", "not UTF-8") from error
    if not 1 <= len(key) <= _KEY_LENGTH:
        raise InvalidRequest.at("Idempotency-Key", f"1…{_KEY_LENGTH} characters")
    return key


_ID_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 16, "pattern": "^[A-Za-z0-9-]+$"}
_DAY_SCHEMA = {"type": "string", "format": "date"}
ORDER_ID = Parameter("order_id", "path", _ID_SCHEMA, _id)
STUCK_ID = Parameter("stuck_id", "path", {**_ID_SCHEMA, "maxLength": 64, "pattern": "^[A-Za-z0-9:-]+$"}, _id)
RESERVATION_ID = Parameter("reservation_id", "path", {"type": "string"}, _id)
TILL_CODE = Parameter("code", "path", {"type": "string", "pattern": "^[0-9]{4}$"}, _till_code)
ALARM_ID = Parameter("alarm_id", "path", {"type": "string", "pattern": "^[0-9]{1,12}$"}, _alarm)
UPKEEP_ID = Parameter("upkeep_id", "path", {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,35}$"}, _id)
REQUEST_ID = Parameter(
    "request_id",
    "path",
    {"type": "string", "pattern": "^[0-9]{1,12}$"},
    lambda text: _number("request_id", "a number of a request", 12, text),
)
PERSON_ID = Parameter(
    "person_id",
    "path",
    {"type": "string", "pattern": "^[0-9]{1,12}$"},
    lambda text: _number("person_id", "a number of an account", 12, text),
)
REVISION = Parameter("revision", "path", {"type": "string", "pattern": "^[0-9]{1,12}$"}, _revision)
CHANNEL = Parameter("channel", "path", {"type": "string", "pattern": "^[a-z0-9-]{1,32}$"}, _id)
LOT_ID = Parameter("lot_id", "path", {"type": "string", "pattern": "^[0-9]{1,12}$"}, _lot_id)
LOT = Parameter("lot", "query", {"type": "string", "maxLength": 256}, str, default="", description="As on the package.")
CELL = Parameter("cell", "path", {"type": "string", "pattern": "^[0-9]{1,4}$"}, _cell)
SHIFT = Parameter("shift", "path", {"type": "integer"}, lambda text: _number("shift", "a number of a shift", 9, text))
DAY = Parameter("day", "path", _DAY_SCHEMA, lambda text: _day("day", text))
FROM: Parameter[date | None] = Parameter(
    "from", "query", _DAY_SCHEMA, lambda text: _day("from", text), description="First day, 2026-11-22"
)
TO: Parameter[date | None] = Parameter(
    "to", "query", _DAY_SCHEMA, lambda text: _day("to", text), description="Last day, included"
)
OF_DAY: Parameter[date | None] = Parameter(
    "on", "query", _DAY_SCHEMA, lambda text: _kept_day("on", text), description="A day, 2026-11-22; today without it"
)
BEFORE = Parameter(
    "before",
    "query",
    {"type": "string", "maxLength": 36, "pattern": r"^[\x00-\x7f]*$"},
    _before,
    default="",
    description="The page before this one: of orders an order id, of menus a revision.",
)
BEFORE_REVISION: Parameter[int] = Parameter(
    "before", "query", BEFORE.schema, _before_revision, default=_EVERY_REVISION, description=BEFORE.description
)
AFTER = Parameter(
    "after", "query", {"type": "integer"}, lambda text: _number("after", "a sequence number", 18, text), default=0
)
ITEM = Parameter("item", "query", {"type": "string"}, str)
DRIVE: Parameter[str | None] = Parameter("drive", "query", {"type": "string"}, str)
ACCEPT_LANGUAGE = Parameter(
    "Accept-Language",
    "header",
    {"type": "string"},
    str,
    description="`ru` (the default), `en`, or another of `languages` of the restaurant: in which names of the menu are"
    " told; `title` and `detail` are English where not Russian.",
)
IDEMPOTENCY_KEY: Parameter[str | None] = Parameter(
    "Idempotency-Key",
    "header",
    {"type": "string", "minLength": 1, "maxLength": _KEY_LENGTH},
    _key,
    description="The same key with the same body is answered the same, also after a restart; per session.",
)
IF_NONE_MATCH = Parameter("If-None-Match", "header", {"type": "string"}, str, default="")
LAST_EVENT_ID: Parameter[str | None] = Parameter(
    "Last-Event-ID",
    "header",
    {"type": "string"},
    str,
    description="Resumes after this sequence; one that cannot be used gets a snapshot.",
)
#: Those of paths, by their names there.
OF_PATHS: dict[str, Parameter[Any]] = {
    row.name: row
    for row in (
        ORDER_ID,
        STUCK_ID,
        TILL_CODE,
        CELL,
        RESERVATION_ID,
        SHIFT,
        DAY,
        ALARM_ID,
        CHANNEL,
        LOT_ID,
        UPKEEP_ID,
        REQUEST_ID,
        PERSON_ID,
        REVISION,
    )
}
