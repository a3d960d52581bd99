"""Digits without measure, and what only looks like digits, is no number: it ends nothing where it comes in."""

from __future__ import annotations

import pytest

from kiosk.cli_words import parser
from kiosk.runtime.systemd import watchdog_period_s

NO_NUMBERS = ["9" * 5000, "²", "١٢", "", "-1"]


@pytest.mark.parametrize("digits", NO_NUMBERS, ids=lambda text: text[:5])
def test_8_the_command_asks_for_a_quantity_it_can_read(digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser(None).parse_args(["refund", "M8K2P4", f"--item=tea={digits}", "--reason=x"])
    assert "is not ITEM=QTY" in capsys.readouterr().err


@pytest.mark.parametrize("digits", NO_NUMBERS, ids=lambda text: text[:5])
def test_a_watchdog_that_is_no_number_is_none(digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", digits)
    assert watchdog_period_s() is None
