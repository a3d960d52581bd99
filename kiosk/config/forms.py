"""The forms of the settings: every number has its range and every text its form, as part of its type.

msgspec checks types, ranges and lengths; a `Form` adds what a pattern cannot say. `kiosk.config.reading` applies both.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from drivers.text import unsaid
from kiosk.config.problems import nearest
from kiosk.domain.events import EVENT_TYPES
from kiosk.domain.hours import OpeningHours
from kiosk.domain.identity.phone import is_callable, is_country
from kiosk.domain.text import FURTHER_LANGUAGES, LANGUAGES

SIM = "sim"
TCP = "tcp://"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVENTS = frozenset(EVENT_TYPES)
#: The demo's taxpayer: numbers of the right length with wrong check digits, so that they are nobody's.
DEMO_INN, DEMO_OGRN = "7700000000", "1027700000000"
RECEIPT_MEMBERS = ("t", "s", "fn", "i", "fp", "n", "qr", "inn")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")  # RFC 1123 2.1
_PATH_BYTES, _NAME_BYTES = 4095, 255  # Linux: PATH_MAX without its NUL, NAME_MAX
_INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


class Form:
    """`check(text)` raises `ValueError` whose text says what was expected; an empty text passes where `empty`."""

    def __init__(self, check: Callable[[str], object], *, empty: bool = False) -> None:
        self._check = check
        self._empty = empty

    def __call__(self, text: str) -> None:
        if text or not self._empty:
            self._check(text)


def formed(check: Callable[[str], object], *, empty: bool = False, longest: int = 4096) -> msgspec.Meta:
    return msgspec.Meta(max_length=longest, extra={"form": Form(check, empty=empty)})


def printable(text: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise ValueError("control characters, or spaces at an end")


def sayable(text: str) -> None:
    """What a registrar can be told, if need be in a plain form."""
    printable(text)
    if lost := unsaid(text):
        raise ValueError(f"a registrar cannot print {lost!r}")


def filled(text: str) -> None:
    printable(text)
    if not text:
        raise ValueError("must not be empty")


def inn(text: str) -> None:
    """Ten digits of a company, twelve of a person, with the check digits of the tax service's order."""
    if not re.fullmatch(r"[0-9]{10}|[0-9]{12}", text):
        raise ValueError("expected the 10 or 12 digits of an INN")
    if text != DEMO_INN and not all(_inn_digit(text, n) for n in range(9 if len(text) == 10 else 10, len(text))):
        raise ValueError("the check digit of the INN is wrong")


def person_inn(text: str) -> None:
    if len(text) != 12:
        raise ValueError("expected the 12 digits of a person's INN")
    inn(text)


def _inn_digit(text: str, at: int) -> bool:
    weighed = zip(_INN_WEIGHTS[len(_INN_WEIGHTS) - at :], text, strict=False)
    return sum(weight * int(digit) for weight, digit in weighed) % 11 % 10 == int(text[at])


def ogrn(text: str) -> None:
    """13 digits of a company, 15 of an entrepreneur; the last is the rest of the others by 11 or 13."""
    if not re.fullmatch(r"[0-9]{13}|[0-9]{15}", text):
        raise ValueError("expected the 13 or 15 digits of an OGRN")
    if text != DEMO_OGRN and int(text[:-1]) % (len(text) - 2) % 10 != int(text[-1]):
        raise ValueError("the check digit of the OGRN is wrong")


def phone(text: str) -> None:
    if not is_callable(text):
        raise ValueError("expected a phone number")


def mobile(text: str) -> None:
    """With its country: an alarm must not depend on whose numbers guests may have."""
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", text):
        raise ValueError("expected a phone number like +79161234567")


def mail_address(text: str) -> None:
    """An address as mail servers here take it: ASCII, no quotes, no comments (RFC 5321 4.1.2, its plain form)."""
    local, at, domain = text.rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}", local):
        raise ValueError("expected a mail address")
    host(domain)


def channel_body(text: str) -> None:
    """Several lines may be; nothing else that has no shape."""
    printable(text.replace("\n", " "))


def channel_name(text: str) -> None:
    if not re.fullmatch(r"[a-z0-9-]{1,32}", text):
        raise ValueError("small letters, digits and '-', at most 32")


def mail_host(text: str) -> None:
    if text != SIM:
        host(text)


def menu_language(text: str) -> None:
    if text not in (*LANGUAGES, *FURTHER_LANGUAGES):
        raise ValueError("expected a language by its short code like ru, en, kk")


def country(text: str) -> None:
    if not is_country(text):
        raise ValueError("expected the two letters of a country with mobile numbers, like RU (ISO 3166)")


def time_zone(text: str) -> None:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database is an OSError
        raise ValueError("no such time zone; expected one like Europe/Moscow") from error


def time_of_day(text: str) -> None:
    try:
        datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of day, of no day
    except ValueError as error:
        raise ValueError("expected a time like 03:30") from error


def host(text: str) -> None:
    """An address or a name."""
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        if not _HOST.fullmatch(text) or text.rstrip(".").rpartition(".")[2].isdigit():
            raise ValueError("expected an address or a host's name") from error


def host_and_port(text: str) -> tuple[str, int]:
    """`name:9092`. Raises `ValueError`."""
    try:
        parts = urlsplit(f"//{text}")
        found = (parts.hostname, parts.port)
    except ValueError as error:
        raise ValueError(f"{text!r} is not host:port") from error
    if not found[0] or not found[1] or "@" in text or parts.netloc != text:
        raise ValueError(f"{text!r} is not host:port")
    host(found[0])
    return found[0], found[1]


def ups_place(text: str) -> tuple[str, str, int | None]:
    """`name@host:port` as Network UPS Tools write it: host and port may be left out. Raises `ValueError`."""
    name, at, where = text.partition("@")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise ValueError(f"{text!r} is not name@host:port of a power supply")
    if ":" in where:
        return name, *host_and_port(where)
    if at:
        host(where)
    return name, where or LOOPBACK[0], None


def word(text: str) -> None:
    """Of a command: what the system takes as one argument."""
    if not text or "\0" in text:
        raise ValueError("an empty word, or one with a NUL")


def hosts_and_ports(text: str) -> list[tuple[str, int]]:
    return [host_and_port(part.strip()) for part in text.split(",")]


def url(text: str) -> None:
    """`http://` for loopback only, all else https."""
    try:
        parts = urlsplit(text)
        named, number = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"no url: {error}") from error
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("no url: only ASCII without spaces (names in punycode, the rest in %XX)")
    if parts.scheme not in ("http", "https") or not named or (parts.scheme == "http" and named not in LOOPBACK):
        raise ValueError("https:// is required outside this machine")
    if number == 0 or parts.username is not None:
        raise ValueError("no url: port 0, or a user name (a secret has its own file)")
    host(named)


def receipt_link(text: str) -> None:
    """A page of the fiscal data operator; in braces the members of the receipt's QR code (t, s, fn, i, fp, n), all of
    it (qr) or the seller's inn."""
    wanted = f"only {{{'}, {'.join(RECEIPT_MEMBERS)}}} can be filled in"
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise ValueError(wanted) from error
    names = {name for _, name, _, _ in parts}
    if not names <= set(RECEIPT_MEMBERS) or any(spec or conversion for _, _, spec, conversion in parts):
        raise ValueError(wanted)
    address = text.format(**dict.fromkeys(RECEIPT_MEMBERS, "1"))
    if not names & {"fp", "qr"}:
        raise ValueError("a link to one receipt holds its fiscal sign {fp}, or {qr}")
    url(address)


def base_url(text: str) -> None:
    """What the paths of a device's calls are put behind."""
    url(text)
    if "?" in text or "#" in text:
        raise ValueError("a base of addresses: no ? and no #, the paths of the calls come behind it")


def url_or_sim(text: str) -> None:
    if text != SIM:
        base_url(text)


def path(text: str) -> None:
    printable(text)
    if len(text.encode()) > _PATH_BYTES or any(len(part.encode()) > _NAME_BYTES for part in text.split("/")):
        raise ValueError("the path is too long")
    if not text or text.endswith(("/", "/..", "/.")) or text in (".", ".."):
        raise ValueError("expected the path of a file")


def folder(text: str) -> None:
    path(f"{text}/file")


def line(text: str) -> None:
    """`sim`, the path of a serial port, or `tcp://host:port`."""
    if text.startswith(TCP):
        host_and_port(text.removeprefix(TCP))
    elif "://" in text:
        raise ValueError("expected a path or tcp://host:port")
    elif text != SIM:
        path(text)


def reader_place(text: str) -> None:
    """As `line`, or the address of a service."""
    if text.startswith(("http://", "https://")):
        base_url(text)
    else:
        line(text)


def event_name(text: str) -> None:
    if text != "*" and text not in EVENTS:
        raise ValueError(f"no such event {text[:60]!r}{nearest(text, EVENTS)}")


def topic(text: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text) or text in (".", ".."):
        raise ValueError("the name of a topic: letters, digits, '.', '_', '-', at most 249")


def registrar_name(text: str) -> None:
    if not re.fullmatch(r"[\w.-]+", text):
        raise ValueError("letters, digits, '.', '_', '-'")


def user_name(text: str) -> None:
    if not all("!" <= letter <= "~" for letter in text):
        raise ValueError("printable ASCII without spaces")


def identity(text: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,36}", text):
        raise ValueError("letters, digits and '-', at most 36")


def dish(text: str) -> None:
    if text != "*":
        filled(text)


# Numbers.
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Baudrate = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Wait = Annotated[float, msgspec.Meta(ge=0.05, le=3600)]  # of one answer, seconds
Patience = Annotated[float, msgspec.Meta(ge=0.05, le=86_400)]  # of a whole matter, seconds
QrLife = Annotated[float, msgspec.Meta(ge=60, le=86_400)]  # seconds; the bank takes no shorter one
Lifetime = Annotated[int, msgspec.Meta(ge=1, le=2_592_000)]  # seconds, a month at most
Holding = Annotated[int, msgspec.Meta(ge=1, le=86_400)]  # of food in a cell, seconds
Promise = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]  # seconds
Megabytes = Annotated[int, msgspec.Meta(ge=0, le=2**24)]  # 16 TB
Tries = Annotated[int, msgspec.Meta(ge=1, le=100)]
Unit = Annotated[int, msgspec.Meta(ge=1, le=247)]  # Modbus over serial line 2.2
Speed = Annotated[float, msgspec.Meta(ge=0.01, le=1000)]
Password = Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]  # ATOL: eight BCD digits, Shtrih: four bytes
Subject = Annotated[int, msgspec.Meta(ge=1, le=27)]  # FFD tag 1212

# Texts. Lengths are those of the FFD tags they become.
Name = Annotated[str, formed(filled, longest=64)]
Caption = Annotated[str, formed(printable, empty=True, longest=64)]
LegalName = Annotated[str, formed(printable, empty=True, longest=256)]  # 1048
Address = Annotated[str, formed(printable, empty=True, longest=256)]  # 1009
Place = Annotated[str, formed(printable, empty=True, longest=256)]  # 1187
Cashier = Annotated[str, formed(sayable, empty=True, longest=64)]  # 1021
AutomatNumber = Annotated[str, formed(sayable, empty=True, longest=20)]  # 1036
Inn = Annotated[str, formed(inn)]  # 1018
PersonInn = Annotated[str, formed(person_inn, empty=True)]  # 1203
Ogrn = Annotated[str, formed(ogrn, empty=True)]
Phone = Annotated[str, formed(phone, empty=True, longest=32)]
ReceiptLink = Annotated[str, formed(receipt_link, empty=True, longest=512)]
ChannelName = Annotated[str, formed(channel_name, empty=True)]
ChannelAddress = Annotated[str, formed(filled, longest=2048)]
ChannelBody = Annotated[str, formed(channel_body, empty=True)]
MailHost = Annotated[str, formed(mail_host)]
MailAddress = Annotated[str, formed(mail_address, longest=254)]
MailUser = Annotated[str, formed(printable, empty=True, longest=254)]
Country = Annotated[str, formed(country, longest=2)]
MenuLanguage = Annotated[str, formed(menu_language, longest=3)]
TimeZone = Annotated[str, formed(time_zone, longest=64)]
Hours = Annotated[str, formed(OpeningHours.parse, empty=True)]
TimeOfDay = Annotated[str, formed(time_of_day, empty=True)]
Host = Annotated[str, formed(host)]
Hosts = Annotated[str, formed(hosts_and_ports, empty=True)]
UpsPlace = Annotated[str, formed(ups_place, empty=True, longest=400)]
Word = Annotated[str, formed(word)]
Url = Annotated[str, formed(url)]
OptionalUrl = Annotated[str, formed(url_or_sim, empty=True)]
UrlOrNone = Annotated[str, formed(url, empty=True)]
UrlOrSim = Annotated[str, formed(url_or_sim)]
FilePath = Annotated[Path, msgspec.Meta(extra={"form": Form(path)})]
File = Annotated[str, formed(path, empty=True)]
RequiredFile = Annotated[str, formed(path)]
Folder = Annotated[str, formed(folder, empty=True)]
Line = Annotated[str, formed(line)]
ReaderPlace = Annotated[str, formed(reader_place)]
EventName = Annotated[str, formed(event_name)]
Topic = Annotated[str, formed(topic, empty=True)]
Identity = Annotated[str, formed(identity)]
RegistrarName = Annotated[str, formed(registrar_name, empty=True, longest=32)]
Dish = Annotated[str, formed(dish, longest=64)]
ConsentVersion = Annotated[str, formed(printable, empty=True, longest=64)]
TerminalKey = Annotated[str, formed(user_name, empty=True, longest=64)]
UserName = Annotated[str, formed(user_name, empty=True, longest=256)]
