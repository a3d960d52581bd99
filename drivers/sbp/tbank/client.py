"""`QrBank` at T-Bank: Init, GetQr, GetState, CheckOrder and Cancel over HTTPS (protocols/sbp.md#t-bank)."""

from __future__ import annotations

from typing import TypeVar

from drivers.errors import DeviceRefused, OutcomeUnknown
from drivers.http import HttpDevice, UnreadableAnswer, read_json
from drivers.sbp.port import Bill, QrPayment
from drivers.sbp.tbank.messages import (
    REPEATED,
    WHY_NOT_CANCELLED,
    Answer,
    OrderAnswer,
    Scalar,
    error_of,
    first_of,
    is_end,
    payment_of,
    signed,
)
from drivers.sbp.wire import DEVICE, due_text, nobody_there, questioning, require_heard, shown_code

#: An order may have many payments.
_LONGEST_ANSWER = 256 * 1024
A = TypeVar("A", bound=Answer)


class TbankQr:
    """`terminal_key` names the shop's terminal, `password` signs. What moves money goes over a connection of its own,
    questions over one that is kept."""

    returns = None

    def __init__(self, url: str, terminal_key: str, password: str, timeout_s: float) -> None:
        self._terminal_key = terminal_key
        self._password = password
        self._acting = HttpDevice(DEVICE, url, "", timeout_s, fresh=True)
        self._asking = HttpDevice(DEVICE, url, "", timeout_s, longest=_LONGEST_ANSWER)

    async def register(self, bill: Bill) -> QrPayment:
        answer = await self._call(
            self._acting,
            "Init",
            {
                "Amount": bill.amount_kopecks,
                "OrderId": bill.order,
                "Description": bill.text,
                "PayType": "O",
                "RedirectDueDate": due_text(bill.due_at),
            },
            Answer,
        )
        if not answer.success and answer.code in REPEATED:
            found = await self.find(bill.order)
            if found is None:
                raise OutcomeUnknown(DEVICE, "repeated", "an order number that it has, and does not know")
            return found
        return payment_of(_accepted(answer))

    async def code(self, bank_id: str) -> str:
        answer = await self._ask("GetQr", {"PaymentId": bank_id, "DataType": "PAYLOAD"}, Answer)
        return shown_code(answer.data)

    async def find(self, order: str) -> QrPayment | None:
        """A refusal of this question is a no: there is nothing of that name. Payments that it names are there, whatever
        error stands beside them."""
        try:
            with questioning():
                answer = await self._call(self._asking, "CheckOrder", {"OrderId": order}, OrderAnswer)
                return first_of((answer if answer.payments else _accepted(answer)).payments)
        except DeviceRefused:
            return None

    async def look(self, bank_id: str) -> QrPayment:
        """An answer with an end of this payment is believed, also where it tells the reason as an error."""
        with questioning():
            answer = await self._call(self._asking, "GetState", {"PaymentId": bank_id}, Answer)
            return payment_of(answer if is_end(answer, bank_id) else _accepted(answer), bank_id)

    async def cancel(self, bank_id: str) -> QrPayment:
        answer = await self._call(self._acting, "Cancel", {"PaymentId": bank_id}, Answer)
        try:
            return payment_of(_accepted(answer), bank_id)
        except DeviceRefused as error:
            if error.code in WHY_NOT_CANCELLED:
                raise
            raise DeviceRefused(DEVICE, "refused", error.detail) from error  # its code is the detail's first word

    async def close(self) -> None:
        await self._acting.close()
        await self._asking.close()

    async def _ask(self, method: str, members: dict[str, Scalar], kind: type[A]) -> A:
        with questioning():
            return _accepted(await self._call(self._asking, method, members, kind))

    async def _call(self, way: HttpDevice, method: str, members: dict[str, Scalar], kind: type[A]) -> A:
        body = signed(self._terminal_key, self._password, members)
        status, content = await way.call("POST", f"/{method}", json=body)
        require_heard(status)
        if status == 404:
            raise nobody_there(status)
        if status != 200:
            raise OutcomeUnknown(DEVICE, "unexpected_answer", f"HTTP {status}")
        try:
            return read_json(content, kind)
        except UnreadableAnswer as error:
            raise OutcomeUnknown(DEVICE, "unreadable_answer", str(error)) from error


def _accepted(answer: A) -> A:
    """Raises what its error code means."""
    if (error := error_of(answer)) is not None:
        raise error
    return answer
