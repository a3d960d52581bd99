"""`CookingComplex` over Modbus: acknowledged orders, guarded reads, one owner of the line (robot.md#orders).

An order is acknowledged when health shows our session, seq, opcode and job, never by the answer to the write alone.
Unacknowledged it is looked for, sent again once with the same seq if the robot proves that it has not seen it (its
rule 2 makes that safe), and else left as `OutcomeUnknown`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.link import LinkOpener, open_line
from drivers.robot.extension import encode_extension, says_more
from drivers.robot.line import DEVICE, ModbusLine, ModbusTimings
from drivers.robot.mailbox import (
    MAX_INGREDIENTS,
    Mailbox,
    Opcode,
    Result,
    encode_chart,
    encode_label,
    encode_mailbox,
)
from drivers.robot.port import Bin, Capability, Cell, ComplexCommand, CookingOrder, Health, Job, LineQuality, Station
from drivers.robot.reading import Reading
from drivers.robot.registers import (
    CHART,
    EXTENSION,
    HEARTBEAT,
    LABEL,
    MAILBOX,
    WHOLE_CHART,
    HealthBlock,
    MapError,
    crc_of,
    next_seq,
)
from drivers.robot.staging import Staging

__all__ = ["ModbusComplex", "ModbusTimings"]

_TIMINGS = ModbusTimings()
_OTHER_CHART = "chart_mismatch"
_FRESH_S = 0.2  # as old a health block still tells the sequence
_REFUSALS = {
    Result.FULL: "full",
    Result.NO_MATERIAL: "no_material",
    Result.CHART_MISMATCH: _OTHER_CHART,
    Result.WRONG_STATE: "wrong_state",
    Result.NO_CELL: "no_cell",
}


class ModbusComplex:
    """See `drivers.robot.port.CookingComplex`. The port may be missing now: every call opens it when it can."""

    def __init__(
        self,
        *,
        port: str,
        baudrate: int = 115200,
        unit: int = 1,
        timings: ModbusTimings = _TIMINGS,
        open_link: LinkOpener = open_line,
    ) -> None:
        self._line = ModbusLine(port, baudrate, unit, timings, open_link)
        self._lock = asyncio.Lock()
        self._session = secrets.randbelow(0xFFFF) + 1
        self._reading = Reading(self._line, timings)
        self._staging = Staging()
        self._boot: int | None = None
        self._seen: HealthBlock | None = None  # as last read; None where a command has left since
        self._seen_at = 0.0
        self._beats = secrets.randbelow(0xFFFF)

    async def health(self) -> Health:
        async with self._lock:
            return (await self._health()).as_health()

    async def jobs(self) -> tuple[Job, ...]:
        async with self._lock:
            return tuple(slot.as_job() for slot in await self._reading.jobs() if slot is not None)

    async def bins(self) -> tuple[Bin, ...]:
        async with self._lock:
            return await self._reading.bins()

    async def cells(self) -> tuple[Cell, ...]:
        async with self._lock:
            return await self._reading.cells()

    async def stations(self) -> tuple[Station, ...]:
        async with self._lock:
            return await self._reading.stations()

    async def fault_text(self) -> str:
        async with self._lock:
            return await self._reading.fault_text()

    async def beat(self) -> None:
        async with self._lock:
            self._beats = next_seq(self._beats)
            try:
                await self._line.write_one(HEARTBEAT, self._beats)
            except OutcomeUnknown as error:  # a heartbeat that may have arrived is none
                raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def submit(self, order: CookingOrder) -> None:
        try:
            chart, label = encode_chart(order.phases), encode_label(order.job_id, order.order_id)
            box = _submission(order, crc_of(chart))
        except MapError as error:
            raise DeviceRefused(DEVICE, "bad_request", str(error)) from error
        staged: dict[int, Sequence[int]] = {CHART: chart}
        async with self._lock:
            version = self._reading.version or (await self._health()).version
            if self._reading.capabilities & Capability.SHARED_CELLS:
                box = replace(box, together=order.together)
            if version >= WHOLE_CHART and says_more(order):
                box, staged[EXTENSION] = _extended(order, box, chart)
            if await self._order_staged(box, staged, label) is Result.OK:
                await self._expect_in_table(order)

    async def cancel(self, job_id: int, attempt: int) -> None:
        await self._simple(Mailbox(Opcode.CANCEL, job_id, attempt))

    async def release(self, job_id: int, attempt: int) -> None:
        await self._simple(Mailbox(Opcode.RELEASE, job_id, attempt))

    async def open_cell(self, cell: int, job_id: int) -> None:
        await self._simple(Mailbox(Opcode.OPEN_CELL, job_id, cell=cell))

    async def set_bin(self, bin_number: int, level: int) -> None:
        await self._simple(Mailbox(Opcode.SET_BIN, ingredients=((bin_number, level),)))

    async def command(self, command: ComplexCommand) -> None:
        await self._simple(Mailbox(int(command)))

    async def acknowledge_fault(self) -> None:
        await self._simple(Mailbox(Opcode.ACK_FAULT))

    def line_quality(self) -> LineQuality:
        return self._line.quality

    async def close(self) -> None:
        async with self._lock:
            self._line.close()

    async def _health(self) -> HealthBlock:
        block = await self._reading.health()
        if block.boot != self._boot:  # what was staged went with the power
            self._boot = block.boot
            self._staging.forget()
        self._seen, self._seen_at = block, asyncio.get_running_loop().time()
        return block

    async def _just_read(self) -> HealthBlock:
        """Nothing but our commands moves its sequence; who sends one all the same is found out by the acknowledgement,
        as ever."""
        if self._seen is not None and asyncio.get_running_loop().time() - self._seen_at <= _FRESH_S:
            return self._seen
        return await self._health()

    # Ordering

    async def _simple(self, box: Mailbox) -> None:
        async with self._lock:
            await self._order(box)

    async def _order_staged(self, box: Mailbox, staged: Mapping[int, Sequence[int]], label: Sequence[int]) -> Result:
        """`staged`: what the mailbox's CRC covers, by its address. A robot that has other registers than we left there,
        or keeps none, refuses the chart: then all of it is written, and ordered under the next sequence."""
        self._staging.begin()
        try:
            await self._stage(staged)
            await self._write_staged(LABEL, label)  # whole: no CRC covers it
            return await self._order(box)
        except DeviceRefused as refusal:
            if refusal.code != _OTHER_CHART or not self._staging.spared:
                raise
        self._staging.forget()
        await self._stage(staged)
        result = await self._order(box)
        self._staging.keeps = False
        return result

    async def _stage(self, staged: Mapping[int, Sequence[int]]) -> None:
        for begin, wanted in staged.items():
            for address, words in self._staging.writes(begin, wanted):
                self._staging.sent(address, words)
                await self._write_staged(address, words)
                self._staging.arrived(address, words)

    async def _write_staged(self, address: int, words: Sequence[int]) -> None:
        """Staging alone changes nothing: unanswered it is as good as never sent."""
        try:
            await self._line.write(address, words)
        except OutcomeUnknown as error:
            raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _order(self, box: Mailbox) -> Result:
        """Carry one mailbox command through: `Result.OK` or `Result.ALREADY_KNOWN`, else it raises."""
        before = await self._just_read()
        try:
            words = encode_mailbox(box := box.sent_as(next_seq(before.last_seq), self._session))
        except MapError as error:
            raise DeviceRefused(DEVICE, "bad_request", str(error)) from error
        self._reading.forget()
        after = await self._send(box, words, before)
        if after is None:
            after = await self._send_again(box, words, before)
        return _result(after)

    async def _send(self, box: Mailbox, words: list[int], before: HealthBlock) -> HealthBlock | None:
        """The health that acknowledges the order, or None when the robot has not seen it."""
        refusal: DeviceRefused | ForeignState | DeviceUnreachable | None = None
        self._seen = None
        try:
            await self._line.write(MAILBOX, words)
        except OutcomeUnknown:
            pass  # the next health says so
        except (DeviceRefused, ForeignState) as error:
            refusal = error
        except DeviceUnreachable as error:
            if error.code != "busy":
                raise
            refusal = error
        try:
            after = await self._health()
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "not_acknowledged", error.detail) from error
        if self._acknowledges(after, box):
            return after
        if after.last_seq != before.last_seq:
            raise OutcomeUnknown(DEVICE, "not_acknowledged", f"seq {box.seq}, the robot has {after.last_seq}")
        if refusal is not None:
            raise refusal
        return None

    async def _send_again(self, box: Mailbox, words: list[int], before: HealthBlock) -> HealthBlock:
        try:
            after = await self._send(box, words, before)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "not_acknowledged", error.detail) from error
        if after is None:
            raise OutcomeUnknown(DEVICE, "not_acknowledged", f"seq {box.seq} twice unseen")
        return after

    def _acknowledges(self, health: HealthBlock, box: Mailbox) -> bool:
        shown = (health.last_session, health.last_seq, health.last_opcode, health.last_job)
        return shown == (self._session, box.seq, box.opcode, box.job_id)

    async def _expect_in_table(self, order: CookingOrder) -> None:
        """Controller rule 3: the acknowledgement counts when its effect is seen too."""
        try:
            seen = await self._reading.has_job(order.job_id, order.attempt)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "job_not_seen", error.detail) from error
        if not seen:
            raise OutcomeUnknown(DEVICE, "job_not_seen", f"job {order.job_id}.{order.attempt}")


def _submission(order: CookingOrder, chart_crc: int) -> Mailbox:
    """Raises `MapError` for what the map cannot carry."""
    if not order.phases or not order.job_id or len(order.ingredients) > MAX_INGREDIENTS:
        raise MapError("bad_value", f"job {order.job_id}: {len(order.phases)} phases")
    box = Mailbox(
        Opcode.SUBMIT,
        order.job_id,
        order.attempt,
        order.recipe,
        chart_crc,
        ingredients=order.ingredients,
    )
    encode_mailbox(box)
    return box


def _extended(order: CookingOrder, box: Mailbox, chart: Sequence[int]) -> tuple[Mailbox, Sequence[int]]:
    """What of the chart only the second revision carries, and the mailbox whose CRC covers it."""
    try:
        words = encode_extension(order)
    except MapError as error:
        raise DeviceRefused(DEVICE, "bad_request", str(error)) from error
    return replace(box, chart_crc=crc_of([*chart, *words])), words


def _result(acknowledged: HealthBlock) -> Result:
    code = acknowledged.last_result
    if code in (Result.OK, Result.ALREADY_KNOWN):
        return Result(code)
    refusal = _REFUSALS.get(Result(code)) if code in set(Result) else None
    if refusal is None:
        raise ForeignState(DEVICE, "unknown_result", str(code))
    raise DeviceRefused(DEVICE, refusal)
