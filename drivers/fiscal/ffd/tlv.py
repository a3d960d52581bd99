"""Requisites of fiscal documents: tag u16, length u16, value; strings in cp866 (drive.md#requisites)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drivers.fiscal.fields import CodecError, Fields, uint
from drivers.text import said, shown

AUTOMATIC_MODE = 1001
CUSTOMER_CONTACT = 1008
ADDRESS = 1009
DATE_TIME = 1012
INN = 1018
TOTAL = 1020
CASHIER = 1021
QUANTITY = 1023
ITEM_NAME = 1030
PAID_CASH = 1031
AUTOMAT_NUMBER = 1036
REGISTRATION_NUMBER = 1037
SHIFT_NUMBER = 1038
DOCUMENT_NUMBER = 1040
RECEIPT_NUMBER = 1042  # within the shift
ITEM_SUM = 1043
OPERATION = 1054
TAX_SYSTEM = 1055
ITEM = 1059  # a group, one for each line
TAX_SYSTEMS = 1062
FISCAL_SIGN = 1077  # kind and length, then the sign, highest byte first
ITEM_PRICE = 1079
PAID_ELECTRONICALLY = 1081
CASHLESS_SUM = 1082
EXTRA_REQUISITE = 1084  # a group of 1085 (name) and 1086 (value)
EXTRA_NAME = 1085
EXTRA_VALUE = 1086
INTERNET = 1108
SALE_COUNTERS, REFUND_COUNTERS = 1129, 1130  # groups within 1194
RECEIPT_COUNT, CASH_SUM, ELECTRONIC_SUM, ALL_SUM = 1135, 1136, 1138, 1201
CORRECTION_KIND = 1173
CORRECTION_BASE = 1174  # a group of 1178 (day) and 1179 (number)
CORRECTION_BASE_DATE = 1178
CORRECTION_BASE_NUMBER = 1179
PLACE = 1187
RECEIPT_EXTRA = 1192
SHIFT_COUNTERS = 1194
ITEM_VAT = 1199
CASHIER_INN = 1203
FFD_VERSION = 1209
CASHLESS = 1234  # a group of 1235, each a group of 1082, 1236, 1237 and 1238
CASHLESS_PAYMENT, CASHLESS_WAY, CASHLESS_IDENTIFIERS, CASHLESS_MORE = 1235, 1236, 1237, 1238

_SIZE_LIMIT = 250  # FF0C and FF4D take no more at once


@dataclass(frozen=True, slots=True)
class Tlv:
    """One requisite."""

    tag: int
    value: bytes

    def encode(self) -> bytes:
        return uint(self.tag, 2) + uint(len(self.value), 2) + self.value

    @property
    def text(self) -> str:
        return shown(self.value.decode("cp866", errors="replace"))


def text_tlv(tag: int, text: str) -> Tlv:
    return Tlv(tag, said(text).encode("cp866", errors="replace"))


def encode_tlvs(tlvs: Iterable[Tlv]) -> bytes:
    data = b"".join(tlv.encode() for tlv in tlvs)
    if len(data) > _SIZE_LIMIT:
        raise CodecError(f"{len(data)} bytes of requisites, {_SIZE_LIMIT} fit")
    return data


def parse_tlvs(data: bytes) -> list[Tlv]:
    """The whole of `data` must be requisites."""
    fields, found = Fields(data), []
    while fields.left:
        tag = fields.uint(2)
        found.append(Tlv(tag, fields.take(fields.uint(2))))
    return found


def order_tlv(tag: int, order_id: str) -> Tlv:
    """The order id as 1192 (plain text) or 1084 (a named requisite)."""
    if tag == RECEIPT_EXTRA:
        return text_tlv(RECEIPT_EXTRA, order_id)
    return Tlv(EXTRA_REQUISITE, encode_tlvs((text_tlv(EXTRA_NAME, "Заказ"), text_tlv(EXTRA_VALUE, order_id))))


def order_id_of(tlvs: Iterable[Tlv]) -> str | None:
    """The order id a document carries in 1192 or 1084, if any; 1084 as a bare string is understood too."""
    for tlv in tlvs:
        if tlv.tag == RECEIPT_EXTRA:
            return tlv.text
        if tlv.tag == EXTRA_REQUISITE:
            return _extra_value(tlv)
    return None


def _extra_value(tlv: Tlv) -> str:
    try:
        inner = parse_tlvs(tlv.value)
    except CodecError:
        return tlv.text
    return next((part.text for part in inner if part.tag == EXTRA_VALUE), tlv.text)
