"""Uploaded pictures: their names in a menu, and what is said of one that cannot be taken."""

from __future__ import annotations

import re

from kiosk.domain.errors import DomainError
from kiosk.domain.text import Text

#: The hash of the content.
NAME = re.compile(r"[0-9a-f]{32}\.webp")


def pictures_in(document: str) -> set[str]:
    """The names of uploaded pictures in a menu's JSON."""
    return set(NAME.findall(document))


class PictureRefused(DomainError):
    """The file is no picture that a menu can show; why stands in the detail."""

    code = "picture_refused"
    title = Text("Эту картинку взять нельзя", "This picture cannot be taken")


class PicturesUnavailable(DomainError):
    """Nothing is wrong with the picture; why it was not taken stands in the detail."""

    code = "pictures_unavailable"
    title = Text("Загрузить картинку сейчас нельзя", "Pictures cannot be uploaded now")
