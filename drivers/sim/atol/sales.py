"""The simulated ATOL register's receipts: open, requisites, positions, payments, close (atol.md#sale)."""

from __future__ import annotations

from drivers.fiscal.atol import errors
from drivers.fiscal.atol.frames import bcd, bcd_value, text_of
from drivers.fiscal.ffd.tlv import CASHIER, CASHIER_INN, parse_tlvs
from drivers.fiscal.fields import Fields
from drivers.sim.atol.machine import Machine
from drivers.sim.atol.receipt import SIGNS, Line
from drivers.sim.refusal import Refusal

TEST_ONLY, ELECTRONIC_ONLY = 0x01, 0x04
_NO_PRINT = 0x02
_TAXES = range(1, 7)  # platform 2.5 knows neither 5, 7 nor 22 %
_BY_SUM, _OFF, _ROUBLE = 1, 0, 100
_DISCOUNTED_ALREADY, _NO_DISCOUNT_NOW, _AFTER_DISCOUNT = 0x0F, 0x10, 0x7C
_BAD_PARAMETERS, _BAD_TYPE, _NO_DISCOUNTS = 0xE7, 0x6A, 0x7A


def open_receipt(machine: Machine, data: bytes) -> bytes:
    flags, kind = data
    if kind not in SIGNS:
        raise Refusal(_BAD_TYPE)
    dry = bool(flags & TEST_ONLY)
    machine.till.open_receipt(
        kind,
        electronic=bool(flags & ELECTRONIC_ONLY),
        silent=bool(flags & _NO_PRINT),
        tlvs=() if dry else machine.take_operator(),
        dry=dry,
    )
    return b""


def write_tag(machine: Machine, data: bytes) -> bytes:
    """Before a receipt only who works here can be said."""
    for tlv in parse_tlvs(data[3:]):
        if machine.till.receipt is not None:
            machine.till.put_tag(tlv)
        elif tlv.tag in (CASHIER, CASHIER_INN):
            machine.name_operator(machine.till.take_tag(tlv))
        else:
            raise Refusal(errors.RECEIPT_CLOSED)
    return b""


def begin_position(machine: Machine, data: bytes) -> bytes:
    machine.till.the_receipt()
    return b""


def end_position(machine: Machine, data: bytes) -> bytes:
    """EB: flags, price 7, quantity 5, sum 7, tax, tax sum 7, section, 1212, 1214, discount sign and 7, 2 more, name."""
    fields = Fields(data)
    flags = fields.uint(1)
    price, quantity, total = bcd_value(fields.take(7)), bcd_value(fields.take(5)), bcd_value(fields.take(7))
    tax = fields.uint(1)
    fields.take(20)
    return _position(machine, flags, Line(text_of(fields.rest().rstrip(b"\0")), price, quantity, total, tax))


def one_shot_position(machine: Machine, data: bytes) -> bytes:
    """E6, the older form: flags, name 64, price 6, quantity 5, discount kind, sign and sum 6, tax, section."""
    fields = Fields(data)
    flags, name = fields.uint(1), text_of(fields.take(64).rstrip(b"\0"))
    price, quantity = bcd_value(fields.take(6)), bcd_value(fields.take(5))
    fields.take(2)
    if bcd_value(fields.take(6)):
        raise Refusal(_NO_DISCOUNTS)
    return _position(machine, flags, Line(name, price, quantity, 0, fields.uint(1) or max(_TAXES)))


def _position(machine: Machine, flags: int, line: Line) -> bytes:
    if machine.till.the_receipt().discount_kopecks:
        raise Refusal(_AFTER_DISCOUNT)
    if line.tax not in _TAXES:
        raise Refusal(_BAD_PARAMETERS)
    if not flags & TEST_ONLY:
        machine.till.add_line(line)
    return b""


def pay(machine: Machine, data: bytes) -> bytes:
    flags, kind, kopecks = _payment(data)
    receipt = machine.till.the_receipt()
    if not flags & TEST_ONLY:
        receipt = machine.till.pay(kind, kopecks)
    return bcd(receipt.remainder_kopecks, 5) + bcd(receipt.change_kopecks, 5)


def take_payment_back(machine: Machine, data: bytes) -> bytes:
    _, kind, kopecks = _payment(data)
    receipt = machine.till.the_receipt()
    if receipt.payments.get(kind, 0) < kopecks:
        raise Refusal(0x70)
    receipt.payments[kind] -= kopecks
    machine.till.save_receipt()
    return bcd(receipt.remainder_kopecks, 5) + bcd(receipt.change_kopecks, 5)


def close_receipt(machine: Machine, data: bytes) -> bytes:
    """4A: what is not paid yet is paid by this type, or by the sum given here. Without a receipt always refused."""
    flags, kind, kopecks = _payment(data)
    receipt = machine.till.the_receipt()
    if flags & TEST_ONLY:
        return b""
    rest = kopecks or receipt.remainder_kopecks
    if rest:
        machine.till.pay(kind, rest)
    if receipt.correction and not receipt.lines:
        receipt.fixed_total = receipt.paid_kopecks
    machine.till.close_receipt()
    return b""


def cancel_receipt(machine: Machine, data: bytes) -> bytes:
    machine.till.cancel_receipt()
    return b""


def discount(machine: Machine, data: bytes) -> bytes:
    """43, the last thing before the payments: flags, 0, kind 1 (a sum), sign 0, sum; sum 0 rounds down to a rouble."""
    flags, _, kind, sign = data[:4]
    receipt = machine.till.the_receipt()
    if kind != _BY_SUM or sign != _OFF:
        raise Refusal(_BAD_PARAMETERS)
    if receipt.discount_kopecks:
        raise Refusal(_DISCOUNTED_ALREADY)
    kopecks = bcd_value(data[4:9]) or receipt.total_kopecks % _ROUBLE
    if kopecks >= receipt.total_kopecks or receipt.payments:
        raise Refusal(_NO_DISCOUNT_NOW)
    if not flags & TEST_ONLY:
        receipt.discount_kopecks = kopecks
        machine.till.save_receipt()
    return b""


def receipt_tax(machine: Machine, data: bytes) -> bytes:
    machine.till.the_receipt()
    return b""


def _payment(data: bytes) -> tuple[int, int, int]:
    return data[0], data[1], bcd_value(data[2:7])
