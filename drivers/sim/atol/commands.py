"""The simulated ATOL register's command table: password, length, mode, then the work (atol.md#commands)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.fiscal.fields import CodecError
from drivers.sim.atol import queries, reports, sales
from drivers.sim.atol.machine import PROGRAMMING, REGISTRATION, WRONG_LENGTH, WRONG_MODE, X_REPORTS, Z_REPORTS, Machine
from drivers.sim.atol.registers import read_register
from drivers.sim.refusal import Refusal

PASSWORD_BYTES = 2
_UNSUPPORTED, _BAD_FORMAT = 0x7A, 0xF2
_OK = 0x55

Handler = Callable[[Machine, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Command:
    """`sizes`: least and most bytes of arguments. `bare`: the handler makes the whole answer; `query`: no extension
    byte between the error and the data."""

    handler: Handler
    sizes: tuple[int, int] = (0, 0)
    mode: int | None = None
    query: bool = False
    bare: bool = False


def execute(machine: Machine, payload: bytes) -> tuple[bytes, bool]:
    """One task: its answer and whether it is an error."""
    command = COMMANDS.get(payload[PASSWORD_BYTES]) if len(payload) > PASSWORD_BYTES else None
    try:
        if command is None:
            raise Refusal(_UNSUPPORTED)
        answer = _run(machine, command, payload[PASSWORD_BYTES + 1 :])
    except Refusal as refusal:
        return refused(machine, refusal.code)
    machine.last_error = 0
    return answer, False


def refused(machine: Machine, code: int) -> tuple[bytes, bool]:
    machine.last_error = code
    return bytes((_OK, code, 0)), True


def _run(machine: Machine, command: Command, data: bytes) -> bytes:
    least, most = command.sizes
    if not least <= len(data) <= most:
        raise Refusal(WRONG_LENGTH)
    if command.mode is not None and machine.mode != command.mode:
        raise Refusal(WRONG_MODE)
    try:
        answer = command.handler(machine, data)
    except CodecError as error:
        raise Refusal(_BAD_FORMAT) from error
    if command.bare:
        return answer
    return bytes((_OK, 0)) + (answer if command.query else b"\0" + answer)


_LONG = 1024
_PAYMENT = (7, 7)
COMMANDS: Mapping[int, Command] = MappingProxyType(
    {
        0x3F: Command(queries.full_state, bare=True),
        0x43: Command(sales.discount, (9, 9), REGISTRATION),
        0x45: Command(queries.short_state, bare=True),
        0x46: Command(queries.read_table, (4, 4), PROGRAMMING, query=True),
        0x47: Command(reports.nothing, (0, _LONG)),
        0x48: Command(reports.leave_mode),
        0x49: Command(reports.cash_in, (6, 6), REGISTRATION),
        0x4A: Command(sales.close_receipt, _PAYMENT, REGISTRATION),
        0x4B: Command(reports.set_time, (3, 3)),
        0x4C: Command(reports.print_something, (0, _LONG)),
        0x4D: Command(queries.drawer_cash, bare=True),
        0x4F: Command(reports.cash_out, (6, 6), REGISTRATION),
        0x55: Command(reports.print_something),
        0x56: Command(reports.enter_mode, (5, 5)),
        0x58: Command(queries.last_shift_total, query=True),
        0x59: Command(sales.cancel_receipt, mode=REGISTRATION),
        0x5A: Command(reports.close_shift, (0, 1), Z_REPORTS),
        0x64: Command(reports.set_date, (3, 3)),
        0x67: Command(reports.x_report, (1, 1), X_REPORTS),
        0x6C: Command(reports.print_something),
        0x73: Command(reports.print_something, (0, 1), X_REPORTS),
        0x74: Command(queries.protection_code, (1, 1), bare=True),
        0x75: Command(reports.print_something, (0, 1)),
        0x80: Command(reports.nothing, (0, _LONG)),
        0x88: Command(reports.nothing, (0, _LONG)),
        0x91: Command(read_register, (1, 3), query=True),
        0x92: Command(sales.open_receipt, (2, 2), REGISTRATION),
        0x95: Command(reports.print_copy, (0, 1)),
        0x97: Command(reports.drop_print),
        0x99: Command(sales.pay, _PAYMENT, REGISTRATION),
        0x9A: Command(reports.open_shift, (1, _LONG), REGISTRATION),
        0x9B: Command(sales.take_payment_back, _PAYMENT, REGISTRATION),
        0x9D: Command(queries.unit_version, (0, 1)),
        0xA4: Command(queries.ask_drive, (1, _LONG), query=True),
        0xA5: Command(queries.device_type, (0, 1), bare=True),
        0xB3: Command(queries.last_error, query=True),
        0xB8: Command(sales.receipt_tax, (1, _LONG), REGISTRATION),
        0xC1: Command(reports.print_something, (0, _LONG)),
        0xCE: Command(reports.reboot, (1, 1)),
        0xE6: Command(sales.one_shot_position, (86, 104), REGISTRATION),
        0xE8: Command(sales.write_tag, (7, _LONG), REGISTRATION),
        0xE9: Command(queries.read_tag, (2, 3), query=True),
        0xEA: Command(sales.begin_position, (0, 3), REGISTRATION),
        0xEB: Command(sales.end_position, (41, _LONG), REGISTRATION),
        0xED: Command(reports.set_moment, (6, 6)),
    }
)
