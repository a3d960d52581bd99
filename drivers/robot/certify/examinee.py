"""The complex as an examiner sees it: its blocks as they are now, its answer to any order, right or wrong."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from drivers.errors import DeviceUnreachable
from drivers.robot import blocks
from drivers.robot.adu import ExceptionAnswer, Question, read_bits, read_registers, write_register, write_registers
from drivers.robot.certify.clauses import Broken
from drivers.robot.certify.rough_line import RoughLine, Spoil
from drivers.robot.contents import CONTENTS, ContentsRow, decode_contents
from drivers.robot.line import ModbusTimings, Unheard
from drivers.robot.mailbox import Mailbox, Opcode, encode_chart, encode_label, encode_mailbox
from drivers.robot.port import Bin, CookingOrder
from drivers.robot.registers import (
    CHART,
    HEALTH,
    HEALTH_SIZE,
    HEARTBEAT,
    LABEL,
    MAILBOX,
    HealthBlock,
    MapError,
    crc_of,
    decode_health,
    next_seq,
)

_T = TypeVar("_T")
_TRIES = 3
REFUSED = -3  # of `send`: exception 3


@dataclass(frozen=True, slots=True)
class Table:
    """The job table of one reading."""

    head: blocks.Head
    rows: tuple[blocks.JobSlot | None, ...]

    @property
    def jobs(self) -> list[blocks.JobSlot]:
        return [row for row in self.rows if row is not None]

    def of(self, order: CookingOrder) -> list[blocks.JobSlot]:
        return [row for row in self.jobs if (row.job_id, row.attempt) == (order.job_id, order.attempt)]


class Examinee:
    """One question after the other. A question is repeated when it stays unanswered, an order never. Raises `Broken`
    where it is silent or its registers are not the map's."""

    def __init__(self, port: str, baudrate: int, unit: int, timings: ModbusTimings, beat_s: float) -> None:
        self._beat_s = beat_s
        self.line = RoughLine(port, baudrate, unit, timings)
        self.session = secrets.randbelow(0xFFFF) + 1
        self.beating = True
        self.last_beat = secrets.randbelow(0xFFFF)
        self._beat_at = float("-inf")

    async def ask(self, question: Question) -> list[int]:
        """Raises `ExceptionAnswer`, `Broken`."""
        if self.beating and asyncio.get_running_loop().time() - self._beat_at >= self._beat_s:
            await self.beat()
        return await self._ask(question)

    async def _ask(self, question: Question, tries: int = _TRIES) -> list[int]:
        for left in reversed(range(tries)):
            try:
                await self.line.find_framing()
                return await self.line.ask(question)
            except (Unheard, DeviceUnreachable) as error:
                if not left:
                    raise Broken("no_answer", str(error)) from error
        raise AssertionError  # the last turn raises

    async def answers(self) -> bool:
        """Whether it is there at all, by one short question."""
        try:
            await self.line.find_framing()
            await self.line.ask(read_registers(HEALTH, 1))
        except ExceptionAnswer:
            return True
        except (Unheard, DeviceUnreachable):
            return False
        return True

    async def beat(self) -> int:
        """The value that is to be echoed."""
        self._beat_at = asyncio.get_running_loop().time()
        self.last_beat = next_seq(self.last_beat)
        try:
            await self._ask(write_register(HEARTBEAT, self.last_beat))
        except ExceptionAnswer as answer:
            raise Broken("heartbeat_refused", str(answer)) from answer
        return self.last_beat

    # Reading.

    async def _decoded(self, address: int, size: int, decode: Callable[[Sequence[int]], _T]) -> _T:
        try:
            return decode(await self.ask(read_registers(address, size)))
        except MapError as error:
            raise Broken("bad_block", f"{address}: {error}") from error
        except ExceptionAnswer as answer:
            raise Broken("not_readable", f"{address}: {answer}") from answer

    async def health(self) -> HealthBlock:
        return await self._decoded(HEALTH, HEALTH_SIZE, decode_health)

    async def table(self) -> Table:
        layout = blocks.JOBS
        return Table(*await self._decoded(layout.address, layout.size, blocks.decode_jobs))

    async def bins(self) -> tuple[Bin, ...]:
        return (await self._decoded(blocks.BINS.address, blocks.BINS.size, blocks.decode_bins))[1]

    async def cells(self) -> tuple[blocks.CellRow, ...]:
        return (await self._decoded(blocks.CELLS.address, blocks.CELLS.size, blocks.decode_cells))[1]

    async def contents(self) -> tuple[ContentsRow, ...]:
        """Of a complex that has the capability."""
        return (await self._decoded(CONTENTS.address, CONTENTS.size, decode_contents))[1]

    async def stations(self) -> set[int]:
        """The numbers by which phases name them."""
        layout = blocks.STATIONS
        rows = (await self._decoded(layout.address, layout.size, blocks.decode_stations))[1]
        return {row.kind for row in rows}

    async def inputs(self) -> list[int]:
        """Emergency stop, door, mains, air."""
        try:
            return (await self.ask(read_bits(0, 4)))[:4]
        except ExceptionAnswer as answer:
            raise Broken("not_readable", f"discrete inputs: {answer}") from answer

    # Ordering.

    async def stage(self, order: CookingOrder) -> None:
        chart, label = encode_chart(order.phases), encode_label(order.job_id, order.order_id)
        for address, words in ((CHART, chart), (LABEL, label)):
            await self.write_staged(address, words)

    async def write_staged(self, address: int, words: Sequence[int]) -> None:
        """Part of what is staged; the rest stays. Raises `Broken`."""
        try:
            await self.ask(write_registers(address, words))
        except ExceptionAnswer as answer:
            raise Broken("staging_refused", f"{address}: {answer}") from answer

    async def submission(self, order: CookingOrder) -> Mailbox:
        """A submit with the next sequence, its chart staged."""
        await self.stage(order)
        return await self.numbered(submit_of(order))

    async def numbered(self, box: Mailbox) -> Mailbox:
        return box.sent_as(next_seq((await self.health()).last_seq), self.session)

    async def send(self, words: Sequence[int]) -> int:
        """A mailbox as it is: `REFUSED`, or the result that health shows, also where the answer was lost. Again, once,
        where health shows that it never came, as a kiosk would. Raises `Broken` for any other exception."""
        for last in (False, True):
            try:
                await self._ask(write_registers(MAILBOX, words), tries=1)
            except ExceptionAnswer as answer:
                if answer.code == -REFUSED:
                    return REFUSED
                raise Broken("wrong_exception", str(answer)) from answer
            except Broken:
                health = await self.health()
                if health.last_seq == words[0]:
                    return health.last_result
                if last:
                    raise
            else:
                break
        return (await self.health()).last_result

    async def order(self, box: Mailbox) -> int:
        """Its result. Raises `Broken` where it is not acknowledged."""
        sent = await self.numbered(box)
        result = await self.send(encode_mailbox(sent))
        health = await self.health()
        shown = (health.last_seq, health.last_session, health.last_opcode, health.last_job)
        if result == REFUSED or shown != (sent.seq, sent.session, sent.opcode, sent.job_id):
            raise Broken("not_acknowledged", f"sequence {sent.seq}, opcode {sent.opcode}; health shows {shown}")
        return result

    async def submit(self, order: CookingOrder) -> int:
        await self.stage(order)
        return await self.order(submit_of(order))

    async def spoil(self, box: Mailbox, spoil: Spoil) -> bytes:
        """An order that does not arrive as it is; what is heard."""
        try:
            return await self.line.spoilt(write_registers(MAILBOX, encode_mailbox(box)), spoil)
        except DeviceUnreachable as error:
            raise Broken("no_answer", str(error)) from error


def submit_of(order: CookingOrder) -> Mailbox:
    crc = crc_of(encode_chart(order.phases))
    return Mailbox(
        Opcode.SUBMIT,
        order.job_id,
        order.attempt,
        order.recipe,
        chart_crc=crc,
        ingredients=order.ingredients,
        together=order.together,
    )
