"""The simulated ATOL register's shifts, reports, cash, clock and plain printing (atol.md#commands)."""

from __future__ import annotations

from datetime import date, datetime, time

from drivers.fiscal.atol.frames import bcd_value
from drivers.sim.atol.machine import Machine
from drivers.sim.atol.sales import TEST_ONLY
from drivers.sim.refusal import Refusal

_X_REPORT, _EXCHANGE_REPORT = 1, 9
_BAD_DATE = 0x94


def enter_mode(machine: Machine, data: bytes) -> bytes:
    machine.enter(data[0], bcd_value(data[1:]))
    return b""


def leave_mode(machine: Machine, data: bytes) -> bytes:
    machine.leave()
    return b""


def open_shift(machine: Machine, data: bytes) -> bytes:
    if not data[0] & TEST_ONLY:
        machine.till.open_shift(machine.take_operator())
    return b""


def close_shift(machine: Machine, data: bytes) -> bytes:
    machine.till.close_shift(machine.take_operator())
    return b""


def x_report(machine: Machine, data: bytes) -> bytes:
    if data[0] == _EXCHANGE_REPORT:
        machine.till.report_exchange()
        return b""
    return print_something(machine, data)


def print_something(machine: Machine, data: bytes) -> bytes:
    machine.till.printer.require()
    return b""


def print_copy(machine: Machine, data: bytes) -> bytes:
    machine.till.require_no_receipt()
    machine.till.printer.require()
    return b""


def cash_in(machine: Machine, data: bytes) -> bytes:
    machine.till.move_cash(bcd_value(data[1:6]))
    return b""


def cash_out(machine: Machine, data: bytes) -> bytes:
    machine.till.move_cash(-bcd_value(data[1:6]))
    return b""


def nothing(machine: Machine, data: bytes) -> bytes:
    return b""


def drop_print(machine: Machine, data: bytes) -> bytes:
    machine.till.printer.drop()
    return b""


def reboot(machine: Machine, data: bytes) -> bytes:
    machine.power_cut()
    return b""


def set_moment(machine: Machine, data: bytes) -> bytes:
    """ED: DD MM YY hh mm ss."""
    machine.till.set_clock(datetime.combine(_date(data[:3]), _time(data[3:])))
    return b""


def set_time(machine: Machine, data: bytes) -> bytes:
    machine.till.set_clock(datetime.combine(machine.till.now().date(), _time(data)))
    return b""


def set_date(machine: Machine, data: bytes) -> bytes:
    machine.till.set_clock(datetime.combine(_date(data), machine.till.now().time()))
    return b""


def _date(data: bytes) -> date:
    day, month, year = (bcd_value(data[at : at + 1]) for at in range(3))
    try:
        return date(2000 + year, month, day)
    except ValueError as error:
        raise Refusal(_BAD_DATE) from error


def _time(data: bytes) -> time:
    hour, minute, second = (bcd_value(data[at : at + 1]) for at in range(3))
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise Refusal(_BAD_DATE) from error
