"""Requests and answers without I/O: the signature of a request, the words of an answer (protocols/sbp.md#t-bank)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.sbp.port import QrPayment, QrState
from drivers.sbp.wire import DEVICE, LONGEST_TEXT

Scalar = str | int | bool
_Kopecks = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_OK = "0"
#: The bank does not look at anything of ours: signature, terminal, the contract.
_REFUSES_US = frozenset({"204", "205", "202", "501", "3001", "3019"})
_TRY_LATER = frozenset({"99", "402", "9001", "9999"})
_WRONG_STATE = frozenset({"4", "8"})
#: An order number that the bank has already; it says 8 for that too.
REPEATED = frozenset({"8", "20"})
_WORDS: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys(_WRONG_STATE, "wrong_state"), "20": "repeated", "3002": "no_funds"}
)
#: Refusals of a cancel that have a word of their own.
WHY_NOT_CANCELLED = ("wrong_state", "no_funds")
_STATES: Mapping[str, QrState] = MappingProxyType(
    {
        "CONFIRMED": QrState.PAID,
        "PARTIAL_REFUNDED": QrState.PAID,
        **dict.fromkeys(
            ("REJECTED", "CANCELED", "DEADLINE_EXPIRED", "ATTEMPTS_EXPIRED", "AUTH_FAIL", "REVERSED"), QrState.ENDED
        ),
        **dict.fromkeys(("REFUNDING", "ASYNC_REFUNDING"), QrState.RETURNING),
        "REFUNDED": QrState.RETURNED,
    }
)
#: Of several payments of one order the one with money counts, then one that may get some.
_FIRST = (QrState.PAID, QrState.RETURNING, QrState.RETURNED, QrState.OPEN, QrState.ENDED)


class Answer(msgspec.Struct, rename="pascal"):
    """What every answer has; numbers come as texts in some and as numbers in others."""

    success: bool
    error_code: str | int = _OK
    message: str | None = None
    details: str | None = None
    payment_id: str | int | None = None
    status: str | None = None
    amount: _Kopecks | None = None
    data: str | None = None

    @property
    def code(self) -> str:
        return str(self.error_code)


class Listed(msgspec.Struct, rename="pascal"):
    """A payment of `CheckOrder`."""

    payment_id: str | int
    status: str | None = None
    amount: _Kopecks | None = None
    rrn: str | int | None = msgspec.field(default=None, name="RRN")
    sbp_payment_id: str | None = None


class OrderAnswer(Answer, rename="pascal"):
    payments: list[Listed] = []


def signed(terminal_key: str, password: str, members: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The body to be sent: `members` with the terminal's key and the token over all of it."""
    body: dict[str, Scalar] = {"TerminalKey": terminal_key, **members}
    return {**body, "Token": token_of(body, password)}


def token_of(body: Mapping[str, object], password: str) -> str:
    """SHA-256 over the values of the root's scalars and the password in the order of their names; objects, lists and
    the token itself are left out."""
    signs = {name: value for name, value in body.items() if isinstance(value, str | int) and name != "Token"}
    values = {**signs, "Password": password}
    return hashlib.sha256("".join(_plain(values[name]) for name in sorted(values)).encode()).hexdigest()


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def error_of(answer: Answer) -> DeviceError | None:
    """What its error code means; None where there is none."""
    code = answer.code
    if answer.success and code == _OK:
        return None
    detail = " ".join(filter(None, (code, answer.message, answer.details)))
    if code in _REFUSES_US:
        return DeviceUnreachable(DEVICE, "unauthorized", detail)
    if code in _TRY_LATER or code == _OK:
        return OutcomeUnknown(DEVICE, "try_later", detail)
    return DeviceRefused(DEVICE, _WORDS.get(code, f"error_{code}"[:20]), detail)


def is_end(answer: Answer, bank_id: str) -> bool:
    """Whether it names a state of this payment that the paper knows; without a number it can speak of no other."""
    named = answer.payment_id is None or str(answer.payment_id) == bank_id
    return named and answer.status in _STATES


def payment_of(answer: Answer, bank_id: str = "") -> QrPayment:
    """Raises `OutcomeUnknown` for an answer that names no payment."""
    found = str(answer.payment_id) if answer.payment_id is not None else bank_id
    if not found or answer.status is None:
        raise OutcomeUnknown(DEVICE, "unreadable_answer", "no PaymentId, or no Status")
    return QrPayment(found, state_of(answer.status), answer.amount, answer.status[:LONGEST_TEXT])


def state_of(word: str) -> QrState:
    return _STATES.get(word, QrState.OPEN)


def first_of(payments: list[Listed]) -> QrPayment | None:
    """The bank keeps all payments of an order."""
    found = [
        QrPayment(
            bank_id=str(row.payment_id),
            state=state_of(row.status or ""),
            amount_kopecks=row.amount,
            word=(row.status or "")[:LONGEST_TEXT],
            transfer_id=row.sbp_payment_id and row.sbp_payment_id[:LONGEST_TEXT],
            rrn=None if row.rrn is None else str(row.rrn)[:LONGEST_TEXT],
        )
        for row in payments
    ]
    return min(found, key=lambda row: _FIRST.index(row.state), default=None)
