"""The simulated registrar's questions, tables and clock: nothing that prints or registers (shtrih.md#commands)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from drivers.fiscal.ffd.drive import (
    DocumentHead,
    DriveExpiry,
    DriveSerial,
    DriveVersion,
    ShiftState,
)
from drivers.fiscal.ffd.exchange import Unacknowledged
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.fields import Fields, fixed_text, uint
from drivers.fiscal.shtrih.answers import (
    PRINTER_FAILED,
    ErrorText,
    FullStatus,
    ShortStatus,
)
from drivers.fiscal.shtrih.errors import error_text as text_of_error
from drivers.fiscal.shtrih.table_answers import RegisterValue
from drivers.sim.drive import ARCHIVE_90_PERCENT, INN
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.models import NO_SUCH_TABLE
from drivers.sim.shtrih.register import BUY, BUY_REFUND, MODE_CLOSED, MODE_DATE, REFUND, SALE, Register
from drivers.sim.shtrih.service_tables import EXCHANGE
from drivers.sim.shtrih.tables import NETWORK, OFD_EXCHANGE

_DRIVE_FULL, _OFD_WAIT_EXPIRED = 0x06, 0x15
_FIRMWARE_DATE = bytes((1, 6, 24))
_PIECE = 200
_VALID_UNTIL = date(2039, 12, 31)
_REPLACE_NOW_DAYS, _REPLACE_SOON_DAYS = 3, 30
_PLACES = (SALE, BUY, REFUND, BUY_REFUND)
_PAYMENTS, _COUNTS, _DRAWER, _LAST_DOCUMENT = range(193, 209), range(144, 148), 241, 152
_DRAWER_SIGNS = ((SALE, 1), (BUY, -1), (REFUND, -1), (BUY_REFUND, 1))


def operator_only(register: Register, operator: int, data: bytes) -> bytes:
    return uint(operator, 1)


def short_status(register: Register, operator: int, data: bytes) -> bytes:
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
        last_print=_last_print(register),
    ).encode()


def _last_print(register: Register) -> int | None:
    if not register.setup.last_print_told:
        return None
    failed = register.faults.on("printer_fault") is not None
    return PRINTER_FAILED if failed else {2: 1, 5: 5}.get(register.submode, 0)


def capabilities(register: Register, operator: int, data: bytes) -> bytes:
    """F7h 01; older firmware does not know it."""
    told = register.model.capabilities
    if told is None or not register.setup.last_print_told:
        raise Refusal(0x37)
    if data != b"\1":
        raise Refusal(0x33)
    return told.encode()


def full_status(register: Register, operator: int, data: bytes) -> bytes:
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
        serial_high=0 if register.setup.long_serial else None,
    ).encode()


def _drive_error(register: Register) -> int:
    if register.faults.on("drive_full") is not None:
        return _DRIVE_FULL
    return _OFD_WAIT_EXPIRED if register.drive.ofd_expired else 0


def font(register: Register, operator: int, data: bytes) -> bytes:
    """Printable width 504 dots, a character 12 × 25, nine fonts."""
    return uint(504, 2) + bytes((12, 25, 9))


def exchange_parameters(register: Register, operator: int, data: bytes) -> bytes:
    return bytes((6, 50))  # 115200 baud, 50 ms


def money_register(register: Register, operator: int, data: bytes) -> bytes:
    """193…208: payments of the open shift, sale, purchase and their refunds for each kind; 241: the drawer."""
    number, state = int.from_bytes(data, "little"), register.drive.state
    value = 0
    if state.shift_open and number in _PAYMENTS:
        payment, place = divmod(number - _PAYMENTS[0], len(_PLACES))
        value = state.shift_payments.get(f"{_PLACES[place]}:{payment}", 0)
    elif state.shift_open and number == _DRAWER:
        value = sum(sign * state.shift_payments.get(f"{kind}:0", 0) for kind, sign in _DRAWER_SIGNS)
    return RegisterValue(operator, value).encode()


def count_register(register: Register, operator: int, data: bytes) -> bytes:
    """144…147: receipts of the open shift; 152: the last document."""
    number, state = int.from_bytes(data, "little"), register.drive.state
    value = 0
    if state.shift_open and number in _COUNTS:
        value = state.shift_counts.get(str(_PLACES[number - _COUNTS[0]]), 0)
    elif number == _LAST_DOCUMENT:
        value = state.last_document & 0xFFFF
    return RegisterValue(operator, value, size=2).encode()


def read_table(register: Register, operator: int, data: bytes) -> bytes:
    fields = Fields(data)
    asked, row, column = fields.uint(1), fields.uint(2), fields.uint(1)
    _require_cell(register, asked, row, column)
    table, field = register.model.place(asked, column)
    if table == EXCHANGE and (live := _exchange(register).get(field)) is not None:
        return live
    return register.tables.read(table, row, field)


def _require_cell(register: Register, asked: int, row: int, column: int) -> None:
    shape = register.model.table(asked)
    if not 1 <= row <= shape.rows or not 1 <= column <= len(shape.fields):
        raise Refusal(NO_SUCH_TABLE)


def _exchange(register: Register) -> dict[int, bytes]:
    """What the table of the exchange shows of the queue."""
    queue = register.drive.ofd()
    first = "" if queue.first_at is None else f"{queue.first_at:%d.%m.%y %H:%M}"
    numbers = {1: uint(queue.state, 1), 2: uint(queue.reading, 1), 3: uint(queue.queue, 2)}
    return numbers | {4: uint(queue.first_document, 4), 5: fixed_text(first, 32)}


def write_table(register: Register, operator: int, data: bytes) -> bytes:
    fields = Fields(data)
    asked, row, column = fields.uint(1), fields.uint(2), fields.uint(1)
    _require_cell(register, asked, row, column)
    table, field = register.model.place(asked, column)
    if (table, field) == (NETWORK, OFD_EXCHANGE):
        with register.world.change() as change:
            register.drive.remember_sent(change)
    register.tables.write(table, row, field, fields.rest())
    return b""


def table_shape(register: Register, operator: int, data: bytes) -> bytes:
    return register.model.table(data[0]).shape().encode()


def field_shape(register: Register, operator: int, data: bytes) -> bytes:
    _require_cell(register, data[0], 1, data[1])
    return register.tables.field(*register.model.place(data[0], data[1])).shape().encode()


def set_time(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_CLOSED:
        raise Refusal(0x73)
    hour, minute, second = data
    try:
        register.set_clock(register.now().replace(hour=hour, minute=minute, second=second))
    except ValueError as error:
        raise Refusal(0x33) from error
    return b""


def set_date(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_CLOSED:
        raise Refusal(0x73)
    day, month, year = data
    try:
        date(2000 + year, month, day)
    except ValueError as error:
        raise Refusal(0x7D) from error
    register.new_date = (day, month, year)
    return b""


def confirm_date(register: Register, operator: int, data: bytes) -> bytes:
    if register.mode != MODE_DATE:
        raise Refusal(0x73)
    if tuple(data) != register.new_date:
        raise Refusal(0x7C)
    day, month, year = data
    register.new_date = None
    register.set_clock(datetime.combine(date(2000 + year, month, day), register.now().time()))
    return b""


def error_text(register: Register, operator: int, data: bytes) -> bytes:
    """Without a number, as newer firmware allows: of the last refusal."""
    return ErrorText(text_of_error(data[0] if data else register.last_error)).encode()


def model(register: Register, operator: int, data: bytes) -> bytes:
    return register.model.model.encode()


def drive_status(register: Register, operator: int, data: bytes) -> bytes:
    left = (_valid_until(register) - register.now().date()).days
    warnings = (left <= _REPLACE_NOW_DAYS) | (left <= _REPLACE_SOON_DAYS) << 1 | register.drive.ofd_warning
    if register.faults.on("drive_full") is not None:
        warnings |= ARCHIVE_90_PERCENT
    return register.drive.status(warnings=warnings).encode()


def _valid_until(register: Register) -> date:
    fault = register.faults.on("drive_expires")
    return _VALID_UNTIL if fault is None else register.now().date() + timedelta(days=int(fault["days"]))


def drive_serial(register: Register, operator: int, data: bytes) -> bytes:
    return DriveSerial(register.drive.state.serial).encode()


def drive_expiry(register: Register, operator: int, data: bytes) -> bytes:
    return DriveExpiry(_valid_until(register), bytes((29, 1))).encode()


def drive_version(register: Register, operator: int, data: bytes) -> bytes:
    ffd = register.setup.ffd
    return DriveVersion("fn_v_1_0" if ffd == "1.05" else f"fn_v_{ffd.replace('.', '_')}", 0).encode()


def cancel_drive_document(register: Register, operator: int, data: bytes) -> bytes:
    if register.receipt is not None:
        raise Refusal(0x4A)
    with register.world.change() as change:
        register.drive.cancel(change)
    register.report_tlvs = []
    return b""


def find_document(register: Register, operator: int, data: bytes) -> bytes:
    document = register.drive.document(Fields(data).uint(4))
    if document is None:
        raise Refusal(0x08)
    return document.found(acknowledged=register.drive.acknowledged(document)).encode()


def start_reading(register: Register, operator: int, data: bytes) -> bytes:
    """Enters mode 1 until the last piece is read."""
    document = register.drive.document(Fields(data).uint(4))
    if document is None:
        raise Refusal(0x08)
    content = b"".join(map(Tlv.encode, document.requisites()))
    register.reading = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)]
    return DocumentHead(document.kind, len(content)).encode()


def read_piece(register: Register, operator: int, data: bytes) -> bytes:
    if not register.reading:
        register.reading = None
        raise Refusal(0x08)
    return register.reading.pop(0)


def ofd_status(register: Register, operator: int, data: bytes) -> bytes:
    return register.drive.ofd().encode()


def unacknowledged(register: Register, operator: int, data: bytes) -> bytes:
    return Unacknowledged(len(register.drive.unsent())).encode()


def shift_state(register: Register, operator: int, data: bytes) -> bytes:
    drive = register.drive.state
    return ShiftState(drive.shift_open, drive.shift, drive.receipt).encode()
