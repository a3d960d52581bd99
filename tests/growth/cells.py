"""A recorded cell as an SQL expression over `made`: what names one order becomes the new order's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.growth.shapes import Shape

#: Minutes after an order for which `made` has a column; the simulators work faster than a kitchen: what took them a
#: second takes a minute.
MINUTES = range(-6, 16)
_AHEAD = ("expires_at", "promised_at")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_KEYS, _CUSTOMER = 64, 63  # random values of one order; the last is the customer's
_SPREAD = 1597334677  # odd: one to one on 32 bits, and looks like chance

_COLUMNS = {
    "order": "order_id",
    "number": "number",
    "drive": "drive",
    "shift": "shift",
    "printed": "printed_minute",
}


class Cells:
    """`customers_back`: how many orders ago the customer of this shape came first. `run`: what tells the orders of one
    growth from another's, twelve hexadecimal digits."""

    def __init__(self, shape: Shape, customers_back: int, run: str) -> None:
        self._back = customers_back
        self._run = run
        self._created = _seconds(shape.column("orders", "created_at")[0])
        (self._order_id,) = shape.column("orders", "order_id")
        (self._number,) = shape.column("orders", "number")
        (self._customer,) = shape.column("orders", "customer_id")
        self._portions = sorted(shape.column("portion", "portion_id"))
        self._intents = sorted(shape.column("fiscal_intent", "intent_id"))
        self._documents = sorted(shape.column("fiscal_intent", "document_number"))
        self._signs = shape.column("fiscal_intent", "fiscal_sign")
        self._uuids: list[str] = []
        self._pattern = re.compile("|".join(f"(?P<{name}>{text})" for name, text in self._tokens(shape).items()))

    def _tokens(self, shape: Shape) -> dict[str, str]:
        found = {
            "order": self._order_id,
            "uuid": _UUID,
            "moment": _MOMENT,
            "local": r"\d{4}-\d\d-\d\dT\d\d:\d\d\+03:00",
            "printed": r"(?<=t=)\d{8}T\d{4}",
            "transaction": "T[0-9a-f]{12}",
            "phone": r"\+7\d{10}",
            "number": rf'(?<="number":"){self._number}|^{self._number}$',
            "portion": "|".join(map(str, self._portions)),
            "sign": "|".join(map(str, self._signs)),
            "drive": "|".join(set(shape.column("fiscal_intent", "drive_number"))),
            "document": r'(?<="fiscal_document_number":)\d+|(?<=&i=)\d+(?=&fp=)',
            "shift": r'(?<="shift":)\d+',
        }
        return {name: text for name, text in found.items() if text}

    def expression(self, column: str, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, str):
            return self._text(column, value)
        number: Callable[[int], str] | None = getattr(self, f"_{column}", None)
        return str(value) if number is None else number(value)

    def _text(self, column: str, value: str) -> str:
        parts, end = [], 0
        for match in self._pattern.finditer(value):
            parts += [_quoted(value[end : match.start()]), self._token(column, match)]
            end = match.end()
        parts.append(_quoted(value[end:]))
        return " || ".join(part for part in parts if part != "''") or "''"

    def _token(self, column: str, match: re.Match[str]) -> str:
        text = match[0]
        match match.lastgroup:
            case "uuid":
                return self._uuid(text)
            case "moment":
                return f"{self._minute(column, match)} || made.second"
            case "local":
                return "made.local_minute || '+03:00'"
            case "transaction":
                return f"'T' || printf('%08x', {self._random(self._key(text))}) || '{self._run[:4]}'"
            case "phone":
                return f"'+7' || (made.phone - {self._back})"
            case "portion":
                return self._portion_id(int(text))
            case "sign":
                return self._fiscal_sign(int(text))
            case "document":
                return self._document_number(int(text))
            case name:
                return f"made.{_COLUMNS[str(name)]}"

    def _uuid(self, text: str) -> str:
        if text == self._customer:
            random, tail = self._random(_CUSTOMER, self._back), "c" + self._run[1:]
        else:
            random, tail = self._random(self._key(text)), self._run
        return f"printf('%08x-{self._run[:4]}-4{self._run[4:7]}-8{self._run[7:10]}-{tail}', {random})"

    def _key(self, text: str) -> int:
        if text not in self._uuids:
            self._uuids.append(text)
            assert len(self._uuids) < _CUSTOMER, "more random values than one order has keys for"
        return self._uuids.index(text)

    def _random(self, key: int, back: int = 0) -> str:
        return f"((((made.serial - {back}) * {_KEYS} + {key}) * {_SPREAD}) & 4294967295)"

    def _minute(self, column: str, match: re.Match[str]) -> str:
        """What is promised or ends by itself was never quicker than in a kitchen; a receipt tells only its minute."""
        key = match.string[: match.start()].rpartition('"')[0].rpartition('":')[0].rpartition('"')[2] or column
        if key == "issued_at":
            return minute_column(1)
        after_s = _seconds(match[0]) - self._created
        return minute_column(round(after_s / 60 if key in _AHEAD else after_s))

    # Numbers, by the name of their column.

    def _portion_id(self, value: int) -> str:
        return f"(made.portion + {self._portions.index(value)})"

    def _intent_id(self, value: int) -> str:
        return f"(made.intent + {self._intents.index(value)})"

    def _document_number(self, value: int) -> str:
        return f"(made.document + {value - self._documents[0]})"

    _fd_before = _document_number

    def _fiscal_sign(self, value: int) -> str:
        return self._random(32 + self._signs.index(value))

    def _shift(self, value: int) -> str:
        return "made.shift"

    _document_shift = _shift


def minute_column(minute: int) -> str:
    """Raises `ValueError` for a minute that `made` does not hold."""
    return f"made.minute_{MINUTES.index(minute)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
