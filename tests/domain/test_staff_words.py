"""Staff reads words, in one language: every kind of trouble, state and cause; a code comes last or not at all."""

from __future__ import annotations

import re

import pytest

from kiosk.domain.kitchen.readiness import Check
from kiosk.domain.ordering.order import OrderStatus, PortionStatus
from kiosk.domain.staff.staff_words import check_words, in_words, stuck_words
from kiosk.domain.staff.stuck import Kind, Money, Move
from kiosk.domain.text import Text

CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
DETAILS = {
    Kind.CHARGE_UNKNOWN: "the bank does not answer about M8K:1",
    Kind.CHARGE_UNCERTAIN: "foreign:foreign_operation",
    Kind.CAPTURE_UNCERTAIN: "terminal:not_captured",
    Kind.RECEIPT_HELD: "foreign:drive_swapped",
    Kind.RECEIPT_OWED: "silent:timeout",
    Kind.PAPER_UNPAID: "absent:no_paper",
    Kind.VOID_PENDING: "bank:connection_refused",
    Kind.REFUND_PENDING: "bank:refused",
    Kind.REFUND_UNCERTAIN: "bank:key_forgotten",
    Kind.CORRECTION_PENDING: "absent:no_paper",
    Kind.PORTION_LOST: "failed:102; receipt owed",
    Kind.SET_ASIDE: "TypeError at kiosk.flows.payment.saga:120",
    Kind.DEVICE_TRIPPED: "fiscal_no_paper",
    Kind.FOOD_FORGOTTEN: "cell 3, 4",
    Kind.CELL_LOCKED: "cell 3",
    Kind.FOOD_UNSAFE: "too_warm bin_6 22.0",
    Kind.FINDING: "foreign_job 17: the robot cooks what the books do not know",
}


@pytest.mark.parametrize("kind", list(Kind))
def test_9_every_kind_of_trouble_is_said_in_words_of_one_language(kind: Kind) -> None:
    words = stuck_words(kind, DETAILS[kind])
    assert not CODE.search(words.ru), words.ru
    assert not CODE.search(words.en), words.en
    assert CYRILLIC.search(words.ru)
    assert not CYRILLIC.search(words.en)
    assert " / " not in words.ru


def test_9_cause_of_a_trouble_is_said_and_one_that_nobody_knows_is_not_made_up() -> None:
    assert "соединение не принято" in stuck_words(Kind.VOID_PENDING, "bank:connection_refused").ru
    assert "станция 2 (вок) застряла" in stuck_words(Kind.PORTION_LOST, "failed:102", {2: Text("вок", "wok")}).ru
    assert stuck_words(Kind.VOID_PENDING, "bank:teapot").en.endswith("the bank's answer")
    for kind in (Kind.VOID_PENDING, Kind.REFUND_PENDING, Kind.CHARGE_UNCERTAIN):  # no registrar's and no reader's word
        assert "QR" in stuck_words(kind, "foreign:other_sum").ru
    assert "«trout»" in stuck_words(Kind.PORTION_LOST, "unknown_ingredient:trout; receipt owed").ru
    assert "упало" in stuck_words(Kind.PORTION_LOST, "written_off: упало").ru


def test_9_device_is_quoted_in_the_readers_language_and_its_code_stays_apart() -> None:
    check = Check(
        ok=False, reason="robot_held", detail="102: JAM AT WOK", told=Text("станция 2 (вок) застряла", "station 2 jams")
    )
    words = check_words(check)
    assert words.ru.startswith("Станция 2 (вок) застряла. ")
    assert words.en.startswith("Station 2 jams. ")
    assert "JAM" not in words.ru + words.en


@pytest.mark.parametrize("language", ["ru", "en"])
def test_9_tables_of_the_command_speak_in_words(language: str) -> None:
    for status in OrderStatus:
        (row,) = in_words({"orders": [{"number": "A01", "status": status.value}]}, language)["orders"]
        assert bool(CYRILLIC.search(row["status"])) is (language == "ru")
    portions = [{"status": status.value} for status in PortionStatus]
    told = in_words({"items": [{"portions": portions}]}, language)["items"][0]["portions"]
    assert bool(CYRILLIC.search(told)) is (language == "ru")
    assert not CODE.search(told)
    row = {
        "stuck_id": "p-1", "kind": Kind.VOID_PENDING.value, "order_id": "M8", "number": "A01", "amount_kopecks": 9900,
        "since": "2026-11-29T00:00:00Z", "detail": "bank:refused", "money": Money.RETURNING.value,
        "moves": [Move.RETRY.value], "says": {"ru": "Банк не принимает", "en": "The bank does not take it"},
    }  # fmt: skip
    line = in_words({"stuck": [row]}, language)["stuck"][0]
    assert list(line)[-1] == "code"
    assert line["code"] == "void_pending bank:refused"
    assert line["moves"].startswith("retry (")
    assert line["says"] == row["says"][language]


@pytest.mark.parametrize("code", ["9" * 5000, "²", "١٢"])
def test_9_code_that_is_no_number_of_a_fault_ends_nothing(code: str) -> None:
    assert stuck_words(Kind.PORTION_LOST, f"failed:{code}").ru


def test_a_text_in_both_languages_is_told_in_one() -> None:
    answer = {"alarms": [{"alarm_id": 7, "title": {"ru": "Касса молчит", "en": "The registrar is silent"}}]}
    assert in_words(answer, "en") == {"alarms": [{"alarm_id": 7, "title": "The registrar is silent"}]}
    assert in_words(answer, "ru")["alarms"][0]["title"] == "Касса молчит"
