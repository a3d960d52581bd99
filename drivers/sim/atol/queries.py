"""Questions to the simulated ATOL register about itself and its drive (atol.md#commands)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from drivers.fiscal.atol import errors
from drivers.fiscal.atol.frames import bcd, text_bytes
from drivers.fiscal.ffd.drive import CORRECTION
from drivers.fiscal.ffd.tlv import FISCAL_SIGN, RECEIPT_NUMBER, Tlv
from drivers.fiscal.fields import Fields, moment_bytes, money, uint
from drivers.sim.atol import looks
from drivers.sim.atol.machine import Machine
from drivers.sim.atol.registers import FFD_BYTES, clock, last_closed_shift
from drivers.sim.drive import INN, TAX_SYSTEMS, Document
from drivers.sim.ofd.container import DRIVE_NUMBER
from drivers.sim.papers import sign_of
from drivers.sim.refusal import Refusal

MODEL = 69  # 77Ф
_VERSION = bytes.fromhex("0300001245")
_REGISTERED, _SHIFT, _DRAWER_CLOSED, _PAPER, _COVER, _DRIVE = 0x01, 0x02, 0x04, 0x08, 0x20, 0x40
_NO_PAPER, _MECHANICS = 0x01, 0x04
_USB, _DOT = 4, 2
_UNSUPPORTED = 0x7A
# Autonomous, agents, encryption, services, forms of strict account, lottery, gambling, excise, a printer apart.
_FALSE_FLAGS = (1002, 1056, 1057, 1109, 1110, 1126, 1193, 1207, 1221)
# Of the settings tables 46 reads three: modes of work, users, lines of the header. Rows, then sizes of the fields.
TABLES: Mapping[int, tuple[int, tuple[int, ...]]] = MappingProxyType(
    {2: (1, (1,) * 120), 3: (30, (4, 64)), 6: (20, (64,))},
)
_NO_TABLE, _NO_ROW, _NO_FIELD = 0x91, 0x92, 0x93
_SITE = "www.nalog.gov.ru"


def device_type(machine: Machine, data: bytes) -> bytes:
    """A5; the one answer without 55."""
    return bytes((0, 3, 1, MODEL, 0, 0)) + _VERSION + text_bytes("АТОЛ 77Ф")


def short_state(machine: Machine, data: bytes) -> bytes:
    """45; no error byte either."""
    flags = (0 if machine.till.printer.ready else _NO_PAPER) | _MECHANICS * machine.till.printer.failed
    return bytes((0x55, machine.mode, flags))


def full_state(machine: Machine, data: bytes) -> bytes:
    till, drive = machine.till, machine.till.drive.state
    now, receipt = till.now(), till.receipt
    flags = _REGISTERED | _DRAWER_CLOSED | _DRIVE
    flags |= _SHIFT * drive.shift_open | _PAPER * till.printer.paper | _COVER * till.printer.cover_open
    moment = bcd(now.year % 100, 1) + bcd(now.month, 1) + bcd(now.day, 1) + clock(now)
    return (
        bytes((0x44, 0x30, 1))
        + moment
        + bytes((flags,))
        + bcd(int(till.device_serial) % 10**8, 4)
        + bytes((MODEL,))
        + b"30"
        + bytes((machine.mode,))
        + bcd(drive.receipt % 10_000, 2)
        + bcd(last_closed_shift(machine), 2)
        + bytes((0 if receipt is None else receipt.kind,))
        + bcd(0 if receipt is None else receipt.total_kopecks, 5)
        + bytes((_DOT, _USB))
    )


def drawer_cash(machine: Machine, data: bytes) -> bytes:
    return b"\x4d" + bcd(machine.till.cash_kopecks, 7)


def unit_version(machine: Machine, data: bytes) -> bytes:
    return bytes.fromhex("0300001245")


def last_error(machine: Machine, data: bytes) -> bytes:
    return bytes((machine.last_error, 0))


def last_shift_total(machine: Machine, data: bytes) -> bytes:
    """58: sums of sales and of their refunds of the shift that was closed last."""
    sales, refunds = machine.till.closed_totals
    return bcd(sales, 7) + bcd(refunds, 7)


def protection_code(machine: Machine, data: bytes) -> bytes:
    """74: is the protection code of this number active? None is; the answer begins with 4C."""
    return b"\x4c\0"


def read_table(machine: Machine, data: bytes) -> bytes:
    """46: a cell of a settings table in programming mode; those that the register has hold nothing but zeros."""
    table, row, field = data[0], int.from_bytes(data[1:3], "big"), data[3]
    if table not in TABLES:
        raise Refusal(_NO_TABLE)
    rows, sizes = TABLES[table]
    if not 1 <= row <= rows:
        raise Refusal(_NO_ROW)
    if not 1 <= field <= len(sizes):
        raise Refusal(_NO_FIELD)
    return bytes(sizes[field - 1])


def read_tag(machine: Machine, data: bytes) -> bytes:
    tag = Fields(data).uint(2)
    value = _registration(machine).get(tag)
    if value is None:
        raise Refusal(errors.NO_DRIVE_DATA)
    return b"\x01" + Tlv(tag, value).encode()


def _registration(machine: Machine) -> dict[int, bytes]:
    ffd = bytes((FFD_BYTES[machine.till.ffd],))
    return dict.fromkeys(_FALSE_FLAGS, b"\0") | {
        1001: bytes((machine.till.automatic,)),
        1009: text_bytes(looks.ADDRESS),
        1013: machine.till.device_serial.encode(),
        1017: b"7704211201  ",
        1018: INN.ljust(12).encode(),
        1036: machine.till.automat_number.encode(),
        1037: looks.REGISTRATION_NUMBER.ljust(20).encode(),
        1041: machine.till.drive.state.serial.encode(),
        1046: text_bytes("ОФД"),
        1048: text_bytes("ООО «Огонёк»".replace("«", '"').replace("»", '"')),
        1060: _SITE.encode(),
        1062: bytes((TAX_SYSTEMS,)),
        1108: bytes((looks.INTERNET,)),
        1187: text_bytes(looks.PLACE),
        1117: b"receipt@example.ru",
        1188: b"3.0",
        1189: ffd,
        1190: ffd,
        1209: ffd,
    }


def ask_drive(machine: Machine, data: bytes) -> bytes:
    """A4 and a command of the drive itself; its answers are little-endian."""
    question = DRIVE.get(data[0])
    if question is None:
        raise Refusal(_UNSUPPORTED)
    return question(machine, data[1:])


def _status(machine: Machine, data: bytes) -> bytes:
    return machine.till.drive.status(warnings=machine.till.drive_warnings).encode()


def _serial(machine: Machine, data: bytes) -> bytes:
    return machine.till.drive.state.serial.encode()


def _expiry(machine: Machine, data: bytes) -> bytes:
    until = machine.till.valid_until
    return bytes((until.year - 2000, until.month, until.day, 29, 1))


def _version(machine: Machine, data: bytes) -> bytes:
    return b"fn_v_1_1".ljust(16) + b"\x01"


def _shift(machine: Machine, data: bytes) -> bytes:
    state = machine.till.drive.state
    return uint(state.shift_open, 1) + uint(state.shift, 2) + uint(state.receipt, 2)


def _exchange(machine: Machine, data: bytes) -> bytes:
    """Where nothing waits there is still a valid date."""
    queue = machine.till.drive.unsent()
    first: datetime = queue[0].at if queue else machine.till.now()
    head = bytes((0x02 if queue else 0, 0)) + uint(len(queue), 2)
    return head + uint(queue[0].number if queue else 0, 4) + moment_bytes(first)


def _find(machine: Machine, data: bytes) -> bytes:
    document = _document(machine, data)
    head = bytes((document.kind, machine.till.drive.acknowledged(document))) + moment_bytes(document.at)
    head += uint(document.number, 4) + uint(document.sign, 4)
    if document.operation:
        return head + uint(document.operation, 1) + money(document.total_kopecks)
    return head + (uint(document.shift, 2) if document.shift and document.kind != CORRECTION else b"")


def _start_reading(machine: Machine, data: bytes) -> bytes:
    document = _document(machine, data)
    tlvs = (*document.requisites(), *_of_drive(machine, document))
    machine.reading = [tlv.encode() for tlv in tlvs]
    return uint(document.kind, 2) + uint(sum(map(len, machine.reading)), 2)


def _of_drive(machine: Machine, document: Document) -> tuple[Tlv, ...]:
    """What the drive itself puts into a document."""
    ordinal = (Tlv(RECEIPT_NUMBER, uint(document.receipt, 4)),) if document.receipt else ()
    serial = Tlv(DRIVE_NUMBER, machine.till.drive.state.serial.encode())
    return (serial, *ordinal, Tlv(FISCAL_SIGN, sign_of(document.kind, document.sign)))


def _read_next(machine: Machine, data: bytes) -> bytes:
    if not machine.reading:
        raise Refusal(errors.NO_DRIVE_DATA)
    return machine.reading.pop(0)


def _document(machine: Machine, data: bytes) -> Document:
    document = machine.till.drive.document(Fields(data).uint(4))
    if document is None:
        raise Refusal(errors.NO_DRIVE_DATA)
    return document


DRIVE: Mapping[int, Callable[[Machine, bytes], bytes]] = MappingProxyType(
    {
        0x10: _shift,
        0x20: _exchange,
        0x30: _status,
        0x31: _serial,
        0x32: _expiry,
        0x33: _version,
        0x40: _find,
        0x45: _start_reading,
        0x46: _read_next,
    }
)
