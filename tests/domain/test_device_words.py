"""Why a device did not do what it was asked for: silence is told of those alone that were silent."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from kiosk.domain.device_words import SILENT, why_not_done
from kiosk.domain.errors import DeviceUnavailable
from kiosk.flows.guards.not_done import not_done


@pytest.mark.parametrize("kind", [DeviceUnreachable, OutcomeUnknown])
def test_who_did_not_answer_is_silent(kind: type[DeviceError]) -> None:
    assert not_done("robot", kind("robot", "timeout")).detail == SILENT


@pytest.mark.parametrize("kind", [DeviceRefused, ForeignState])
def test_who_has_refused_was_not_silent_and_its_word_is_told(kind: type[DeviceError]) -> None:
    refusal = not_done("robot", kind("robot", "bad_request"))
    assert refusal.detail is not None
    assert refusal.detail != SILENT
    assert "bad_request" in refusal.detail.ru
    assert refusal.members == {"device": "robot", "reason": "bad_request"}


@pytest.mark.parametrize("reason", ["payment_under_way", "receipt_in_doubt", "busy"])
def test_what_is_in_the_way_on_our_side_is_no_silence_of_the_device(reason: str) -> None:
    for refusal in (DeviceUnavailable("fiscal", reason), not_done("fiscal", DeviceUnreachable("fiscal", reason))):
        assert refusal.detail not in (None, SILENT)


def test_documents_that_wait_are_counted() -> None:
    assert "12" in why_not_done("12_documents_unsent", silent=False).ru
