"""The simulated registrar's command table: lengths, passwords, questions about state (protocols/shtrih.md §2, §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from drivers.fiscal.shtrih_answers import ErrorText, FullStatus, Model, ShortStatus
from drivers.fiscal.shtrih_codec import Answer, CodecError, Fields, code_bytes, code_of, uint
from drivers.fiscal.shtrih_drive_answers import (
    DocumentHead,
    DriveExpiry,
    DriveSerial,
    DriveVersion,
    ShiftState,
    Unacknowledged,
)
from drivers.fiscal.shtrih_errors import error_text
from drivers.fiscal.shtrih_tlv import Tlv
from drivers.sim import shtrih_sales as sales
from drivers.sim.shtrih_drive import ARCHIVE_90_PERCENT, INN
from drivers.sim.shtrih_refusal import Refusal
from drivers.sim.shtrih_register import MODE_CLOSED, MODE_DATE, Register

ADMIN, SYSADMIN = 29, 30
_DRIVE_FULL = 0x06
_MODEL = Model(kind=0, subkind=0, protocol=2, subprotocol=0, model=250, language=0, name="ШТРИХ-М-01Ф")
_FIRMWARE_DATE = bytes((1, 6, 24))
_PIECE = 200
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


def _op(register: Register, operator: int, data: bytes) -> bytes:
    return uint(operator, 1)


def _short_status(register: Register, operator: int, data: bytes) -> bytes:
    receipt = register.receipt
    return ShortStatus(
        operator=operator,
        flags=register.flags,
        mode_byte=register.mode_byte,
        submode=register.submode,
        operations=len(receipt.lines) if receipt is not None else 0,
        battery=0x9F,
        supply=0xE5,
        drive_error=_drive_error(register),
        last_print={2: 1, 5: 5}.get(register.submode, 0),
    ).encode()


def _full_status(register: Register, operator: int, data: bytes) -> bytes:
    drive = register.drive.state
    return FullStatus(
        operator=operator,
        firmware="C1",
        build=52171,
        firmware_date=_FIRMWARE_DATE,
        hall=1,
        document=drive.last_document & 0xFFFF,
        flags=register.flags,
        mode_byte=register.mode_byte,
        submode=register.submode,
        port=0,
        legacy=b"10" + bytes(2) + _FIRMWARE_DATE,
        time=register.now(),
        memory_flags=0x02,
        serial=1,
        last_closed_shift=(drive.shift - drive.shift_open) & 0xFFFF,
        free_records=2000,
        registrations=1,
        registrations_left=29,
        inn=int(INN),
    ).encode()


def _drive_error(register: Register) -> int:
    return _DRIVE_FULL if register.faults.on("drive_full") is not None else 0


def _font(register: Register, operator: int, data: bytes) -> bytes:
    """Printable width 504 dots, a character 12 × 25, nine fonts."""
    return uint(504, 2) + bytes((12, 25, 9))


def _exchange_parameters(register: Register, operator: int, data: bytes) -> bytes:
    return bytes((6, 50))  # 115200 baud, 50 ms


def _money_register(register: Register, operator: int, data: bytes) -> bytes:
    return uint(operator, 1) + uint(register.drive.state.shift_totals.get("1", 0), 6)


def _count_register(register: Register, operator: int, data: bytes) -> bytes:
    return uint(operator, 1) + uint(register.drive.state.last_document & 0xFFFF, 2)


def _read_table(register: Register, operator: int, data: bytes) -> bytes:
    fields = Fields(data)
    return register.tables.read(fields.uint(1), fields.uint(2), fields.uint(1))


def _write_table(register: Register, operator: int, data: bytes) -> bytes:
    fields = Fields(data)
    register.tables.write(fields.uint(1), fields.uint(2), fields.uint(1), fields.rest())
    return b""


def _table_shape(register: Register, operator: int, data: bytes) -> bytes:
    return register.tables.table(data[0]).shape().encode()


def _field_shape(register: Register, operator: int, data: bytes) -> bytes:
    return register.tables.field(data[0], data[1]).shape().encode()


def _set_time(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_CLOSED:
        raise Refusal(0x73)
    hour, minute, second = data
    try:
        register.set_clock(register.now().replace(hour=hour, minute=minute, second=second))
    except ValueError as error:
        raise Refusal(0x33) from error
    return b""


def _set_date(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_CLOSED:
        raise Refusal(0x73)
    day, month, year = data
    try:
        date(2000 + year, month, day)
    except ValueError as error:
        raise Refusal(0x7D) from error
    register.new_date = (day, month, year)
    return b""


def _confirm_date(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_DATE:
        raise Refusal(0x73)
    if tuple(data) != register.new_date:
        raise Refusal(0x7C)
    day, month, year = data
    register.new_date = None
    register.set_clock(datetime.combine(date(2000 + year, month, day), register.now().time()))
    return b""


def _error_text(register: Register, operator: int, data: bytes) -> bytes:
    return ErrorText(error_text(data[0])).encode()


def _model(register: Register, operator: int, data: bytes) -> bytes:
    return _MODEL.encode()


def _drive_status(register: Register, operator: int, data: bytes) -> bytes:
    full = register.faults.on("drive_full") is not None
    return register.drive.status(warnings=ARCHIVE_90_PERCENT if full else 0).encode()


def _drive_serial(register: Register, operator: int, data: bytes) -> bytes:
    return DriveSerial(register.drive.state.serial).encode()


def _drive_expiry(register: Register, operator: int, data: bytes) -> bytes:
    return DriveExpiry(date(2039, 12, 31), bytes((29, 1))).encode()


def _drive_version(register: Register, operator: int, data: bytes) -> bytes:
    return DriveVersion("fn_v_1_2", 0).encode()


def _cancel_drive_document(register: Register, operator: int, data: bytes) -> bytes:
    if register.receipt is not None:
        raise Refusal(0x4A)
    with register.world.change() as change:
        register.drive.cancel(change)
    register.report_tlvs = []
    return b""


def _find_document(register: Register, operator: int, data: bytes) -> bytes:
    document = register.drive.document(Fields(data).uint(4))
    if document is None:
        raise Refusal(0x08)
    return document.found(acknowledged=register.drive.acknowledged(document)).encode()


def _start_reading(register: Register, operator: int, data: bytes) -> bytes:
    """Enters mode 1 until the last piece is read."""
    document = register.drive.document(Fields(data).uint(4))
    if document is None:
        raise Refusal(0x08)
    content = b"".join(map(Tlv.encode, document.requisites()))
    register.reading = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)]
    return DocumentHead(document.kind, len(content)).encode()


def _read_piece(register: Register, operator: int, data: bytes) -> bytes:
    if not register.reading:
        register.reading = None
        raise Refusal(0x08)
    return register.reading.pop(0)


def _ofd_status(register: Register, operator: int, data: bytes) -> bytes:
    return register.drive.ofd().encode()


def _unacknowledged(register: Register, operator: int, data: bytes) -> bytes:
    return Unacknowledged(len(register.drive.unsent())).encode()


def _shift_state(register: Register, operator: int, data: bytes) -> bytes:
    drive = register.drive.state
    return ShiftState(drive.shift_open, drive.shift, drive.receipt).encode()


_TEXT = (40, 200)
COMMANDS: Mapping[int, Command] = MappingProxyType(
    {
        0x10: Command(_short_status),
        0x11: Command(_full_status),
        0x13: Command(_op),
        0x14: Command(lambda *_: b"", (3, 3), admin=True),
        0x15: Command(_exchange_parameters, (1, 1), admin=True),
        0x17: Command(sales.print_text, (1, 201)),
        0x1A: Command(_money_register, (1, 2)),
        0x1B: Command(_count_register, (1, 2)),
        0x1E: Command(_write_table, (5, 250), admin=True),
        0x1F: Command(_read_table, (4, 4), admin=True),
        0x21: Command(_set_time, (3, 3), admin=True),
        0x22: Command(_set_date, (3, 3), admin=True),
        0x23: Command(_confirm_date, (3, 3), admin=True),
        0x25: Command(sales.cut, (1, 1)),
        0x26: Command(_font, (1, 1)),
        0x28: Command(_op, (1, 1)),
        0x29: Command(sales.print_text, (2, 2)),
        0x2D: Command(_table_shape, (1, 1), admin=True),
        0x2E: Command(_field_shape, (2, 2), admin=True),
        0x2F: Command(sales.print_text, (2, 202)),
        0x40: Command(sales.x_report, admin=True),
        0x41: Command(sales.z_report, admin=True),
        0x50: Command(sales.cash_in_out, (5, 5)),
        0x51: Command(sales.cash_in_out, (5, 5)),
        0x6B: Command(_error_text, (1, 1), open=True),
        0x80: Command(sales.legacy_sale, (55, 250)),
        0x82: Command(sales.legacy_refund, (55, 250)),
        0x85: Command(sales.legacy_close, (66, 250)),
        0x88: Command(sales.cancel),
        0x89: Command(sales.subtotal),
        0x8C: Command(sales.repeat_document),
        0x8D: Command(sales.open_receipt, (1, 1)),
        0xB0: Command(sales.continue_print),
        0xE0: Command(sales.open_shift),
        0xFC: Command(_model, open=True),
        0xFF01: Command(_drive_status),
        0xFF02: Command(_drive_serial),
        0xFF03: Command(_drive_expiry),
        0xFF04: Command(_drive_version),
        0xFF08: Command(_cancel_drive_document),
        0xFF0A: Command(_find_document, (4, 4)),
        0xFF0B: Command(sales.open_shift_in_drive),
        0xFF0C: Command(sales.send_tlv, _ANY),
        0xFF35: Command(sales.begin_correction),
        0xFF36: Command(sales.short_correction, (6, 6)),
        0xFF38: Command(sales.settlement_report),
        0xFF39: Command(_ofd_status),
        0xFF3A: Command(_start_reading, (4, 4)),
        0xFF3B: Command(_read_piece),
        0xFF3F: Command(_unacknowledged),
        0xFF40: Command(_shift_state),
        0xFF41: Command(sales.begin_open_shift),
        0xFF42: Command(sales.begin_close_shift),
        0xFF43: Command(sales.close_shift_in_drive),
        0xFF45: Command(sales.close, (112, 176)),
        0xFF46: Command(sales.operation, (26, 160)),
        0xFF4A: Command(sales.correction, (63, 63)),
        0xFF4D: Command(sales.send_item_tlv, _ANY),
    }
)
