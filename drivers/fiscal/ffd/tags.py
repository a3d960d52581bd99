"""Which requisites a receipt must carry, by FFD version, kind of document and of settlement (FNS order ЕД-7-20/662).

Both the drivers, which send what a register does not add by itself, and the simulated registers, which refuse a
document that lacks one, read this table.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, StrEnum

from drivers.fiscal.ffd.tlv import (
    ADDRESS,
    AUTOMAT_NUMBER,
    CASHIER,
    CASHIER_INN,
    CORRECTION_BASE,
    CORRECTION_BASE_DATE,
    CORRECTION_BASE_NUMBER,
    CORRECTION_KIND,
    CUSTOMER_CONTACT,
    EXTRA_REQUISITE,
    PLACE,
    RECEIPT_EXTRA,
    Tlv,
    parse_tlvs,
)
from drivers.fiscal.fields import CodecError
from drivers.fiscal.port import Operation

SENDER_ADDRESS = 1117
INTERNET_SETTLEMENT = 1125
SUBJECT, METHOD, MEASURE = 1212, 1214, 2108  # of a line
FFD_1_05, FFD_1_1, FFD_1_2 = "1.05", "1.1", "1.2"
_ORDERED_VALUE = b"\1"


class Document(StrEnum):
    SALE = "sale"
    REFUND = "refund"
    CORRECTION = "correction"

    @classmethod
    def of(cls, operation: Operation, *, correction: bool) -> Document:
        return cls.CORRECTION if correction else cls.SALE if operation is Operation.SALE else cls.REFUND


class Settlement(StrEnum):
    AUTOMAT = "automat"
    ATTENDED = "attended"


class Source(Enum):
    """Where the requisite comes from."""

    HOST = 1  # the driver sends it
    EITHER = 2  # the driver sends it where it has one, else the register takes its own setting
    REGISTER = 3  # the register adds it from its registration, or a default the law allows


class When(Enum):
    ALWAYS = 1
    PAPERLESS = 2  # the customer gets the receipt by 1008 alone
    NUMBERED = 3  # by FFD 1.05, or where the tax service ordered the correction
    OPTIONAL = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Lines occur in receipts and, from FFD 1.1 on, in corrections."""

    tag: int
    source: Source
    when: When = When.ALWAYS
    documents: frozenset[Document] = frozenset(Document)
    settlements: frozenset[Settlement] = frozenset(Settlement)
    formats: frozenset[str] = frozenset((FFD_1_05, FFD_1_1, FFD_1_2))
    of_line: bool = False


_RECEIPTS = frozenset((Document.SALE, Document.REFUND))
_CORRECTIONS = frozenset((Document.CORRECTION,))
_WITH_LINES = frozenset((FFD_1_1, FFD_1_2))

RULES: tuple[Rule, ...] = (
    Rule(CUSTOMER_CONTACT, Source.HOST, When.PAPERLESS, documents=_RECEIPTS),
    Rule(ADDRESS, Source.REGISTER),
    Rule(CASHIER, Source.EITHER, settlements=frozenset((Settlement.ATTENDED,))),
    Rule(CASHIER_INN, Source.HOST, When.OPTIONAL, settlements=frozenset((Settlement.ATTENDED,))),
    Rule(AUTOMAT_NUMBER, Source.EITHER, settlements=frozenset((Settlement.AUTOMAT,))),
    Rule(EXTRA_REQUISITE, Source.HOST, When.OPTIONAL),
    Rule(SENDER_ADDRESS, Source.REGISTER, When.PAPERLESS, documents=_RECEIPTS),
    Rule(INTERNET_SETTLEMENT, Source.REGISTER, formats=frozenset((FFD_1_2,))),
    Rule(CORRECTION_KIND, Source.HOST, documents=_CORRECTIONS),
    Rule(CORRECTION_BASE_DATE, Source.HOST, documents=_CORRECTIONS),
    Rule(CORRECTION_BASE_NUMBER, Source.HOST, When.NUMBERED, documents=_CORRECTIONS),
    Rule(PLACE, Source.REGISTER),
    Rule(RECEIPT_EXTRA, Source.HOST, When.OPTIONAL),
    Rule(SUBJECT, Source.HOST, documents=_RECEIPTS, of_line=True),
    Rule(SUBJECT, Source.HOST, documents=_CORRECTIONS, formats=_WITH_LINES, of_line=True),
    Rule(METHOD, Source.HOST, documents=_RECEIPTS, of_line=True),
    Rule(METHOD, Source.HOST, documents=_CORRECTIONS, formats=_WITH_LINES, of_line=True),
    Rule(MEASURE, Source.REGISTER, formats=frozenset((FFD_1_2,)), of_line=True),  # 0, a piece, where nobody says more
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is being registered, as far as the table asks."""

    document: Document
    settlement: Settlement
    ffd: str
    paperless: bool = False
    ordered: bool = False

    def mandatory(self, *sources: Source, of_line: bool = False) -> frozenset[int]:
        """The tags that must be there, of these sources."""
        return frozenset(
            rule.tag
            for rule in RULES
            if rule.of_line == of_line
            and rule.source in sources
            and self.document in rule.documents
            and self.settlement in rule.settlements
            and self.ffd in rule.formats
            and self._holds(rule.when)
        )

    def missing(self, given: AbstractSet[int]) -> list[int]:
        """Tags without which a register does not close the document."""
        return sorted(self.mandatory(Source.HOST, Source.EITHER) - given)

    def _holds(self, when: When) -> bool:
        if when is When.PAPERLESS:
            return self.paperless
        if when is When.NUMBERED:
            return self.ordered or self.ffd == FFD_1_05
        return when is When.ALWAYS


def tags_of(tlvs: list[Tlv]) -> set[int]:
    """With the parts of 1174."""
    given = {tlv.tag for tlv in tlvs}
    for tlv in tlvs:
        if tlv.tag == CORRECTION_BASE:
            try:
                given |= {part.tag for part in parse_tlvs(tlv.value)}
            except CodecError:
                continue
    return given


def is_ordered(tlvs: list[Tlv]) -> bool:
    """1173 says that the tax service ordered the correction."""
    return any(tlv.tag == CORRECTION_KIND and tlv.value == _ORDERED_VALUE for tlv in tlvs)
