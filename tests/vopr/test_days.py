"""Simulated days: one seed is one history, no day breaks a promise, and each planted bug is met by days that do not
know of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

from tests.crash import tally
from tests.vopr.__main__ import Wanted, many, played, warm
from tests.vopr.coverage import together
from tests.vopr.living import Report

_FIRSTS = (100, 116)  # a test each, so that workers share them
_DAYS = 16
_MANY = 200
_BLIND = 30  # days until a planted bug must have shown
_BLIND_FROM = 5000
_SOON = ("synchronous_normal",)
_LATER = (
    "capture_forgotten",
    "new_key_while_unknown", "cursor_before_delivery", "no_fd_before", "no_bank_inquiry", "split_commit",
    "fresh_client_id", "fresh_refund_key", "given_back_unasked", "counted_apart", "lost_flushes",
    "new_operation_after_restart", "sale_repeated_unasked", "refund_repeated_without_asking", "new_order_after_restart",
    "return_receipt_forgotten", "returned_while_waiting", "tender_forgotten",
    "stranger_let_in", "freed_with_food_in_it", "cursor_before_record", "fresh_push_id",
)  # fmt: skip
#: What must be among what the judge says, where another word of it would prove less.
_SAYS = {
    "stranger_let_in": "holds food of",
    "freed_with_food_in_it": "lay there until",
    "cursor_before_record": "never came to the topic",
}


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    warm()


def _record(reports: list[Report], plant: str = "", days: int = 0) -> None:
    tally.record(
        plant,
        scenarios=len(reports),
        kills=sum(report.kills + report.power_cuts for report in reports),
        orders=sum(report.orders for report in reports),
        violations=sum(len(report.violations) for report in reports),
        days=days,
    )


def _told(reports: list[Report]) -> list[str]:
    return [f"seed {report.seed}: {line}" for report in reports for line in report.violations]


def _line(seed: int, hash_seed: int) -> dict[str, Any]:
    """The last line of a process of its own, in a folder of its own."""
    command = [sys.executable, "-m", "tests.vopr", "--seed", str(seed), "--steps", "30"]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.heavy
def test_4_one_seed_is_one_history_to_the_byte() -> None:
    seed = random.SystemRandom().randrange(10**6, 10**9)
    first, again = _line(seed, 1), _line(seed, 2)
    assert first == again, f"python -m tests.vopr --seed {seed} --steps 30"
    assert first["sold"] > 0


def test_4_another_seed_is_another_history() -> None:
    first, second = (played(seed, Wanted(most=1)) for seed in (1, 2))
    assert {first.trace, first.wires, first.files}.isdisjoint({second.trace, second.wires, second.files})


@pytest.mark.heavy
@pytest.mark.parametrize("first", _FIRSTS)
def test_4_simulated_days_with_kills_and_power_cuts_break_no_promise(first: int) -> None:
    reports = list(many(range(first, first + _DAYS), Wanted(), 1))
    _record(reports)
    assert _told(reports) == []
    assert all(report.counts for report in reports), "a day that sold nothing proves nothing"
    assert sum(report.sold for report in reports) >= 15 * _DAYS
    assert sum(report.kills for report in reports) >= 3 * _DAYS
    assert sum(report.power_cuts for report in reports) > 0
    by = together(report.sold_by for report in reports)
    assert set(by) == {"token", "terminal", "sbp", "till"}, "some way to pay has sold nothing"


def test_4_a_calendar_day_over_midnight_breaks_no_promise() -> None:
    report = played(_FIRSTS[0], Wanted(kind="calendar"))
    assert _told([report]) == []
    assert report.counts, "a day that sold nothing proves nothing"
    assert "lots.expired" in {point for point, _ in report.reached}


@pytest.mark.long
def test_4_many_simulated_days_break_no_promise() -> None:
    reports = list(many(range(_MANY), Wanted(), 2))
    _record(reports)
    assert _told(reports) == []


def _days_until_caught(plant: str) -> int:
    """Days that were played until the bug showed, by seeds that were not chosen for it."""
    for number in range(_BLIND):
        report = played(_BLIND_FROM + number, Wanted(plant=plant))
        assert not report.broken, report.violations
        if any(_SAYS.get(plant, "") in line for line in report.violations):
            _record([report], plant.replace("_", " "), number + 1)
            return number + 1
    raise AssertionError(f"{plant}: not seen in {_BLIND} days")


@pytest.mark.heavy
@pytest.mark.parametrize("plant", _SOON)
def test_4_planted_bug_is_found_by_days_that_do_not_know_of_it(plant: str) -> None:
    assert _days_until_caught(plant) <= _BLIND


@pytest.mark.long
@pytest.mark.parametrize("plant", _LATER)
def test_4_rarer_planted_bug_is_found_by_days_that_do_not_know_of_it(plant: str) -> None:
    assert _days_until_caught(plant) <= _BLIND
