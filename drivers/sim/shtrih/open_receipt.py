"""The receipt a simulated Shtrih-M register is composing; it lies in the register's memory (shtrih.md#receipt)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from drivers.fiscal.ffd.tlv import Tlv


@dataclass(slots=True)
class Line:
    name: str
    price_kopecks: int
    quantity_micro: int
    sum_kopecks: int
    tax: int


@dataclass(slots=True)
class OpenReceipt:
    """A receipt being composed."""

    kind: int
    operator: int
    lines: list[Line] = field(default_factory=list)
    tlvs: list[Tlv] = field(default_factory=list)
    correction: bool = False

    @property
    def total_kopecks(self) -> int:
        return sum(line.sum_kopecks for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        lines = [[x.name, x.price_kopecks, x.quantity_micro, x.sum_kopecks, x.tax] for x in self.lines]
        tlvs = [[tlv.tag, tlv.value.hex()] for tlv in self.tlvs]
        head = {"kind": self.kind, "operator": self.operator, "correction": self.correction}
        return {**head, "lines": lines, "tlvs": tlvs}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> OpenReceipt:
        lines = [Line(*line) for line in raw["lines"]]
        tlvs = [Tlv(tag, bytes.fromhex(value)) for tag, value in raw["tlvs"]]
        return cls(raw["kind"], raw["operator"], lines, tlvs, raw.get("correction", False))
