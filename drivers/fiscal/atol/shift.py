"""The shift of an ATOL register: its state, and both commands (atol.md#commands)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.atol import commands
from drivers.fiscal.atol.session import REGISTRATION, Z_REPORTS, AtolSession
from drivers.fiscal.ffd.drive import SHIFT_OPEN_REPORT, ShiftState
from drivers.fiscal.shifts import Standing


@dataclass(frozen=True, slots=True)
class AtolShift:
    """`drivers.fiscal.shifts.ShiftDevice` through one session."""

    session: AtolSession

    async def standing(self) -> Standing:
        await self.session.cancel_receipt()
        return await self.clock()

    async def clock(self) -> Standing:
        return await self.session.ask(commands.shift_clock())

    async def shift(self) -> ShiftState:
        return await self.session.ask(commands.drive_shift())

    async def ready(self) -> None:
        await self.session.ready_to_print()

    async def give(self, kind: int) -> None:
        opens = kind == SHIFT_OPEN_REPORT
        await self.session.enter(REGISTRATION if opens else Z_REPORTS)
        await self.session.command(commands.open_shift() if opens else commands.close_shift())
