"""Registrars that are not in use: whether their documents reach the operator of fiscal data. It stops no sale, but the
drive of one that was left blocks after 30 days as any other does."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalStatus, FiscalSwitch
from kiosk.clock import Clock
from kiosk.domain.readiness import Readiness
from kiosk.flows.carrying_documents import CarryingDocuments
from kiosk.flows.watching_registrar import unsent_alarm

_log = structlog.get_logger()
_LOOK_S = 5.0


class WatchingSpares:
    """A check `ofd:NAME` for each."""

    def __init__(
        self, registrar: FiscalSwitch, carrying: CarryingDocuments, readiness: Readiness, zone: ZoneInfo, clock: Clock
    ) -> None:
        self._registrar = registrar
        self._carrying = carrying
        self._readiness = readiness
        self._zone = zone
        self._clock = clock
        self._seen: dict[str, FiscalStatus] = {}  # as each last answered: what waits there goes on ageing

    async def run(self) -> None:
        """For ever."""
        while True:
            for name in self._registrar.names:
                await self._look(name)
            await self._clock.sleep(_LOOK_S)

    async def _look(self, name: str) -> None:
        if name != self._registrar.active:
            try:
                self._seen[name] = await self._registrar.at(name).status()
            except DeviceError as error:
                _log.debug("spare_not_seen", registrar=name, error=str(error))
        self._tell(name, self._seen.get(name))

    def _tell(self, name: str, status: FiscalStatus | None) -> None:
        """The one in use has its own check, `ofd`."""
        check = f"ofd:{name}"
        if name == self._registrar.active:
            if check in self._readiness.checks():
                self._readiness.set(check, None, blocks=False)
            return
        waits = None if status is None else unsent_alarm(status, self._clock.now(), self._zone)
        word = self._carrying.way(name).wrong or waits
        detail = "" if status is None else self._carrying.view(name, status, self._zone).own
        if self._readiness.set(check, None if word is None else f"ofd_{word}", blocks=False, detail=detail) and word:
            _log.warning("spare_ofd", registrar=name, wrong=word, detail=detail)
