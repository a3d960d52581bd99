"""Money back at the bank: a void before settlement, a refund after it; each carried out once for its own key."""

from __future__ import annotations

from drivers.bank.port import Acquirer, ChargeStatus, Transaction
from drivers.errors import DeviceRefused


def already_back(charge: Transaction | None) -> str | None:
    """`void` or `refund` where the bank shows the whole charge given back: an earlier try whose answer was lost."""
    if charge is None:
        return None
    return {ChargeStatus.VOIDED: "void", ChargeStatus.REFUNDED: "refund"}.get(charge.status)


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
