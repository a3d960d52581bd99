"""1234, the money that came without cash: a group of 1235, one for each payment (FNS order ЕД-7-20/236 of 26 March
2025, drive.md#requisites)."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.fiscal.ffd import tlv as tags
from drivers.fiscal.ffd.tlv import Tlv, encode_tlvs, parse_tlvs, text_tlv
from drivers.fiscal.fields import CodecError, uint
from drivers.fiscal.port import Cashless

_SUM_SIZE = 6
_LONGEST_TEXT = 256
_WAYS = 0x100


def cashless_tlv(cashless: Cashless) -> Tlv:
    """Raises `CodecError` for what does not fit one request of a register."""
    if not 0 <= cashless.way < _WAYS or not cashless.identifiers:
        raise CodecError(f"1236 is one byte and 1237 not empty: {cashless.way}, {cashless.identifiers!r}")
    parts = [
        Tlv(tags.CASHLESS_SUM, vln(cashless.sum_kopecks)),
        Tlv(tags.CASHLESS_WAY, bytes((cashless.way,))),
        text_tlv(tags.CASHLESS_IDENTIFIERS, cashless.identifiers),
    ]
    if cashless.more:
        parts.append(text_tlv(tags.CASHLESS_MORE, cashless.more))
    found = Tlv(tags.CASHLESS, encode_tlvs((Tlv(tags.CASHLESS_PAYMENT, encode_tlvs(parts)),)))
    encode_tlvs((found,))
    return found


def vln(value: int) -> bytes:
    """A number of as many bytes as it needs, low one first."""
    return uint(value, max(1, (value.bit_length() + 7) // 8))


def cashless_of(tlvs: Iterable[Tlv]) -> list[Cashless]:
    """What a document says of it, as a register reads it. Raises `CodecError` for what it would not take."""
    groups = [tlv for tlv in tlvs if tlv.tag == tags.CASHLESS]
    if len(groups) > 1:
        raise CodecError("1234 comes once")
    return [_payment(part) for group in groups for part in _parts(group, {tags.CASHLESS_PAYMENT})]


def _parts(group: Tlv, known: set[int]) -> list[Tlv]:
    found = parse_tlvs(group.value)
    if not found or {part.tag for part in found} - known:
        raise CodecError(f"{group.tag} is not a group of {sorted(known)}")
    return found


def _payment(group: Tlv) -> Cashless:
    known = {tags.CASHLESS_SUM, tags.CASHLESS_WAY, tags.CASHLESS_IDENTIFIERS, tags.CASHLESS_MORE}
    parts = _parts(group, known)
    told = {part.tag: part for part in parts}
    if len(told) != len(parts) or known - told.keys() - {tags.CASHLESS_MORE}:
        raise CodecError("1235 needs 1082, 1236 and 1237, each once")
    total, way = told[tags.CASHLESS_SUM].value, told[tags.CASHLESS_WAY].value
    texts = [told[tag] for tag in (tags.CASHLESS_IDENTIFIERS, tags.CASHLESS_MORE) if tag in told]
    sound = 0 < len(total) <= _SUM_SIZE and len(way) == 1 and all(0 < len(x.value) <= _LONGEST_TEXT for x in texts)
    if not sound:
        raise CodecError("1082 has 1 to 6 bytes, 1236 one, 1237 and 1238 1 to 256 characters")
    more = texts[1].text if len(texts) > 1 else ""
    return Cashless(int.from_bytes(total, "little"), way[0], texts[0].text, more)


def sound_cashless(tlvs: Iterable[Tlv], electronic_kopecks: int, *, correction: bool) -> list[Cashless]:
    """The same where a document is closed: it stands in receipts alone, and beside as much without cash (1081). Raises
    `CodecError`."""
    found = cashless_of(tlvs)
    if found and (correction or sum(each.sum_kopecks for each in found) != electronic_kopecks):
        raise CodecError("1234 belongs to a receipt, and to what 1081 says")
    return found
