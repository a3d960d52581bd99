"""Registrars that are not in use: whether their documents reach the operator of fiscal data. It stops no sale, but the
drive of one that was left blocks after 30 days as any other does."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalStatus
from kiosk.clock import Clock
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.documents import DocumentDelivery
from kiosk.flows.fiscal.readiness import unsent_alarm
from kiosk.periods import USUAL, Periods

_log = structlog.get_logger()


class Spares:
    """A check `ofd:NAME` for each."""

    def __init__(
        self,
        desk: RegistrarDesk,
        delivery: DocumentDelivery,
        readiness: Readiness,
        zone: ZoneInfo,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._desk = desk
        self._delivery = delivery
        self._readiness = readiness
        self._zone = zone
        self._clock = clock
        self._seen: dict[str, FiscalStatus] = {}  # as each last answered: what waits there goes on ageing

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            for name in self._desk.names:
                await self._look(name)
            await self._clock.sleep(self._periods.spare_s)

    async def _look(self, name: str) -> None:
        if name != self._desk.active:
            try:
                self._seen[name] = await self._desk.status(name)
            except DeviceError as error:
                _log.debug("spare_not_seen", registrar=name, error=str(error))
        self._tell(name, self._seen.get(name))

    def _tell(self, name: str, status: FiscalStatus | None) -> None:
        """The one in use has its own check, `ofd`."""
        check = f"ofd:{name}"
        if name == self._desk.active:
            if check in self._readiness.checks():
                self._readiness.set(check, None, blocks=False)
            return
        waits = None if status is None else unsent_alarm(status, self._clock.now(), self._zone)
        word = self._delivery.way(name).wrong or waits
        detail = "" if status is None else self._delivery.view(name, status, self._zone).own
        if self._readiness.set(check, None if word is None else f"ofd_{word}", blocks=False, detail=detail) and word:
            _log.warning("spare_ofd", registrar=name, wrong=word, detail=detail)
