"""Sales go on through another registrar where the one in use cannot print and nothing is in doubt.

A shift that is closed by the clock or by staff is no failure; a drive that nobody put in and a registration that does
not fit are a person's to see to. There is no way back by itself: the register that failed is used again when a person
says so, or where the other one fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from drivers.errors import DeviceError
from kiosk.clock import Clock
from kiosk.domain.errors import DeviceUnavailable
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.shift import MISMATCH, SWAPPED, ShiftKeeper
from kiosk.flows.fiscal.shift_commands import ShiftCommands
from kiosk.periods import USUAL, Periods

_log = structlog.get_logger()
#: What a paper roll that is changed or a cable that is put back needs.
PATIENCE_S = 10.0
_ACTOR = "kiosk"
_OPENS_BY_ITSELF = (None, "shift_closed", "shift_over_24h", "document_open")
_NO_FAILURE = tuple(f"fiscal_{word}" for word in ("shift_closed", "shift_over_24h", SWAPPED, MISMATCH))


class Fallback:
    """`spares`: the registrars that may be used without being asked for, in this order."""

    def __init__(
        self,
        desk: RegistrarDesk,
        shift_commands: ShiftCommands,
        shift_keeper: ShiftKeeper,
        readiness: Readiness,
        clock: Clock,
        *,
        spares: Sequence[str],
        patience_s: float = PATIENCE_S,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._desk = desk
        self._shift_commands = shift_commands
        self._shift_keeper = shift_keeper
        self._readiness = readiness
        self._clock = clock
        self.spares = tuple(spares)
        self._patience_s = patience_s

    async def run(self) -> None:
        """Runs until it is cancelled."""
        failing_since: float | None = None
        while True:
            await self._clock.sleep(self._periods.fallback_s)
            now = self._clock.monotonic()
            failing_since = (now if failing_since is None else failing_since) if self._reason() else None
            if failing_since is not None and now - failing_since >= self._patience_s and await self.fall_back():
                failing_since = None

    def _reason(self) -> str | None:
        check = self._readiness.checks().get("fiscal")
        reason = None if check is None or self._readiness.starting else check.reason
        return None if reason in _NO_FAILURE or self._shift_keeper.held_closed else reason

    async def fall_back(self) -> bool:
        """To the first that can print. Whatever is in doubt belongs to the drive it was asked of: then nothing
        changes, and the next look tries again."""
        reason, left = self._reason(), self._desk.active
        for name in self.spares:
            if name == left or not await self._can_print(name):
                continue
            first_look = "good"
            try:
                await self._shift_commands.use(name, _ACTOR)
            except DeviceUnavailable as error:
                first_look = str(error.members.get("reason", error.code))
            if self._desk.active == left:
                _log.info("no_fallback", registrar=name, reason=first_look, failing=reason)
                return False
            _log.warning(
                "registrar_fell_back", left=left, registrar=name, reason=reason, first_look=first_look or "good"
            )
            return True
        return False

    async def _can_print(self, name: str) -> bool:
        try:
            able = (await self._desk.status(name)).why_not() in _OPENS_BY_ITSELF
            return able and await self._shift_keeper.is_fit(name)
        except DeviceError as error:
            _log.info("no_fallback", registrar=name, reason=str(error))
            return False
