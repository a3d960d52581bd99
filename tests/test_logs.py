"""Log lines: no phone, token, code or card number leaves the process; ids, times and words stay readable."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.clock import rfc3339
from kiosk.domain.ordering.order import new_order_id
from kiosk.logs import redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_x"


def logged(**fields: Any) -> dict[str, Any]:
    return dict(redact(None, "info", {"event": "something_happened", "level": "info", **fields}))


@pytest.mark.parametrize(
    "phone",
    [
        "+79161234567",
        "79161234567",
        "89161234567",
        "+7 916 123-45-67",
        "+7 (916) 123-45-67",
        "8(916)123 45 67",
        "9161234567",
        "+493012345678",
    ],
)
@pytest.mark.parametrize("text", ["%s", "sent to %s", "phone=%s,", '{"to": "%s"}', "'%s' is no phone", "tel:%s; x"])
def test_a_phone_is_masked_to_its_last_two_digits(phone: str, text: str) -> None:
    found = logged(error=text % phone)["error"]
    digits = "".join(c for c in phone if c.isdigit())
    assert found == text % f"…{digits[-2:]}"


@pytest.mark.parametrize("inn", ["7700000000", "7707083893", "500100732259"])
def test_a_taxpayers_number_is_public_and_stays(inn: str) -> None:
    words = f"inn: {inn} in the settings, 7711111110 in the device"
    assert logged(detail=words, ours=inn) == logged() | {"detail": words, "ours": inn}


@given(st.from_regex(r"[0-9]{13,19}", fullmatch=True))
def test_a_card_number_is_masked_however_it_is_grouped(number: str) -> None:
    grouped = " ".join(number[n : n + 4] for n in range(0, len(number), 4))
    for text in (number, grouped, grouped.replace(" ", "-")):
        assert logged(error=f"card {text}!")["error"] == f"card …{number[-2:]}!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"got {JWT}", "got ***"),
        (f"Authorization: Bearer {JWT}", "Authorization: ***"),
        ("Bearer opaque-secret", "***"),
        ("card_token=tok_insufficient_funds refused", "card_token=*** refused"),
        ("tok_ok", "***"),
    ],
)
def test_a_token_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert logged(error=text)["error"] == shown


@pytest.mark.parametrize(
    "name", ["password", "card_token", "access_token", "temporary_token", "pickup_code", "authorization"]
)
def test_a_secret_is_masked_by_its_name(name: str) -> None:
    assert logged(**{name: "4321"})[name] == "***"
    assert logged(**{name: 4321})[name] == "***"


def test_what_lies_deeper_is_masked_too() -> None:
    body = {"to": "+79161234567", "pickup_code": "0042", "lines": ["tok_ok", {"password": "123456"}], "count": 2}
    assert logged(body=body)["body"] == {
        "to": "…67",
        "pickup_code": "***",
        "lines": ["***", {"password": "***"}],
        "count": 2,
    }
    assert body["to"] == "+79161234567"  # the line is masked, not the value it was made of


@given(st.uuids().map(str))
def test_an_id_stays_readable(name: str) -> None:
    assert logged(session_id=name, error=f"no session {name} here") == {
        **logged(),
        "session_id": name,
        "error": f"no session {name} here",
    }


@given(st.datetimes(datetime(2026, 1, 1), datetime(2039, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_and_an_order_id_stay_readable(moment: datetime) -> None:
    order_id = new_order_id(moment)
    for text in (rfc3339(moment), str(moment), f"since {moment:%Y-%m-%d %H:%M}, order {order_id}", f"{order_id}:1"):
        assert logged(error=text)["error"] == text


@pytest.mark.parametrize(
    "text",
    [
        "fiscal: paper_out (code 0x6B)",
        "not within 15.0 s",
        "portion 28123456 moved",
        "127.0.0.1:8080",
        "10 (5) 7",
        "price 28900, 2 pieces, 57800 in all",
        "Заказ А01 готов",
        "",
    ],
)
def test_ordinary_words_and_numbers_stay(text: str) -> None:
    assert logged(error=text)["error"] == text


@pytest.mark.parametrize("value", [5, 57800, 1234567890123, 1.5, True, None, b"\x02\x05"])
def test_what_is_no_text_stays(value: object) -> None:
    assert logged(value=value)["value"] == value


def test_device_bytes_stay_whole() -> None:
    assert logged(hex="0205 1011 1213 1415 16")["hex"] == "0205 1011 1213 1415 16"


WHOLE_LINE = """
import structlog
from kiosk import logs
logs.configure("info", "json")
log = structlog.get_logger()
log.debug("unheard")
with structlog.contextvars.bound_contextvars(order_id="ORDER1"):
    try:
        raise LookupError("nobody at +79161234567")
    except LookupError as error:
        log.warning("message_failed", to="+79161234567", pickup_code="0042", exc_info=error, count=2)
"""


def test_a_whole_line_is_json_with_its_context_and_a_clean_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", WHOLE_LINE], capture_output=True, timeout=20, check=True)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["event"], found["level"], found["order_id"], found["to"]) == (
        "message_failed",
        "warning",
        "ORDER1",
        "…67",
    )
    assert found["pickup_code"] == "***"
    assert "LookupError: nobody at …67" in found["exception"]
    assert b"9161234" not in done.stdout + done.stderr
    assert datetime.fromisoformat(found["timestamp"]).tzinfo is not None


FROM_A_DRIVER = """
import logging, sys
from kiosk import logs
logs.configure(sys.argv[1], "json")
log = logging.getLogger("drivers.fiscal.shtrih.line")
log.debug("unheard")
log.info("%s: answer %s recovered", "fiscal", "FF45h")
log.warning("fiscal: stale answer %s thrown away: no number +79161234567", b"\\x02+79161234567\\x03".hex())
log.warning("fiscal: %d documents for Bearer tok_ok", "not a number of +79161234567")
try:
    raise OSError("nobody at +79161234567")
except OSError:
    log.exception("fiscal: release")
logging.getLogger("aiosqlite").debug("executing SELECT phone, +79161234567")
logging.getLogger("aiohttp.server").error("Error handling request from %s", "+79161234567")
"""


def from_a_driver(level: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", FROM_A_DRIVER, level], capture_output=True, timeout=20, check=True)
    assert b"9161234" not in done.stdout + done.stderr
    assert b"9161234567".hex().encode() not in done.stdout
    assert done.stderr == b""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_drivers_own_lines_take_the_same_way_as_ours() -> None:
    recovered, stale, unfit, failed, library = from_a_driver("info")
    assert (recovered["event"], recovered["level"]) == ("fiscal: answer FF45h recovered", "info")
    assert recovered["logger"] == "drivers.fiscal.shtrih.line"
    assert datetime.fromisoformat(recovered["timestamp"]).tzinfo is not None
    masked = b"\x02+***********\x03".hex()
    assert stale["event"] == f"fiscal: stale answer {masked} thrown away: no number …67"
    assert unfit["event"] == "fiscal: %d documents for ***"  # values that do not fit cost the values, not the line
    assert "OSError: nobody at …67" in failed["exception"]
    assert (library["event"], library["level"]) == ("Error handling request from …67", "error")


def test_a_drivers_own_lines_have_the_level_of_the_settings_and_libraries_never_tell_values() -> None:
    assert [row["level"] for row in from_a_driver("warning")] == ["warning", "warning", "error", "error"]
    assert from_a_driver("debug")[0]["event"] == "unheard"
    assert {row["logger"] for row in from_a_driver("debug")} == {"drivers.fiscal.shtrih.line", "aiohttp.server"}
