"""The acquirer over HTTP (http.md#calls-to-others): 201 approved, 402 declined, all else and silence *unknown*."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from drivers.bank.port import NOT_THIS_ONE, Charge, ChargeStatus, ListedTransaction, Transaction
from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.http import REFUSES_US, HttpDevice, UnreadableAnswer, cleaned, decoded, read_json

_DEVICE = "bank"
_Kopecks = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
#: It names the charge from now on, also in addresses. What only adorns a receipt is cut instead: money moved.
_Name = Annotated[str, msgspec.Meta(pattern=r"^(?!\.{1,2}$)[!-~]{1,200}$")]
_DECLINED = 402
_NOBODY_CHARGES_THIS_KEY = "check:0"
_LONGEST_TEXT = 64
#: A row has some 300 bytes: ten days of a restaurant that sells a thousand meals a day.
LONGEST_LIST = 4 * 1024 * 1024
#: Rows worked on before others have their turn.
_ROWS_AT_ONCE = 20
_LAST4 = re.compile(r"[0-9]{4}")  # a whole card number has no place here


class _Card(msgspec.Struct):
    brand: str | None = None
    last4: str | None = None


class _Answer(msgspec.Struct):
    status: Literal["approved", "declined", "pending", "voided", "refunded"]
    transaction_id: _Name | None = None
    auth_code: str | None = None
    rrn: str | None = None
    card: _Card | None = None
    reason: str | None = None


class _Row(_Answer):
    key: str | None = None
    idempotency_key: str | None = None
    order_id: str | None = None
    amount_kopecks: _Kopecks | None = None
    returned_kopecks: _Kopecks | None = None


class _List(msgspec.Struct):
    transactions: list[_Row]


class HttpAcquirer:
    """`Acquirer` for a bank with idempotency keys; every call has one deadline for all of it."""

    holds = False

    def __init__(self, url: str, merchant_key: str, timeout_s: float) -> None:
        self._http = HttpDevice(_DEVICE, url, merchant_key, timeout_s, fresh=True)
        self._lists = HttpDevice(_DEVICE, url, merchant_key, timeout_s, fresh=True, longest=LONGEST_LIST)

    async def charge(self, charge: Charge) -> Transaction:
        status, body = await self._call(
            "POST",
            "/transactions",
            key=charge.key,
            json={
                "order_id": charge.order_id,
                "amount_kopecks": charge.amount_kopecks,
                "currency": "RUB",
                "card_token": charge.card_token,
            },
        )
        if status not in (201, 202, 402):
            word = NOT_THIS_ONE if 400 <= status < 500 else "unexpected_answer"
            raise OutcomeUnknown(_DEVICE, word, f"HTTP {status}")
        return _agreeing(status, _transaction(body))

    async def find(self, key: str) -> Transaction | None:
        try:
            status, body = await self._call("GET", "/transactions", parameters={"idempotency_key": key})
        except OutcomeUnknown as error:
            raise DeviceUnreachable(_DEVICE, error.code, error.detail) from error
        if status == 404:
            return None
        if status not in (200, 201, 402):
            raise DeviceUnreachable(_DEVICE, "unexpected_answer", f"HTTP {status}")
        return _agreeing(status, _transaction(body))

    async def ping(self) -> None:
        await self.find(_NOBODY_CHARGES_THIS_KEY)

    async def listing(self, since: datetime) -> list[ListedTransaction]:
        text = since.astimezone(UTC).isoformat(timespec="seconds")
        try:
            status, body = _looked_at(await self._lists.call("GET", "/transactions", parameters={"since": text}))
            if status != 200:
                raise DeviceUnreachable(_DEVICE, "unexpected_answer", f"HTTP {status}")
            rows = decoded(body, _List).transactions
        except (OutcomeUnknown, UnreadableAnswer) as error:
            raise DeviceUnreachable(_DEVICE, "unreadable_answer", str(error)) from error
        found = []
        for number, row in enumerate(rows, start=1):
            found.append(_listed(cleaned(row)))
            if number % _ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found

    async def capture(self, transaction_id: str, amount_kopecks: int, key: str) -> None:  # noqa: ARG002
        raise DeviceRefused(_DEVICE, "holds_nothing", transaction_id)

    async def void(self, transaction_id: str, key: str) -> None:
        await self._change(f"/transactions/{quote(transaction_id, safe='')}/void", key, {})

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        await self._change(
            f"/transactions/{quote(transaction_id, safe='')}/refund", key, {"amount_kopecks": amount_kopecks}
        )

    async def close(self) -> None:
        await self._http.close()
        await self._lists.close()

    async def _change(self, path: str, key: str, json: dict[str, int]) -> None:
        status, body = await self._call("POST", path, key=key, json=json)
        if status in (404, 409, 422):
            raise DeviceRefused(_DEVICE, "refused", f"HTTP {status} {body[:200]!r}")
        if status not in (200, 201):
            raise OutcomeUnknown(_DEVICE, "unexpected_answer", f"HTTP {status}")

    async def _call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        json: Mapping[str, str | int] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        headers = {"Idempotency-Key": key} if key else None
        return _looked_at(await self._http.call(method, path, headers=headers, json=json, parameters=parameters))


def _looked_at(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """Status and body. 401 and 403 are the bank's word that it did not even look at the request: `DeviceUnreachable`
    with the code `unauthorized`, nothing happened."""
    if answer[0] in REFUSES_US:
        raise DeviceUnreachable(_DEVICE, "unauthorized", f"HTTP {answer[0]}")
    return answer


def _transaction(body: bytes) -> Transaction:
    try:
        answer = read_json(body, _Answer)
    except UnreadableAnswer as error:
        raise OutcomeUnknown(_DEVICE, "unreadable_answer", str(error)) from error
    if answer.status == "approved" and not answer.transaction_id:
        raise OutcomeUnknown(_DEVICE, "unreadable_answer", "approved without a transaction id")
    return _told(answer)


def _agreeing(status: int, answer: Transaction) -> Transaction:
    """Raises `OutcomeUnknown` where the status says no and the body yes."""
    if status == _DECLINED and answer.status is ChargeStatus.APPROVED:
        raise OutcomeUnknown(_DEVICE, "contradictory_answer", f"HTTP {status}, approved")
    return answer


def _listed(row: _Row) -> ListedTransaction:
    key = row.key or row.idempotency_key
    return ListedTransaction(_told(row), key, row.order_id, row.amount_kopecks, row.returned_kopecks)


def _told(answer: _Answer) -> Transaction:
    card = answer.card or _Card()
    return Transaction(
        status=ChargeStatus(answer.status),
        transaction_id=answer.transaction_id,
        auth_code=_cut(answer.auth_code),
        rrn=_cut(answer.rrn),
        card_brand=_cut(card.brand),
        card_last4=card.last4 if card.last4 and _LAST4.fullmatch(card.last4) else None,
        reason=_cut(answer.reason),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST_TEXT]
