"""The acquirer by YooKassa's public API, version 3: one or two stages, every change under a key of its own
(protocols/yookassa.md)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from drivers.bank.port import HOLD_ENDED, Charge, ChargeStatus, ListedTransaction, Transaction
from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.http import REFUSES_US, HttpDevice, UnreadableAnswer, decoded, read_json

_DEVICE = "bank"
_ID = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}$")]
#: Its kopecks fit everywhere a sum is kept.
_Value = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
#: The bank keeps keys 24 h: an older charge is looked for in its list by whoever knows since when.
_KEYS_KEPT = timedelta(hours=24)
_PAGE = 100
_MOST_PAGES = 200
_LONGEST_LIST = 2 * 1024 * 1024
_LONGEST_TEXT = 64
_LONGEST_DETAIL = 300
#: The bank takes 64 characters.
_KEY_PART = 47
#: Not now, or it is being worked on: whether anything of it was done is not said.
_UNDECIDED = frozenset({408, 409, 429})
#: Nothing of the bank's is there; 404 is also its word about what a call names.
_NOT_THERE, _NOT_FOUND = frozenset({405, 407}), 404
_REFUSED, _CHARGES, _TOKEN = "refused", "/payments", "payment_token"
_CANCELED = "canceled"
_BY_US = frozenset({"canceled_by_merchant", "expired_on_capture"})
A = TypeVar("A")
#: A guest at a kiosk cannot be sent to his bank's page, and without that no money moves.
NEEDS_CONFIRMATION = "confirmation_required"


class _Amount(msgspec.Struct):
    value: _Value
    currency: str = "RUB"


class _Cancellation(msgspec.Struct):
    reason: str | None = None


class _Authorization(msgspec.Struct):
    rrn: str | None = None
    auth_code: str | None = None


class _Card(msgspec.Struct):
    last4: str | None = None
    card_type: str | None = None


class _Method(msgspec.Struct):
    card: _Card | None = None


class _Payment(msgspec.Struct):
    id: _ID
    status: str
    amount: _Amount
    refunded_amount: _Amount | None = None
    confirmation: dict[str, Any] | None = None
    cancellation_details: _Cancellation | None = None
    authorization_details: _Authorization | None = None
    payment_method: _Method | None = None
    metadata: dict[str, str] | None = None
    created_at: str | None = None


class _Page(msgspec.Struct):
    items: list[_Payment] = []
    next_cursor: str | None = None


class _Refund(msgspec.Struct):
    id: _ID
    status: str


class _Error(msgspec.Struct):
    code: str = _REFUSED
    description: str = ""
    parameter: str | None = None


class YooKassa:
    """`Acquirer`. `holds`: in two stages, the money is held until `capture`; `now`: wall time, aware."""

    def __init__(
        self, url: str, shop_id: str, key: str, timeout_s: float, *, holds: bool, now: Callable[[], datetime]
    ) -> None:
        self.holds = holds
        self._now = now
        self._basic = f"Basic {base64.b64encode(f'{shop_id}:{key}'.encode()).decode()}"
        self._http = HttpDevice(_DEVICE, url, "", timeout_s, fresh=True)
        self._lists = HttpDevice(_DEVICE, url, "", timeout_s, longest=_LONGEST_LIST)
        self._ids: dict[str, tuple[str, datetime]] = {}  # of the keys of this process
        self._refused: dict[str, str] = {}  # by a refund's key the one of its next try

    async def charge(self, charge: Charge) -> Transaction:
        """A token that it does not take is a decline. `DeviceRefused`: it does not take such a request from us."""
        body = {
            "amount": _amount(charge.amount_kopecks),
            _TOKEN: charge.card_token,
            "capture": not self.holds,
            "description": f"Заказ {charge.order_id}",
            "metadata": {"key": charge.key, "order_id": charge.order_id},
        }
        try:
            found = _payment(await self._change(_CHARGES, charge.key, body))
        except _TokenRefused as refusal:
            return Transaction(ChargeStatus.DECLINED, reason=refusal.code)
        self._keep(charge.key, found.id)
        return _told(found)

    async def find(self, key: str) -> Transaction | None:
        known = self._ids.get(key)
        if known is not None:
            return _told(await self._look(known[0]))
        found = None
        async for row in self._rows(self._now() - _KEYS_KEPT):  # to its end: the next key is known then
            if (name := (row.metadata or {}).get("key")) is not None:
                self._keep(name, row.id)
                found = row if name == key else found
        return None if found is None else _told(found)

    async def ping(self) -> None:
        await self._ask("/payments", {"limit": "1"})

    async def listing(self, since: datetime) -> list[ListedTransaction]:
        return [_listed(row) async for row in self._rows(since)]

    async def capture(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        """Takes what is held. Repeating a key changes nothing; what is taken already is no error. Of a refusal the
        payment itself says whether it is the last word."""
        try:
            found = _payment(
                await self._change(f"/payments/{transaction_id}/capture", key, {"amount": _amount(amount_kopecks)})
            )
        except DeviceRefused:
            found = await self._look(transaction_id)
        if found.status == _CANCELED:
            raise DeviceRefused(_DEVICE, HOLD_ENDED, _status(found)[1] or "")
        if found.status != "succeeded":
            raise DeviceRefused(_DEVICE, "not_captured", found.status)

    async def void(self, transaction_id: str, key: str) -> None:
        found = _payment(await self._money_back(f"/payments/{transaction_id}/cancel", key, {}))
        if found.status != _CANCELED:
            raise OutcomeUnknown(_DEVICE, "not_returned", found.status)

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        """A refund that the bank has cancelled is over, and its key would only tell of it again: the next try goes by
        one that names it. Any process finds the same keys in the same order, so none is carried out twice."""
        body = {"payment_id": transaction_id, "amount": _amount(amount_kopecks)}
        found = _read(await self._money_back("/refunds", self._refused.get(key, key), body), _Refund)
        if found.status == _CANCELED:
            self._refused[key] = f"{key[:_KEY_PART]}-{hashlib.sha256(found.id.encode()).hexdigest()[:16]}"
            raise DeviceRefused(_DEVICE, _REFUSED, found.status)
        if found.status != "succeeded":
            raise OutcomeUnknown(_DEVICE, "returning", found.status)
        self._refused.pop(key, None)

    async def close(self) -> None:
        await self._http.close()
        await self._lists.close()

    def _keep(self, key: str, payment_id: str) -> None:
        now = self._now()
        if key in self._ids:
            return
        while self._ids and now - next(iter(self._ids.values()))[1] > _KEYS_KEPT:  # the oldest stand first
            del self._ids[next(iter(self._ids))]
        self._ids[key] = (payment_id, now)

    async def _look(self, payment_id: str) -> _Payment:
        """Raises `DeviceUnreachable`."""
        answer = await self._ask(f"/payments/{payment_id}", {})
        try:
            return _payment(answer)
        except OutcomeUnknown as error:
            raise DeviceUnreachable(_DEVICE, error.code, error.detail) from error

    async def _rows(self, since: datetime) -> AsyncIterator[_Payment]:
        """Page by page. Raises `DeviceUnreachable` where it is not read to its end."""
        parameters = {"created_at.gte": since.astimezone(UTC).isoformat(timespec="seconds"), "limit": str(_PAGE)}
        for _ in range(_MOST_PAGES):
            try:
                page = decoded(await self._ask("/payments", parameters), _Page)
            except UnreadableAnswer as error:
                raise DeviceUnreachable(_DEVICE, "unreadable_answer", str(error)) from error
            for row in page.items:
                yield row
            if not page.next_cursor:
                return
            parameters = {**parameters, "cursor": page.next_cursor}
            await asyncio.sleep(0)
        raise DeviceUnreachable(_DEVICE, "list_without_end")

    async def _ask(self, path: str, parameters: dict[str, str]) -> bytes:
        """Raises `DeviceUnreachable`."""
        try:
            status, body = await self._lists.call(
                "GET", path, headers={"Authorization": self._basic}, parameters=parameters
            )
        except OutcomeUnknown as error:
            raise DeviceUnreachable(_DEVICE, error.code, error.detail) from error
        if status in REFUSES_US:
            raise DeviceUnreachable(_DEVICE, "unauthorized", f"HTTP {status}")
        if status != 200:
            raise DeviceUnreachable(_DEVICE, "unexpected_answer", f"HTTP {status}")
        return body

    async def _money_back(self, path: str, key: str, body: dict[str, Any]) -> bytes:
        """Whatever the bank's own code is, a person decides: one word for all of them, its code in the detail."""
        try:
            return await self._change(path, key, body)
        except DeviceRefused as error:
            raise DeviceRefused(_DEVICE, _REFUSED, f"{error.code} {error.detail}") from error

    async def _change(self, path: str, key: str, body: dict[str, Any]) -> bytes:
        """`DeviceRefused`: its word that nothing of it was done, its own code and what it says beside that."""
        headers = {"Authorization": self._basic, "Idempotence-Key": key}
        status, answer = await self._http.call("POST", path, headers=headers, json=body)
        if status == 200:
            return answer
        if status in REFUSES_US:
            raise DeviceUnreachable(_DEVICE, "unauthorized", f"HTTP {status}")
        if not 400 <= status < 500 or status in _UNDECIDED:
            raise OutcomeUnknown(_DEVICE, "unexpected_answer", f"HTTP {status}")
        error = _error(answer)
        if status in _NOT_THERE or (status == _NOT_FOUND and (path == _CHARGES or error is None)):
            raise DeviceUnreachable(_DEVICE, "wrong_address", f"HTTP {status}")
        error = error or _Error()
        kind = _TokenRefused if error.parameter == _TOKEN else DeviceRefused
        raise kind(_DEVICE, error.code[:_LONGEST_TEXT], f"HTTP {status} {error.description}".rstrip()[:_LONGEST_DETAIL])


class _TokenRefused(DeviceRefused):
    """It speaks of this card's token alone."""


def _error(answer: bytes) -> _Error | None:
    """None where the answer is none of its own."""
    try:
        return read_json(answer, _Error)
    except UnreadableAnswer:
        return None


def _payment(answer: bytes) -> _Payment:
    return _read(answer, _Payment)


def _read(answer: bytes, kind: type[A]) -> A:
    try:
        return read_json(answer, kind)
    except UnreadableAnswer as error:
        raise OutcomeUnknown(_DEVICE, "unreadable_answer", str(error)) from error


def _amount(kopecks: int) -> dict[str, str]:
    return {"value": f"{kopecks // 100}.{kopecks % 100:02d}", "currency": "RUB"}


def _kopecks(amount: _Amount | None) -> int | None:
    """None for what is no sum of roubles."""
    if amount is None or amount.currency != "RUB":
        return None
    return int(Decimal(amount.value) * 100)


def _status(row: _Payment) -> tuple[ChargeStatus, str | None]:
    """A word that nobody knows is asked about again."""
    match row.status:
        case "waiting_for_capture":
            return ChargeStatus.HELD, None
        case "succeeded":
            back = _kopecks(row.refunded_amount)
            whole = back is not None and back > 0 and back == _kopecks(row.amount)
            return (ChargeStatus.REFUNDED if whole else ChargeStatus.APPROVED), None
        case "canceled":
            reason = (row.cancellation_details.reason if row.cancellation_details else None) or "canceled"
            return (ChargeStatus.VOIDED if reason in _BY_US else ChargeStatus.DECLINED), reason[:_LONGEST_TEXT]
        case "pending" if row.confirmation is not None:
            return ChargeStatus.DECLINED, NEEDS_CONFIRMATION
    return ChargeStatus.PENDING, None


def _told(row: _Payment) -> Transaction:
    status, reason = _status(row)
    card = (row.payment_method and row.payment_method.card) or _Card()
    told = row.authorization_details or _Authorization()
    return Transaction(
        status=status,
        transaction_id=row.id,
        auth_code=told.auth_code and told.auth_code[:_LONGEST_TEXT],
        rrn=told.rrn and told.rrn[:_LONGEST_TEXT],
        card_brand=card.card_type and card.card_type[:_LONGEST_TEXT].lower(),
        card_last4=card.last4 if card.last4 and len(card.last4) == 4 and card.last4.isdecimal() else None,
        reason=reason,
    )


def _listed(row: _Payment) -> ListedTransaction:
    known = row.metadata or {}
    return ListedTransaction(
        _told(row), known.get("key"), known.get("order_id"), _kopecks(row.amount), _kopecks(row.refunded_amount) or 0
    )
