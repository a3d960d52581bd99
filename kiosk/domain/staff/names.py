"""Names of staff: what an eye takes for one name is one at the door, and nobody is called in the journal as the kiosk
itself is."""

from __future__ import annotations

import unicodedata

#: Cyrillic letters that look like Latin ones, small or large.
_ALIKE = str.maketrans("авекмнорстухіѕјԁӏ", "abekmhopctyxisjdl")
_NOBODYS = ("", "kiosk", "unknown")  # actors of the journal that are no person


def actor_of_user(uid: int, name: str) -> str:
    """Of a user of the machine: by the number where there is no name, or where it is that of the kiosk itself, as the
    user's of its service is."""
    return f"uid:{uid}" if name in _NOBODYS else name


def outline(name: str) -> str:
    """The same for names that differ in case, in the alphabet of a letter that looks alike, or in how an accent is
    written."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)
