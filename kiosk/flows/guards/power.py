"""The keeper of the power: on the battery nothing new is paid, what is under way ends, and the machine is shut down
before the battery is empty."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from drivers.errors import DeviceError
from drivers.power.port import PowerState, Ups
from kiosk.clock import Clock
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.reasons import POWER, STARTING, UPS_WORN
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import device_faults

_log = structlog.get_logger()
CHECK = "power"
_STEADY_S = 10.0  # the mains come back in jerks
_PAYMENTS_END_WITHIN_S = 60.0
_AGAIN_S = 60.0  # where the machine did not go down


@dataclass(frozen=True, slots=True)
class PowerRules:
    """When the machine is shut down: after so long on the battery (0: however long), with less than so many percent
    left. `command` of it, or None where somebody else sees to it."""

    after_s: float
    percent: float
    command: Callable[[], Awaitable[str | None]] | None


class PowerGuard:
    """`run()` until cancelled. `under_way`: whether somebody pays just now."""

    def __init__(
        self,
        ups: Ups,
        database: Database,
        readiness: Readiness,
        clock: Clock,
        rules: PowerRules,
        *,
        under_way: Callable[[], bool],
        periods: Periods = USUAL,
    ) -> None:
        self._ups = ups
        self._db = database
        self._readiness = readiness
        self._clock = clock
        self._rules = rules
        self._under_way = under_way
        self._periods = periods
        self._told: str | None = STARTING  # what was noted last; the first look records in any case
        self._lost_at: float | None = None  # since when the battery supplies, monotonic
        self._back_at: float | None = None  # since when the mains are there again
        self._seen_at = 0.0  # when the supply told something last
        self._ending_at: float | None = None  # since when the battery will not last
        self._down_at: float | None = None  # when the machine was told to go down
        self._failed: str | None = None  # what was wrong with the command
        self.seen: PowerState | None = None

    @property
    def on_battery(self) -> bool:
        return self._lost_at is not None

    async def run(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(self._periods.power_s)

    async def look(self) -> None:
        """Ask the supply, say what it means for the sales, and shut the machine down where the battery ends."""
        silent: DeviceError | None = None
        try:
            self._note(await self._ups.state())
        except DeviceError as error:
            silent = error
        if silent is not None and self.seen is None and self._told == STARTING and await self._was_on_battery():
            self._lost_at = self._clock.monotonic()
        if self._back_at is not None and self._clock.monotonic() - self._back_at >= _STEADY_S:
            self._lost_at = self._back_at = self._ending_at = self._down_at = self._failed = None
        await self._tell(silent)
        if self._ends(silent=silent is not None) and self._may_go_down():
            await self._shut_down()

    async def _was_on_battery(self) -> bool:
        """By the books of the process before this one."""
        return await self._db.read(device_faults.read, CHECK) == POWER

    def _note(self, state: PowerState) -> None:
        now_s = self._clock.monotonic()
        self.seen, self._seen_at = state, now_s
        if state.on_battery:
            self._back_at = None
            self._lost_at = now_s if self._lost_at is None else self._lost_at
        elif self._lost_at is not None:
            self._back_at = now_s if self._back_at is None else self._back_at

    async def _tell(self, silent: DeviceError | None) -> None:
        reason = self._reason(silent)
        detail = str(silent) if silent is not None else _words(self.seen)
        detail += f"; shutdown_command: {self._failed}" if self._failed else ""
        self._readiness.set(CHECK, reason, blocks=reason == POWER, detail=detail if reason is not None else "")
        if reason == self._told:
            return
        _log.warning("power", reason=reason, detail=detail)
        with contextlib.suppress(DatabaseBroken):
            await self._db.write(device_faults.record, CHECK, reason, detail, self._clock.now())
            self._told = reason

    def _reason(self, silent: DeviceError | None) -> str | None:
        """A supply that falls silent on its battery is no reason to sell."""
        if self._lost_at is not None:
            return POWER
        if silent is not None:
            return f"ups_{silent.code}"
        return UPS_WORN if self.seen is not None and self.seen.replace else None

    def _ends(self, *, silent: bool) -> bool:
        """Whether the battery will not last: by its own word, by what is left, by the time, and where it is silent by
        what it told last."""
        if self._lost_at is None or self._back_at is not None or self.seen is None:
            return False
        now_s, state = self._clock.monotonic(), self.seen
        lasted = bool(self._rules.after_s) and now_s - self._lost_at >= self._rules.after_s
        little = state.charge_percent is not None and state.charge_percent < self._rules.percent
        ran_out = silent and state.runtime_s is not None and now_s - self._seen_at >= state.runtime_s
        return state.low or lasted or little or ran_out

    def _may_go_down(self) -> bool:
        """Once nobody pays, for so long at most, and not while the machine was told to go down just now."""
        now_s = self._clock.monotonic()
        if self._ending_at is None:
            self._ending_at = now_s
            _log.critical("power_ends", detail=_words(self.seen), by_command=self._rules.command is not None)
        if self._under_way() and now_s - self._ending_at < _PAYMENTS_END_WITHIN_S:
            return False
        return self._down_at is None or now_s - self._down_at >= _AGAIN_S

    async def _shut_down(self) -> None:
        """What the command says is told where it did not go well, and it is run again."""
        self._down_at = self._clock.monotonic()
        if self._rules.command is None:
            return
        with contextlib.suppress(DatabaseBroken):
            await self._db.write(journal.add, "kiosk", "power_shutdown", _words(self.seen), self._clock.now())
        self._failed = await self._rules.command()
        if self._failed is not None:
            _log.critical("shutdown_failed", error=self._failed)


def _words(state: PowerState | None) -> str:
    if state is None:
        return ""
    charge = "" if state.charge_percent is None else f", {state.charge_percent:.0f} %"
    runtime = "" if state.runtime_s is None else f", {state.runtime_s / 60:.0f} min"
    return f"{state.words}{charge}{runtime}"
