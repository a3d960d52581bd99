"""What is said of a picture that cannot be taken."""

from __future__ import annotations

from kiosk.domain.errors import DomainError
from kiosk.domain.text import Text


class PictureRefused(DomainError):
    """The file is no picture that a menu can show; why stands in the detail."""

    code = "picture_refused"
    title = Text("Эту картинку взять нельзя", "This picture cannot be taken")


class PicturesUnavailable(DomainError):
    """Nothing is wrong with the picture; why it was not taken stands in the detail."""

    code = "pictures_unavailable"
    title = Text("Загрузить картинку сейчас нельзя", "Pictures cannot be uploaded now")
