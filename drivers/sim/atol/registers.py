"""Registers of the simulated ATOL register, command 91 (atol.md#registers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from drivers.fiscal.atol.frames import bcd
from drivers.sim.atol.machine import Machine
from drivers.sim.drive import Document
from drivers.sim.refusal import Refusal

Register = Callable[[Machine, int, int], bytes]
FFD_BYTES: Mapping[str, int] = MappingProxyType({"1.05": 2, "1.1": 3, "1.2": 4})
KINDS_BY_PLACE: Mapping[int, int] = MappingProxyType({0: 1, 1: 4, 2: 2, 3: 5})  # sell, buy, their returns
_NO_REGISTER = 0x6C
_SHIFT_LIMIT = timedelta(hours=24)


def read_register(machine: Machine, data: bytes) -> bytes:
    register = REGISTERS.get(data[0])
    if register is None:
        raise Refusal(_NO_REGISTER)
    first, second = (*data[1:3], 0, 0)[:2]
    return register(machine, first, second)


def day(at: datetime) -> bytes:
    return bcd(at.day, 1) + bcd(at.month, 1) + bcd(at.year % 100, 1)


def clock(at: datetime) -> bytes:
    return bcd(at.hour, 1) + bcd(at.minute, 1) + bcd(at.second, 1)


def _payments(machine: Machine, kind: int, payment: int) -> bytes:
    return bcd(machine.till.totals.get(f"{kind}:{payment}", 0), 6)


def _require_counters(machine: Machine) -> None:
    """Older firmware has none."""
    if machine.till.faults.on("no_counters") is not None:
        raise Refusal(_NO_REGISTER)


def _count(machine: Machine, kind: int, _: int) -> bytes:
    _require_counters(machine)
    return bcd(machine.till.totals.get(f"{kind}:count", 0), 5)


def _total(machine: Machine, place: int, _: int) -> bytes:
    """Of all payments of a kind of receipt."""
    _require_counters(machine)
    if place not in KINDS_BY_PLACE:
        raise Refusal(_NO_REGISTER)
    kind = KINDS_BY_PLACE[place]
    return bcd(machine.till.sum_of(kind), 7)


def _moved(name: str, size: int) -> Register:
    """Cash put in or taken out: how much, how often."""
    return lambda machine, *_: bcd(machine.till.totals.get(name, 0), size)


def _cash(machine: Machine, *_: int) -> bytes:
    return bcd(machine.till.cash_kopecks, 7)


def _now(machine: Machine, *_: int) -> bytes:
    now = machine.till.now()
    return day(now) + clock(now)


def _shift(machine: Machine, *_: int) -> bytes:
    drive = machine.till.drive
    state = 0 if not drive.state.shift_open else 2 if drive.expired() else 1
    opened = drive.state.shift_opened_at
    ends = (datetime.fromisoformat(opened) if opened else machine.till.now()) + _SHIFT_LIMIT
    return bytes((state,)) + day(ends) + clock(ends)


def _receipt(machine: Machine, *_: int) -> bytes:
    receipt, state = machine.till.receipt, machine.till.drive.state
    head = bytes((receipt is not None, receipt.kind if receipt is not None else 0))
    return head + bcd(state.receipt % 10_000, 2) + bcd(state.last_document, 4)


def _sums(machine: Machine, *_: int) -> bytes:
    receipt = machine.till.receipt
    sums = (receipt.total_kopecks, receipt.remainder_kopecks, receipt.change_kopecks) if receipt else (0, 0, 0)
    return b"".join(bcd(kopecks, 5) for kopecks in sums)


def last_closed_shift(machine: Machine) -> int:
    state = machine.till.drive.state
    return state.shift - 1 if state.shift_open else state.shift


def _closed_shift(machine: Machine, *_: int) -> bytes:
    return bcd(last_closed_shift(machine), 2)


def _serial(machine: Machine, *_: int) -> bytes:
    return bcd(int(machine.till.device_serial), 7)


def _line_width(machine: Machine, *_: int) -> bytes:
    return bcd(48, 1) + bcd(576, 2)


def _registrations(machine: Machine, *_: int) -> bytes:
    return bcd(1, 1) + bcd(29, 1) + day(machine.till.valid_until)


def _last_receipt(machine: Machine, *_: int) -> bytes:
    number, kind = machine.till.last_receipt
    document = machine.till.drive.document(number)
    if document is None:
        return bytes(5 + 1 + 7 + 5 + 5)
    return bcd(number, 5) + bytes((kind,)) + bcd(document.total_kopecks, 7) + _moment_and_sign(document)


def _last_document(machine: Machine, *_: int) -> bytes:
    number = machine.till.drive.state.last_document
    document = machine.till.drive.document(number)
    return bytes(5 + 5 + 5) if document is None else bcd(number, 5) + _moment_and_sign(document)


def _moment_and_sign(document: Document) -> bytes:
    return day(document.at) + clock(document.at)[:2] + bcd(document.sign, 5)


def _shift_receipts(machine: Machine, *_: int) -> bytes:
    state = machine.till.drive.state
    return bcd(state.receipt, 3) + bcd(state.shift, 3)


def _ffd(machine: Machine, *_: int) -> bytes:
    return bytes((FFD_BYTES[machine.till.ffd],)) * 4


def _ever(machine: Machine, kind: int, _: int) -> bytes:
    """What has ever been registered by receipts of a kind; no shift resets it."""
    return bcd(machine.till.ever.get(str(kind), 0), 7)


def _unsent(machine: Machine, *_: int) -> bytes:
    """How many documents wait for the operator."""
    return bcd(len(machine.till.drive.unsent()), 3)


def _zeros(size: int) -> Register:
    """32, 38, 3B, 3D and 40: devices have them and the vendor's driver takes zeros. What they hold, what the cells of
    command 46 hold and what command EF does, no text that is open to the public says: zeros, and EF is refused."""
    return lambda *_: bytes(size)


REGISTERS: Mapping[int, Register] = MappingProxyType(
    {
        0x03: _payments,
        0x04: _moved("in", 6),
        0x05: _moved("out", 6),
        0x08: _moved("in:count", 2),
        0x09: _moved("out:count", 2),
        0x0A: _cash,
        0x0C: _total,
        0x11: _now,
        0x12: _shift,
        0x13: _receipt,
        0x14: _sums,
        0x15: _closed_shift,
        0x16: _serial,
        0x18: _line_width,
        0x1A: _registrations,
        0x28: _ever,
        0x2B: _zeros(16),  # the last exchange with the tax operator went well
        0x2C: _unsent,
        0x32: _zeros(7),
        0x33: _last_receipt,
        0x34: _last_document,
        0x35: _shift_receipts,
        0x36: _ffd,
        0x37: _zeros(2),
        0x38: _zeros(7),
        0x3B: _zeros(7),
        0x3D: _zeros(7),
        0x40: _zeros(7),
        0x41: _count,
    }
)
