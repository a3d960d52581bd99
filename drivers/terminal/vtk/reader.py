"""`CardReader` for Vendotek readers: VRP holds the money, FIN takes it or lets it go (protocols/vtk.md#a-sale)."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.link import LinkOpener
from drivers.terminal.port import Approval, Numbers, Sale
from drivers.terminal.vtk.line import DEVICE, ReaderLine, VtkTimings
from drivers.terminal.vtk.messages import ABR, DIS, FIN, IDL, VRP, Message, after, decimal, local_time
from drivers.terminal.vtk.online import is_foreign
from drivers.terminal.vtk.slip import approval_of
from drivers.terminal.vtk.tlv import Field, Tag

_STATUS = b"STATUS"
_READY = "READY"
_PARTS = re.compile("[;,=]")
_LONGEST_CAPTION = 40
_USUAL = VtkTimings()


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class VtkHabits:
    """What the protocol leaves open and readers may differ in (protocols/vtk.md#open-questions).

    `asks_status`: the firmware knows the question STATUS. `stores_before_bank`: the reader stores an operation's number
    before it asks its bank, so that an older number proves that a sale never began; where it does not, nothing proves
    it, and a person looks. `lends_network`: the reader reaches its bank through this machine.
    """

    asks_status: bool = False
    stores_before_bank: bool = True
    lends_network: bool = True


class VtkReader:
    """`CardReader`. `now`: local time for the reader's clock; `now_s`: monotonic time."""

    def __init__(
        self,
        open_link: LinkOpener,
        port: str,
        *,
        habits: VtkHabits | None = None,
        timings: VtkTimings = _USUAL,
        now: Callable[[], datetime] = _utc_now,
        allowed: Callable[[str], bool] = is_foreign,
        now_s: Callable[[], float] | None = None,
    ) -> None:
        self._habits = habits or VtkHabits()
        lends = self._habits.lends_network
        self._line = ReaderLine(open_link, port, timings, lends_network=lends, allowed=allowed, now_s=now_s)
        self._timings = timings
        self._now = now
        self._turn = asyncio.Lock()
        self._open_operation: int | None = None  # sold here, and not finished
        self._aborted = False  # since the last `prepare`

    async def look(self) -> str:
        if self._turn.locked() or self._open_operation is not None:  # it works for a customer: no word comes between
            return "busy"
        async with self._turn:
            if self._habits.asks_status:
                self._standing(await self._question(IDL, (Tag.SYSTEM, _STATUS)))
            await self._question(DIS)
        return f"operation {self._line.heard.operation}"

    def _standing(self, answer: Message) -> None:
        """Raises `DeviceRefused` where the reader says that it takes no cards."""
        said = answer.text(Tag.SYSTEM)
        if said and _READY not in map(str.strip, _PARTS.split(said)):
            raise DeviceRefused(DEVICE, "not_ready", said)

    async def prepare(self) -> Numbers:
        async with self._turn:
            status = ((Tag.SYSTEM, _STATUS),) if self._habits.asks_status else ()
            answer = await self._question(IDL, *status)
            self._standing(answer)
            before = self._last_of(answer)
            self._aborted = False
        return Numbers(before, after(before))

    async def sell(self, sale: Sale) -> Approval:
        async with self._turn:
            answer = await self._question(IDL)  # since `prepare` it may have heard that nothing is sold
            if self._last_of(answer) == sale.operation:  # it would answer with what became of another's sale
                raise DeviceRefused(DEVICE, "operation_taken", str(sale.operation))
            if self._aborted:  # nobody wants it any more, and the reader has nothing yet that it could end
                raise DeviceRefused(DEVICE, "aborted", str(sale.operation))
            return await self._sell(sale)

    async def _sell(self, sale: Sale) -> Approval:
        caption: tuple[Field, ...] = ()
        if sale.caption:
            caption = ((Tag.PRODUCT_NAME, sale.caption[:_LONGEST_CAPTION].encode()),)
        fields = (decimal(Tag.OPERATION, sale.operation), decimal(Tag.AMOUNT, sale.amount_kopecks), *caption)
        self._open_operation = sale.operation
        try:
            return await self._approval(await self._work(Message(VRP, fields), sale.operation))
        except DeviceUnreachable:
            self._open_operation = None
            raise

    async def _work(self, message: Message, operation: int) -> Message:
        """VRP or FIN: the wait is the reader's own. Without an answer both sides begin anew. Raises `OutcomeUnknown`,
        and `DeviceUnreachable` where it was not sent."""
        try:
            return await self._line.ask(message, self._line.heard.operation_s + self._timings.margin_s, operation)
        except OutcomeUnknown:
            self._line.close()
            raise

    async def _approval(self, answer: Message) -> Approval:
        approved = answer.amount_kopecks
        if approved is None:
            raise OutcomeUnknown(DEVICE, "unreadable_answer", "VRP without an amount")
        if not approved:
            await self._rest()
        return approval_of(approved, answer.text(Tag.SLIP))

    async def find(self, sale: Sale, before: int) -> Approval | None:
        async with self._turn:
            self._open_operation = None
            told = await self._told_twice()
            if told == before and self._habits.stores_before_bank:
                return None
            if told == before:
                raise ForeignState(DEVICE, "not_proved", f"operation {sale.operation}")
            if told != sale.operation:
                raise ForeignState(DEVICE, "foreign_operation", f"{told} instead of {sale.operation}")
            try:
                return await self._sell(sale)  # the same number: answered with what became of it
            except OutcomeUnknown as error:
                raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _told_twice(self) -> int:
        """The reader's last operation. The first answer may be one that was late."""
        first = self._last_of(await self._question(IDL))
        second = self._last_of(await self._question(IDL))
        if first != second:
            raise DeviceUnreachable(DEVICE, "contradictory_answer", f"operation {first}, then {second}")
        return second

    async def abort(self) -> None:
        """Not in turn: it concerns the sale that has it or comes next, or one of a process before this one. A sale
        waits for its card longer than a line may be silent, so its line is used as it is."""
        self._aborted = True
        if self._turn.locked():
            self._line.wake()
        elif not self._line.is_open or (self._line.is_forgotten and self._open_operation is None):
            async with self._turn:
                await self._question(IDL)
        self._line.send(Message(ABR))

    async def finish(self, operation: int, amount_kopecks: int, qr: str = "") -> int:
        shown: tuple[Field, ...] = ((Tag.QR, qr.encode()),) if qr else ()
        fields = (decimal(Tag.OPERATION, operation), decimal(Tag.AMOUNT, amount_kopecks), *shown)
        async with self._turn:
            if not self._line.is_open:
                await self._question(IDL)
            answer = await self._end(Message(FIN, fields), operation)
            confirmed = answer.amount_kopecks
            if confirmed is None:
                raise OutcomeUnknown(DEVICE, "unreadable_answer", "FIN without an amount")
            await self._rest()
        return confirmed

    async def _end(self, message: Message, operation: int) -> Message:
        """A reader that has forgotten this side passes FIN over and wants an IDL first; what another one does that sees
        an IDL between its approval and FIN is not known, so that it comes only where FIN alone stayed unanswered.
        Raises as `_work`."""
        if self._line.is_forgotten:
            with contextlib.suppress(OutcomeUnknown):
                return await self._line.ask(message, self._timings.end_s, operation)
            await self._question(IDL)
        return await self._work(message, operation)

    async def close(self) -> None:
        self._line.close()

    async def _question(self, name: str, *fields: Field) -> Message:
        """IDL or DIS, which change no money; after a break both sides wait for an IDL. Raises `DeviceUnreachable`."""
        if name != IDL and (not self._line.is_open or self._line.is_forgotten):
            await self._question(IDL)
        known = self._line.heard.operation if self._line.is_open else None
        number = (decimal(Tag.OPERATION, known),) if known is not None else ()
        message = Message(name, (*number, local_time(self._now()), *fields))
        try:
            return await self._line.ask(message, self._timings.answer_s)
        except OutcomeUnknown as error:
            self._line.close()
            raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _rest(self) -> None:
        """Nothing is sold until the next `prepare`: the reader hears it at once, else by the next look."""
        self._open_operation = None
        with contextlib.suppress(DeviceError):
            await self._question(DIS)

    def _last_of(self, answer: Message) -> int:
        if answer.operation is None:
            raise DeviceUnreachable(DEVICE, "unreadable_answer", f"{answer.name} without an operation number")
        return answer.operation
