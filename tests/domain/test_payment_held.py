"""What becomes of money that a card reader holds while its receipt does not come (payment.md#a-card-at-the-reader)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kiosk.domain.payment.payment import (
    FiscalDecision,
    FiscalFailurePolicy,
    FiscalPatience,
    Payment,
    PaymentStep,
    Proof,
    Show,
    decide_while_held,
)

HELD_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
RETRY, REVERSE, CAPTURE = FiscalDecision.RETRY, FiscalDecision.REVERSE, FiscalDecision.CAPTURE
AUTO, AT_ONCE, DEFER = FiscalFailurePolicy.AUTO, FiscalFailurePolicy.REVERSE, FiscalFailurePolicy.DEFER


@pytest.mark.parametrize(
    ("policy", "proof", "soon", "late"),
    [
        (AUTO, Proof.ABSENT, RETRY, REVERSE),
        (AUTO, Proof.REFUSED, REVERSE, REVERSE),
        (AUTO, Proof.SILENT, RETRY, CAPTURE),
        (AUTO, Proof.FOREIGN, RETRY, CAPTURE),
        (AT_ONCE, Proof.ABSENT, REVERSE, REVERSE),
        (AT_ONCE, Proof.SILENT, RETRY, CAPTURE),
        (DEFER, Proof.ABSENT, RETRY, CAPTURE),
        (DEFER, Proof.REFUSED, RETRY, CAPTURE),
    ],
)
def test_what_is_held_is_let_go_without_a_receipt_and_taken_where_there_may_be_one(
    policy: FiscalFailurePolicy, proof: Proof, soon: FiscalDecision, late: FiscalDecision
) -> None:
    patience = FiscalPatience(policy, 60.0, 180.0, fin_within_s=30.0)

    def after(seconds: float) -> FiscalDecision:
        now = HELD_AT + timedelta(seconds=seconds)
        return decide_while_held(patience, proof, HELD_AT, now=now, reverse_asked=False)

    assert [after(0), after(29.9), after(30), after(3600)] == [soon, soon, late, late]


@pytest.mark.parametrize("policy", FiscalFailurePolicy)
def test_what_staff_asked_to_reverse_is_let_go_once_there_is_no_receipt_and_not_before(
    policy: FiscalFailurePolicy,
) -> None:
    patience = FiscalPatience(policy, 60.0, 180.0, fin_within_s=30.0)
    soon = HELD_AT + timedelta(seconds=1)
    assert decide_while_held(patience, Proof.ABSENT, HELD_AT, now=soon, reverse_asked=True) is REVERSE
    assert decide_while_held(patience, Proof.SILENT, HELD_AT, now=soon, reverse_asked=True) is RETRY


def attempt(**changes: Any) -> Payment:
    return Payment(
        **{
            "payment_id": "A-1", "order_id": "A", "attempt": 1, "terminal_id": "kiosk-1", "session_id": "s",
            "method": "terminal", "step": PaymentStep.CHARGING, "amount_kopecks": 9000, "bonus_points": 0,
            "card_token": "", "idempotency_key": None, "fingerprint": "", "receipt_to": None, "created_at": HELD_AT,
            **changes,
        }
    )  # fmt: skip


def test_the_guest_is_told_what_to_do_only_while_there_is_something() -> None:
    reader = attempt(operation=7, operation_before=6)
    assert reader.show == Show("card")
    till = attempt(till_code="0042", expires_at=HELD_AT)
    assert till.show == Show("till", code="0042", expires_at=HELD_AT)
    assert attempt().show is None  # a token: nothing to do but to wait
    for change in ({"step": PaymentStep.CHARGED}, {"bank_unknown_since": HELD_AT}, {"cancel_asked_at": HELD_AT}):
        assert msgspec.structs.replace(reader, **change).show is None
    assert msgspec.structs.replace(reader, cancel_asked_at=HELD_AT).stage == "cancelling"


def test_money_is_held_until_it_may_have_been_taken() -> None:
    assert not attempt().is_held
    assert attempt(held_at=HELD_AT).is_held
    assert not attempt(held_at=HELD_AT, capturing_at=HELD_AT).is_held


@pytest.mark.parametrize(
    "waits",
    [
        {"bank_unknown_since": HELD_AT},
        {"step": PaymentStep.PRINTING, "receipt_failed_at": HELD_AT},
        {"method": "till", "till_code": "0042", "expires_at": HELD_AT},
        {"step": PaymentStep.FISCALISED, "held_at": HELD_AT, "capturing_at": HELD_AT},
        {"step": PaymentStep.REVERSING, "held_at": HELD_AT},
    ],
)
def test_the_registrar_is_held_for_a_payment_that_nears_its_receipt_and_for_none_that_waits(
    waits: dict[str, Any],
) -> None:
    assert attempt().nears_its_receipt
    assert attempt(step=PaymentStep.PRINTING).nears_its_receipt
    assert attempt(method="till", till_code="0042", expires_at=HELD_AT, taken_by="anna").nears_its_receipt
    assert not attempt(**waits).nears_its_receipt
