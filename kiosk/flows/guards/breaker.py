"""A circuit breaker: who reports outcomes to it, who hears when it trips, and the probe that restores it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from drivers.errors import DeviceError, DeviceRefused
from kiosk.clock import Clock
from kiosk.domain.breaker import Breaker
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.store.database import Database
from kiosk.store.events import device_faults

_log = structlog.get_logger()

#: Asks something harmless. True: a good answer; False: there is no such question, so only real work or a person's word
#: restores; a `DeviceError` is an answer too.
Probe = Callable[[], Awaitable[bool]]


class Guard:
    """One breaker under its name in `/readyz`. Whatever it guards reports the outcome of each call to it; `run()`
    probes and publishes. `idle_s`: how long a healthy one may be silent before it is asked; None: it is not asked."""

    def __init__(
        self,
        name: str,
        breaker: Breaker,
        readiness: Readiness,
        database: Database,
        clock: Clock,
        *,
        blocks: bool = True,
        idle_s: float | None = None,
    ) -> None:
        self.name = name
        self._breaker = breaker
        self._readiness = readiness
        self._db = database
        self._clock = clock
        self._blocks = blocks
        self._idle_s = idle_s
        self._detail = ""
        self._heard_at: float | None = None
        self._trusted = False  # by a person, until it is asked
        self._stir = asyncio.Event()
        self._published: str | None = "nothing yet"

    @property
    def reason(self) -> str | None:
        return self._breaker.reason

    def answered(self) -> None:
        """Real work was done, or refused as one request."""
        self._change(self._breaker.answered, "")

    def heard(self) -> None:
        """A question was answered."""
        self._change(self._breaker.heard, "")

    def refused(self, detail: str, *, by_work: bool = True) -> None:
        self._change(lambda: self._breaker.refused(by_work=by_work), detail)

    def lost(self, customer: str, detail: str) -> None:
        self._change(lambda: self._breaker.lost(customer), detail)

    def failed(self, error: DeviceError, *, by_work: bool) -> None:
        """Work or a question that certainly changed nothing failed; what an unknown outcome means, the next question
        shows."""
        if error.code == "busy":  # it answers, and takes the next one later
            return
        if error.code == "unauthorized":
            self.refused(str(error), by_work=by_work)
        else:
            self._change(self._breaker.unreachable, str(error))

    def _probe_failed(self, error: DeviceError) -> None:
        if isinstance(error, DeviceRefused) or error.code == "unauthorized":
            self.refused(str(error), by_work=False)
        elif error.code in ("connection_refused", "untrusted_certificate"):
            self._change(self._breaker.unreachable, str(error))
        elif error.code != "busy":
            self._change(self._breaker.silent, str(error))

    def _change(self, tell: Callable[[], None], detail: str) -> None:
        before = self._breaker.reason
        tell()
        reason = self._breaker.reason
        if reason != before or reason is None:  # while it stays tripped, only the probe moves the probe's date
            self._heard_at = self._clock.monotonic()
        if reason is not None and reason != before:
            self._trusted = False  # what has happened since that word counts more
        self._detail = detail or self._detail
        told = self._breaker.reason is not None or self.name in self._readiness.checks()
        if told and (
            self._breaker.probe_in_s is None or self._breaker.reason is not None
        ):  # in doubt nothing is opened
            self._readiness.set(self.name, self._breaker.reason, blocks=self._blocks, detail=self._detail)
        if self._breaker.reason != before or self._breaker.probe_in_s is not None:
            self._stir.set()
        if self._breaker.reason != before:
            word = "restored" if self._breaker.reason is None else "tripped"
            _log.warning(word, device=self.name, reason=self._breaker.reason or before, detail=detail)

    def nudge(self) -> None:
        """A person says that it is mended: it is asked now."""
        self._heard_at, self._trusted = None, True
        self._stir.set()

    async def restore(self) -> None:
        """At start: what only a probe can lift outlives the process."""
        code = await self._db.read(device_faults.read, self.name)
        if code is not None:
            self.refused("as before the restart", by_work=False)
            self._heard_at = None  # asked at once: somebody may have mended it

    async def run(self, probe: Probe) -> None:
        """Runs until it is cancelled."""
        while True:
            self._stir.clear()
            await self._publish()
            due_s = self._due_in_s()
            if due_s is not None and due_s <= 0:
                await self._ask(probe)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(due_s):
                    await self._stir.wait()

    def _due_in_s(self) -> float | None:
        every_s = self._breaker.probe_in_s or self._idle_s
        if every_s is None or self._heard_at is None:
            return None if every_s is None else 0.0
        return self._heard_at + every_s - self._clock.monotonic()

    async def _ask(self, probe: Probe) -> None:
        trusted, self._trusted = self._trusted, False
        try:
            good = await probe()
        except DeviceError as error:
            self._probe_failed(error)
        else:
            if good:
                self._change(self._breaker.probed, "")
            elif trusted:
                self.answered()
        self._heard_at = self._clock.monotonic()

    async def _publish(self) -> None:
        reason, detail, now = self._breaker.reason, self._detail, self._clock.now()
        known = reason is not None or self._heard_at is not None
        if known and reason != self._published:
            await self._db.write(device_faults.record, self.name, reason, detail, now)
            self._published = reason
