"""Answers of banks as they may come: cut, doubled, of other kinds and sizes. A reader raises its own error or reads."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers.bank import yookassa
from drivers.errors import DeviceError
from drivers.http import UnreadableAnswer, decoded, read_json
from drivers.sbp.tbank import messages

SOME, MANY = 2_000, 100_000
SEED = 1234
_AMOUNT = {"value": "499.00", "currency": "RUB"}
_PAID = {
    "id": "2d5c-000f", "status": "waiting_for_capture", "amount": _AMOUNT,
    "refunded_amount": {**_AMOUNT, "value": "0.00"},
    "payment_method": {"type": "bank_card", "card": {"last4": "4242", "card_type": "Mir"}},
    "authorization_details": {"rrn": "028810000045", "auth_code": "005991"},
    "metadata": {"key": "A1:1", "order_id": "A1"},
    "cancellation_details": {"party": "yoo_money", "reason": "expired_on_capture"},
    "created_at": "2026-11-30T09:00:00Z",
}  # fmt: skip
_STATE = {
    "Success": True,
    "ErrorCode": "0",
    "Status": "CONFIRMED",
    "PaymentId": "700001",
    "OrderId": "A1",
    "Amount": 49900,
}
_ORDER = {
    **_STATE,
    "Payments": [{"PaymentId": "700001", "Status": "REFUNDED", "Amount": 49900, "RRN": "0288", "SbpPaymentId": "A1B2"}],
}
_ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 1e308, 2**70, "", "x" * 5000, "\x00", "٣", [], {}, [None], {"value": []}, "1e3", "-0.00",
)  # fmt: skip


def yookassa_answer(data: bytes) -> object:
    found = yookassa._payment(data)  # noqa: SLF001  # the reader of every answer about a payment
    return yookassa._told(found), yookassa._listed(found)  # noqa: SLF001


def tbank_answer(data: bytes) -> object:
    answer = read_json(data, messages.Answer)
    error = messages.error_of(answer)
    return error or messages.payment_of(answer, "700001")


def tbank_order(data: bytes) -> object:
    return messages.first_of(read_json(data, messages.OrderAnswer).payments)


def yookassa_page(data: bytes) -> object:
    return [yookassa._listed(row) for row in decoded(data, yookassa._Page).items]  # noqa: SLF001


READERS: tuple[tuple[Callable[[bytes], object], dict[str, Any]], ...] = (
    (yookassa_answer, _PAID),
    (yookassa_page, {"items": [_PAID, _PAID], "next_cursor": None}),
    (tbank_answer, _STATE),
    (tbank_order, _ORDER),
)


def harmed(rng: random.Random, told: Any) -> Any:
    """One member, at any depth, is gone, is something odd, or stands under another name."""
    if isinstance(told, list) and told:
        at = rng.randrange(len(told))
        return [harmed(rng, row) if n == at else row for n, row in enumerate(told)]
    if not isinstance(told, dict) or not told or rng.random() < 0.1:
        return rng.choice(_ODD)
    name, kind = rng.choice(sorted(told)), rng.randrange(4)
    if kind == 0:
        return {key: value for key, value in told.items() if key != name}
    if kind == 1:
        return {**told, name: rng.choice(_ODD)}
    if kind == 2:
        return {**told, rng.choice(("x", "Id", "PaymentId", "status")): told[name]}
    return {**told, name: harmed(rng, told[name])}


def wires(rng: random.Random, told: dict[str, Any]) -> Iterator[bytes]:
    while True:
        wire = json.dumps(harmed(rng, told) if rng.random() < 0.8 else told, ensure_ascii=rng.random() < 0.5).encode()
        at, kind = rng.randrange(len(wire) + 1), rng.randrange(8)
        if kind == 0:
            wire = wire[:at]
        elif kind == 1:
            wire = wire[:at] + rng.randbytes(rng.randrange(4)) + wire[at:]
        elif kind == 2:
            wire = wire + wire
        yield wire


def survive(count: int, reader: Callable[[bytes], object], told: dict[str, Any]) -> None:
    rng, understood = random.Random(SEED), 0
    source = wires(rng, told)
    for _ in range(count):
        with contextlib.suppress(DeviceError, UnreadableAnswer):
            reader(next(source))
            understood += 1
    assert count / 8 < understood < count


@pytest.mark.parametrize(("reader", "told"), READERS)
def test_readers_of_banks_answers_survive_some_odd_ones(
    reader: Callable[[bytes], object], told: dict[str, Any]
) -> None:
    survive(SOME, reader, told)


@pytest.mark.long
@pytest.mark.parametrize(("reader", "told"), READERS)
def test_readers_of_banks_answers_survive_many_odd_ones(
    reader: Callable[[bytes], object], told: dict[str, Any]
) -> None:
    survive(MANY, reader, told)
