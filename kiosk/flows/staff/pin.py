"""Staff at the door of `/service` and `/stats`: the PIN, slower with every wrong one wherever it comes from."""

from __future__ import annotations

import hmac

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import NotFound, StaffOnly
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.ordering.throttle import FREE_TRIES, WINDOW_S, Throttle
from kiosk.domain.reasons import PIN_GUESSED
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.identity import sessions
from kiosk.tokens import AccessTokens

_log = structlog.get_logger()
_CHECK = "service"
_EVERYWHERE, _PIN = "everywhere", "pin"


class StaffPin:
    """Without a PIN there is no door. Addresses cost a guesser nothing, so all of them together wait; whoever has a
    session is not disturbed."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        pin: str,
        readiness: Readiness,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._periods = periods
        self._db = database
        self._tokens = tokens
        self._pin = pin
        self._readiness = readiness
        self._clock = clock
        self._throttle = Throttle()
        self._wrong = 0
        self._wrong_at_s = 0.0

    async def enter(self, pin: str, name: str, address: str, lifetime_s: int) -> str:
        """A staff session's token. Raises `NotFound`, `StaffOnly` for a wrong PIN, `TooManyRequests`."""
        if not self._pin:
            raise NotFound
        now_s = self._clock.monotonic()
        self._throttle.check(_EVERYWHERE, _PIN, now_s)
        if hmac.compare_digest(pin.encode(), self._pin.encode()):
            return self._tokens.issue_staff(lifetime_s, self._pin, name)
        self._throttle.count(_EVERYWHERE, _PIN, now_s)
        await self._note_wrong(address, now_s)
        raise StaffOnly

    def actor(self, token: str) -> str:
        """Who acts. Raises `Unauthorized`."""
        return self._tokens.staff_actor(token, self._pin)

    async def leave(self, token: str) -> None:
        """The session is dead from now on, also after a restart. Raises `Unauthorized`."""
        session_id, expires_at = self._tokens.service_session(token, self._pin)
        now = self._clock.now()
        await self._db.write(sessions.end_staff, session_id, expires_at, now)
        self._tokens.end([session_id])

    async def restore(self) -> None:
        """At start, before anybody asks."""
        self._tokens.end(await self._db.read(sessions.staff_ended_unexpired, self._clock.now()))

    async def _note_wrong(self, address: str, now_s: float) -> None:
        """In the journal each, as an alarm from the fourth within the window on."""
        self._wrong = self._wrong + 1 if now_s - self._wrong_at_s < WINDOW_S else 1
        self._wrong_at_s = now_s
        now = self._clock.now()
        _log.warning("wrong_pin", address=address, wrong=self._wrong)
        await self._db.write(journal.add, "unknown", "wrong_pin", address, now)
        if self._wrong >= FREE_TRIES:
            await self._tell(PIN_GUESSED, f"{self._wrong} wrong PINs, the last from {address}")

    async def _tell(self, reason: str | None, detail: str) -> None:
        now = self._clock.now()
        self._readiness.set(_CHECK, reason, blocks=False, detail=detail)
        await self._db.write(device_faults.record, _CHECK, reason, detail, now)

    async def run(self) -> None:
        """Runs until cancelled: the alarm ends once nobody has guessed for the whole window."""
        while True:
            calm = not self._wrong or self._clock.monotonic() - self._wrong_at_s >= WINDOW_S
            if calm and (self._wrong or await self._stands()):
                self._wrong = 0
                await self._tell(None, "")
            await self._clock.sleep(self._periods.pin_s)

    async def _stands(self) -> bool:
        """From before a restart."""
        return await self._db.poll(device_faults.read, _CHECK) is not None
