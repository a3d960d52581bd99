"""The technician reads the way of documents, the queue and its trouble in words of one language, never a code."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import drivers.fiscal.ofd
import drivers.fiscal.shtrih.ofd
from kiosk.domain.fiscal.ofd_words import CONTRADICTIONS, Queue, failure_words, ofd_words

NOW = datetime(2026, 5, 29, 12, 0)  # noqa: DTZ001 - local wall time, as the drive has it
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
RAISED = re.compile(r"raise Device\w+\(DEVICE, \"(\w+)\"")


def codes(module: str | None) -> list[str]:
    assert module is not None
    found = sorted(set(RAISED.findall(Path(module).read_text(encoding="utf-8"))))
    assert len(found) >= 5
    return found


CAUSES = [
    *(("ofd", code) for code in codes(drivers.fiscal.ofd.__file__)),
    *(("fiscal", code) for code in codes(drivers.fiscal.shtrih.ofd.__file__)),
]


@pytest.mark.parametrize(("device", "code"), CAUSES)
def test_every_cause_that_the_drivers_raise_has_words_of_its_own_in_both_languages(device: str, code: str) -> None:
    words = failure_words(device, code)
    assert words != failure_words(device, "of_tomorrow"), f"{device}:{code} has no words of its own"
    assert CYRILLIC.search(words.ru)
    assert not CYRILLIC.search(words.en)
    assert not CODE.search(words.ru + words.en)


def test_a_cause_nobody_knows_is_told_by_whom_it_concerns() -> None:
    assert "ОФД" in failure_words("ofd", "of_tomorrow").ru
    assert "касса" in failure_words("fiscal", "of_tomorrow").ru
    assert failure_words("disk", "full") == failure_words("fiscal", "of_tomorrow")


@pytest.mark.parametrize(
    ("age", "ru", "en"),
    [
        (timedelta(seconds=-5), "0 мин", "0 min"),
        (timedelta(minutes=59, seconds=59), "59 мин", "59 min"),
        (timedelta(hours=1), "1 ч", "1 h"),
        (timedelta(hours=47, minutes=59), "47 ч", "47 h"),
        (timedelta(days=2), "2 дн.", "2 days"),
        (timedelta(days=29, hours=23), "29 дн.", "29 days"),
    ],
)
def test_the_age_of_the_oldest_is_told_in_the_unit_that_fits(age: timedelta, ru: str, en: str) -> None:
    said = ofd_words("host", Queue(3, NOW - age, None, NOW), None)
    assert said.ru == f"передаёт киоск · не передано: 3 · старейший ждёт {ru}"
    assert said.en == f"carried by the kiosk · unsent: 3 · the oldest waits {en}"


def test_an_empty_queue_tells_no_age_but_the_last_ticket() -> None:
    said = ofd_words("device", Queue(0, NOW - timedelta(days=9), NOW - timedelta(hours=1), NOW), None)
    assert said.ru == "передаёт касса · не передано: 0 · квитанция 29.05 11:00"


@pytest.mark.parametrize("code", list(CONTRADICTIONS))
def test_a_contradiction_ends_the_line(code: str) -> None:
    said = ofd_words("external", Queue(0, None, None, NOW), CONTRADICTIONS[code])
    assert said.ru == f"передаёт другая программа · не передано: 0 · {CONTRADICTIONS[code].ru}"
    assert not CODE.search(said.ru + said.en)
