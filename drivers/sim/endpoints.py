"""Which devices are simulated, and where they answer: known before any of them is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices to simulate, where they keep their memory."""

    folder: Path
    bank: bool
    fiscal: bool
    robot: bool
    sms: bool = False
    push: bool = False
    smtp: bool = False
    ups: bool = False
    speed: float = 1.0
    timezone: str = "Europe/Moscow"
    unit: int = 1
    description: Path | None = None  # of what the robot has; none: the demo's
    fiscal_driver: str = "shtrih"
    bank_driver: str = "acquirer"
    terminal: bool = False
    terminal_driver: str = "vtk"
    sbp: bool = False
    sbp_driver: str = "tbank"
    ofd: bool = False  # the operator too: documents are carried by the host

    @property
    def anything(self) -> bool:
        messages = self.sms or self.push or self.smtp
        return self.bank or self.fiscal or self.robot or messages or self.terminal or self.sbp or self.ups


@dataclass(slots=True)
class Endpoints:
    """Where the simulated devices answer."""

    bank_url: str = ""
    terminal_port: str = ""
    terminal_url: str = ""
    sbp_url: str = ""
    fiscal_port: str = ""
    fiscal_url: str = ""
    robot_port: str = ""
    sms_url: str = ""
    push_url: str = ""
    smtp_port: int = 0
    ups_port: int = 0
