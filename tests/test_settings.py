"""The types of the settings: a range for every number, a form for every text, and no file that makes a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.config import ConfigError, load
from kiosk.config.reading import plain, read
from kiosk.config.relations import SCREEN_WAITS_S
from kiosk.config.settings import Config
from kiosk.wiring import prepared
from tests import folders
from tests.test_config import EVERY_KEY

INTEGERS = (-1, 0, 1, 65536, 2**63, 10**400)
FLOATS = (float("nan"), float("inf"), -float("inf"), -0.0, 1e308, 5e-324, -1.0)
TEXTS = (
    "", " ", "x", "\x00", "a\nb", "é" * 3000, "/", "/tmp", "..", "sim", "tcp://", "tcp://a:0", "tcp://host:9000",
    "https://", "https://[::1", "http://127.0.0.1:99999", "https://a@b", "‮", "\U0001f35c", "$.x: y", "*",
)  # fmt: skip
OTHERS: tuple[object, ...] = (True, [], {}, [[]], [{}], {"a": 1}, date(2026, 1, 1), time(3, 30), datetime(1, 1, 1))  # noqa: DTZ001


# Every number has a range, every text a form.


def fields(kind: type[msgspec.Struct], where: str = "$") -> Iterator[tuple[str, Any]]:
    for name, hint in get_type_hints(kind, include_extras=True).items():
        yield from leaves(hint, f"{where}.{name}")


def leaves(hint: Any, where: str) -> Iterator[tuple[str, Any]]:
    bare, _ = plain(hint)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        yield from fields(bare, where)
    elif get_origin(bare) in (Union, UnionType, list):
        for part in get_args(bare):
            yield from leaves(part, where)
    else:
        yield where, hint


def unchecked(kind: type[msgspec.Struct]) -> list[str]:
    """Numbers without both bounds, texts and paths without a form."""
    found = []
    for where, hint in fields(kind):
        bare, metas = plain(hint)
        bounded = any(meta.ge is not None and meta.le is not None for meta in metas)
        formed = any("form" in (meta.extra or {}) for meta in metas)
        good = {int: bounded, float: bounded, str: formed, Path: formed, bool: True, date: True}
        if not good.get(bare, get_origin(bare) is Literal):
            found.append(where)
    return found


def test_every_number_has_a_range_and_every_text_a_form() -> None:
    assert unchecked(Config) == []
    assert len(dict(fields(Config))) > 80, "the walk has seen the whole file"


class Planted(msgspec.Struct):
    """Settings as somebody would add them in a hurry; only `sound` is bounded on both sides."""

    timeout_s: float
    retries: Annotated[int, msgspec.Meta(ge=0)]
    url: str
    file: Path
    sound: list[Annotated[int, msgspec.Meta(ge=0, le=1)]]


def test_a_planted_setting_without_a_range_is_seen() -> None:
    assert unchecked(Planted) == ["$.timeout_s", "$.retries", "$.url", "$.file"]


def test_the_defaults_have_the_form_they_ask_for() -> None:
    written = msgspec.to_builtins(Config(), enc_hook=str, builtin_types=(date,))
    assert read(written, Config) == Config()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[bonus]\naccrual = 5.0", "$.bonus.accrual: Expected `float` <= 1.0"),
        ("[bonus]\naccrual = nan", "$.bonus.accrual: Expected `float` >= 0.0"),
        ("[bank]\ntimeout_s = 0", "$.bank.timeout_s: Expected `float` >= 0.05"),
        ("[bank]\ntimeout_s = inf", "$.bank.timeout_s: Expected `float` <= 3600.0"),
        ("[service]\nrefund_limit_kopecks = -1", "$.service.refund_limit_kopecks: Expected `int` >= 0"),
        ("[server]\nport = 65536", "$.server.port: Expected `int` <= 65535"),
        ("[robot]\nunit = 0", "$.robot.unit: Expected `int` >= 1"),
        ("[robot]\nspeed = 0.001", "$.robot.speed: Expected `float` >= 0.01"),
        ("[robot]\nmax_promise_s = 10000001", "$.robot.max_promise_s: Expected `int` <= 10000000"),
        ('[restaurant]\ninn = "7707083894"', "$.restaurant.inn: the check digit of the INN is wrong"),
        ('[restaurant]\ncashier_inn = "500100732250"', "$.restaurant.cashier_inn: the check digit of the INN is wrong"),
        ('[restaurant]\nogrn = "1027700132196"', "$.restaurant.ogrn: the check digit of the OGRN is wrong"),
        ('[restaurant]\nphone = "call us"', "$.restaurant.phone: expected a phone number"),
        (
            '[[webhooks]]\nurl = "https://a.example"\nsecret_file = "s"\nevents = ["OrderPayedEvent"]',
            "$.webhooks[0].events[0]: no such event 'OrderPayedEvent'; did you mean 'OrderPaidEvent'?",
        ),
        (
            '[[webhooks]]\nurl = "https://a.example"\nsecret_file = "s"\nevents = []',
            "$.webhooks[0].events: an empty list",
        ),
        ('[robot]\nport = "tcp://robot"', "$.robot.port: 'robot' is not host:port"),
        *(
            (
                f'[[webhooks]]\nurl = "https://a.example"\nsecret_file = "s"\nevents = ["{name}"]',
                f"$.webhooks[0].events[0]: no such event '{name}'; did you mean '{near}'?",
            )
            for name, near in (("StoredEvent", "ShiftClosedEvent"), ("_OrderEvent", "OrderPaidEvent"))
        ),
        *(
            (
                f'[[webhooks]]\nurl = "https://a.example/x"\nsecret_file = "s"\n'
                f'[[webhooks]]\nurl = "{url}"\nsecret_file = "s"',
                f"$.webhooks[1].url: '{url}' leads where $.webhooks[0] leads already",
            )
            for url in ("https://A.example/x", "HTTPS://a.EXAMPLE/x", "https://a.example:443/x", "https://a.example./x")
        ),
        *(
            (
                f'[restaurant]\nreceipt_link = "https://a.example/{link}"',
                "$.restaurant.receipt_link: only {t}, {s}, {fn}, {i}, {fp}, {n}, {qr}, {inn} can be filled in",
            )
            for link in ("{fp!r}", "{fp:>9999999999}", "{fp}{sum}", "{fp}{fp.__class__}", "{fp}{0}", "{fp}{}")
        ),
        *(
            (
                f'[{section}]\nurl = "https://a.example/x{end}"',
                f"$.{section}.url: a base of addresses: no ? and no #, the paths of the calls come behind it",
            )
            for section in ("bank", "sms", "push", "fiscal")  # looked at before what it belongs to
            for end in ("?key=1", "#top", "?", "#")
        ),
        ('[fiscal]\nurl = "http://127.0.0.1:1"', "$.fiscal.url: belongs to driver atol-web, not to shtrih"),
        (
            '[fiscal]\ndriver = "atol"\nurl = "http://127.0.0.1:1"',
            "$.fiscal.url: belongs to driver atol-web, not to atol",
        ),
        (
            '[fiscal]\ndriver = "atol-web"\nport = "/dev/ttyUSB0"',
            "$.fiscal.url: is missing: driver atol-web goes by url, not by port",
        ),
        ('[fiscal]\ndriver = "atol"\nprotocol = 2', "$.fiscal.protocol: belongs to driver shtrih, not to atol"),
        (
            '[[fiscal]]\n[[fiscal]]\ndriver = "atol"\nport = "/dev/a"\nprotocol = 2',
            "$.fiscal[1].protocol: belongs to driver shtrih, not to atol",
        ),
        (
            '[fiscal]\nport = "/dev/ttyUSB0"\n[robot]\nport = "/dev/ttyUSB0"',
            "$.robot.port: '/dev/ttyUSB0' is that of $.fiscal[0] already",
        ),
        ("[sbp]\nscreen_s = 300", "$.sbp.screen_s: the screen goes to the next guest after 300 s"),
        ('[sbp]\nmerchant_id = "MA1"', "$.sbp.merchant_id: belongs to driver raif, not to tbank"),
        (
            '[sbp]\ndriver = "raif"\npassword_file = "x"',
            "$.sbp.password_file: belongs to driver tbank, not to raif",
        ),
        (
            '[payment]\nmethods = ["sbp"]\n[sbp]\ndriver = "raif"\nurl = "https://pay.raif.ru/api"\nkey_file = "x"',
            "$.sbp.merchant_id: is missing",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "config.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path / "config.toml")
    assert refusal.value.problems == (line,)


def test_no_code_is_shown_longer_than_its_page_stays() -> None:
    page = (Path(__file__).parent.parent / "web" / "js" / "views" / "payment.mjs").read_text()
    assert f"const RELEASE_AFTER_MS = {SCREEN_WAITS_S}_000;" in page


def test_several_problems_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[bonus]\naccrual = 5.0\n[server]\nport = -1\nhots = 1\n[robot]\nspeed = nan")
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path / "config.toml")
    where = [line.partition(": ")[0] for line in refusal.value.problems]
    assert sorted(where) == ["$.bonus.accrual", "$.robot.speed", "$.server.hots", "$.server.port"]


@pytest.mark.parametrize("inn", ["7707083893", "500100732259", "7700000000"])
def test_taxpayers_with_right_check_digits_and_the_demos_are_taken(tmp_path: Path, inn: str) -> None:
    (tmp_path / "config.toml").write_text(f'[restaurant]\ninn = "{inn}"')
    assert load(tmp_path / "config.toml").restaurant.inn == inn


@pytest.mark.parametrize("text", ["[bonus]\r\naccrual = 0.1\r\n", "\ufeff[bonus]\naccrual = 0.1\n"])
def test_a_file_of_another_system_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_bytes(text.encode())
    assert load(tmp_path / "config.toml").bonus.accrual == 0.1


# No file makes a traceback.


def written(value: Any) -> str:
    """A value as TOML; what TOML cannot say stays as it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)} = {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, int) and abs(value) > 10**300:
        return "1" + "0" * 400
    return value.isoformat() if isinstance(value, date | time) else repr(value)


KEYS = [
    (section, key)
    for section, body in tomllib.loads(EVERY_KEY).items()
    for key in (body[0] if isinstance(body, list) else body)
]
ODD = st.one_of(
    st.sampled_from([*INTEGERS, *FLOATS, *TEXTS, *OTHERS]),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=3),
)


def refusal_of(file: Path) -> tuple[str, ...]:
    """The lines by which `file` is refused, each of the promised form; none where a kiosk would start of it. The
    wiring is built as far as it goes without a device."""
    try:
        config = load(file)
        asyncio.run(_prepare(config))
    except ConfigError as error:
        problems = error.problems
    else:
        return ()
    assert problems
    for line in problems:
        where, _, what = line.partition(": ")
        assert (where[:1], bool(what), line.isprintable()) == ("$", True, True), line
    return problems


async def _prepare(config: Config) -> None:
    await prepared(config)


def run(raw: bytes) -> bool:
    """Whether a kiosk would start of this file."""
    folder = folders.new()
    try:
        (folder / "config.toml").write_bytes(raw)
        return not refusal_of(folder / "config.toml")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(KEYS), ODD)
def test_any_value_of_any_key_starts_or_is_refused_in_lines(key: tuple[str, str], value: Any) -> None:
    section, name = key
    head = f"[[{section}]]" if section in ("taxes", "terminals", "webhooks") else f"[{section}]"
    run(f"{head}\n{name} = {written(value)}\n".encode())


@pytest.mark.parametrize(("section", "name"), KEYS)
def test_no_key_takes_every_odd_value(section: str, name: str, tmp_path: Path) -> None:
    head = f"[[{section}]]" if section in ("taxes", "terminals", "webhooks") else f"[{section}]"
    values, file, taken = (*INTEGERS, *FLOATS, *TEXTS, *OTHERS), tmp_path / "config.toml", []
    for value in values:
        file.write_text(f"{head}\n{name} = {written(value)}", "utf-8")
        with contextlib.suppress(ConfigError):
            load(file)
            taken.append(value)
    assert len(taken) <= len(values) // 2, taken


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Config.__struct_fields__)), ODD)
def test_any_section_may_be_anything(section: str, value: Any) -> None:
    run(f"{section} = {written(value)}\n".encode())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(EVERY_KEY.encode())), st.integers(0, 40))
def test_a_damaged_file_starts_or_is_refused(bytes_: bytes, at: int, lost: int) -> None:
    whole = EVERY_KEY.encode()
    run(whole[:at] + bytes_ + whole[at + lost :])


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf", b"\xff\xfe[\x00b\x00", b"a = " + b"[" * 100_000, b"a." * 5000 + b"b = 1",
        b"a = " + b"{b = " * 50_000, b"a = " + b"9" * 5000, b"[bank]\n[bank]", b"[bank]\nurl = 1\nurl = 2",
        b"[fiscal]\n[[fiscal]]",
        b"a = 2026-02-30", b"\x00", b"[[[x]]]", b'"" = 1', b'"\\u202e" = 1', b"[restaurant]\nname.x = 1",
    ],
)  # fmt: skip
def test_what_is_hardly_a_file_starts_or_is_refused(raw: bytes) -> None:
    assert run(raw) is (raw == b"\xef\xbb\xbf")
