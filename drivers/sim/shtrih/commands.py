"""The simulated registrar's command table: lengths, passwords, questions about state (shtrih.md#commands)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.fiscal.fields import CodecError
from drivers.fiscal.shtrih.frames import Answer, code_bytes, code_of
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih import graphics, ofd, queries, registration, reports, sales
from drivers.sim.shtrih.register import Register
from drivers.sim.shtrih.setup import SYSADMIN

ADMIN = 29
_ANY = (0, 250)

Handler = Callable[[Register, int, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Command:
    """`sizes`: least and most bytes behind the password; `open`: no password at all; `admin`: 29 or 30 only."""

    handler: Handler
    sizes: tuple[int, int] = (0, 0)
    admin: bool = False
    open: bool = False


def execute(register: Register, payload: bytes) -> bytes:
    """One command, one answer. Order of checks: known, length, password, parameters, mode, paper."""
    try:
        code = code_of(payload)
    except CodecError:
        return Answer(payload[0], 0x37).encode()
    try:
        return Answer(code, 0, _run(register, code, payload[len(code_bytes(code)) :])).encode()
    except Refusal as refusal:
        register.last_error = refusal.code
        return Answer(code, refusal.code).encode()


def _run(register: Register, code: int, data: bytes) -> bytes:
    command = COMMANDS.get(code)
    if command is None:
        raise Refusal(0x37)
    operator = 0
    if not command.open:
        operator, data = _operator(data), data[4:]
        if not 1 <= operator <= SYSADMIN or (command.admin and operator < ADMIN):
            raise Refusal(0x4F)
    least, most = command.sizes
    if not least <= len(data) <= most:
        raise Refusal(0x7E)
    return command.handler(register, operator, data)


def _operator(data: bytes) -> int:
    """The default passwords are the operators' own numbers."""
    if len(data) < 4:
        raise Refusal(0x7E)
    return int.from_bytes(data[:4], "little")


COMMANDS: Mapping[int, Command] = MappingProxyType(
    {
        0x10: Command(queries.short_status),
        0x11: Command(queries.full_status),
        0x13: Command(queries.operator_only),
        0x14: Command(lambda *_: b"", (3, 3), admin=True),
        0x15: Command(queries.exchange_parameters, (1, 1), admin=True),
        0x17: Command(reports.print_line, (1, 201)),
        0x1A: Command(queries.money_register, (1, 2)),
        0x1B: Command(queries.count_register, (1, 2)),
        0x1E: Command(queries.write_table, (5, 250), admin=True),
        0x1F: Command(queries.read_table, (4, 4), admin=True),
        0x21: Command(queries.set_time, (3, 3), admin=True),
        0x22: Command(queries.set_date, (3, 3), admin=True),
        0x23: Command(queries.confirm_date, (3, 3), admin=True),
        0x25: Command(reports.cut, (1, 1)),
        0x26: Command(queries.font, (1, 1)),
        0x28: Command(queries.operator_only, (1, 1)),
        0x29: Command(reports.print_text, (2, 2)),
        0x2D: Command(queries.table_shape, (1, 1), admin=True),
        0x2E: Command(queries.field_shape, (2, 2), admin=True),
        0x2F: Command(reports.print_text, (2, 202)),
        0x40: Command(reports.x_report, admin=True),
        0x41: Command(reports.z_report, admin=True),
        0x50: Command(reports.cash_in_out, (5, 5)),
        0x51: Command(reports.cash_in_out, (5, 5)),
        0x4F: Command(graphics.printed, (4, 5)),
        0x6B: Command(queries.error_text, (0, 1), open=True),
        0x80: Command(sales.legacy_sale, (55, 250)),
        0x82: Command(sales.legacy_refund, (55, 250)),
        0x85: Command(sales.legacy_close, (66, 250)),
        0x88: Command(sales.cancel),
        0x89: Command(sales.subtotal),
        0x8C: Command(reports.repeat_document),
        0x8D: Command(sales.open_receipt, (1, 1)),
        0xB0: Command(reports.continue_print),
        0xC0: Command(graphics.loaded, (41, 41)),
        0xC1: Command(graphics.printed, (2, 2)),
        0xC2: Command(graphics.printed, (5, 5)),
        0xC3: Command(graphics.printed, (4, 5)),
        0xC4: Command(graphics.loaded, (42, 250)),
        0xDD: Command(graphics.loaded, (3, 66)),
        0xE0: Command(reports.open_shift),
        0xF7: Command(queries.capabilities, (1, 1), open=True),
        0xFC: Command(queries.model, open=True),
        0xFE: Command(registration.service, (1, 250), open=True),
        0xFF01: Command(queries.drive_status),
        0xFF02: Command(queries.drive_serial),
        0xFF03: Command(queries.drive_expiry),
        0xFF04: Command(queries.drive_version),
        0xFF08: Command(queries.cancel_drive_document),
        0xFF09: Command(registration.fiscalisation),
        0xFF0A: Command(queries.find_document, (4, 4)),
        0xFF0B: Command(reports.open_shift_in_drive),
        0xFF0C: Command(sales.send_tlv, _ANY),
        0xFF0E: Command(registration.fiscalisation_tag, (3, 3)),
        0xFF30: Command(ofd.buffer_status),
        0xFF31: Command(ofd.read_block, (3, 3)),
        0xFF32: Command(ofd.begin_ticket, (2, 2)),
        0xFF33: Command(ofd.write_block, (4, 250)),
        0xFF35: Command(reports.begin_correction),
        0xFF36: Command(reports.short_correction, (6, 6)),
        0xFF37: Command(reports.begin_settlement_report),
        0xFF38: Command(reports.settlement_report),
        0xFF39: Command(queries.ofd_status),
        0xFF3A: Command(queries.start_reading, (4, 4)),
        0xFF3B: Command(queries.read_piece),
        0xFF3C: Command(ofd.kept_ticket, (4, 4)),
        0xFF3F: Command(queries.unacknowledged),
        0xFF40: Command(queries.shift_state),
        0xFF41: Command(reports.begin_open_shift),
        0xFF42: Command(reports.begin_close_shift),
        0xFF43: Command(reports.close_shift_in_drive),
        0xFF45: Command(sales.close, (112, 176)),
        0xFF46: Command(sales.operation, (26, 160)),
        0xFF4A: Command(reports.correction, (63, 63)),
        0xFF4B: Command(sales.discount, (11, 139)),
        0xFF4D: Command(sales.send_item_tlv, _ANY),
    }
)
