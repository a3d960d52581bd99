"""Where a receipt may be sent: a phone number or an e-mail address, FFD tag 1008."""

from __future__ import annotations

import re

from kiosk.domain.errors import InvalidPhone, InvalidRequest
from kiosk.domain.identity.phone import Phones

_LONGEST = 64  # of tag 1008; RFC 5321 4.5.3.1.1 allows as much before the @ alone
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}"
)  # RFC 5321 4.1.2: Dot-string@Domain


def check_contact(contact: str | None, phones: Phones) -> None:
    """A number of `phones` as E.164 writes it, or an address. Raises `InvalidRequest`."""
    if contact is None:
        return
    if len(contact) > _LONGEST:
        raise InvalidRequest.at("$.receipt_to", f"at most {_LONGEST} characters")
    if not (_is_phone(contact, phones) if _means_phone(contact) else _ADDRESS.fullmatch(contact)):
        raise InvalidRequest.at("$.receipt_to", "expected a phone number like +79161234567 or an e-mail address")


def contact_of(text: str, phones: Phones) -> str:
    """What a person says: a number in any spelling as the books have it, or an address in small letters. Raises
    `InvalidRequest`."""
    text = text.strip()
    try:
        found = text.lower() if "@" in text else phones.parse(text)
    except InvalidPhone:
        found = ""
    if len(found) > _LONGEST or not (found and ("@" not in found or _ADDRESS.fullmatch(found))):
        raise InvalidRequest.at("$.contact", "expected a phone number like +79161234567 or an e-mail address")
    return found


def check_notify(notify: bool, contact: str | None) -> None:  # noqa: FBT001  # two members of one request
    """Who wants to be told by SMS leaves a number: `contact` is one that `check_contact` passed. Raises
    `InvalidRequest`."""
    if notify and not (contact is not None and _means_phone(contact)):
        raise InvalidRequest.at("$.notify", "needs a phone number in receipt_to")


def without_phone(body: object, phones: Phones) -> object:
    """A payment's body but for a `receipt_to` that is a phone number: one in ten of thirteen digits and more passes the
    test of card numbers."""
    if not isinstance(body, dict):
        return body
    contact = body.get("receipt_to")
    if not isinstance(contact, str) or len(contact) > _LONGEST or not _is_phone(contact, phones):
        return body
    return {name: value for name, value in body.items() if name != "receipt_to"}


def _means_phone(contact: str) -> bool:
    return contact.startswith("+") and "@" not in contact


def _is_phone(text: str, phones: Phones) -> bool:
    try:
        return phones.parse(text) == text
    except InvalidPhone:
        return False
