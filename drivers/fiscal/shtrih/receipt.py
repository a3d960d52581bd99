"""Typed bodies of the commands that compose and close a receipt, as both sides read them (shtrih.md#receipt)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import CodecError, Fields, fixed_text, money, text_bytes, text_of, uint

QUANTITY_UNIT = 1_000_000  # FF46
LEGACY_QUANTITY_UNIT = 1_000  # 80h…83h
NAME_LIMIT = 128
SUMS = 16
TAXES = 6
CORRECTION_SUMS = 5


@dataclass(frozen=True, slots=True)
class ReceiptOperation:
    """FF46. `kind` 1 sale, 2 sale refund, 3 buy, 4 buy refund; None leaves a sum to the device."""

    kind: int
    quantity_micro: int
    price_kopecks: int
    sum_kopecks: int | None
    tax: int
    subject: int
    name: str
    tax_sum_kopecks: int | None = None
    department: int = 1
    method: int = 4  # full payment

    def encode(self) -> bytes:
        numbers = uint(self.kind, 1) + uint(self.quantity_micro, 6) + money(self.price_kopecks)
        numbers += money(self.sum_kopecks) + money(self.tax_sum_kopecks)
        numbers += bytes((self.tax, self.department, self.method, self.subject))
        return numbers + text_bytes(self.name, NAME_LIMIT)

    @classmethod
    def parse(cls, data: bytes) -> ReceiptOperation:
        f = Fields(data)
        kind, quantity, price, total, tax_sum = f.uint(1), f.uint(6), f.money(), f.money(), f.money()
        tax, department, method, subject = f.take(4)
        if price is None or f.left > NAME_LIMIT:
            raise CodecError("an operation needs a price and a name of at most 128 bytes")
        name = text_of(f.rest())
        return cls(kind, quantity, price, total, tax, subject, name, tax_sum, department, method)


@dataclass(frozen=True, slots=True)
class CloseReceipt:
    """FF45: sixteen sums (0 cash, 1…12 electronic, 13 prepaid, 14 credit, 15 other) and one tax system bit."""

    sums: tuple[int, ...]
    tax_system: int
    rounding: int = 0
    taxes: tuple[int, ...] = (0,) * TAXES
    text: str = ""

    def encode(self) -> bytes:
        if len(self.sums) != SUMS or len(self.taxes) != TAXES:
            raise CodecError("sixteen sums and six taxes are expected")
        sums, taxes = (b"".join(map(money, part)) for part in (self.sums, self.taxes))
        return sums + uint(self.rounding, 1) + taxes + uint(self.tax_system, 1) + text_bytes(self.text, 64)

    @classmethod
    def parse(cls, data: bytes) -> CloseReceipt:
        f = Fields(data)
        sums = tuple(f.money() or 0 for _ in range(SUMS))
        rounding = f.uint(1)
        taxes = tuple(f.money() or 0 for _ in range(TAXES))
        tax_system = f.uint(1)
        if f.left > 64:
            raise CodecError("at most 64 bytes of text")
        return cls(sums, tax_system, rounding, taxes, text_of(f.rest()))


@dataclass(frozen=True, slots=True)
class CorrectionTotals:
    """FF4A: `kind` 0 self, 1 ordered; `sign` 1 sale, 3 buy; five sums: cash, electronic, prepaid, credit, other."""

    kind: int
    sign: int
    total_kopecks: int
    sums: tuple[int, ...]
    taxes: tuple[int, ...]
    tax_system: int

    def encode(self) -> bytes:
        if len(self.sums) != CORRECTION_SUMS or len(self.taxes) != TAXES:
            raise CodecError("five sums and six taxes are expected")
        sums = b"".join(map(money, (self.total_kopecks, *self.sums, *self.taxes)))
        return bytes((self.kind, self.sign)) + sums + uint(self.tax_system, 1)

    @classmethod
    def parse(cls, data: bytes) -> CorrectionTotals:
        f = Fields(data)
        kind, sign, total = f.uint(1), f.uint(1), f.money() or 0
        sums = tuple(f.money() or 0 for _ in range(CORRECTION_SUMS))
        taxes = tuple(f.money() or 0 for _ in range(TAXES))
        return cls(kind, sign, total, sums, taxes, f.uint(1))


@dataclass(frozen=True, slots=True)
class LegacyLine:
    """80h and 82h."""

    quantity_milli: int
    price_kopecks: int
    department: int
    taxes: bytes
    name: str

    def encode(self) -> bytes:
        head = uint(self.quantity_milli, 5) + money(self.price_kopecks) + uint(self.department, 1)
        return head + self.taxes + fixed_text(self.name, max(40, len(text_bytes(self.name, NAME_LIMIT))))

    @classmethod
    def parse(cls, data: bytes) -> LegacyLine:
        f = Fields(data)
        quantity, price, department, taxes = f.uint(5), f.uint(5), f.uint(1), f.take(4)
        if f.left < 40:
            raise CodecError("at least 40 bytes of text")
        return cls(quantity, price, department, taxes, text_of(f.rest()))


@dataclass(frozen=True, slots=True)
class LegacyClose:
    """85h: cash and three other payments, a discount in hundredths of a per cent."""

    sums: tuple[int, int, int, int]
    discount: int = 0
    taxes: bytes = bytes(4)
    text: str = ""

    def encode(self) -> bytes:
        sums = b"".join(map(money, self.sums))
        return sums + self.discount.to_bytes(2, "little", signed=True) + self.taxes + fixed_text(self.text, 40)

    @classmethod
    def parse(cls, data: bytes) -> LegacyClose:
        f = Fields(data)
        sums = (f.money() or 0, f.money() or 0, f.money() or 0, f.money() or 0)
        discount = int.from_bytes(f.take(2), "little", signed=True)
        taxes = f.take(4)
        if f.left < 40:
            raise CodecError("at least 40 bytes of text")
        return cls(sums, discount, taxes, text_of(f.rest()))
