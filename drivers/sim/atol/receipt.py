"""The receipt a simulated ATOL register is composing: lines, payments, requisites (atol.md#sale)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from drivers.fiscal.ffd.tags import Document, Occasion, Settlement, is_ordered, tags_of
from drivers.fiscal.ffd.tlv import Tlv, order_id_of
from drivers.fiscal.port import Operation
from drivers.sim import drive
from drivers.sim.papers import item, told_cashless

CASH, ELECTRONIC = 1, 2
PAYMENT_TYPES = range(1, 6)
# Receipt type of command 92 → settlement sign of the drive (1054).
SIGNS = {1: 1, 2: 2, 4: 3, 5: 4, 7: 1, 8: 2, 9: 3, 10: 4}
CORRECTIONS = (7, 8, 9, 10)
RETURN_CORRECTIONS = (8, 10)  # FFD 1.05 knows none
CORRECTION_KIND, CORRECTION_BASE, BASE_DATE, BASE_NUMBER = 1173, 1174, 1178, 1179
_REFUNDS = (2, 4)


@dataclass(slots=True)
class Line:
    """`tax` is the register's own tax byte; `quantity_milli` thousandths."""

    name: str
    price_kopecks: int
    quantity_milli: int
    sum_kopecks: int
    tax: int


@dataclass(slots=True)
class OpenReceipt:
    """Lies in the register's memory, so a power cut does not lose it."""

    kind: int
    electronic: bool = False
    silent: bool = False
    lines: list[Line] = field(default_factory=list)
    tlvs: list[Tlv] = field(default_factory=list)
    payments: dict[int, int] = field(default_factory=dict)
    fixed_total: int = 0  # a correction by its totals only
    discount_kopecks: int = 0  # of the whole receipt

    @property
    def on_paper(self) -> bool:
        return not self.electronic and not self.silent

    @property
    def correction(self) -> bool:
        return self.kind in CORRECTIONS

    @property
    def sign(self) -> int:
        return SIGNS[self.kind]

    @property
    def total_kopecks(self) -> int:
        return self.fixed_total or sum(line.sum_kopecks for line in self.lines) - self.discount_kopecks

    @property
    def paid_kopecks(self) -> int:
        return sum(self.payments.values())

    @property
    def remainder_kopecks(self) -> int:
        return max(self.total_kopecks - self.paid_kopecks, 0)

    @property
    def change_kopecks(self) -> int:
        return max(self.paid_kopecks - self.total_kopecks, 0)

    @property
    def spent(self) -> tuple[int, int]:
        """In cash without the change, and electronically."""
        return self.payments.get(CASH, 0) - self.change_kopecks, self.payments.get(ELECTRONIC, 0)

    @property
    def items(self) -> tuple[Tlv, ...]:
        """1059, as the drive gets them."""
        return tuple(item(x.name, x.price_kopecks, x.quantity_milli, x.sum_kopecks, x.tax) for x in self.lines)

    @property
    def order_id(self) -> str | None:
        return order_id_of(self.tlvs)

    def put(self, tlv: Tlv) -> None:
        """A requisite occurs once: a repeated one replaces it."""
        self.tlvs = [other for other in self.tlvs if other.tag != tlv.tag] + [tlv]

    def missing(self, settlement: Settlement, ffd: str, own: AbstractSet[int]) -> list[int]:
        """Mandatory requisites that neither the host nor the register's `own` settings give, by their tags."""
        operation = Operation.REFUND if self.sign in _REFUNDS else Operation.SALE
        document = Document.of(operation, correction=self.correction)
        occasion = Occasion(document, settlement, ffd, self.electronic, is_ordered(self.tlvs))
        return occasion.missing(tags_of(self.tlvs) | own)

    def story(self, document: drive.Document, drive_number: str) -> dict[str, Any]:
        """What the ledger keeps of it."""
        return {
            "fiscal_document_number": document.number,
            "total_kopecks": self.total_kopecks,
            "order_id": self.order_id,
            "electronic_kopecks": self.spent[1],
            "cash_kopecks": self.spent[0],
            "cashless": told_cashless(self.tlvs),
            "operation": self.sign,
            "shift": document.shift,
            "fiscal_sign": document.sign,
            "drive_number": drive_number,
            "lines": [
                {"name": x.name, "price_kopecks": x.price_kopecks, "quantity": x.quantity_milli / 1000}
                | {"sum_kopecks": x.sum_kopecks, "tax": x.tax}
                for x in self.lines
            ],
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "electronic": self.electronic,
            "silent": self.silent,
            "lines": [[x.name, x.price_kopecks, x.quantity_milli, x.sum_kopecks, x.tax] for x in self.lines],
            "tlvs": [[tlv.tag, tlv.value.hex()] for tlv in self.tlvs],
            "payments": [[kind, paid] for kind, paid in self.payments.items()],
            "fixed_total": self.fixed_total,
            "discount": self.discount_kopecks,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> OpenReceipt:
        return cls(
            raw["kind"],
            raw["electronic"],
            raw["silent"],
            [Line(*line) for line in raw["lines"]],
            [Tlv(tag, bytes.fromhex(value)) for tag, value in raw["tlvs"]],
            dict(raw["payments"]),
            raw["fixed_total"],
            raw.get("discount", 0),
        )
