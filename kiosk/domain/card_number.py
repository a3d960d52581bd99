"""Only card tokens come in, never card numbers (PCI DSS 3.5): how a number is told from a token that looks like one.

Tokens of gateways are often ids: a run of digits in a UUID or a time in milliseconds passes Luhn's test one time in
ten.
So a number counts only where a whole value is one, where it stands alone among other words (no letter, digit or hyphen
touches it: the second track of a card, a number with its date), or in the groups that are embossed on cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kiosk.domain.errors import CardNumberRefused, InvalidRequest

#: No payment that passes its schema has more text; what has is not searched through.
_LONGEST = 2048
_GAP = r"[ \u00a0\u2010-\u2013-]"
_GROUPED = rf"[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}|[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{5}}"
_STANDS_IN = re.compile(rf"(?<![0-9A-Za-z])(?=({_GROUPED})(?![0-9A-Za-z]))")  # ahead, since groups may overlap
_STANDS_ALONE = re.compile(r"(?<![\w-])[2-6][0-9]{12,18}(?![\w-])")
_PLACES = re.compile(rf"[0-9]{{4}}(?:{_GAP}?[0-9]{{4}}){{3}}|[0-9]{{4}}{_GAP}?[0-9]{{6}}{_GAP}?[0-9]{{5}}")
_WHOLE = re.compile(r"[2-6][0-9]{12,18}")  # ISO/IEC 7812: the industries of banking, travel and petroleum


def refuse_card_numbers(body: object) -> None:
    """`body`: decoded JSON; every name, text and whole number in it is looked at, in linear time. Raises
    `CardNumberRefused`, `InvalidRequest` for more text than a payment can have."""
    left = _LONGEST
    for text in _texts(body):
        left -= len(text) + 1
        if left < 0:
            raise InvalidRequest.at("$", f"at most {_LONGEST} characters")
        if _is_or_holds_one(text):
            raise CardNumberRefused


def _texts(body: object) -> Iterator[str]:
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str | int):
            yield str(value)
        elif isinstance(value, float) and value.is_integer():
            yield str(int(value))  # 4.111e15 is a number too


def _is_or_holds_one(text: str) -> bool:
    whole = text.strip()
    if _is_one(_digits(whole) if _PLACES.fullmatch(whole) else whole):
        return True
    if any(_is_one(found[0]) for found in _STANDS_ALONE.finditer(text)):
        return True
    return any(_is_one(_digits(found[1])) for found in _STANDS_IN.finditer(text))


def _digits(grouped: str) -> str:
    return re.sub(_GAP, "", grouped)


def _is_one(digits: str) -> bool:
    return _WHOLE.fullmatch(digits) is not None and _luhn([int(digit) for digit in digits])


def _luhn(digits: list[int]) -> bool:
    return (sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])) % 10 == 0
