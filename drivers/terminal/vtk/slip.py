"""The banking receipt of a VTK answer: lines `KEY:value`, read leniently, since every bank has its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from drivers.terminal.port import Approval
from drivers.text import shown

_LONGEST_VALUE = 64
_CODE = re.compile(r"[0-9]{1,4}")
_LAST4 = re.compile(r"[0-9]{4}\Z")
#: Response codes of ISO 8583 that a customer can do something about.
_REASONS: Mapping[int, str] = MappingProxyType({51: "insufficient_funds", 54: "expired_card", 61: "limit_exceeded"})


def approval_of(approved_kopecks: int, slip: str) -> Approval:
    """`reason` only where nothing was approved: the slip alone says why."""
    said = _lines(slip)
    last4 = _LAST4.search(said.get("PAN", ""))
    return Approval(
        approved_kopecks,
        rrn=said.get("RRN"),
        auth_code=said.get("AUTH ID"),
        card_brand=said.get("CARD"),
        card_last4=last4[0] if last4 else None,
        reader_id=said.get("TERMINAL"),
        merchant_id=said.get("MERCHANT"),
        reason=None if approved_kopecks else _reason(said),
        slip=slip,
    )


def _lines(slip: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in slip.splitlines():
        key, colon, value = line.partition(":")
        if colon and value.strip():
            found.setdefault(key.strip().upper(), shown(value.strip())[:_LONGEST_VALUE])
    return found


def _reason(said: dict[str, str]) -> str | None:
    code = said.get("RESPONSE CODE", "")
    return _REASONS.get(int(code), f"response_code_{int(code)}") if _CODE.fullmatch(code) else None
