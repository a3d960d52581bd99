"""The complex's register map (robot.md#registers): addresses, guards and the health block, both directions.

Sans-IO, registers are 16-bit integers. The driver decodes what the robot encodes and the other way round, so the
simulator speaks through the same functions from the other end.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivers.robot.port import NO_CAPABILITY, Capability, ComplexState, Health, HealthFlag
from drivers.text import shown

MAGIC = 0x5243
#: The first revision, and the one that carries the whole chart (robot.md#the-extension).
MAP_VERSION, WHOLE_CHART = 1, 2
_KNOWN_VERSIONS = (MAP_VERSION, WHOLE_CHART)

HEALTH = 0  # input registers
HEALTH_SIZE = 32

MAILBOX = 0  # holding registers
MAILBOX_SIZE = 36
HEARTBEAT = 60
CHART = 100
CHART_SIZE = 120
LABEL = 220
LABEL_SIZE = 10
EXTENSION = 240
EXTENSION_SIZE = 158


_LAST_SEQ = 65535
_CAPABILITIES = sum(Capability)


class MapError(ValueError):
    """Registers that are not this map. `code` is a stable word; only `map_version` proves another device."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


def crc_of(registers: Sequence[int]) -> int:
    """CRC-CCITT (start 0xFFFF) over registers sent big-endian: mailbox and chart."""
    return binascii.crc_hqx(struct.pack(f">{len(registers)}H", *registers), 0xFFFF)


def next_seq(last: int) -> int:
    """Robot rule 2: last + 1, and 65535 is followed by 1."""
    return 1 if last >= _LAST_SEQ else last + 1


def u32(high: int, low: int) -> int:
    """Two registers, the high one first."""
    return high << 16 | low


def split_u32(value: int) -> tuple[int, int]:
    """Two registers, the high one first. Raises `MapError` where it does not fit."""
    if not 0 <= value <= 0xFFFFFFFF:
        raise MapError("bad_value", f"{value} is no u32")
    return value >> 16, value & 0xFFFF


def i16(register: int) -> int:
    """A register as a signed number."""
    return register - 0x10000 if register & 0x8000 else register


def from_i16(value: int) -> int:
    """A signed number as a register. Raises `MapError` where it does not fit."""
    if not -0x8000 <= value <= 0x7FFF:
        raise MapError("bad_value", f"{value} is no i16")
    return value & 0xFFFF


def checked(registers: Iterable[int]) -> list[int]:
    """The registers as a list; raises `MapError` unless each is a u16."""
    listed = list(registers)
    for register in listed:
        if not 0 <= register <= 0xFFFF:
            raise MapError("bad_value", f"{register} is no u16")
    return listed


def text_registers(text: str, size: int) -> list[int]:
    """UTF-8, two bytes a register, zero-padded, cut at a whole character."""
    data = text.encode("utf-8")[: size * 2].decode("utf-8", "ignore").encode("utf-8")
    return list(struct.unpack(f">{size}H", data.ljust(size * 2, b"\0")))


def text_of(registers: Sequence[int]) -> str:
    """UTF-8 bytes, two in a register, up to a zero byte."""
    data = struct.pack(f">{len(registers)}H", *registers)
    return shown(data.split(b"\0", 1)[0].decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class HealthBlock:
    """Input registers 0–31. Magic and the guard register are the codec's own."""

    serial: int
    firmware: int
    boot: int
    heartbeat: int
    echo: int
    mode: int
    state: ComplexState
    requested: int
    flags: HealthFlag
    last_seq: int
    last_session: int
    last_opcode: int
    last_result: int
    last_job: int
    fault_code: int
    fault_class: int
    fault_counter: int
    jobs_generation: int
    bins_generation: int
    cells_generation: int
    capabilities: int
    slots: int
    bins: int
    cells: int
    stations: int
    min_cook_temp: int
    version: int = MAP_VERSION

    def as_health(self) -> Health:
        return Health(
            serial=self.serial,
            firmware=self.firmware,
            boot=self.boot,
            state=self.state,
            flags=self.flags,
            fault_code=self.fault_code,
            fault_counter=self.fault_counter,
            jobs_generation=self.jobs_generation,
            bins_generation=self.bins_generation,
            cells_generation=self.cells_generation,
            slots=self.slots,
            bins=self.bins,
            cells=self.cells,
            stations=self.stations,
            map_version=self.version,
            capabilities=self.known_capabilities,
        )

    @property
    def known_capabilities(self) -> Capability:
        """A complex of the first revision has none, whatever it writes there."""
        return Capability(self.capabilities & _CAPABILITIES) if self.version >= WHOLE_CHART else NO_CAPABILITY


def encode_health(block: HealthBlock) -> list[int]:
    words = [MAGIC, block.version, *split_u32(block.serial), block.firmware, block.boot, block.heartbeat, block.echo]
    words += [block.mode, int(block.state), block.requested, int(block.flags)]
    words += [block.last_seq, block.last_session, block.last_opcode, block.last_result, *split_u32(block.last_job)]
    words += [block.fault_code, block.fault_class, block.fault_counter]
    words += [block.jobs_generation, block.bins_generation, block.cells_generation]
    words += [block.capabilities, block.slots, block.bins, block.cells, block.stations, block.min_cook_temp]
    return checked([*words, 0, MAGIC ^ block.heartbeat])


def decode_health(words: Sequence[int]) -> HealthBlock:
    """Raises `MapError`: `bad_length`, `bad_magic`, `map_version`, `torn_block`, `bad_value`."""
    if len(words) != HEALTH_SIZE:
        raise MapError("bad_length", f"{len(words)} registers of {HEALTH_SIZE}")
    if words[0] != MAGIC:
        raise MapError("bad_magic", f"{words[0]:#06x}")
    if words[31] != words[0] ^ words[6]:
        raise MapError("torn_block", f"{words[31]:#06x}")
    if words[1] not in _KNOWN_VERSIONS:
        raise MapError("map_version", str(words[1]))
    return HealthBlock(
        serial=u32(words[2], words[3]),
        firmware=words[4],
        boot=words[5],
        heartbeat=words[6],
        echo=words[7],
        mode=words[8],
        state=_state(words[9]),
        requested=words[10],
        flags=HealthFlag(words[11] & 0x3F),
        last_seq=words[12],
        last_session=words[13],
        last_opcode=words[14],
        last_result=words[15],
        last_job=u32(words[16], words[17]),
        fault_code=words[18],
        fault_class=words[19],
        fault_counter=words[20],
        jobs_generation=words[21],
        bins_generation=words[22],
        cells_generation=words[23],
        capabilities=words[24],
        slots=words[25],
        bins=words[26],
        cells=words[27],
        stations=words[28],
        min_cook_temp=words[29],
        version=words[1],
    )


def _state(word: int) -> ComplexState:
    try:
        return ComplexState(word)
    except ValueError as error:
        raise MapError("bad_value", f"PackML state {word}") from error
