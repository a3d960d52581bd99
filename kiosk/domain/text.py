"""A word in every language of the kiosk."""

from __future__ import annotations

import msgspec

LANGUAGES = ("ru", "en")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Russian and English; both are required wherever a customer reads."""

    ru: str
    en: str

    def into(self, language: str) -> str:
        return self.en if language == "en" else self.ru
