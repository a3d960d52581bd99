"""How a simulated command says no."""

from __future__ import annotations


class Refusal(Exception):
    """`code` is the error byte of the answer (shtrih.md#errors)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}h")
        self.code = code
