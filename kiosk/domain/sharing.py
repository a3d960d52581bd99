"""Spreads a whole amount over weights: to the last unit, nobody more than his weight."""

from __future__ import annotations

from collections.abc import Sequence


def shares(weights: Sequence[int], amount: int) -> list[int]:
    """Whole parts of `amount` in proportion to `weights` (largest remainder), none above its weight, their sum exact
    as long as `amount` is at most the sum of the weights."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts
