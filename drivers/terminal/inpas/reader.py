"""`TakingReader` behind INPAS DualConnector: a sale takes the money at once, a lost answer is asked for by the copy of
the last receipt (protocols/inpas.md#a-lost-answer)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.http import REFUSES_US, HttpDevice
from drivers.terminal.inpas.messages import (
    LONGEST_ANSWER,
    Answer,
    CodecError,
    Field,
    Operation,
    Status,
    moment_text,
    parse,
    request,
)
from drivers.terminal.port import Approval, Carried, Errand, Sale

DEVICE = "terminal"
#: DualConnector did not take the request: what it is asked then tells the rest.
_REQUEST_ERROR = 4
_COPY_OF_LAST: Mapping[Field, str | int] = {Field.COMMAND: 22, Field.MODE: 1}
#: Of one operation, by two clocks.
_CLOCKS_DIFFER = timedelta(minutes=15)
_HEADERS = {"Content-Type": "text/xml"}
_REASONS = {Status.REFUSED: "declined", Status.ABORTED: "aborted", Status.CANCELLED: "cancelled"}
#: The host was not reached: the reader's memory is asked whether that was the end of it.
_PERHAPS = (Status.NO_CONNECTION, Status.OFFLINE)
_LONGEST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class InpasTimings:
    """`sale_s` and `settle_s` are told to the reader as the time it has; `margin_s` longer its answer is awaited.
    `test_s`: a reader that answered so lately is believed to be there."""

    answer_s: float = 10.0
    sale_s: float = 90.0
    settle_s: float = 600.0
    margin_s: float = 5.0
    test_s: float = 30.0


_USUAL = InpasTimings()


class InpasReader:
    """`TakingReader`. `now`: UTC; `local`: the reader's own time of day. `old_copy_proves`: a reader that lost power in
    a sale undoes it at its bank, so that an older receipt proves that a sale took nothing."""

    def __init__(  # each by its keyword
        self,
        url: str,
        *,
        terminal_id: str = "",
        old_copy_proves: bool = True,
        timings: InpasTimings = _USUAL,
        now: Callable[[], datetime],
        local: Callable[[datetime], datetime] = lambda moment: moment,
    ) -> None:
        self._timings = timings
        self._terminal_id = terminal_id
        self._old_copy_proves = old_copy_proves
        self._now = now
        self._local = local
        self._asking = self._line(url, timings.answer_s)
        self._selling = self._line(url, timings.sale_s + timings.margin_s)
        self._settling = self._line(url, timings.settle_s + timings.margin_s)
        self._turn = asyncio.Lock()
        self._aborted = False  # since the last `prepare`
        self._not_taken: int | None = None  # DualConnector says itself that it did not take this operation
        self._answered_at: float | None = None

    @staticmethod
    def _line(url: str, timeout_s: float) -> HttpDevice:
        """A connection for each call: one that was kept may have died unnoticed."""
        return HttpDevice(DEVICE, url, "", timeout_s, fresh=True, longest=LONGEST_ANSWER)

    async def look(self) -> str:
        if self._turn.locked():  # it works for a customer
            return "busy"
        async with self._turn:
            now_s = asyncio.get_running_loop().time()
            if self._answered_at is None or now_s - self._answered_at > self._timings.test_s:
                answer = await self._question(Operation.TEST)
                if answer.status != Status.APPROVED:
                    self._answered_at = None
                    raise DeviceRefused(DEVICE, f"status_{answer.status}", answer.short(Field.TEXT) or "")
        return "answers"

    async def prepare(self) -> int:
        async with self._turn:
            self._aborted = False
            return (await self._copy()).number(Field.NUMBER) or 0

    async def sell(self, sale: Sale) -> Approval:
        async with self._turn:
            if self._aborted:  # nobody wants it any more, and the reader has nothing yet that it could end
                raise DeviceRefused(DEVICE, "aborted", str(sale.operation))
            answer = await self._act(self._selling, Operation.SALE, sale.operation, self._of_sale(sale))
            if answer.status in _PERHAPS:
                answer = await self._seen_again(answer, sale)
            return _approval(answer, sale)

    async def _seen_again(self, answer: Answer, sale: Sale) -> Answer:
        """A host that was not reached may have been: the receipt is believed where there is one. Raises
        `OutcomeUnknown`."""
        try:
            copy = await self._copy()
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error
        return copy if self._is_of(copy, sale.operation, sale.asked_at) else answer

    async def find(self, sale: Sale, before: int) -> Approval | None:
        async with self._turn:
            copy = await self._copy()
            if self._is_of(copy, sale.operation, sale.asked_at) and copy.status != Status.UNDEFINED:
                if copy.status == Status.APPROVED and copy.amount_kopecks is None:
                    raise ForeignState(DEVICE, "not_proved", f"operation {sale.operation} without an amount")
                return _approval(copy, sale)
            self._require_over(sale.operation, sale.asked_at, self._timings.sale_s)
            self._require_older(copy, sale.operation, before)
            return None

    async def abort(self) -> None:
        self._aborted = True

    async def undo(self, sale: Sale) -> None:
        async with self._turn:
            copy = await self._copy()
            if not self._is_of(copy, sale.operation, sale.asked_at):
                raise DeviceRefused(DEVICE, "not_last", str(copy.number(Field.NUMBER)))
            if _is_undone(copy):
                return
            if copy.status != Status.APPROVED:
                raise DeviceRefused(DEVICE, "not_approved", f"status {copy.status}")
            fields = {**self._of_sale(sale), Field.AMOUNT: copy.amount_kopecks or sale.amount_kopecks}
            answer = await self._act(self._selling, Operation.EMERGENCY_CANCEL, sale.operation, fields)
            if answer.status in _PERHAPS:  # asked again it is the copy that tells
                raise OutcomeUnknown(DEVICE, "no_connection", f"operation {sale.operation}")
            if answer.status not in (Status.APPROVED, Status.CANCELLED):
                raise DeviceRefused(DEVICE, f"status_{answer.status}", answer.short(Field.TEXT) or "")

    async def give_back(self, errand: Errand) -> Carried:
        fields: dict[Field, str | int] = {Field.AMOUNT: errand.amount_kopecks or 0, Field.RRN: errand.rrn}
        if errand.void:
            fields |= {Field.ORIGINAL: Operation.SALE.value, Field.AUTH_CODE: errand.auth_code}
        operation = Operation.VOID if errand.void else Operation.REFUND
        async with self._turn:
            return _carried(await self._act(self._selling, operation, errand.operation, fields))

    async def settle(self, errand: Errand) -> Carried:
        async with self._turn:
            return _carried(await self._act(self._settling, Operation.SETTLEMENT, errand.operation, {}))

    async def became(self, errand: Errand, before: int) -> Carried | None:
        async with self._turn:
            copy = await self._copy()
            if self._is_of(copy, errand.operation, errand.asked_at) and copy.status != Status.UNDEFINED:
                if errand.amount_kopecks not in (None, copy.amount_kopecks):
                    raise ForeignState(DEVICE, "other_amount", f"{copy.amount_kopecks}")
                return _carried(copy)
            settles = errand.amount_kopecks is None
            within_s = self._timings.settle_s if settles else self._timings.sale_s
            self._require_over(errand.operation, errand.asked_at, within_s)
            self._require_older(copy, errand.operation, before)
            return None

    async def close(self) -> None:
        for line in (self._asking, self._selling, self._settling):
            await line.close()

    def _of_sale(self, sale: Sale) -> dict[Field, str | int]:
        return {Field.AMOUNT: sale.amount_kopecks}

    def _is_of(self, copy: Answer, operation: int, asked_at: datetime | None) -> bool:
        """Whether the copy is of this operation: by its number, and by its time, since numbers begin anew where books
        were put back. Raises `ForeignState` for the same number of another day."""
        if copy.number(Field.NUMBER) != operation:
            return False
        printed_at = copy.moment(Field.TIME)
        if printed_at is None or asked_at is None:
            raise ForeignState(DEVICE, "not_proved", f"operation {operation} without a time")
        if abs(printed_at - self._local(asked_at).replace(tzinfo=None)) > _CLOCKS_DIFFER + self._span():
            raise ForeignState(DEVICE, "other_time", f"operation {operation} at {printed_at}")
        return True

    def _span(self) -> timedelta:
        """A customer may have taken so long."""
        return timedelta(seconds=self._timings.sale_s)

    def _require_over(self, operation: int, asked_at: datetime | None, within_s: float) -> None:
        """The reader goes on when nobody listens any more. Raises `DeviceUnreachable` as long as it may."""
        if operation == self._not_taken:
            return
        ends_at = (asked_at or self._now()) + timedelta(seconds=within_s + self._timings.margin_s)
        if self._now() < ends_at:
            raise DeviceUnreachable(DEVICE, "may_come", f"operation {operation} until {ends_at:%H:%M:%S}")

    def _require_older(self, copy: Answer, operation: int, before: int) -> None:
        """The reader's last operation is the one before. Raises `ForeignState` where that is not so, or proves
        nothing."""
        last = copy.number(Field.NUMBER) or 0
        if last != before:
            raise ForeignState(DEVICE, "foreign_operation", f"{last} instead of {operation}")
        if not self._old_copy_proves:
            raise ForeignState(DEVICE, "not_proved", f"operation {operation}")

    async def _copy(self) -> Answer:
        """The last receipt, with the status of its operation; without fields where there is none."""
        return await self._question(Operation.CUSTOM, _COPY_OF_LAST)

    async def _question(self, operation: Operation, fields: Mapping[Field, str | int] | None = None) -> Answer:
        """Changes nothing. Raises `DeviceUnreachable`."""
        try:
            return await self._call(self._asking, operation, self._timings.answer_s, fields or {})
        except OutcomeUnknown as error:
            self._answered_at = None
            raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _act(
        self, line: HttpDevice, operation: Operation, number: int, fields: Mapping[Field, str | int]
    ) -> Answer:
        """Raises `OutcomeUnknown` for whatever is no definite word of the reader's."""
        self._not_taken = None
        within_s = self._timings.settle_s if operation is Operation.SETTLEMENT else self._timings.sale_s
        try:
            known = {**fields, Field.NUMBER: number, Field.TIME: moment_text(self._local(self._now()))}
            answer = await self._call(line, operation, within_s, known)
        except ConnectorError as error:
            self._not_taken = number if error.number == _REQUEST_ERROR else None
            raise
        if answer.status == Status.UNDEFINED:
            raise OutcomeUnknown(DEVICE, "undefined", answer.short(Field.TEXT) or "")
        if answer.number(Field.NUMBER) not in (None, number):
            raise OutcomeUnknown(DEVICE, "other_operation", f"{answer.number(Field.NUMBER)} instead of {number}")
        return answer

    async def _call(
        self, line: HttpDevice, operation: Operation, within_s: float, fields: Mapping[Field, str | int]
    ) -> Answer:
        identity: dict[Field, str | int] = {Field.TERMINAL_ID: self._terminal_id} if self._terminal_id else {}
        body = request(operation, within_s, {**fields, **identity})
        status, content = await line.call("POST", "/", headers=_HEADERS, content=body)
        if status in REFUSES_US:
            raise DeviceUnreachable(DEVICE, "unauthorized", f"HTTP {status}")
        if status in (404, 405):
            raise DeviceUnreachable(DEVICE, "wrong_address", f"HTTP {status}")
        if status != 200:
            raise OutcomeUnknown(DEVICE, "unexpected_answer", f"HTTP {status}")
        try:
            answer = _checked(parse(content))
        except CodecError as error:
            raise OutcomeUnknown(DEVICE, "unreadable_answer", str(error)) from error
        if answer.error is not None:
            self._answered_at = None
            raise ConnectorError(answer.error, answer.description)
        self._answered_at = asyncio.get_running_loop().time()
        return answer


class ConnectorError(OutcomeUnknown):
    """DualConnector's own error: what the reader has done is not known by it."""

    def __init__(self, number: int, description: str) -> None:
        super().__init__(DEVICE, f"errorcode_{number}"[:32], description)
        self.number = number


def _checked(answer: Answer) -> Answer:
    """Raises `CodecError` for an answer that says two things about what is decided by, or nothing that can be read."""
    for field in (Field.AMOUNT, Field.OPERATION, Field.NUMBER, Field.STATUS):
        if answer.number(field) is None and answer.text(field):
            raise CodecError(f"field {field:02d} is no number")
    for field in (Field.AUTH_CODE, Field.RRN, Field.TIME, Field.TEXT, Field.PAN):
        answer.text(field)
    return answer


def _is_undone(answer: Answer) -> bool:
    cancels = answer.number(Field.OPERATION) == Operation.EMERGENCY_CANCEL
    return answer.status == Status.CANCELLED or (cancels and answer.status == Status.APPROVED)


def _approval(answer: Answer, sale: Sale) -> Approval:
    """Raises `OutcomeUnknown` for an approval of more than was asked, and for a status that nobody knows."""
    if _is_undone(answer):
        return Approval(0, reason="cancelled")
    approved = 0
    if answer.status == Status.APPROVED:
        approved = sale.amount_kopecks if answer.amount_kopecks is None else answer.amount_kopecks
        if not 0 < approved <= sale.amount_kopecks:
            raise ForeignState(DEVICE, "other_amount", f"{approved} instead of {sale.amount_kopecks}")
    elif answer.status not in (*_REASONS, *_PERHAPS):
        raise OutcomeUnknown(DEVICE, f"status_{answer.status}"[:32], answer.short(Field.TEXT) or "")
    return Approval(
        approved,
        rrn=answer.short(Field.RRN),
        auth_code=answer.short(Field.AUTH_CODE),
        card_last4=answer.card_last4,
        reader_id=answer.short(Field.TERMINAL_ID),
        merchant_id=answer.short(Field.MERCHANT_ID),
        reason=None if approved else _reason(answer),
        slip=answer.slip,
    )


def _reason(answer: Answer) -> str:
    return _REASONS.get(Status(answer.status), "no_connection")


def _carried(answer: Answer) -> Carried:
    """Raises `OutcomeUnknown` for a status that nobody knows."""
    text = (answer.slip or answer.short(Field.TEXT) or "")[:_LONGEST_TEXT]
    if answer.status == Status.APPROVED:
        return Carried(text=text)
    if answer.status not in (*_REASONS, *_PERHAPS):
        raise OutcomeUnknown(DEVICE, f"status_{answer.status}"[:32], text)
    return Carried(_reason(answer), text)
