"""The port of what supplies the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PowerState:
    """`on_battery`: the mains are gone; `low`: the battery ends, or the server has announced the end (`LB`, `FSD`);
    `replace`: the battery is worn; `charge_percent`, `runtime_s`: None where the supply tells none."""

    on_battery: bool
    low: bool
    replace: bool
    charge_percent: float | None
    runtime_s: float | None
    words: str  # `ups.status` as it was told
    model: str = ""


class Ups(Protocol):
    """An uninterruptible power supply; nothing is ever changed at it."""

    async def state(self) -> PowerState:
        """Raises `DeviceUnreachable`, `DeviceRefused`."""
