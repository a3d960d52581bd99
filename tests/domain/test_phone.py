"""One definition of a phone number: a mobile one of the countries that the SMS gateway sends to."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.domain.errors import InvalidPhone
from kiosk.domain.identity.phone import Phones, is_country

HOUSE = Path(__file__).parents[2] / "kiosk"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+79161234567", "+79161234567"), ("8 (916) 123-45-67", "+79161234567"), ("9161234567", "+79161234567"),
        ("7 916 123 45 67", "+79161234567"), ("+7-958-123-45-67", "+79581234567"),
    ],
)  # fmt: skip
def test_a_russian_mobile_number_is_taken_however_it_is_written(text: str, number: str) -> None:
    assert Phones().parse(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "+74951234567", "+78005553535", "+78091234567",  # landline, toll-free, premium
        "+881612345678", "+8816512345678", "+870773111632",  # satellite
        "+77012345678", "+375291234567", "+12025550123",  # countries that are not asked for
        "+7916123456", "+791612345678", "+70000000000", "", "+", "abc", "12",
        "+7 916 FLOWERS", "+79161234567;ext=5", "+79161234567 x5",
    ],
)  # fmt: skip
def test_what_an_sms_does_not_reach_is_refused(text: str) -> None:
    with pytest.raises(InvalidPhone):
        Phones().parse(text)


def test_numbers_of_other_countries_are_taken_where_the_gateway_sends_there() -> None:
    phones = Phones(("RU", "BY", "KZ", "US"))
    for number in ("+79161234567", "+375291234567", "+77012345678", "+12015550123"):
        assert phones.parse(number) == number
    for number in ("+375171234567", "+4915123456789", "+881612345678"):
        with pytest.raises(InvalidPhone):
            phones.parse(number)
    assert Phones(("BY",)).parse("29 491-19-11") == "+375294911911", "a number without a country is from the first"


def test_a_page_is_told_how_numbers_are_written() -> None:
    by, de = Phones(("BY", "DE")).countries
    assert (by.code, by.calling_code, by.least, by.most, by.shown) == ("BY", 375, 9, 9, "+375 __ ___-__-__")
    assert (de.calling_code, de.least, de.most) == (49, 10, 11)


def test_a_country_is_one_with_mobile_numbers() -> None:
    assert [is_country(code) for code in ("RU", "BY", "ru", "XX", "001", "TA", "")] == [True, True] + [False] * 5


def test_nothing_else_in_the_house_judges_phone_numbers() -> None:
    """The planted second opinion is found."""
    sources = {path.relative_to(HOUSE).as_posix(): path.read_text("utf-8") for path in HOUSE.rglob("*.py")}

    def judges(texts: dict[str, str]) -> list[str]:
        return sorted(name for name, text in texts.items() if "phonenumbers" in text)

    assert judges(sources) == ["domain/identity/phone.py"]
    assert judges({**sources, "flows/planted.py": "import phonenumbers"}) == [
        "domain/identity/phone.py",
        "flows/planted.py",
    ]
