"""Every reason that stops sales has words for a technician, in both languages."""

from __future__ import annotations

import pytest

from drivers.fiscal.shtrih import state as shtrih_state
from kiosk.domain.reasons import _GENERAL, _OTHER, HINTS, ITEM_REASONS, hint_of, words_of

#: What the drivers' looks and the keeper's own rules can say.
STOPS = (
    *shtrih_state.MODES.values(),
    *shtrih_state.DRIVE_ERRORS.values(),
    "cover_open", "not_fiscalised", "drive_full", "drive_failure", "printer_fault", "no_paper", "shift_over_24h",
    "shift_closed", "document_open", "clock_wrong", "unsent_29_days", "drive_swapped", "drive_went_back",
    "registration_mismatch", "offline", "busy", "refuses", "shift_closing",
)  # fmt: skip


@pytest.mark.parametrize("word", sorted(set(STOPS)))
def test_a_technician_is_told_what_to_do(word: str) -> None:
    hint = hint_of(f"fiscal_{word}")
    assert hint is not None
    assert hint is not _GENERAL["fiscal"], f"{word} has no words of its own"
    assert hint.ru != hint.en


def test_each_word_is_said_once() -> None:
    texts = [text.ru for text in HINTS.values()]
    assert len(texts) == len(set(texts))
    assert hint_of("robot_something_new") is _GENERAL["robot"]


#: Every pause that is told, beside those that begin with `fiscal_` and `robot_`.
PAUSES = (
    "staff", "closed", "queue_too_long", "cells_full", "bank_down", "bank_refuses", "disk", "books", "starting",
    "closing_soon", "robot_offline", "robot_estop", "fiscal_no_paper", "fiscal_refuses", "fiscal_shift_closing",
)  # fmt: skip


@pytest.mark.parametrize("word", [*PAUSES, *ITEM_REASONS, "sms_down", "sms_refuses"])
def test_every_reason_has_a_sentence_for_the_guest_and_one_for_the_technician_in_both_languages(word: str) -> None:
    words = words_of(word)
    told = {_OTHER.technician}
    if word not in ("disk", "books"):  # nothing a guest could do with them
        told.add(_OTHER.guest)
    assert not {words.guest, words.technician} & told
    for text in (words.guest, words.technician):
        assert text.ru
        assert text.en
        assert text.ru != text.en
        assert word not in text.ru.split()


def test_a_word_nobody_knows_is_told_by_what_it_concerns() -> None:
    assert words_of("robot_of_tomorrow") == words_of("robot_of_the_day_after")
    assert words_of("something_else") == _OTHER
