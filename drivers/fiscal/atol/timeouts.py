"""How long the host waits for what on an ATOL line, in seconds (atol.md#timing)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# What the vendor's driver waits before it asks: 5 s after a question, 45 s after 4A, longer than 59 s after 9A. What
# runs is asked for meanwhile, so waiting long costs nothing where the register still answers.
_COMMANDS: Mapping[int, float] = MappingProxyType({0x4A: 60.0, 0x5A: 90.0, 0x67: 60.0, 0x9A: 120.0})


@dataclass(frozen=True, slots=True)
class AtolTimeouts:
    reply_s: float = 1.0  # the reply to one packet
    silence_s: float = 5.0  # packets without any reply before the register counts as silent
    poll_s: float = 1.0  # between two looks at a task that runs
    reopen_s: float = 0.5  # between two tries to open a lost line
    command_s: float = 15.0
    commands_s: Mapping[int, float] = field(default_factory=lambda: _COMMANDS)

    def for_command(self, code: int) -> float:
        return self.commands_s.get(code, self.command_s)
