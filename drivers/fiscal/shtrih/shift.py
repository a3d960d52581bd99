"""The shift of a Shtrih-M register: its state, and both commands (shtrih.md#doubt)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.errors import DeviceRefused
from drivers.fiscal.ffd.drive import SHIFT_OPEN_REPORT, ShiftState
from drivers.fiscal.port import DEVICE
from drivers.fiscal.shifts import Standing
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.session import MODE_CLOSED, MODE_DOCUMENT, MODE_EXPIRED, MODE_OPEN, ShtrihSession

_STANDINGS: Mapping[int, Standing] = MappingProxyType(
    {MODE_CLOSED: Standing.CLOSED, MODE_OPEN: Standing.OPEN, MODE_EXPIRED: Standing.EXPIRED}
)


@dataclass(frozen=True, slots=True)
class ShtrihShift:
    """`drivers.fiscal.shifts.ShiftDevice` through one session."""

    session: ShtrihSession

    async def standing(self) -> Standing:
        state = await self.session.printed_state()
        if state.mode == MODE_DOCUMENT:
            await self.session.cancel_document()
            state = await self.session.printed_state()
        if state.mode not in _STANDINGS:
            raise DeviceRefused(DEVICE, "wrong_mode", f"mode {state.mode}")
        return _STANDINGS[state.mode]

    async def shift(self) -> ShiftState:
        return await self.session.ask(commands.shift_state())

    async def ready(self) -> None:
        await self.session.ready_to_print()

    async def give(self, kind: int) -> None:
        await self.session.command(commands.open_shift() if kind == SHIFT_OPEN_REPORT else commands.z_report())
