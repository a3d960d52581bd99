"""How long the host waits for what on a Shtrih-M line, in seconds (shtrih.md#timing)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from drivers.link import TCP

# What only reads or composes answers within 60 ms, FF45 within half a second: there a lost answer is not worth the
# usual 30 s. Waiting less is safe, because what follows is ENQ, which brings the kept answer or finds a busy device.
_BRIEF = (0x1F, 0x1E, 0x88, 0xFF01, 0xFF02, 0xFF0A, 0xFF0C, 0xFF39, 0xFF3A, 0xFF3B, 0xFF3F, 0xFF40, 0xFF46)
_OFD = (0xFF30, 0xFF31, 0xFF32, 0xFF33, 0xFF3C)
_COMMANDS: Mapping[int, float] = MappingProxyType(
    dict.fromkeys((*_BRIEF, *_OFD), 5.0)
    | {0x10: 3.0, 0x11: 3.0, 0x26: 5.0, 0x40: 30.0, 0x41: 65.0, 0xE0: 120.0, 0xFF45: 10.0, 0xFF61: 40.0, 0xFF67: 40.0}
)


_TCP_BYTE_S = 1.0


@dataclass(frozen=True, slots=True)
class ShtrihTimeouts:
    """`byte_s` must exceed the device's own inter-byte timeout (50 ms unless 14h changed it), and over a network what
    may lie between two bytes of a frame."""

    byte_s: float = 0.1
    ack_s: float = 1.0
    enquiry_s: float = 1.0  # one ENQ
    enquiry_total_s: float = 10.0  # all ENQs before the device counts as silent
    command_s: float = 30.0
    commands_s: Mapping[int, float] = field(default_factory=lambda: _COMMANDS)
    recovery_s: float = 10.0  # on top of the command's own time, for a lost answer
    printing_s: float = 30.0
    poll_s: float = 0.05

    @classmethod
    def on(cls, port: str) -> ShtrihTimeouts:
        """As the way to the device asks for."""
        return cls(byte_s=_TCP_BYTE_S, enquiry_s=2.0) if port.startswith(TCP) else cls()

    def for_code(self, code: int) -> float:
        return self.commands_s.get(code, self.command_s)
