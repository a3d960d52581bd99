"""Text from outside as it may be shown: on one line, with nothing in it that a terminal obeys or an eye misses.

The one rule of it for devices, files and people; what is none of ours to refuse is made harmless.
"""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNSHOWN = "�"


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
