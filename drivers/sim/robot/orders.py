"""Robot rules 1–6 (robot.md#orders): one mailbox command is stored together with its acknowledgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from drivers.robot.extension import decode_extension, extended
from drivers.robot.mailbox import Mailbox, Opcode, Result, decode_chart, decode_label, decode_mailbox
from drivers.robot.port import CellState, ComplexCommand, ComplexState, JobState, Phase
from drivers.robot.registers import MapError, crc_of, next_seq
from drivers.sim.robot.bins import Surroundings
from drivers.sim.robot.kitchen import Kitchen
from drivers.sim.robot.memory import Memory, SlotRecord
from drivers.sim.robot.modbus_rtu import ILLEGAL_VALUE, ModbusError
from drivers.sim.robot.packml import PAUSED_BY_CELLS, PackML

_RELEASABLE = (JobState.READY, JobState.PICKED_UP, JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED)


class Staging(Protocol):
    """Where the chart and the label wait for their SUBMIT."""

    chart: list[int]
    label: list[int]
    extension: list[int]


class Orders:
    """Judges mailbox commands. `heartbeat_lost` says whether the controller fell silent."""

    def __init__(
        self,
        memory: Memory,
        kitchen: Kitchen,
        packml: PackML,
        around: Surroundings,
        staging: Staging,
        heartbeat_lost: Callable[[], bool],
    ) -> None:
        self._memory = memory
        self._kitchen = kitchen
        self._packml = packml
        self._around = around
        self._staging = staging
        self._heartbeat_lost = heartbeat_lost

    def receive(self, words: Sequence[int], now: float, before_store: Callable[[], None]) -> None:
        """Rules 1–3. `before_store` is called when all is decided and nothing stored yet."""
        try:
            box = decode_mailbox(words)
        except MapError as error:
            raise ModbusError(ILLEGAL_VALUE) from error
        ack = self._memory.ack
        if box.seq != ack.seq:
            if box.seq != next_seq(ack.seq):
                raise ModbusError(ILLEGAL_VALUE)
            result = self._execute(box, now)
            ack.seq, ack.session, ack.opcode, ack.job_id = box.seq, box.session, box.opcode, box.job_id
            ack.result = int(result)
        before_store()
        self._memory.commit()

    def _execute(self, box: Mailbox, now: float) -> Result:
        if box.opcode in list(ComplexCommand):
            return self._command(ComplexCommand(box.opcode), now)
        match box.opcode:
            case Opcode.SUBMIT:
                return self._submit(box)
            case Opcode.CANCEL:
                return self._cancel(box)
            case Opcode.RELEASE:
                return self._release(box)
            case Opcode.OPEN_CELL:
                return self._open_cell(box, now)
            case Opcode.SET_BIN:
                return self._set_bin(box)
            case Opcode.ACK_FAULT:
                return self._ack_fault()
        raise ModbusError(ILLEGAL_VALUE)

    def _command(self, command: ComplexCommand, now: float) -> Result:
        if self._packml.already(command):
            return Result.ALREADY_KNOWN
        latched = self._memory.ack.estop_latched or self._around.estop_pressed
        if not self._packml.allows(command) or (command is ComplexCommand.CLEAR and latched):
            return Result.WRONG_STATE
        self._packml.command(command, now)
        if command is ComplexCommand.ABORT:
            self._kitchen.interrupt(now)
        return Result.OK

    def _submit(self, box: Mailbox) -> Result:
        if self._memory.find(box.job_id, box.attempt) or self._memory.was_released(box.job_id, box.attempt):
            return Result.ALREADY_KNOWN
        if not box.job_id or not self._is_place(box):
            raise ModbusError(ILLEGAL_VALUE)
        slot = self._slot(box)
        refusal = self._refusal(slot)
        if refusal is not None:
            return refusal
        if not self._is_cookable(slot.phases):
            return Result.CHART_MISMATCH
        if not self._has_material(slot.ingredients):
            return Result.NO_MATERIAL
        if slot.only_cell and self._kitchen.cells.place_for(slot) is None:
            return Result.NO_CELL
        self._memory.ack.accepted_n = slot.accepted_n
        self._memory.slots[self._memory.slots.index(None)] = slot
        return Result.OK

    def _is_place(self, box: Mailbox) -> bool:
        """A cell of this complex, or none; and nobody shares one where none can be shared."""
        return box.cell <= len(self._memory.cells) and (self._kitchen.cells.shares or not box.together)

    def _slot(self, box: Mailbox) -> SlotRecord:
        """What the job would be."""
        phases, tolerances = self._staged_chart(box)
        label_job, order_id = decode_label(self._staging.label)
        return SlotRecord(
            job_id=box.job_id,
            attempt=box.attempt,
            recipe=box.recipe,
            order_id=order_id if label_job == box.job_id else "",
            chart_crc=box.chart_crc,
            phases=phases,
            ingredients=box.ingredients,
            accepted_seq=box.seq,
            accepted_n=self._memory.ack.accepted_n + 1,
            tolerances=tolerances,
            together=box.together,
            only_cell=box.cell,
        )

    def _refusal(self, slot: SlotRecord) -> Result | None:
        if self._packml.paused_by == PAUSED_BY_CELLS:
            return Result.NO_CELL
        if self._packml.state is not ComplexState.EXECUTE or self._heartbeat_lost():
            return Result.WRONG_STATE
        cells = self._kitchen.cells
        if cells.own(slot) is None and (cells.blocked or (self._around.cells_full and cells.none_free)):
            return Result.NO_CELL
        if None not in self._memory.slots:
            return Result.FULL
        return None

    def _staged_chart(self, box: Mailbox) -> tuple[tuple[Phase, ...], tuple[int, ...]]:
        """The phases and tolerances of the job, none where another chart is staged. A controller of the first revision
        stages no extension for its job: then the chart is all there is."""
        chart = decode_chart(self._staging.chart)
        extension = decode_extension(self._staging.extension, len(chart))
        if extension.job_id != box.job_id:
            return (chart if crc_of(self._staging.chart) == box.chart_crc else ()), ()
        if crc_of([*self._staging.chart, *extension.words]) != box.chart_crc:
            return (), ()
        try:
            return extended(chart, extension), extension.tolerances
        except MapError:
            return (), ()

    def _is_cookable(self, phases: Sequence[Phase]) -> bool:
        """Stations and resources that this complex has, and what they can do."""
        equipment = self._memory.equipment
        resources = {row.number for row in equipment.resources.values()}
        if not phases or any(phase.station not in equipment.by_number for phase in phases):
            return False
        whole = [phase for phase in phases if phase.after is not None]
        if any(not resources.issuperset(phase.resources) for phase in whole):
            return False
        return all(self._can(phase) for phase in whole)

    def _can(self, phase: Phase) -> bool:
        """The operation at its station, and each parameter in its range or left to the station."""
        parameters = self._memory.equipment.parameters(phase.station, phase.operation)
        if parameters is None:
            return False
        asked = (phase.p1, *phase.more)
        ranges = [(row.min, row.max) for row in parameters.values()] + [(0, 0)] * len(asked)
        return all(not value or least <= value <= most for value, (least, most) in zip(asked, ranges, strict=False))

    def _has_material(self, ingredients: Sequence[tuple[int, int]]) -> bool:
        wanted: Counter[int] = Counter()
        for code, amount in ingredients:
            wanted[code] += amount
        promised, bins = self._kitchen.bins.promised(), self._kitchen.bins
        return all(bool(bins.holding(n)) and bins.amount(n) - promised[n] >= amount for n, amount in wanted.items())

    def _cancel(self, box: Mailbox) -> Result:
        slot = self._memory.find(box.job_id, box.attempt)
        if slot is None or slot.state not in (JobState.QUEUED, JobState.CANCELLED):
            return Result.WRONG_STATE
        if slot.state is JobState.CANCELLED:
            return Result.ALREADY_KNOWN
        slot.state = JobState.CANCELLED
        return Result.OK

    def _release(self, box: Mailbox) -> Result:
        """Rule 6. The cell keeps the job id until the food is taken."""
        slot = self._memory.find(box.job_id, box.attempt)
        if slot is None:
            known = self._memory.was_released(box.job_id, box.attempt)
            return Result.ALREADY_KNOWN if known else Result.WRONG_STATE
        if slot.state not in _RELEASABLE:
            return Result.WRONG_STATE
        self._memory.release(slot)
        return Result.OK

    def _open_cell(self, box: Mailbox, now: float) -> Result:
        if not 1 <= box.cell <= len(self._memory.cells):
            raise ModbusError(ILLEGAL_VALUE)
        index = box.cell - 1
        state = self._kitchen.cells.state(index)
        lying = [one.job_id for one in self._memory.cells[index].placed if one.loaded]
        if box.job_id not in lying or state not in (CellState.LOADED, CellState.OPEN):
            return Result.NO_CELL
        if state is CellState.OPEN:
            return Result.ALREADY_KNOWN
        self._kitchen.cells.open(index, now)
        return Result.OK

    def _set_bin(self, box: Mailbox) -> Result:
        """A person has filled or emptied the bin: what the sensor said before is over."""
        if len(box.ingredients) != 1:
            raise ModbusError(ILLEGAL_VALUE)
        number, level = box.ingredients[0]
        rows = self._memory.equipment.bins
        if not 1 <= number <= len(rows) or level > rows[number - 1].capacity:
            raise ModbusError(ILLEGAL_VALUE)
        self._memory.levels[number - 1] = level
        self._around.empty_bins.discard(number)
        return Result.OK

    def _ack_fault(self) -> Result:
        """A person on site confirms. A pressed button cannot be confirmed away."""
        if self._around.estop_pressed:
            return Result.WRONG_STATE
        self._memory.ack.estop_latched = False
        return Result.OK
