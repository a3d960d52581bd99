"""Which words a menu may use: none empty, none that a screen breaks over, and names that every receipt can say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drivers.text import is_shown, said, unsaid
from kiosk.domain.menu.rows import Place
from kiosk.domain.text import LANGUAGES, Text

_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_MAX_NAME = 128  # FFD tag 1030
_MAX_DESCRIPTION = 1000


def check_id(where: Place, name: str, field: str = "id") -> None:
    """Raises `MenuError`."""
    if not _ID.fullmatch(name):
        shown_name = repr(name[:_MAX_NAME])
        raise where.wrong(
            field,
            f"код: 1…36 латинских букв, цифр, - и _, а не {shown_name}",
            f"an id is 1…36 letters, digits, - and _, not {shown_name}",
        )


def check_picture(where: Place, name: str) -> None:
    """A file of the folder of pictures, or none. Raises `MenuError`."""
    if not is_shown(name) or "/" in name or len(name) > _MAX_NAME:
        shown_name = repr(name[:_MAX_NAME])
        raise where.wrong("image", f"это не имя файла: {shown_name}", f"image is the name of a file, not {shown_name}")


def check_label(where: str, words: str) -> None:
    """What only technicians read. Raises `ValueError`."""
    if not words.strip() or not is_shown(words) or len(words) > _MAX_NAME:
        raise ValueError(f"{where}: 1…{_MAX_NAME} characters without controls, not {words[:_MAX_NAME]!r}")


def check_name(where: Place, name: Text, field: str = "name") -> None:
    """Of anything a customer reads. Raises `MenuError`."""
    _check(where, field, name, _MAX_NAME)


def check_description(where: Place, description: Text) -> None:
    """Raises `MenuError`."""
    _check(where, "description", description, _MAX_DESCRIPTION)


def check_receipt_name(where: Place, name: Text) -> None:
    """Of the text on a receipt, in its language. Raises `MenuError`."""
    if lost := unsaid(name.ru):
        raise where.wrong("name", f"касса не может напечатать {lost!r}", f"name.ru: no registrar can say {lost!r}")
    if len(said(name.ru)) > _MAX_NAME:
        raise where.wrong(
            "name",
            f"в чеке длиннее {_MAX_NAME} знаков",
            f"name.ru is longer than {_MAX_NAME} characters on a receipt",
        )


def untranslated(texts: Iterable[Text], language: str) -> int:
    """How many of the menu's words have no translation of their own."""
    return sum(not getattr(text, language, "") for text in texts)


def _check(where: Place, field: str, text: Text, longest: int) -> None:
    for language in text.__struct_fields__:
        words: str = getattr(text, language)
        if not words and language not in LANGUAGES:
            continue  # it falls back
        if not words.strip():
            raise where.wrong(field, f"нет слов ({language})", f"{field}.{language} is empty")
        if odd := [char for char in words if not is_shown(char)]:
            raise where.wrong(
                field,
                f"знак, который не показать ({language}): {odd[0]!a}",
                f"{field}.{language} holds a character that cannot be shown: {odd[0]!a}",
            )
        if words != words.strip():
            raise where.wrong(
                field,
                f"пробел в начале или в конце ({language})",
                f"{field}.{language} begins or ends with a space",
            )
        if len(words) > longest:
            raise where.wrong(
                field,
                f"длиннее {longest} знаков ({language})",
                f"{field}.{language} is longer than {longest} characters",
            )
