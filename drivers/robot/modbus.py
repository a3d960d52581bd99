"""`CookingComplex` over Modbus: acknowledged orders, guarded reads, one owner of the line (robot.md#orders).

An order is acknowledged when health shows our session, seq, opcode and job, never by the answer to the write alone.
Unacknowledged it is looked for, sent again once with the same seq if the robot proves that it has not seen it (its
rule 2 makes that safe), and else left as `OutcomeUnknown`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.link import LinkOpener, open_line
from drivers.robot import blocks
from drivers.robot.extension import encode_extension, in_writes, says_more
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
from drivers.robot.port import (
    Bin,
    Capability,
    Cell,
    ComplexCommand,
    CookingOrder,
    Health,
    Job,
    LineQuality,
    Station,
)
from drivers.robot.registers import (
    CHART,
    HEALTH,
    HEALTH_SIZE,
    HEARTBEAT,
    LABEL,
    MAILBOX,
    WHOLE_CHART,
    HealthBlock,
    MapError,
    crc_of,
    decode_health,
    next_seq,
)

__all__ = ["ModbusComplex", "ModbusTimings"]

_T = TypeVar("_T")
_TIMINGS = ModbusTimings()
_REFUSALS = {
    Result.FULL: "full",
    Result.NO_MATERIAL: "no_material",
    Result.CHART_MISMATCH: "chart_mismatch",
    Result.WRONG_STATE: "wrong_state",
    Result.NO_CELL: "no_cell",
}


@dataclass(slots=True)
class _Cached:
    """A block as last read. Each health reading that shows its generation allows one answer from here."""

    head: blocks.Head
    rows: tuple[Any, ...]
    read_at: float
    confirmed: bool = False


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
        self._timings = timings
        self._lock = asyncio.Lock()
        self._session = secrets.randbelow(0xFFFF) + 1
        self._serial: int | None = None
        self._version: int | None = None
        self._beats = secrets.randbelow(0xFFFF)
        self._cache: dict[int, _Cached] = {}
        self._stations: tuple[Station, ...] = ()
        self._stations_at: float | None = None
        self._capabilities = 0
        self._temps: tuple[float | None, ...] = ()
        self._bins: tuple[tuple[Bin, ...], tuple[float | None, ...], tuple[Bin, ...]] | None = None
        self._temps_at: float | None = None

    async def health(self) -> Health:
        async with self._lock:
            return (await self._health()).as_health()

    async def jobs(self) -> tuple[Job, ...]:
        async with self._lock:
            slots = await self._block(blocks.JOBS, blocks.decode_jobs)
            return tuple(slot.as_job() for slot in slots if slot is not None)

    async def bins(self) -> tuple[Bin, ...]:
        async with self._lock:
            rows = await self._block(blocks.BINS, blocks.decode_bins)
            temps = await self._bin_temperatures()
            if self._bins is None or self._bins[0] is not rows or self._bins[1] != temps:
                warm = tuple(replace(row, temp_c=temps[row.bin - 1]) for row in rows) if temps else rows
                self._bins = (rows, temps, warm)
            return self._bins[2]  # the same one while nothing has changed

    async def _bin_temperatures(self) -> tuple[float | None, ...]:
        """As last read, at most `stations_s` old; they go on by themselves. Empty where the complex has none."""
        if self._capabilities & Capability.BIN_TEMPERATURES:
            now, layout = asyncio.get_running_loop().time(), blocks.BIN_TEMPERATURES
            if self._temps_at is None or now - self._temps_at >= self._timings.stations_s:
                _, temps = await self._guarded(layout.address, layout.size, blocks.decode_bin_temperatures)
                self._temps, self._temps_at = (*temps, *[None] * (layout.rows - len(temps))), now
        return self._temps

    async def cells(self) -> tuple[Cell, ...]:
        async with self._lock:
            return blocks.as_cells(await self._block(blocks.CELLS, blocks.decode_cells))

    async def stations(self) -> tuple[Station, ...]:
        """No generation number covers them, so they are read every `stations_s`."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._stations_at is None or now - self._stations_at >= self._timings.stations_s:
                layout = blocks.STATIONS
                _, rows = await self._guarded(layout.address, layout.size, blocks.decode_stations)
                self._stations, self._stations_at = blocks.as_stations(rows), now
            return self._stations

    async def fault_text(self) -> str:
        async with self._lock:
            layout = blocks.FAULT_TEXT
            return (await self._guarded(layout.address, layout.size, blocks.decode_fault_text))[1]

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
        async with self._lock:
            version = self._version or (await self._health()).version
            if version >= WHOLE_CHART and says_more(order):
                box, extension = _extended(order, box, chart)
                for address, words in extension:
                    await self._stage(address, words)
            await self._stage(CHART, chart)
            await self._stage(LABEL, label)
            if await self._order(box) is Result.OK:
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

    # Reading

    async def _health(self) -> HealthBlock:
        block = await self._guarded(HEALTH, HEALTH_SIZE, decode_health)
        if self._serial is None:
            self._serial = block.serial
        if block.serial != self._serial:
            raise ForeignState(DEVICE, "serial_changed", f"{block.serial}, was {self._serial}")
        self._version = block.version
        self._capabilities = block.capabilities if block.version >= WHOLE_CHART else 0
        generations = {
            blocks.JOBS.address: block.jobs_generation,
            blocks.BINS.address: block.bins_generation,
            blocks.CELLS.address: block.cells_generation,
        }
        for address, cached in self._cache.items():
            cached.confirmed = (cached.head.generation, cached.head.boot) == (generations[address], block.boot)
        return block

    async def _block(
        self, layout: blocks.Layout, decode: Callable[[Sequence[int]], tuple[blocks.Head, tuple[_T, ...]]]
    ) -> tuple[_T, ...]:
        cached = self._cache.get(layout.address)
        now = asyncio.get_running_loop().time()
        if cached is not None and cached.confirmed and now - cached.read_at < self._timings.refresh_s:
            cached.confirmed = False
            return cached.rows
        head, rows = await self._guarded(layout.address, layout.size, decode)
        self._cache[layout.address] = _Cached(head, rows, now)
        return rows

    async def _guarded(self, address: int, size: int, decode: Callable[[Sequence[int]], _T]) -> _T:
        """A question may be repeated: once after silence or a foreign answer, with the line's quiet between."""
        try:
            return decode(await self._line.read(address, size))
        except (DeviceUnreachable, MapError) as error:
            self._cache.clear()
            if isinstance(error, DeviceUnreachable) and error.code not in ("no_answer", "foreign_answer", "busy"):
                raise
            self._line.be_quiet()
        try:
            return decode(await self._line.read(address, size))
        except MapError as error:
            self._line.be_quiet()
            raise ForeignState(DEVICE, error.code, str(error)) from error

    # Ordering

    async def _simple(self, box: Mailbox) -> None:
        async with self._lock:
            await self._order(box)

    async def _stage(self, address: int, words: Sequence[int]) -> None:
        """Staging alone changes nothing: unanswered it is as good as never sent."""
        try:
            await self._line.write(address, words)
        except OutcomeUnknown as error:
            raise DeviceUnreachable(DEVICE, error.code, error.detail) from error

    async def _order(self, box: Mailbox) -> Result:
        """Carry one mailbox command through: `Result.OK` or `Result.ALREADY_KNOWN`, else it raises."""
        before = await self._health()
        try:
            words = encode_mailbox(box := box.sent_as(next_seq(before.last_seq), self._session))
        except MapError as error:
            raise DeviceRefused(DEVICE, "bad_request", str(error)) from error
        self._cache.clear()
        after = await self._send(box, words, before)
        if after is None:
            after = await self._send_again(box, words, before)
        return _result(after)

    async def _send(self, box: Mailbox, words: list[int], before: HealthBlock) -> HealthBlock | None:
        """The health that acknowledges the order, or None when the robot has not seen it."""
        refusal: DeviceRefused | ForeignState | DeviceUnreachable | None = None
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
            slots = await self._block(blocks.JOBS, blocks.decode_jobs)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "job_not_seen", error.detail) from error
        for slot in slots:
            if slot is not None and (slot.job_id, slot.attempt) == (order.job_id, order.attempt):
                return
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


def _extended(
    order: CookingOrder, box: Mailbox, chart: Sequence[int]
) -> tuple[Mailbox, list[tuple[int, Sequence[int]]]]:
    """What of the chart only the second revision carries, and the mailbox whose CRC covers it."""
    try:
        words = encode_extension(order)
    except MapError as error:
        raise DeviceRefused(DEVICE, "bad_request", str(error)) from error
    return replace(box, chart_crc=crc_of([*chart, *words])), in_writes(words)


def _result(acknowledged: HealthBlock) -> Result:
    code = acknowledged.last_result
    if code in (Result.OK, Result.ALREADY_KNOWN):
        return Result(code)
    refusal = _REFUSALS.get(Result(code)) if code in set(Result) else None
    if refusal is None:
        raise ForeignState(DEVICE, "unknown_result", str(code))
    raise DeviceRefused(DEVICE, refusal)
