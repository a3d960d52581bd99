"""Only card tokens come in, never card numbers (PCI DSS 3.5): how a number is told from a token that looks like one.

Tokens of gateways are often ids: a run of digits in a UUID or a time in milliseconds passes Luhn's test one time in
ten.
So a number counts only where a whole value is one, where it stands alone among other words (no letter, digit or hyphen
touches it: a number with its date), in the groups that are embossed on cards, or on a track of the magnetic stripe
(ISO/IEC 7813) or of the chip (EMV tag 57). Digits are digits in every script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from kiosk.domain.errors import CardNumberRefused, InvalidRequest

#: No payment that passes its schema has more text; what has is not searched through.
_LONGEST = 2048
#: One of them between two groups: spaces also without width, dashes, and what people type instead.
_GAP = r"[\s\u00ad\u200b-\u200d\u2060\ufeff\u2010-\u2015\u2212_/.-]"
_FOURS = rf"[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}"
_SHAPES = (_FOURS, rf"{_FOURS}{_GAP}[0-9]{{3}}", rf"[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}")
_FOUND = (
    *(re.compile(rf"(?<![0-9A-Za-z])(?=({shape})(?![0-9A-Za-z]))") for shape in _SHAPES),  # ahead: groups may overlap
    re.compile(r"(?<![\w-])([2-6][0-9]{12,18})(?![\w-])"),
    re.compile(rf"[Bb]([2-6](?:{_GAP}?[0-9]){{12,18}})\^"),  # track 1
    re.compile(r"(?<![0-9A-Za-z])([2-6][0-9]{12,18})[Dd][0-9]{2}(?:0[1-9]|1[0-2])[1-79][0-9]{2}"),  # the chip's track 2
)
_PLACES = re.compile("|".join(shape.replace(_GAP, f"{_GAP}?") for shape in _SHAPES))
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
    plain = text if text.isascii() else "".join(map(_plain, text))
    whole = _without_signs(plain.strip())
    if _is_one(_digits(whole) if _PLACES.fullmatch(whole) else whole):
        return True
    return any(_is_one(_digits(found[1])) for pattern in _FOUND for found in pattern.finditer(plain))


def _plain(letter: str) -> str:
    figure = unicodedata.digit(letter, None)
    return letter if figure is None else str(figure)


def _without_signs(text: str) -> str:
    """Without one sign on each side: quotes, brackets, a dash."""
    inner = text[1:] if text[:1] and not text[0].isalnum() else text
    return (inner[:-1] if inner[-1:] and not inner[-1].isalnum() else inner).strip()


def _digits(grouped: str) -> str:
    return re.sub(_GAP, "", grouped)


def _is_one(digits: str) -> bool:
    return _WHOLE.fullmatch(digits) is not None and _luhn([int(digit) for digit in digits])


def _luhn(digits: list[int]) -> bool:
    return (sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])) % 10 == 0
