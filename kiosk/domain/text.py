"""A word in every language of the kiosk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

#: Those of our own words.
LANGUAGES = ("ru", "en")
#: Those that a menu may be written in beside them: of ISO 639-1, as guests here read them.
FURTHER_LANGUAGES = (
    "ab", "af", "am", "ar", "az", "ba", "be", "bg", "bn", "bs", "ca", "ce", "cs", "cv", "da", "de",
    "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy",
    "id", "is", "it", "ja", "ka", "kk", "km", "kn", "ko", "kv", "ky", "lo", "lt", "lv", "mk", "ml",
    "mn", "mr", "ms", "my", "ne", "nl", "no", "os", "pa", "pl", "ps", "pt", "ro", "si", "sk", "sl",
    "sq", "sr", "sv", "sw", "ta", "te", "tg", "th", "tk", "tr", "tt", "udm", "ug", "uk", "ur", "uz",
    "vi", "zh",
)  # fmt: skip


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Russian and English; both are required wherever a customer reads."""

    ru: str
    en: str

    def into(self, language: str) -> str:
        """What is not translated falls back to English."""
        return self.ru if language == "ru" else self.en


if TYPE_CHECKING:

    class Wording(Text, frozen=True):
        """A name or a description of the menu: Russian, English, and any of `FURTHER_LANGUAGES`."""

        def further(self) -> dict[str, str]:
            """What there is beside Russian and English, by language."""

else:

    class _Wording(Text, frozen=True, forbid_unknown_fields=True):
        def into(self, language: str) -> str:
            return getattr(self, language, "") or self.en

        def further(self) -> dict[str, str]:
            return {language: words for language in FURTHER_LANGUAGES if (words := getattr(self, language))}

    Wording = msgspec.defstruct(
        "Wording",
        [(language, str, "") for language in FURTHER_LANGUAGES],
        bases=(_Wording,),
        frozen=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
        module=__name__,
    )


def own_language(language: str) -> str:
    """In which our own words are told to who reads `language`."""
    return "ru" if language == "ru" else "en"
