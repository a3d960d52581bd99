"""Payment's `receipt_to`: RFC 5321 addresses and phone numbers that are assigned."""

from __future__ import annotations

import pytest

from kiosk.domain.errors import CardNumberRefused, InvalidRequest
from kiosk.domain.identity.contact import check_contact, without_phone
from kiosk.domain.identity.phone import Phones
from kiosk.domain.payment.card_number import refuse_card_numbers


@pytest.mark.parametrize(
    "contact",
    [
        None, "a@b.ru", "anna.petrova+kiosk@mail.example.com", "o'brien@example.org", "x@xn--80aswg.xn--p1ai",
        "+79161234567", "+375291234567", "a@b-c.d1", "!#$%&'*+/=?^_`{|}~-@b.ru",
    ],
)  # fmt: skip
def test_what_a_receipt_can_be_sent_to_is_taken(contact: str | None) -> None:
    check_contact(contact, Phones(("RU", "BY")))


@pytest.mark.parametrize(
    "contact",
    [
        "a@b..ru", ".a@b.ru", "a.@b.ru", "a..b@c.ru", "a@-b.ru", "a@b-.ru", "a@b", "a@.ru", "a@b.ru.", "@b.ru", "a@",
        "a b@c.ru", "a@b c.ru", "a@b.ru\n", "а@b.ru", "a@пример.рф", '"a b"@c.ru', "a@[127.0.0.1]", "a@127.0.0.1",
        "a,b@c.ru", "a@b@c.ru", f"{'a' * 60}@b.ru", f"a@{'b' * 64}.ru",
        "+7916123456", "+70000000000", "+7 916 123-45-67",
        "89161234567", "+", "", "+79161234567@", "+99912345678", "+74951234567", "+77012345678",
    ],
)  # fmt: skip
def test_what_nothing_reaches_is_refused_by_its_path(contact: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check_contact(contact, Phones(("RU", "BY")))
    assert refusal.value.members["errors"][0]["path"] == "$.receipt_to"


@pytest.mark.parametrize(
    ("contact", "refused"), [("+4915112345678", False), ("4111111111111111", True), ("+4111111111111111", True)]
)
def test_a_phone_of_thirteen_digits_is_no_card(contact: str, refused: bool) -> None:
    body = without_phone({"card_token": "tok_ok", "receipt_to": contact}, Phones(("DE", "CH")))
    if not refused:
        refuse_card_numbers(body)
        return
    with pytest.raises(CardNumberRefused):
        refuse_card_numbers(body)


def test_planted_body_with_its_phone_would_be_a_card() -> None:
    with pytest.raises(CardNumberRefused):
        refuse_card_numbers({"receipt_to": "+4915112345678"})
