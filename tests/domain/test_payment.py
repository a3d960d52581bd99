"""The attempt to pay: its transition table, the live steps, and what is decided when the receipt fails."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.payment.payment import (
    LIVE_STEPS,
    PAYMENT_TRANSITIONS,
    FiscalDecision,
    FiscalFailurePolicy,
    FiscalPatience,
    PaymentStep,
    Proof,
    decide_on_fiscal_failure,
)
from tests.clocks import START
from tests.domain.test_order import cells, dead_ends

PAYMENT_TABLE = """
reserving   . x . . . . . . . . . . . x . . .
preflight   . . x x . x . . . . . . . x . . .
choosing    . . . x . . . . . . . . x x . . .
announcing  . . . x x . . . . . . . . x . . .
announced   . . . . . x . . . . . x . x . . .
charging    . . . . . . x . . . . x x x x . .
charged     . . . . . . . x x . x . . . . . .
printing    . . . . . . . x x . x . . . . . .
fiscalised  . . . . . . . . . x . x . . . . .
done        . . . . . . . . . . . . . . . . .
reversing   . . . . . . . . . . . x . . . . x
taking_back . . . . . . . . . . . . x x . . x
declined    . . . . . . . . . . . . . . . . .
refused     . . . . . . . . . . . . . . . . .
abandoned   . . . . . . . . . . . . . . . x x
closed      . . . . . . . . . . . . . . . . .
reversed    . . . . . . . . . . . . . . . . .
"""


@pytest.mark.parametrize(("move", "allowed"), cells(PAYMENT_TABLE).items(), ids=lambda value: str(value))
def test_a_payment_moves_by_the_table_only(move: tuple[str, str], allowed: bool) -> None:
    assert (PaymentStep(move[1]) in PAYMENT_TRANSITIONS[PaymentStep(move[0])]) is allowed


def test_the_payment_table_knows_every_step_and_none_is_stuck() -> None:
    assert PAYMENT_TRANSITIONS.keys() == set(PaymentStep)
    assert cells(PAYMENT_TABLE).keys() == set(itertools.product(list(PaymentStep), repeat=2))
    assert dead_ends(PAYMENT_TRANSITIONS) == set()


def test_a_payment_is_refused_only_before_money_has_moved() -> None:
    before = {step for step, onward in PAYMENT_TRANSITIONS.items() if PaymentStep.REFUSED in onward}
    first = {
        PaymentStep.CHOOSING,
        PaymentStep.ANNOUNCING,
        PaymentStep.ANNOUNCED,
        PaymentStep.TAKING_BACK,
    }  # of a receipt before the money
    assert before == {PaymentStep.RESERVING, PaymentStep.PREFLIGHT, PaymentStep.CHARGING, *first}


def test_a_registered_receipt_is_never_reversed_by_the_attempt() -> None:
    """Of what was held and never taken it is taken back by a refund receipt."""
    assert PAYMENT_TRANSITIONS[PaymentStep.FISCALISED] == {PaymentStep.DONE, PaymentStep.TAKING_BACK}


def indexed_steps(index: str) -> set[str]:
    schema = (files("kiosk.store") / "schema.sql").read_text()
    found = re.search(rf"INDEX {index} ON payment \(\w+\)\s+WHERE step IN \(([^)]*)\)", schema)
    assert found is not None
    return set(re.findall(r"'(\w+)'", found[1]))


def test_the_live_steps_are_those_of_the_unique_index() -> None:
    assert {step.value for step in LIVE_STEPS} == indexed_steps("one_live_payment")
    assert {*LIVE_STEPS, PaymentStep.ABANDONED} == indexed_steps("payment_in_work")


def test_a_live_step_leads_on_and_an_ended_one_never_comes_back() -> None:
    live = set(LIVE_STEPS)
    assert all(PAYMENT_TRANSITIONS[step] for step in live)
    assert not any(PAYMENT_TRANSITIONS[step] & live for step in set(PaymentStep) - live)


# The receipt fails after the charge: payment.md#when-the-receipt-fails. retry_s = 60, hold_s = 180.

RETRY, REVERSE, RELEASE = FiscalDecision.RETRY, FiscalDecision.REVERSE, FiscalDecision.RELEASE
AUTO, AT_ONCE, DEFER = FiscalFailurePolicy.AUTO, FiscalFailurePolicy.REVERSE, FiscalFailurePolicy.DEFER
#: (policy, proof) → what is decided after 0, 59.9, 60, 179.9 and 180 s.
DECISIONS = {
    (AUTO, Proof.ABSENT): (RETRY, RETRY, REVERSE, REVERSE, REVERSE),
    (AUTO, Proof.REFUSED): (REVERSE, REVERSE, REVERSE, REVERSE, REVERSE),
    (AUTO, Proof.SILENT): (RETRY, RETRY, RETRY, RETRY, RELEASE),
    (AUTO, Proof.FOREIGN): (RETRY, RETRY, RETRY, RETRY, RELEASE),
    (AT_ONCE, Proof.ABSENT): (REVERSE, REVERSE, REVERSE, REVERSE, REVERSE),
    (AT_ONCE, Proof.REFUSED): (REVERSE, REVERSE, REVERSE, REVERSE, REVERSE),
    (AT_ONCE, Proof.SILENT): (RETRY, RETRY, RETRY, RETRY, RELEASE),
    (AT_ONCE, Proof.FOREIGN): (RETRY, RETRY, RETRY, RETRY, RELEASE),
    (DEFER, Proof.ABSENT): (RETRY, RETRY, RELEASE, RELEASE, RELEASE),
    (DEFER, Proof.REFUSED): (RETRY, RETRY, RELEASE, RELEASE, RELEASE),
    (DEFER, Proof.SILENT): (RETRY, RETRY, RELEASE, RELEASE, RELEASE),
    (DEFER, Proof.FOREIGN): (RETRY, RETRY, RELEASE, RELEASE, RELEASE),
}
WAITED_S = (0.0, 59.9, 60.0, 179.9, 180.0)
CASES = [
    (policy, proof, waited_s, decision)
    for (policy, proof), row in DECISIONS.items()
    for waited_s, decision in zip(WAITED_S, row, strict=True)
]


def decide(policy: FiscalFailurePolicy, proof: Proof, waited_s: float, *, released: bool = False) -> FiscalDecision:
    patience = FiscalPatience(policy, 60.0, 180.0)
    return decide_on_fiscal_failure(
        patience, proof, START, released=released, now=START + timedelta(seconds=waited_s), reverse_asked=False
    )


def test_the_table_of_decisions_is_whole() -> None:
    assert DECISIONS.keys() == set(itertools.product(FiscalFailurePolicy, Proof))


@pytest.mark.parametrize(("policy", "proof", "waited_s", "decision"), CASES)
def test_a_failed_receipt_is_decided_by_the_table(
    policy: FiscalFailurePolicy, proof: Proof, waited_s: float, decision: FiscalDecision
) -> None:
    assert decide(policy, proof, waited_s) is decision


@pytest.mark.parametrize(("policy", "proof", "waited_s", "decision"), CASES)
def test_a_released_order_is_cooking_so_its_receipt_is_only_retried(
    policy: FiscalFailurePolicy, proof: Proof, waited_s: float, decision: FiscalDecision
) -> None:
    assert decide(policy, proof, waited_s, released=True) is RETRY


patience = st.builds(
    FiscalPatience,
    st.sampled_from(FiscalFailurePolicy),
    st.floats(min_value=0, max_value=1e5),
    st.floats(min_value=0, max_value=1e5),
)


doubt = st.sampled_from([Proof.SILENT, Proof.FOREIGN])


@given(patience, doubt, st.integers(min_value=0, max_value=10**6), st.booleans(), st.booleans())
def test_doubt_never_reverses(limits: FiscalPatience, proof: Proof, waited_s: int, released: bool, asked: bool) -> None:
    now = START + timedelta(seconds=waited_s)
    assert (
        decide_on_fiscal_failure(limits, proof, START, released=released, now=now, reverse_asked=asked) is not REVERSE
    )


@given(patience, st.sampled_from(Proof), st.integers(min_value=0, max_value=10**6))
def test_what_staff_asked_to_reverse_is_reversed_on_proof_and_never_cooked(
    limits: FiscalPatience, proof: Proof, waited_s: int
) -> None:
    now = START + timedelta(seconds=waited_s)
    decision = decide_on_fiscal_failure(limits, proof, START, released=False, now=now, reverse_asked=True)
    assert decision is (REVERSE if proof in (Proof.ABSENT, Proof.REFUSED) else RETRY)


@given(patience, st.sampled_from(Proof), st.integers(min_value=0, max_value=10**6))
def test_patience_ends_and_stays_ended(limits: FiscalPatience, proof: Proof, waited_s: int) -> None:
    def after(seconds: float) -> FiscalDecision:
        return decide_on_fiscal_failure(
            limits, proof, START, released=False, now=START + timedelta(seconds=seconds), reverse_asked=False
        )

    assert after(max(limits.receipt_retry_s, limits.hold_limit_s) + 1) is not RETRY
    if after(waited_s) is not RETRY:
        assert after(waited_s + 1) is after(waited_s)
