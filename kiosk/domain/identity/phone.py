"""What a phone number is, for everything that asks for one: a mobile number of a country the SMS gateway sends to.

Numbers are parsed, judged and written by Google's libphonenumber (its port `phonenumbers`), in ITU-T E.164 form.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from kiosk.domain.errors import InvalidPhone

HOME = "RU"
#: What an SMS surely reaches: in some countries (NANP) a mobile number cannot be told from a landline by its digits.
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)

#: Unicode's general categories of control characters and of what ends lines.
_NO_LINE = ("Cc", "Zl", "Zp")


class PhoneCountry(msgspec.Struct, frozen=True):
    """What a page needs to ask for a number: `code` as ISO 3166 names the country, `least` to `most` digits after
    `calling_code`, and how they are written, a `_` for each (`+7 ___ ___-__-__`)."""

    code: str
    calling_code: int
    least: int
    most: int
    shown: str


class Phones:
    """The numbers of `countries` (ISO 3166, two letters); the first is where a number without a country is from."""

    def __init__(self, countries: tuple[str, ...] = (HOME,)) -> None:
        self._countries = countries
        self.countries = [_country(code) for code in countries]

    def parse(self, text: str) -> str:
        """E.164. Raises `InvalidPhone`, also for landlines, toll-free, premium and satellite numbers."""
        number = _parsed(text, self._countries[0])
        if (
            number is None
            or number.extension
            or phonenumbers.number_type(number) not in _MOBILE
            or phonenumbers.region_code_for_number(number) not in self._countries
        ):
            raise InvalidPhone
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mask_phone(phone: str) -> str:
    """Only the last two digits stay."""
    return "+" + "•" * (len(phone) - 3) + phone[-2:]


def is_country(code: str) -> bool:
    """Whether the country has mobile numbers."""
    return phonenumbers.example_number_for_type(code, PhoneNumberType.MOBILE) is not None


def is_callable(text: str) -> bool:
    """Whether a person may call it, landlines and toll-free numbers too: a seller's own number."""
    number = _parsed(text, HOME)
    return number is not None and phonenumbers.is_possible_number(number)


def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    if any(letter.isalpha() or unicodedata.category(letter) in _NO_LINE for letter in text):
        return None  # a vanity number would be read as its keys, a line feed over
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


@cache  # of a known one: there are some two hundred
def _country(code: str) -> PhoneCountry:
    example = phonenumbers.example_number_for_type(code, PhoneNumberType.MOBILE)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(code)
    if example is None or metadata is None or metadata.mobile is None:
        raise ValueError(f"no mobile numbers in {code!r}")
    lengths = [n for n in metadata.mobile.possible_length if n > 0] or [len(str(example.national_number))]
    shown = phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL)
    calling, _, national = shown.partition(" ")
    blanks = "".join("_" if letter.isdigit() else letter for letter in national)
    return PhoneCountry(code, example.country_code or 0, min(lengths), max(lengths), f"{calling} {blanks}")
