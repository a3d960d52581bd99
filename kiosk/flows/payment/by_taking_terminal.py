"""`PaymentMethod` by a card at a reader that takes the money at once: what nobody wants any more is undone, a refund is
an operation of the reader's own (payment.md#a-reader-that-takes-at-once)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from drivers.bank.port import Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown, trouble_word
from drivers.terminal.port import Approval, Carried, Errand, Sale, TakingReader
from kiosk.clock import Clock
from kiosk.domain.errors import DomainError, PaymentMethodUnavailable
from kiosk.domain.payment.payment import Method, Payment
from kiosk.domain.reasons import (
    TERMINAL_BUSY,
    TERMINAL_DOWN,
    TERMINAL_REFUSES,
    TERMINAL_SETTLING,
    TERMINAL_UNSETTLED,
)
from kiosk.flows.payment.method import BY_HAND, Capabilities, Outcome, Standing
from kiosk.flows.payment.reader_numbers import BUSY, DEVICE, SETTLING, UNSETTLED, ReaderNumbers, why_not_sold
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.payment import payments, refunds
from kiosk.store.payment import reader_operations as operations
from kiosk.store.payment.refunds import RefundRow
from kiosk.store.transaction import Reader, Tx

_NOT_STARTED, _NO_CONNECTION = "not_started", "no_connection"
_BY_HAND = f"{DEVICE}:{BY_HAND}"
_REASONS: Mapping[str, str] = {SETTLING: TERMINAL_SETTLING, UNSETTLED: TERMINAL_UNSETTLED, BUSY: TERMINAL_BUSY}


class TakingTerminalMethod:
    """`refunds`: the reader gives money back without the card, so that nobody has to stand before it."""

    name = Method.TERMINAL.value
    check: str | None = DEVICE

    def __init__(self, database: Database, reader: TakingReader, clock: Clock, *, refunds: bool) -> None:
        self.capabilities = Capabilities(refund=refunds, settle=True, exclusive=True, red_key=True)
        self._db = database
        self._reader = reader
        self._clock = clock
        self._numbers = ReaderNumbers(database, reader)

    def unavailable(self, error: DeviceError) -> DomainError:
        usual = TERMINAL_DOWN if isinstance(error, DeviceUnreachable) else TERMINAL_REFUSES
        return self.refusal(_REASONS.get(error.code, usual))

    def refusal(self, reason: str) -> DomainError:
        return PaymentMethodUnavailable(self.name, reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:
        """Written at once: nothing else may begin at the reader until this sale has its outcome."""

        def journal(tx: Tx, number: int, before: int) -> Mapping[str, object]:
            found = {"operation": number, "operation_before": before}
            payments.note(tx, payments.require(tx, payment.payment_id), **found)
            return found

        return await self._numbers.take(why_not_sold, journal)

    async def start(self, payment: Payment) -> Outcome:
        try:
            approval = await self._reader.sell(await self._sale(payment))
        except DeviceUnreachable:
            raise
        except DeviceRefused as error:  # it did not even begin
            return Outcome(Standing.DECLINED, error.code)
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))
        return await self._told(payment, approval)

    async def outcome(self, payment: Payment) -> Outcome:
        """An attempt that has no number yet never came to the reader."""
        if payment.operation is None or payment.operation_before is None:
            return Outcome(Standing.DECLINED, _NOT_STARTED)
        try:
            found = await self._reader.find(await self._sale(payment), payment.operation_before)
        except DeviceError as error:
            return Outcome(Standing.UNKNOWN, error=trouble_word(error))
        return Outcome(Standing.DECLINED, _NOT_STARTED) if found is None else await self._told(payment, found)

    async def _told(self, payment: Payment, approval: Approval) -> Outcome:
        """What was taken after the wish to cancel, or in part, goes back: whoever pays next must not pay for it."""
        if not approval.approved_kopecks:
            return Outcome(Standing.DECLINED, approval.reason or "declined")
        row = await self._db.read(payments.require, payment.payment_id)
        short = approval.approved_kopecks != payment.amount_kopecks
        unwanted = short or row.cancel_asked_at is not None
        return Outcome(
            Standing.RETURNING if unwanted else Standing.TAKEN,
            numbers=_numbers(row, approval),
            short=short,
            taken_kopecks=approval.approved_kopecks,
        )

    async def cancel(self, payment: Payment) -> None:  # noqa: ARG002  # the reader has one sale
        await self._reader.abort()

    async def capture(self, payment: Payment, qr: str) -> Outcome:  # noqa: ARG002  # it is taken
        return Outcome(Standing.TAKEN)

    async def release(self, payment: Payment, key: str) -> str:
        """The reader's last operation is undone without a card; any other is a refund."""
        row = await self._db.read(refunds.find_refund, key)
        if row is not None and row.error == _BY_HAND:  # it has refused, and is not asked again
            raise DeviceRefused(DEVICE, BY_HAND, f"RRN {payment.rrn}")
        if row is None or row.operation is None:
            try:
                await self._reader.undo(await self._sale(payment))
            except DeviceRefused as error:
                if row is None or not self.capabilities.refund:
                    raise DeviceRefused(DEVICE, BY_HAND, f"RRN {payment.rrn}: {error}") from error
            else:
                return "void"
        return await self._by_errand(payment, key)

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        """Nobody can be asked of an attempt that is not the last."""

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:  # noqa: ARG002
        """Whole sums alone: the reader voids no part, and two equal parts are not told apart."""
        if not self.capabilities.refund or refund.amount_kopecks != payment.amount_kopecks:
            raise DeviceRefused(DEVICE, BY_HAND, f"RRN {payment.rrn}")
        return await self._by_errand(payment, refund.refund_id)

    async def _by_errand(self, payment: Payment, refund_id: str) -> str:
        """How it went back: `void` on the reader's own day, `refund` after it. Asked about by its number first; begun
        only where it certainly was not. Raises `DeviceRefused` with `by_hand` where the reader refuses both."""
        row = await self._require(refund_id)
        if row.operation is None:
            row = await self._begin(payment, row)
            carried: Carried | None = await self._reader.give_back(_errand(payment, row))
            if carried is not None and carried.reason == _NO_CONNECTION:
                raise OutcomeUnknown(DEVICE, _NO_CONNECTION, f"operation {row.operation}")
        else:
            carried = await self._became(payment, row)
        if carried is not None and carried.reason is None:
            return row.kind
        return await self._not_given(payment, row, carried)

    async def _became(self, payment: Payment, row: RefundRow) -> Carried | None:
        """None: it certainly did not begin. Raises `OutcomeUnknown` where the reader cannot tell any more."""
        try:
            return await self._reader.became(_errand(payment, row), row.operation_before or 0)
        except ForeignState as error:
            raise OutcomeUnknown(DEVICE, "not_proved", str(error)) from error

    async def _not_given(self, payment: Payment, row: RefundRow, carried: Carried | None) -> str:
        """Its number has its end. A void that is refused is a refund: the reader's day may have ended by itself."""
        refused = carried is not None and carried.reason != _NO_CONNECTION
        was_void = row.kind == "void"
        await self._db.write(
            refunds.note_refund,
            row.refund_id,
            operation=None,
            operation_at=None,
            kind="refund" if refused else row.kind,
            error=None,
        )
        if not refused:
            raise DeviceUnreachable(DEVICE, _NO_CONNECTION, f"operation {row.operation}")
        if was_void:
            return await self._by_errand(payment, row.refund_id)
        await self._db.write(refunds.note_refund, row.refund_id, error=_BY_HAND)
        raise DeviceRefused(DEVICE, BY_HAND, f"RRN {payment.rrn}: {carried.reason if carried else ''}")

    async def _begin(self, payment: Payment, row: RefundRow) -> RefundRow:
        """The number, when, and how, before the wire."""
        if row.error == _BY_HAND or not payment.rrn:
            raise DeviceRefused(DEVICE, BY_HAND, f"RRN {payment.rrn}")
        now = self._clock.now()

        def journal(tx: Tx, number: int, before: int) -> RefundRow:
            kind = "refund" if _day_is_over(tx, payment) else row.kind
            changes = {"operation": number, "operation_before": before, "operation_at": now, "kind": kind}
            refunds.note_refund(tx, row.refund_id, **changes)
            found = refunds.find_refund(tx, row.refund_id)
            return row if found is None else found

        def look(reader: Reader) -> str | None:
            word = why_not_sold(reader)
            return BUSY if word is None and operations.sale_under_way(reader, self.name, payment.payment_id) else word

        try:
            return await self._numbers.take(look, journal)
        except DeviceRefused as error:
            raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _require(self, refund_id: str) -> RefundRow:
        found = await self._db.read(refunds.find_refund, refund_id)
        if found is None:
            raise ForeignState(DEVICE, "no_refund", refund_id)
        return found

    async def _sale(self, payment: Payment) -> Sale:
        if payment.operation is None:
            raise ForeignState(DEVICE, "no_operation", payment.payment_id)
        order = await self._db.read(orders.require, payment.order_id)
        asked_at = payment.posted_at or payment.created_at
        return Sale(payment.operation, payment.amount_kopecks, f"Заказ {order.number}", asked_at)


def _day_is_over(reader: Reader, payment: Payment) -> bool:
    """Whether the reader's day in which it was taken is settled: nothing of it can be voided any more."""
    last = operations.last_settled(reader)
    taken_at: datetime = payment.charged_at or payment.created_at
    return last is not None and last.ended_at is not None and last.ended_at > taken_at


def _errand(payment: Payment, row: RefundRow) -> Errand:
    return Errand(
        operation=row.operation or 0,
        asked_at=row.operation_at or row.created_at,
        amount_kopecks=row.amount_kopecks,
        void=row.kind == "void",
        rrn=payment.rrn or "",
        auth_code=payment.auth_code or "",
    )


def _numbers(payment: Payment, approval: Approval) -> Mapping[str, object]:
    return {
        "transaction_id": approval.rrn or f"{DEVICE}-{payment.operation}",
        "auth_code": approval.auth_code,
        "rrn": approval.rrn,
        "card_brand": approval.card_brand and approval.card_brand.lower(),
        "card_last4": approval.card_last4,
        "reader_id": approval.reader_id,
        "merchant_id": approval.merchant_id,
    }
