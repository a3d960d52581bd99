"""Nothing that comes from outside is obeyed by a terminal or hidden from an eye: devices, bank, people, files."""

from __future__ import annotations

import ast
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal import fields
from drivers.fiscal.atol import frames as atol_frames
from drivers.fiscal.atol import office as atol_office
from drivers.fiscal.ffd import drive
from drivers.fiscal.ffd.tlv import Tlv
from drivers.http import read_json
from drivers.robot import registers
from drivers.text import is_shown, shown
from kiosk import socket_calls
from kiosk.api.operations import OPERATIONS
from kiosk.cli_output import csv_text, harmless, json_text, refusal_text, text_of
from kiosk.config import problem
from kiosk.logs import redact
from tests.restaurant import Answer, Restaurant

ROOT = Path(__file__).parent.parent
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
ODD = (
    "\x00", "\x07", "\b", "\n", "\r", "\t", ESCAPE, "\x7f", "\x85", "\x9b31m", "\xad", "\u061c", "\u200b", "\u200f",
    "\u2028", "\u2029", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\ue000", "\U000e0041",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(ODD) | st.text(max_size=5), max_size=6).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def obeyed(text: str) -> set[str]:
    """The characters of `text` that are more than shape or space."""
    return {letter for letter in text if unicodedata.category(letter) in HIDDEN}


# The rule itself.


def test_every_control_and_every_mark_without_shape_is_known() -> None:
    wrong = [n for n in range(sys.maxunicode + 1) if is_shown(chr(n)) == (unicodedata.category(chr(n)) in HIDDEN)]
    assert {unicodedata.category(chr(n)) for n in wrong} == {"Cn", "Co"}, "and what has no meaning is not shown either"


@given(TEXTS)
def test_what_is_shown_is_harmless_and_stays_what_it_was_where_it_was(text: str) -> None:
    assert obeyed(shown(text)) == set()
    assert is_shown(shown(text))
    assert shown(shown(text)) == shown(text)
    assert not is_shown(text) or shown(text) == text


def only_escape(text: str) -> str:
    """The planted twin: what is written first, when somebody hears of terminals."""
    return text.replace("\x1b", "�")


def test_a_cure_for_the_escape_alone_is_caught() -> None:
    assert [text for text in ODD if obeyed(shown(text))] == []
    assert len([text for text in ODD if obeyed(only_escape(text))]) > 15


# What the command prints.


def printed(answer: Any) -> list[str]:
    """`answer` in every form in which the command prints it."""
    found = [json_text(answer), text_of({"one": answer}), refusal_text(answer), harmless(str(answer))]
    if isinstance(answer, dict):
        found += [text_of(answer), csv_text([answer]).replace("\r\n", "\n"), text_of({"rows": [answer]})]
    return found


@given(VALUES)
def test_the_command_prints_nothing_that_a_terminal_obeys(answer: Any) -> None:
    for text in printed(answer):
        assert obeyed(text) <= {"\n"}, text


@given(VALUES)
def test_json_keeps_the_value_to_the_letter(answer: Any) -> None:
    assert json.loads(json_text(answer)) == answer


def test_a_row_never_becomes_two() -> None:
    assert text_of({"orders": [{"number": "1\n2", "reason": "a\r\nb"}]}).count("\n") == 2


_HARMLESS = {"harmless", "shown", "json_text", "text_of", "refusal_text", "csv_text"}


def bare_prints(source: str) -> list[int]:
    """Lines where something is printed that no harmless form was made of."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found += [node.lineno for told in node.args if not _is_harmless(told)]
    return found


def _is_harmless(told: ast.expr) -> bool:
    if isinstance(told, ast.IfExp):
        return _is_harmless(told.body) and _is_harmless(told.orelse)
    if isinstance(told, ast.JoinedStr):
        return all(_is_harmless(part.value) for part in told.values if isinstance(part, ast.FormattedValue))
    return isinstance(told, ast.Constant) or (
        isinstance(told, ast.Call) and isinstance(told.func, ast.Name) and told.func.id in _HARMLESS
    )


def test_every_print_of_the_command_goes_through_a_harmless_form() -> None:
    source = (ROOT / "kiosk" / "cli.py").read_text()
    assert source.count("print(") > 5
    assert bare_prints(source) == []
    assert bare_prints('print(answer["text"])') == [1]
    assert bare_prints('print(f"{shown(a)} {b}")') == [1]


# What is logged, and what a configuration is told.


@pytest.mark.parametrize("text", ODD)
def test_no_line_of_the_log_is_obeyed(text: str) -> None:
    words = f"a{text}b"
    found = redact(
        None, "info", {"event": "e", "detail": words, "parts": [words, {words: words}], "why": OSError(words)}
    )
    assert obeyed(repr_of(found)) == set()
    assert obeyed(str(redact(None, "error", {"event": "e", "exception": f"one\n{words}"})["exception"])) <= {"\n"}
    assert obeyed(problem("$.menu", words)) == set()


def repr_of(value: Any) -> str:
    """Every text under `value` as it is."""
    if isinstance(value, dict):
        return "".join(repr_of(part) for pair in value.items() for part in pair)
    return "".join(map(repr_of, value)) if isinstance(value, list) else str(value)


# What devices and the bank say.


class Said(msgspec.Struct):
    status: str
    parts: list[dict[str, str]] = []


def said(text: str) -> str:
    return read_json(text.encode(), Said).status


READERS: dict[str, Callable[[bytes], Any]] = {
    "shtrih": fields.text_of,
    "shtrih tlv": lambda raw: Tlv(1018, raw).text,
    "shtrih drive": drive._parse_serial,  # noqa: SLF001  # each place where a text is read
    "atol": atol_frames.text_of,
    "atol tag": atol_office._text,  # noqa: SLF001  # each place where a text is read
    "robot": lambda raw: registers.text_of([*raw]),
    "escaped json": lambda raw: said(json.dumps({"status": raw.decode("latin-1")})),
    "plain json": lambda raw: said(json.dumps({"status": raw.decode("latin-1")}, ensure_ascii=False)),
}


@pytest.mark.parametrize("reader", READERS)
@given(raw=st.binary(max_size=40))
def test_text_of_a_device_comes_in_as_it_may_be_shown(reader: str, raw: bytes) -> None:
    assert obeyed(READERS[reader](raw)) == set()


@given(VALUES)
def test_answers_are_cleaned_wherever_a_text_stands_in_them(value: Any) -> None:
    found = read_json(json.dumps({"a": value}).encode("utf-8", "replace"), dict[str, Any])
    assert obeyed(repr_of(found)) == set()


@pytest.mark.parametrize("kind", [DeviceRefused, DeviceUnreachable, OutcomeUnknown, ForeignState])
@pytest.mark.parametrize("text", ODD)
def test_what_a_device_is_refused_for_is_told_harmlessly(kind: type[DeviceError], text: str) -> None:
    error = kind("bank", "refused", f"a{text}b")
    assert obeyed(error.detail + str(error)) == set()


def bare_decodes(source: str) -> Iterator[int]:
    """Lines where bytes that may be anything become a text that may be anything."""
    tree = ast.parse(source)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "shown"
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "decode":
            words = [*node.args, *(word.value for word in node.keywords)]
            replaces = any(isinstance(word, ast.Constant) and word.value == "replace" for word in words)
            if replaces and id(node) not in inside:
                yield node.lineno


#: What a server says of a refusal goes into an error, which cleans it.
_INTO_ERRORS = {"drivers/fiscal/atol_web/client.py"}


def test_no_driver_reads_a_text_past_the_rule() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "drivers").rglob("*.py"))
        if "sim" not in path.parts and str(path.relative_to(ROOT)) not in _INTO_ERRORS
        for line in bare_decodes(path.read_text())
    ]
    assert found == []
    assert list(bare_decodes('return raw.decode("cp866", errors="replace")')) == [1]


# What people write.

STAFF_CALLS = (
    ("/api/service/cells/1", {"action": "write_off", "reason": ""}, "reason"),
    ("/api/service/orders/X/refund", {"reason": ""}, "reason"),
    ("/api/service/stop-list", {"item_id": ""}, "item_id"),
    ("/api/service/webhooks", {"url": ""}, "url"),
    ("/api/service/session", {"pin": "00000000", "name": ""}, "name"),
    ("/internal/cells/1", {"action": "write_off", "reason": ""}, "reason"),
    ("/internal/orders/X/refund", {"reason": ""}, "reason"),
    ("/internal/stop-list", {"ingredient": ""}, "ingredient"),
    ("/internal/fiscal/correct", {"order_id": "X", "reason": ""}, "reason"),
    ("/internal/fiscal/replace-drive", {"reason": ""}, "reason"),
    ("/internal/fiscal/use", {"name": ""}, "name"),
    ("/internal/webhooks/enable", {"url": ""}, "url"),
    ("/internal/backup", {"file": "/tmp/"}, "file"),
)


async def said_to(place: Restaurant, path: str, body: dict[str, Any], headers: dict[str, str]) -> Answer:
    if path.startswith("/internal"):
        return await place.internal("POST", path, body)
    return await place.call("POST", path, body, **headers)


async def test_staff_is_asked_for_words_without_controls_at_every_call(place: Restaurant) -> None:
    pin = (place.folder / "service.pin").read_text().strip()
    opened = await place.call("POST", "/api/service/session", {"pin": pin, "name": "Анна, смена 1"})
    headers = {"Authorization": f"Bearer {opened.body['access_token']}"}
    for path, body, field in STAFF_CALLS:
        for text in ODD:
            answer = await said_to(place, path, {**body, field: f"{body[field]}a{text}"}, headers)
            assert (answer.status, answer.code) == (422, "invalid_request"), (path, text)
            assert [error["path"] for error in answer.body["errors"]] == [f"$.{field}"], (path, text)
        answer = await said_to(place, path, {**body, field: f"{body[field]}Остыло: «суп» №1 🍜"}, headers)
        assert "control" not in str(answer.body), (path, answer)


def test_no_call_of_staff_reads_a_body_past_the_rule() -> None:
    """The table says of each whether staff calls; nobody but its router reads bodies."""
    rows = [row for row in OPERATIONS if row.at.path.startswith(("/api/service/", "/api/sim", "/internal/"))]
    assert [row.at for row in rows if not row.who.staff] == [socket_calls.QUICK_AUTH, socket_calls.CONFIRM]
    readers = {
        path.name
        for path in (ROOT / "kiosk/api").rglob("*.py")
        if re.search(r"\.(read|text|json|post)\(\)|\brequest_body\b", path.read_text())
    }
    assert readers == {"wire.py", "router.py"}
