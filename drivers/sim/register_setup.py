"""How a simulated register left its factory and its technician."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSetup:
    """`ffd`: the format of fiscal documents that it is registered with. `automatic`: as the register of an automat,
    `automat_number`: of which. `ofd_delay_s`: from a document to the operator's ticket for it."""

    ffd: str = "1.2"
    automatic: bool = True
    automat_number: str = "1"
    timezone: str = "Europe/Moscow"
    ofd_delay_s: float = 2.0
