"""Requests and answers without I/O: sums in roubles to the kopeck, the words of an answer
(protocols/sbp.md#raiffeisen)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import msgspec

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.sbp.port import Bill, QrPayment, QrState
from drivers.sbp.wire import DEVICE, LONGEST_TEXT, due_text

_SUCCESS, _CURRENCY, _QR_TYPE = "SUCCESS", "RUB", "QRVariable"
#: The bank writes each of these for "there is none of this name".
_NOT_FOUND = frozenset(
    {"ORDER_NOT_FOUND", "NOT_FOUND", "ERROR.NOT_FOUND", "REFUND_NOT_FOUND", "ERROR.REFUND_NOT_FOUND"}
)
#: The bank does not look at anything of ours: merchant, account, key.
_REFUSES_US = frozenset(
    {
        "ERROR.MERCHANT_NOT_REGISTERED",
        "ERROR.SBP_MERCHANT_ID_IS_MISSING",
        "ERROR.ACCOUNT_IS_NOT_REGISTERED",
        "ERROR.SECURITY_CHECK_ERROR",
    }
)
NOT_FOUND, WRONG_STATE, REFUSED = "not_found", "wrong_state", "refused"
_ORDERS: Mapping[str, QrState] = MappingProxyType(
    {"PAID": QrState.PAID, "CANCELLED": QrState.ENDED, "EXPIRED": QrState.ENDED}
)
_TRANSFERS: Mapping[str, QrState] = MappingProxyType(
    {"SUCCESS": QrState.PAID, "NO_INFO": QrState.ENDED, "DECLINED": QrState.ENDED}
)
_DECLINED = "DECLINED"
_MOST_ROUBLES = Decimal(10**11)
#: A finer sum is none; so are digits without end.
_FINEST = -12
_LONGEST_CODE = 40
#: What the payer's bank takes of a text: its own letters stand for those that it does not know.
_LONGEST_SHOWN = 140
_WRITTEN = str.maketrans(
    {"«": '"', "»": '"', "„": '"', "“": '"', "”": '"', "’": "'", "–": "-", "—": "-", "ё": "е", "Ё": "Е"}
)
_STRANGE = re.compile(r"[^ -~А-я№]|[\\^`|~]")
_encoder = msgspec.json.Encoder(decimal_format="number")


class Answer(msgspec.Struct, rename="camel"):
    """What every answer may have."""

    code: str | None = None
    message: str | None = None


class Status(msgspec.Struct):
    value: str


class Link(msgspec.Struct):
    """The code that an order is paid by."""

    id: str


class OrderAnswer(Answer, rename="camel"):
    id: str | None = None
    amount: Decimal | None = None
    status: Status | None = None
    qr: Link | None = None


class QrAnswer(Answer, rename="camel"):
    qr_id: str | None = None
    payload: str | None = None


class TransferAnswer(Answer, rename="camel", kw_only=True):
    """Of the money that was paid by a code."""

    payment_status: str
    amount: Decimal | None = None
    currency: str | None = None
    order: str | None = None
    transaction_id: int | str | None = None


class RefundAnswer(Answer, rename="camel", kw_only=True):
    refund_status: str
    amount: Decimal | None = None


def roubles_of(kopecks: int) -> Decimal:
    """Exactly, with two places."""
    return Decimal(kopecks).scaleb(-2)


def kopecks_of(amount: Decimal | None) -> int | None:
    """Exactly; None for what is not told. Raises `OutcomeUnknown` for what is no sum of money."""
    if amount is None:
        return None
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _FINEST or not 0 <= amount <= _MOST_ROUBLES:
        raise OutcomeUnknown(DEVICE, "unreadable_answer", "no sum of money")
    kopecks = Fraction(amount) * 100
    if kopecks.denominator != 1:
        raise OutcomeUnknown(DEVICE, "unreadable_answer", "a sum finer than a kopeck")
    return int(kopecks)


def written(body: Mapping[str, object]) -> bytes:
    """As JSON; a `Decimal` is written as the number that it is."""
    return _encoder.encode(body)


def link_request(merchant_id: str) -> dict[str, object]:
    """A code that nobody can pay by before an order names it."""
    return {"qrType": _QR_TYPE, "sbpMerchantId": merchant_id}


def order_request(bill: Bill, qr_id: str) -> dict[str, object]:
    text = payers_text(bill.text)
    return {
        "id": bill.order,
        "amount": roubles_of(bill.amount_kopecks),
        "comment": text,
        "expirationDate": due_text(bill.due_at),
        "qr": {"id": qr_id, "additionalInfo": text},
    }


def refund_request(amount_kopecks: int) -> dict[str, object]:
    return {"amount": roubles_of(amount_kopecks)}


def payers_text(text: str) -> str:
    """In the letters that payers' banks take: Latin, Russian, digits, the plain signs."""
    return _STRANGE.sub("", text.translate(_WRITTEN))[:_LONGEST_SHOWN]


def error_of(code: str | None, message: str | None) -> DeviceError | None:
    """What a code means; None where it is none."""
    if code in (None, "", _SUCCESS):
        return None
    detail = " ".join(filter(None, (code, message)))
    if code in _REFUSES_US:
        return DeviceUnreachable(DEVICE, "unauthorized", detail)
    if code in _NOT_FOUND:
        return DeviceRefused(DEVICE, NOT_FOUND, detail)
    if code == "ORDER_HAS_FINAL_STATUS":
        return DeviceRefused(DEVICE, WRONG_STATE, detail)
    word = re.sub(r"[^a-z0-9]+", "_", str(code).lower()).strip("_") or REFUSED
    return DeviceRefused(DEVICE, word[:_LONGEST_CODE], detail)


def payment_of(answer: OrderAnswer, order: str, *, opened: bool = False) -> QrPayment:
    """Raises `OutcomeUnknown` for an answer about another order, or without a state where it is not just `opened`."""
    if answer.id not in (None, order):
        raise OutcomeUnknown(DEVICE, "unreadable_answer", f"asked for {order}, told of {answer.id}")
    if answer.status is None and not opened:
        raise OutcomeUnknown(DEVICE, "unreadable_answer", "no status")
    word = "NEW" if answer.status is None else answer.status.value
    return QrPayment(order, state_of(word), kopecks_of(answer.amount), word[:LONGEST_TEXT])


def state_of(word: str) -> QrState:
    """An order's."""
    return _ORDERS.get(word, QrState.OPEN)


def transfer_state(answer: TransferAnswer, order: str) -> QrState:
    """Of the money: `ENDED` where there is none, and none of this order's is under way; by an unknown word it is."""
    own = answer.order in (None, "", order)
    return _TRANSFERS.get(answer.payment_status, QrState.OPEN) if own else QrState.ENDED


def require_asked(answer: TransferAnswer, order: str, amount_kopecks: int | None) -> None:
    """Raises `ForeignState` for other money than was asked for."""
    told = kopecks_of(answer.amount)
    known = transfer_state(answer, order) is QrState.PAID and amount_kopecks is not None
    if known and told not in (None, amount_kopecks):
        raise ForeignState(DEVICE, "other_sum", f"{told} instead of {amount_kopecks}")
    if answer.currency not in (None, "", _CURRENCY):
        raise ForeignState(DEVICE, "other_sum", f"currency {answer.currency}")


def transfer_number(answer: TransferAnswer, order: str) -> str | None:
    """The bank's number of the money that came for this order."""
    if transfer_state(answer, order) is not QrState.PAID or answer.transaction_id is None:
        return None
    return str(answer.transaction_id)[:LONGEST_TEXT]


def refund_state(answer: RefundAnswer, amount_kopecks: int | None) -> QrState | None:
    """None where it was declined: the money stays. An unknown word is on its way. Raises `ForeignState` for another
    sum."""
    told = kopecks_of(answer.amount)
    if amount_kopecks is not None and told not in (None, amount_kopecks):
        raise ForeignState(DEVICE, "other_sum", f"a return of {told}")
    if answer.refund_status == _DECLINED:
        return None
    return QrState.RETURNED if answer.refund_status == "COMPLETED" else QrState.RETURNING
