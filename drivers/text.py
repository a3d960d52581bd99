"""Text from outside as it may be shown: on one line, with nothing in it that a terminal obeys or an eye misses; and as
a receipt can say it, whichever registrar prints it. And the numbers in it.

The one rule of it for devices, files and people; what is none of ours to refuse is made harmless.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNSHOWN = "�"
_DIGITS = re.compile(rb"[0-9]{10,}")
#: A fiscal document's strings are cp866 (FFD), the registrars' own tables and slips cp866 or cp1251.
_CHARSETS = ("cp866", "cp1251")
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("«»„“”‟″", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("—–‒―−‐‑", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f", " "),
        "…": "...",
        "×": "x",
        "⁄": "/",
        "₽": "руб.",
        "•": "*",
    }
)


def is_shown(text: str) -> bool:
    """No control character (C0, C1, DEL), no line break, nothing that turns the direction of writing or has no width
    (Unicode categories Cc, Cf, Zl, Zp), no half of a pair, nothing private or unassigned."""
    return text.isprintable() or all(map(_has_shape, text))


def shown(text: str) -> str:
    """`text` on one line; what is not shown becomes `�`."""
    if text.isprintable():
        return text
    return "".join(letter if _has_shape(letter) else _UNSHOWN for letter in _BREAKS.sub(" ", text))


def _has_shape(letter: str) -> bool:
    """`str.isprintable` takes none of the spaces but one; a no-break space is as good."""
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def finite(text: str) -> float:
    """Numbers at the ends of the range cost msgspec's own reading 25 µs each: a body of them would hold the loop.
    Raises `ValueError`."""
    if not math.isfinite(found := float(text)):
        raise ValueError("a number without end")
    return found


def said(text: str) -> str:
    """As a receipt says it: letters composed, marks that no registrar has in their plain form."""
    if text.isascii():
        return text
    return "".join(map(_said, unicodedata.normalize("NFC", text)))


def unsaid(text: str) -> str:
    """The characters that no plain form helps to a receipt, each once."""
    letters = dict.fromkeys(unicodedata.normalize("NFC", text))
    return "".join(letter for letter in letters if not _said(letter) or not _is_sayable(_said(letter)))


@lru_cache(1024)  # every name of a menu is looked through letter by letter
def _said(letter: str) -> str:
    if _is_sayable(letter):
        return letter
    plain = letter.translate(_PLAIN)
    if plain == letter:
        parts = unicodedata.normalize("NFKD", letter).translate(_PLAIN)
        plain = "".join(part for part in parts if not unicodedata.combining(part))
    return plain


@lru_cache(1024)
def _is_sayable(text: str) -> bool:
    try:
        for charset in _CHARSETS:
            text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def without_digits(data: bytes) -> bytes:
    """Bytes of a device with every long run of digits, a phone or a card, crossed out."""
    return _DIGITS.sub(lambda digits: b"*" * len(digits.group()), data)
