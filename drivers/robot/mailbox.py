"""What the controller writes: the command mailbox, the staged process chart and the label (robot.md#registers).

Left open there and fixed here: p1 of a phase is its principal parameter, p2 its nominal seconds; SET_BIN carries the
bin and its level as the first ingredient pair; OPEN_CELL carries the cell in register 7 and the job in 2–3. A SUBMIT
carries in the high byte of register 7 how many portions of its order are to share a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from drivers.robot.port import Phase
from drivers.robot.registers import (
    CHART_SIZE,
    LABEL_SIZE,
    MAILBOX_SIZE,
    MapError,
    checked,
    crc_of,
    split_u32,
    text_of,
    text_registers,
    u32,
)

MAX_PHASES = 24
MAX_INGREDIENTS = 12
MAX_LABEL = 16
_PHASE_WIDTH = 5
_CRC_AT = 34
_MOST_CELL = _MOST_TOGETHER = 0xFF


class Opcode(IntEnum):
    """Opcodes 1–10 are `ComplexCommand`."""

    SUBMIT = 20
    CANCEL = 21
    RELEASE = 22
    OPEN_CELL = 23
    SET_BIN = 24
    ACK_FAULT = 25


class Result(IntEnum):
    OK = 1
    ALREADY_KNOWN = 2
    FULL = 3
    NO_MATERIAL = 4
    CHART_MISMATCH = 5
    WRONG_STATE = 6
    NO_CELL = 7


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One command. `seq` and `session` are filled in by the owner of the line; `together` as of a `CookingOrder`."""

    opcode: int
    job_id: int = 0
    attempt: int = 0
    recipe: int = 0
    chart_crc: int = 0
    cell: int = 0
    ingredients: tuple[tuple[int, int], ...] = ()
    seq: int = 0
    session: int = 0
    together: int = 0

    def sent_as(self, seq: int, session: int) -> Mailbox:
        return replace(self, seq=seq, session=session)


def encode_mailbox(box: Mailbox) -> list[int]:
    if len(box.ingredients) > MAX_INGREDIENTS:
        raise MapError("bad_value", f"{len(box.ingredients)} ingredients")
    if box.cell > _MOST_CELL:
        raise MapError("bad_value", f"cell {box.cell}")
    place = box.cell | min(box.together, _MOST_TOGETHER) << 8
    words = [box.seq, box.opcode, *split_u32(box.job_id), box.attempt, box.recipe, box.chart_crc, place]
    words.append(len(box.ingredients))
    words += [word for pair in box.ingredients for word in pair]
    words += [0] * (33 - len(words))
    words = checked([*words, box.session])
    return [*words, crc_of(words), box.seq]


def decode_mailbox(words: Sequence[int]) -> Mailbox:
    """Robot rule 1: raises `MapError` (`bad_crc`, `bad_commit`, `bad_value`) and nothing may happen."""
    if len(words) != MAILBOX_SIZE:
        raise MapError("bad_length", f"{len(words)} registers of {MAILBOX_SIZE}")
    if crc_of(words[:_CRC_AT]) != words[_CRC_AT]:
        raise MapError("bad_crc")
    if words[35] != words[0]:
        raise MapError("bad_commit", f"{words[35]} for {words[0]}")
    if words[8] > MAX_INGREDIENTS:
        raise MapError("bad_value", f"{words[8]} ingredients")
    pairs = tuple((words[9 + 2 * i], words[10 + 2 * i]) for i in range(words[8]))
    return Mailbox(
        opcode=words[1],
        job_id=u32(words[2], words[3]),
        attempt=words[4],
        recipe=words[5],
        chart_crc=words[6],
        cell=words[7] & 0xFF,
        ingredients=pairs,
        seq=words[0],
        session=words[33],
        together=words[7] >> 8,
    )


def encode_chart(phases: Sequence[Phase]) -> list[int]:
    """The whole staging area, zero-padded: what is left of the chart before must not stay in it."""
    if len(phases) > MAX_PHASES:
        raise MapError("bad_value", f"{len(phases)} phases")
    words = [word for p in phases for word in (p.operation, p.station, p.p1, p.p2, p.max_s)]
    return checked(words + [0] * (CHART_SIZE - len(words)))


def decode_chart(words: Sequence[int]) -> tuple[Phase, ...]:
    """Phases up to the first with operation 0."""
    if len(words) != CHART_SIZE:
        raise MapError("bad_length", f"{len(words)} registers of {CHART_SIZE}")
    phases: list[Phase] = []
    for i in range(0, CHART_SIZE, _PHASE_WIDTH):
        if words[i] == 0:
            break
        operation, station, p1, p2, max_s = words[i : i + _PHASE_WIDTH]
        phases.append(Phase(operation, station, p1, p2, max_s))
    return tuple(phases)


def encode_label(job_id: int, order_id: str) -> list[int]:
    if not order_id.isascii() or len(order_id) > MAX_LABEL:
        raise MapError("bad_value", f"order id {order_id!r}")
    return [*split_u32(job_id), *text_registers(order_id, LABEL_SIZE - 2)]


def decode_label(words: Sequence[int]) -> tuple[int, str]:
    """(job id, order id); what is not ASCII is no label."""
    if len(words) != LABEL_SIZE:
        raise MapError("bad_length", f"{len(words)} registers of {LABEL_SIZE}")
    text = text_of(words[2:])
    return u32(words[0], words[1]), text if text.isascii() else ""
