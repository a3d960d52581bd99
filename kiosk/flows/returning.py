"""Money back at the bank: a void before settlement, a refund after it; both idempotent by their own key."""

from __future__ import annotations

from drivers.bank.port import Acquirer
from drivers.errors import DeviceRefused


async def give_back(bank: Acquirer, transaction_id: str, key: str, amount_kopecks: int, *, void: bool = True) -> str:
    """`void` or `refund`, whichever the bank did. Raises `DeviceError`: try again with the same key."""
    if void:
        try:
            await bank.void(transaction_id, key)
        except DeviceRefused:
            key = f"{key}-refund"
        else:
            return "void"
    await bank.refund(transaction_id, amount_kopecks, key)
    return "refund"
