"""`QrBank` at Raiffeisen Pay: orders, their codes and their refunds over HTTPS, each under a name of ours
(protocols/sbp.md#raiffeisen)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.http import HttpDevice, UnreadableAnswer, read_json
from drivers.sbp.port import Bill, QrPayment, QrState
from drivers.sbp.raif.messages import (
    NOT_FOUND,
    REFUSED,
    WRONG_STATE,
    Answer,
    OrderAnswer,
    QrAnswer,
    RefundAnswer,
    TransferAnswer,
    error_of,
    link_request,
    order_request,
    payment_of,
    refund_request,
    refund_state,
    require_asked,
    state_of,
    transfer_number,
    transfer_state,
    written,
)
from drivers.sbp.wire import DEVICE, acting, nobody_there, questioning, require_heard, shown_code

_DONE = (200, 201, 202, 204)
#: Nothing of the bank's is there; with a code of the bank's 404 is its word about what a call names.
_NOT_THERE = frozenset({404, 405, 407})
#: Not now: whether anything of it was done is not said.
_UNDECIDED = frozenset({408, 409, 425, 429})
_ORDERS, _LINKS = "/payment/v1/orders", "/sbp/v2/qrs"
#: A return that was declined is tried anew under the next name, so many times until a person must see to it.
_MOST_TRIES = 50
A = TypeVar("A", bound=Answer)


class RaifQr:
    """`merchant_id` is the shop in SBP, `key` the secret key; `refunds_under` the first part of the path of refunds.
    What moves money goes over a connection of its own, questions over one that is kept."""

    def __init__(
        self, url: str, merchant_id: str, key: str, timeout_s: float, *, refunds_under: str = "payments"
    ) -> None:
        self._merchant_id = merchant_id
        self._refunds_under = refunds_under
        self._acting = HttpDevice(DEVICE, url, key, timeout_s, fresh=True)
        self._asking = HttpDevice(DEVICE, url, key, timeout_s)

    @property
    def returns(self) -> RaifQr:
        return self

    async def register(self, bill: Bill) -> QrPayment:
        """A code first, by which nobody can pay yet, then the order that names it; an order that is known already keeps
        the code it has."""
        link = await self._call(self._acting, "POST", _LINKS, QrAnswer, link_request(self._merchant_id))
        code = shown_code(link.payload)
        if not link.qr_id:
            raise DeviceUnreachable(DEVICE, "unreadable_answer", "a code without a number")
        body = order_request(bill, link.qr_id)
        try:
            answer = await self._call(self._acting, "POST", _ORDERS, OrderAnswer, body)
        except DeviceRefused as refusal:  # it may be there from before
            with acting():
                found = await self.find(bill.order)
            if found is None:
                raise refusal from None
            return found
        opened = payment_of(answer, bill.order, opened=True)
        own = answer.qr is None or answer.qr.id == link.qr_id
        return replace(opened, qr=code) if own else opened

    async def code(self, bank_id: str) -> str:
        order = await self._ask(_order(bank_id), OrderAnswer)
        if order.status is not None and state_of(order.status.value) is not QrState.OPEN:
            raise DeviceRefused(DEVICE, WRONG_STATE, order.status.value)
        if order.qr is None:
            raise DeviceUnreachable(DEVICE, "unreadable_answer", "an order without a code")
        found = await self._ask(f"{_LINKS}/{quote(order.qr.id, safe='')}", QrAnswer)
        return shown_code(found.payload)

    async def find(self, order: str) -> QrPayment | None:
        """With the number of the money, where some has come."""
        try:
            answer = await self._ask(_order(order), OrderAnswer)
        except DeviceRefused as error:
            if error.code == NOT_FOUND:
                return None
            raise DeviceUnreachable(DEVICE, "unexpected_answer", error.detail) from error
        return await self._told(answer, order, numbered=True)

    async def look(self, bank_id: str) -> QrPayment:
        return await self._told(await self._ask(_order(bank_id), OrderAnswer), bank_id, numbered=False)

    async def _told(self, answer: OrderAnswer, order: str, *, numbered: bool) -> QrPayment:
        """An end without money is believed once none is on its way by its code either."""
        with questioning():
            found = payment_of(answer, order)
        asked = found.state is QrState.ENDED or (numbered and found.state is QrState.PAID)
        if not asked or answer.qr is None:
            return found
        transfer = await self._transfer(answer.qr.id)
        if transfer is None:
            return found
        require_asked(transfer, order, found.amount_kopecks)
        state = transfer_state(transfer, order) if found.state is QrState.ENDED else found.state
        return replace(found, state=state, transfer_id=transfer_number(transfer, order))

    async def _transfer(self, qr_id: str) -> TransferAnswer | None:
        """None while nobody has tried to pay by this code."""
        try:
            return await self._ask(f"/sbp/v1/qr/{quote(qr_id, safe='')}/payment-info", TransferAnswer)
        except DeviceRefused as error:
            if error.code == NOT_FOUND:
                return None
            raise

    async def cancel(self, bank_id: str) -> QrPayment:
        """Of an order that is paid nothing goes back by it. What it has come to is asked for afterwards."""
        try:
            await self._call(self._acting, "DELETE", _order(bank_id), Answer)
        except DeviceRefused as error:
            raise _refused(error) from error
        with acting():
            return await self.look(bank_id)

    async def returned(self, bank_id: str, key: str, amount_kopecks: int | None) -> QrState | None:
        _, state = await self._newest(bank_id, key, amount_kopecks)
        return state

    async def give_back(self, bank_id: str, key: str, amount_kopecks: int) -> QrState:
        path, state = await self._newest(bank_id, key, amount_kopecks)
        if state is not None:
            return state
        try:
            answer = await self._call(self._acting, "POST", path, RefundAnswer, refund_request(amount_kopecks))
        except DeviceRefused as refusal:  # an earlier try may have come there meanwhile
            with acting():
                state = await self.returned(bank_id, key, amount_kopecks)
            if state is None:
                raise _refused(refusal) from refusal
            return state
        state = refund_state(answer, amount_kopecks)
        if state is None:
            raise DeviceRefused(DEVICE, REFUSED, answer.refund_status)
        return state

    async def _newest(self, bank_id: str, key: str, amount_kopecks: int | None) -> tuple[str, QrState | None]:
        """The path of the try under this name that is under way or done, and its state; else that of the next one, and
        None. A name that was declined is used up."""
        for n in range(_MOST_TRIES):
            name = f"{key}.{n + 1}" if n else key
            path = f"/{self._refunds_under}/v1/orders/{quote(bank_id, safe='')}/refunds/{quote(name, safe='')}"
            try:
                answer = await self._ask(path, RefundAnswer)
            except DeviceRefused as error:
                if error.code == NOT_FOUND:
                    return path, None
                raise _refused(error) from error
            with questioning():
                state = refund_state(answer, amount_kopecks)
            if state is not None:
                return path, state
        raise DeviceRefused(DEVICE, REFUSED, f"declined {_MOST_TRIES} times")

    async def close(self) -> None:
        await self._acting.close()
        await self._asking.close()

    async def _ask(self, path: str, kind: type[A]) -> A:
        with questioning():
            return await self._call(self._asking, "GET", path, kind)

    async def _call(
        self, way: HttpDevice, method: str, path: str, kind: type[A], body: Mapping[str, object] | None = None
    ) -> A:
        """Raises what status and code mean; a code is the bank's word under whatever status."""
        status, content = await way.call(method, path, content=None if body is None else written(body))
        require_heard(status)
        if status in _UNDECIDED or status >= 500:
            raise OutcomeUnknown(DEVICE, "unexpected_answer", f"HTTP {status}")
        try:
            told = read_json(content or b"{}", Answer)
            if (error := error_of(told.code, told.message)) is not None:
                raise error
            if status in _DONE:
                return read_json(content or b"{}", kind)
        except UnreadableAnswer as error:
            if status not in _NOT_THERE:
                raise OutcomeUnknown(DEVICE, "unreadable_answer", f"HTTP {status}: {error}") from error
        if status in _NOT_THERE:
            raise nobody_there(status)
        raise OutcomeUnknown(DEVICE, "unexpected_answer", f"HTTP {status}")


def _order(order: str) -> str:
    return f"{_ORDERS}/{quote(order, safe='')}"


def _refused(error: DeviceRefused) -> DeviceRefused:
    """One word for whoever decides; the bank's own stands in the detail."""
    return error if error.code == WRONG_STATE else DeviceRefused(DEVICE, REFUSED, error.detail)
