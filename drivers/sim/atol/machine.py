"""A simulated ATOL register on its line: its mode, the operator, the document being read out."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.fiscal.ffd.tlv import Tlv
from drivers.sim.atol.till import Till
from drivers.sim.refusal import Refusal

CHOICE, REGISTRATION, X_REPORTS, Z_REPORTS, PROGRAMMING = 0, 1, 2, 3, 4
MODES = range(1, 7)
WRONG_MODE, WRONG_PASSWORD, WRONG_LENGTH = 0x66, 0x8C, 0x14
_ADMINISTRATORS = (29, 30)
_USERS = range(1, 31)


@dataclass(slots=True)
class Machine:
    """What the commands work on; all but the till is gone after a power cut."""

    till: Till
    mode: int = CHOICE
    operator: list[Tlv] = field(default_factory=list)  # 1021 and 1203, given before a document
    reading: list[bytes] = field(default_factory=list)  # A4 45 begun, requisites left
    last_error: int = 0

    def power_cut(self) -> None:
        self.mode = CHOICE
        self.operator = []
        self.reading = []
        self.last_error = 0

    def enter(self, mode: int, password: int) -> None:
        """From the choice of modes only (atol.md#modes)."""
        if self.mode != CHOICE:
            raise Refusal(WRONG_MODE)
        if mode not in MODES:
            raise Refusal(0xAB)
        if password not in (_USERS if mode == REGISTRATION else _ADMINISTRATORS):
            raise Refusal(WRONG_PASSWORD)
        self.mode = mode

    def leave(self) -> None:
        self.mode = CHOICE

    def take_operator(self) -> list[Tlv]:
        """For one document; the next one names its own."""
        taken, self.operator = self.operator, []
        return taken

    def name_operator(self, tlv: Tlv) -> None:
        self.operator = [other for other in self.operator if other.tag != tlv.tag] + [tlv]
