"""The way of documents to the operator of fiscal data: looked at for each registrar, gone by us where that is ours.

The drive holds what is unsent, so a try may end anywhere and is simply made again; a receipt waits for one short
command of it at most. Nothing here stops a sale: the drive itself does, after 30 days without a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
import structlog

from drivers.errors import DeviceError, trouble_word
from drivers.fiscal.port import DocumentCarrier, FiscalStatus, OfdRoute, OfdSettings
from kiosk.clock import Clock, rfc3339
from kiosk.domain.backoff import retry_delay_s
from kiosk.domain.ofd_words import (
    CARRIED_BY_HOST,
    CARRIED_BY_REGISTER,
    CONTRADICTIONS,
    HOST_CANNOT_CARRY,
    NO_ADDRESS,
    Queue,
    failure_words,
    ofd_words,
)
from kiosk.domain.text import Text

_IDLE_S = 5.0
_LOOK_AGAIN_S, _LOOK_AGAIN_IF_WRONG_S = 3600.0, 60.0
_log = structlog.get_logger()


def contradiction(route: OfdRoute, told: OfdSettings) -> str | None:
    """Why documents cannot go as the settings say, as a stable word. What the register does not tell contradicts
    nothing."""
    if not told.address or not told.port:
        return NO_ADDRESS
    if route is OfdRoute.HOST and told.host_possible is False:
        return HOST_CANNOT_CARRY
    if route is OfdRoute.HOST and told.by_host is False:
        return CARRIED_BY_REGISTER
    return CARRIED_BY_HOST if route is OfdRoute.DEVICE and told.by_host else None


@dataclass(frozen=True, slots=True)
class Way:
    """`wrong`: a contradiction's word; `failure`: the last try's error, none after a good one."""

    route: OfdRoute
    wrong: str | None = None
    failure: DeviceError | None = None

    @property
    def says(self) -> Text | None:
        if self.wrong is not None:
            return CONTRADICTIONS[self.wrong]
        return None if self.failure is None else failure_words(self.failure.device, self.failure.code)

    @property
    def word(self) -> str | None:
        return self.wrong or (None if self.failure is None else trouble_word(self.failure))

    @property
    def own(self) -> str:
        return self.wrong or ("" if self.failure is None else str(self.failure))


class OfdView(msgspec.Struct, frozen=True):
    """`wrong`: a stable word, or the last try's device and code; `says`: all of it in a sentence, `own`: by codes."""

    way: str
    first_unsent_at: str | None
    last_ticket_at: str | None
    wrong: str | None
    says: Text
    own: str


@dataclass(slots=True)
class _Turns:
    """`look_at`: when the register's settings are to be read, by the monotonic clock."""

    way: Way
    look_at: float = 0.0
    failures: int = 0


class CarryingDocuments:
    """`carriers`: the registrars that can be asked, by name; the others are believed."""

    def __init__(self, routes: Mapping[str, OfdRoute], carriers: Mapping[str, DocumentCarrier], clock: Clock) -> None:
        self._carriers = carriers
        self._clock = clock
        self._turns = {name: _Turns(Way(route)) for name, route in routes.items()}

    @property
    def names(self) -> list[str]:
        return list(self._carriers)

    def way(self, name: str) -> Way:
        return self._turns[name].way

    def view(self, name: str, status: FiscalStatus, zone: ZoneInfo) -> OfdView:
        way = self.way(name)
        oldest, last = status.first_unsent_at if status.unsent_documents else None, status.last_ticket_at
        now = self._clock.now().astimezone(zone).replace(tzinfo=None)
        own = [f"{way.route}: {status.unsent_documents} documents unsent"]
        own += [] if oldest is None else [f"since {oldest:%Y-%m-%d %H:%M}"]
        own += [] if last is None else [f"last ticket {last:%Y-%m-%d %H:%M}"]
        return OfdView(
            way=way.route.value,
            first_unsent_at=None if oldest is None else rfc3339(oldest.replace(tzinfo=zone)),
            last_ticket_at=None if last is None else rfc3339(last.replace(tzinfo=zone)),
            wrong=way.word,
            says=ofd_words(way.route.value, Queue(status.unsent_documents, oldest, last, now), way.says),
            own=", ".join([*own, *filter(None, [way.own])]),
        )

    async def run(self, name: str) -> None:
        while True:
            await self._clock.sleep(await self.turn(name))

    async def turn(self, name: str) -> float:
        """Everything that waits, one document after another; seconds until the next turn."""
        turns, carrier = self._turns[name], self._carriers[name]
        try:
            await self._look(name, turns, carrier)
            if turns.way.route is OfdRoute.HOST and turns.way.wrong is None:
                await self._carry(name, turns, carrier)
        except DeviceError as error:
            return self._failed(name, turns, error)
        turns.failures = 0
        turns.way = Way(turns.way.route, turns.way.wrong)
        return _IDLE_S

    async def _look(self, name: str, turns: _Turns, carrier: DocumentCarrier) -> None:
        """At start, hourly, and each minute while something is wrong. Raises `DeviceError`."""
        if self._clock.monotonic() < turns.look_at:
            return
        wrong = contradiction(turns.way.route, await carrier.settings())
        if wrong is not None and wrong != turns.way.wrong:
            _log.error("ofd_settings_differ", registrar=name, route=turns.way.route, wrong=wrong)
        turns.way = Way(turns.way.route, wrong, turns.way.failure)
        again_s = _LOOK_AGAIN_S if wrong is None else _LOOK_AGAIN_IF_WRONG_S
        turns.look_at = self._clock.monotonic() + again_s

    async def _carry(self, name: str, turns: _Turns, carrier: DocumentCarrier) -> None:
        while (number := await carrier.carry()) is not None:
            _log.info("document_carried", registrar=name, document=number)
            turns.failures = 0
            turns.way = Way(turns.way.route)

    def _failed(self, name: str, turns: _Turns, error: DeviceError) -> float:
        turns.failures += 1
        if turns.way.failure is None or turns.way.failure.code != error.code:
            _log.warning("document_not_carried", registrar=name, error=str(error))
        turns.way = Way(turns.way.route, turns.way.wrong, error)
        return retry_delay_s(turns.failures, name)
