"""Every reason that stops sales has words for a technician, in both languages."""

from __future__ import annotations

import pytest

from drivers.fiscal import shtrih_state
from kiosk.domain.reasons import _GENERAL, _HINTS, hint_of

#: What the drivers' looks and the keeper's own rules can say.
STOPS = (
    *shtrih_state._MODES.values(),
    *shtrih_state._DRIVE_ERRORS.values(),
    "cover_open", "not_fiscalised", "drive_full", "drive_failure", "printer_fault", "no_paper", "shift_over_24h",
    "shift_closed", "document_open", "clock_wrong", "unsent_29_days", "drive_swapped", "drive_went_back",
    "registration_mismatch", "starting", "offline", "busy",
)  # fmt: skip


@pytest.mark.parametrize("word", sorted(set(STOPS)))
def test_a_technician_is_told_what_to_do(word: str) -> None:
    hint = hint_of(f"fiscal_{word}")
    assert hint is not None
    assert hint is not _GENERAL["fiscal"], f"{word} has no words of its own"
    assert hint.ru != hint.en


def test_each_word_is_said_once() -> None:
    texts = [text.ru for text in _HINTS.values()]
    assert len(texts) == len(set(texts))
    assert hint_of("robot_something_new") is _GENERAL["robot"]
