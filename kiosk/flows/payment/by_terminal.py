"""`PaymentMethod` by a card at the reader beside the screen: the money is held until the receipt is there
(payment.md#a-card-at-the-reader)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drivers.bank.port import Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, trouble_word
from drivers.terminal.port import Approval, CardReader, Sale
from kiosk.domain.errors import DomainError, PaymentMethodUnavailable
from kiosk.domain.payment.payment import Method, Payment
from kiosk.domain.reasons import TERMINAL_DOWN, TERMINAL_REFUSES
from kiosk.flows.payment.method import BY_HAND, Capabilities, Outcome, Standing
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment.refunds import RefundRow

_DEVICE = "terminal"
_NOT_STARTED, _NOT_CAPTURED = "not_started", "not_captured"


class TerminalMethod:
    name = Method.TERMINAL.value
    capabilities = Capabilities(hold=True, exclusive=True)
    check: str | None = "terminal"

    def __init__(self, database: Database, reader: CardReader) -> None:
        self._db = database
        self._reader = reader

    def unavailable(self, error: DeviceError) -> DomainError:
        return self.refusal(TERMINAL_DOWN if isinstance(error, DeviceUnreachable) else TERMINAL_REFUSES)

    def refusal(self, reason: str) -> DomainError:
        return PaymentMethodUnavailable(self.name, reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:  # noqa: ARG002  # the reader counts
        numbers = await self._reader.prepare()
        return {"operation": numbers.operation, "operation_before": numbers.before}

    async def start(self, payment: Payment) -> Outcome:
        try:
            return _outcome(payment, await self._reader.sell(await self._sale(payment)))
        except DeviceUnreachable:
            raise
        except DeviceRefused as error:  # it did not even begin
            return Outcome(Standing.DECLINED, error.code)
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))

    async def outcome(self, payment: Payment) -> Outcome:
        """An attempt that has no number yet never came to the reader."""
        if payment.operation is None or payment.operation_before is None:
            return Outcome(Standing.DECLINED, _NOT_STARTED)
        try:
            found = await self._reader.find(await self._sale(payment), payment.operation_before)
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))
        return Outcome(Standing.DECLINED, _NOT_STARTED) if found is None else _outcome(payment, found)

    async def cancel(self, payment: Payment) -> None:  # noqa: ARG002  # the reader has one sale
        await self._reader.abort()

    async def capture(self, payment: Payment, qr: str) -> Outcome:
        confirmed = await self._reader.finish(_operation(payment), payment.amount_kopecks, qr)
        if confirmed == payment.amount_kopecks:
            return Outcome(Standing.TAKEN)
        return Outcome(Standing.UNKNOWN, error=f"{_DEVICE}:{_NOT_CAPTURED}")

    async def release(self, payment: Payment, key: str) -> str:  # noqa: ARG002  # its operation is the key
        """What was taken, or may have been, only its bank can give back, and only a person can ask it."""
        if payment.captured_at is None and payment.is_held and await self._reader.finish(_operation(payment), 0) == 0:
            return "void"
        raise DeviceRefused(_DEVICE, BY_HAND, f"RRN {payment.rrn}")

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        """Nobody can be asked."""

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:  # noqa: ARG002
        raise DeviceRefused(_DEVICE, BY_HAND, f"RRN {payment.rrn}")

    async def _sale(self, payment: Payment) -> Sale:
        order = await self._db.read(orders.require, payment.order_id)
        return Sale(_operation(payment), payment.amount_kopecks, f"Заказ {order.number}")


def _operation(payment: Payment) -> int:
    if payment.operation is None:
        raise ForeignState(_DEVICE, "no_operation", payment.payment_id)
    return payment.operation


def _outcome(payment: Payment, approval: Approval) -> Outcome:
    if not approval.approved_kopecks:
        return Outcome(Standing.DECLINED, approval.reason or "declined")
    numbers = {
        "transaction_id": approval.rrn or f"{_DEVICE}-{payment.operation}",
        "auth_code": approval.auth_code,
        "rrn": approval.rrn,
        "card_brand": approval.card_brand and approval.card_brand.lower(),
        "card_last4": approval.card_last4,
        "reader_id": approval.reader_id,
        "merchant_id": approval.merchant_id,
    }
    approved = approval.approved_kopecks
    return Outcome(Standing.HELD, numbers=numbers, short=approved != payment.amount_kopecks, taken_kopecks=approved)
