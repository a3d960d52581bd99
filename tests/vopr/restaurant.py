"""The kiosk's lives and the devices, each on a host of its own, in the shape that `tests.crash.rig.World` knows."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.checkpoints import VARIABLE, Checkpoints
from kiosk.config import load
from kiosk.wiring import Kiosk, Parts
from tests.crash.bombs import START
from tests.crash.devices import START_S
from tests.crash.lives import Bomb, parts_of
from tests.restaurant import FAST_ATOL, FAST_ATOL_WEB
from tests.vopr.coverage import KILL, POWER_CUT, Noted
from tests.vopr.scheduler import Simulation, here
from tests.vopr.storage import SimulatedDatabase, leave_behind

_STUCK_AFTER_S = 2.0  # work that waits for a person so long is shown to one
_INQUIRY_S, _LAG_S = 0.4, 1.0  # nothing is late under virtual time
_BROKER_S = 1.0  # for a record


class SimulatedClock:
    """`Clock` of a host; `jump`: somebody has set its wall clock."""

    def __init__(self, sim: Simulation, jump: timedelta) -> None:
        self._sim, self._jump = sim, jump

    def now(self) -> datetime:
        return self._sim.wall() + self._jump

    def monotonic(self) -> float:
        return self._sim.now

    async def sleep(self, delay_s: float) -> None:
        await here().sleep(delay_s)


class SimulatedCheckpoints(Checkpoints):
    """Dies as a host does; made on it, passed also on its threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self._host = here()

    def die(self) -> None:
        self._host.die()


class SimulatedKiosk:
    """One life: `tests.crash.lives.KioskProcess`."""

    def __init__(
        self, sim: Simulation, folder: Path, bomb: Bomb = "", variant: Callable[[], Parts] | None = None
    ) -> None:
        self._sim, self._folder = sim, folder
        self.host = sim.host("kiosk")
        self.host.on_death.append(self._leave_behind)
        sim.disk.begin_life()
        sim.reached.begin_life()
        self._kiosk: Kiosk | None = None
        self._code: int | None = None
        self.host.call_soon(self._begin, bomb, variant or Parts)

    def _leave_behind(self) -> None:
        sim = self._sim
        sim.reached.dies(POWER_CUT if self.host.loses_power and sim.disk.stopped else KILL)
        leave_behind(self._folder / "kiosk.db", (sim.disk, sim.rng) if self.host.loses_power else None)

    def _begin(self, bomb: Bomb, variant: Callable[[], Parts]) -> None:
        parts = parts_of(bomb, variant)
        if isinstance(bomb, str):
            parts.checkpoint = SimulatedCheckpoints({VARIABLE: bomb})
        parts.clock = SimulatedClock(self._sim, getattr(parts.clock, "jump", timedelta()))
        parts.open_link = self._sim.network.open_line
        parts.database = SimulatedDatabase
        parts.checkpoint = Noted(parts.checkpoint, self._sim.reached)
        parts.atol_timeouts, parts.atol_web_timeouts = FAST_ATOL, FAST_ATOL_WEB
        parts.stuck_after_s = parts.tripped_after_s = _STUCK_AFTER_S
        parts.broker_timeout_s = _BROKER_S
        parts.periods = replace(parts.periods, inquiry_s=_INQUIRY_S, lag_s=_LAG_S)
        self._task = self.host.create_task(self._live(parts))

    async def _live(self, parts: Parts) -> None:
        try:
            kiosk = Kiosk(load(self._folder / "config.toml"), parts)
            await kiosk.start()
            self._kiosk = kiosk
            bug = await kiosk.wait()
            self._sim.failures.append(f"a bug ended the kiosk: {bug!r}")
            self._code = 1
        except Exception as error:  # noqa: BLE001  # whatever it was, the judge hears of it
            self._sim.failures.append("".join(traceback.format_exception(error)))
            self._code = 70

    def dead(self) -> bool:
        return self.host.dead or self._code is not None

    def port(self) -> int | None:
        self._sim.run_until(self._sim.now + START_S, lambda: self._kiosk is not None or self.dead())
        if self.dead():
            return None
        assert self._kiosk is not None, "the kiosk did not start"
        return self._kiosk.public_port

    def kill(self) -> int:
        self.host.die()
        return -9 if self._code is None else self._code


class AtHandle(Checkpoints):
    """`tests.crash.bombs.AtHandle`: dies before the n-th callback after the point `start`."""

    def __init__(self, n: int, start: str = START) -> None:
        super().__init__({})
        self._n, self._start, self._host = n, start, here()

    def __call__(self, name: str) -> None:
        if name == self._start and not self._host.dies_at:
            self._host.dies_at = self._host.callbacks + self._n


class AtWrite(Checkpoints):
    """Dies in the middle of a commit, before the n-th write or flush of this life; `power`: what was not flushed goes
    with it."""

    def __init__(self, n: int, *, power: bool) -> None:
        super().__init__({})
        host = here()
        host.loses_power = power
        host.sim.disk.arm(n)
