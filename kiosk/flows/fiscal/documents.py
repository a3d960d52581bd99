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
from kiosk.domain.fiscal.ofd_words import (
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
from kiosk.periods import USUAL, Periods

_LOOK_AGAIN_S, _LOOK_AGAIN_IF_WRONG_S = 3600.0, 60.0
_log = structlog.get_logger()


def contradiction(route: OfdRoute, told: OfdSettings) -> str | None:
    """Why documents cannot go as the settings say, as a stable word. What the register does not report contradicts
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
        """What is wrong, in a sentence for staff; None where nothing is."""
        if self.wrong is not None:
            return CONTRADICTIONS[self.wrong]
        return None if self.failure is None else failure_words(self.failure.device, self.failure.code)

    @property
    def word(self) -> str | None:
        """What is wrong, as one stable word or as device and code."""
        return self.wrong or (None if self.failure is None else trouble_word(self.failure))

    @property
    def own(self) -> str:
        """What is wrong in the device's own words, for the technician; empty where nothing is."""
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
class _Rounds:
    """`look_at`: when the register's settings are to be read, by the monotonic clock."""

    way: Way
    look_at: float = 0.0
    failures: int = 0


class DocumentDelivery:
    """`carriers`: the registrars that can be asked, by name; the others are believed."""

    def __init__(
        self,
        routes: Mapping[str, OfdRoute],
        carriers: Mapping[str, DocumentCarrier],
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._carriers = carriers
        self._clock = clock
        self._rounds = {name: _Rounds(Way(route)) for name, route in routes.items()}

    @property
    def names(self) -> list[str]:
        """The registrars whose way to the operator can be looked at."""
        return list(self._carriers)

    def way(self, name: str) -> Way:
        """As last seen. Raises `KeyError` for a name that is not configured."""
        return self._rounds[name].way

    def view(self, name: str, status: FiscalStatus, zone: ZoneInfo) -> OfdView:
        """For staff: how documents of this registrar reach the operator, and what waits."""
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
        """Carries the documents of one registrar until it is cancelled."""
        while True:
            await self._clock.sleep(await self.carry_all(name))

    async def carry_all(self, name: str) -> float:
        """Everything that waits, one document after another; seconds until the next round."""
        rounds, carrier = self._rounds[name], self._carriers[name]
        try:
            await self._look(name, rounds, carrier)
            if rounds.way.route is OfdRoute.HOST and rounds.way.wrong is None:
                await self._carry(name, rounds, carrier)
        except DeviceError as error:
            return self._failed(name, rounds, error)
        rounds.failures = 0
        rounds.way = Way(rounds.way.route, rounds.way.wrong)
        return self._periods.documents_s

    async def _look(self, name: str, rounds: _Rounds, carrier: DocumentCarrier) -> None:
        """At start, hourly, and each minute while something is wrong. Raises `DeviceError`."""
        if self._clock.monotonic() < rounds.look_at:
            return
        wrong = contradiction(rounds.way.route, await carrier.settings())
        if wrong is not None and wrong != rounds.way.wrong:
            _log.error("ofd_settings_differ", registrar=name, route=rounds.way.route, wrong=wrong)
        rounds.way = Way(rounds.way.route, wrong, rounds.way.failure)
        again_s = _LOOK_AGAIN_S if wrong is None else _LOOK_AGAIN_IF_WRONG_S
        rounds.look_at = self._clock.monotonic() + again_s

    async def _carry(self, name: str, rounds: _Rounds, carrier: DocumentCarrier) -> None:
        while (number := await carrier.carry()) is not None:
            _log.info("document_carried", registrar=name, document=number)
            rounds.failures = 0
            rounds.way = Way(rounds.way.route)

    def _failed(self, name: str, rounds: _Rounds, error: DeviceError) -> float:
        rounds.failures += 1
        if rounds.way.failure is None or rounds.way.failure.code != error.code:
            _log.warning("document_not_carried", registrar=name, error=str(error))
        rounds.way = Way(rounds.way.route, rounds.way.wrong, error)
        return retry_delay_s(rounds.failures, name)
