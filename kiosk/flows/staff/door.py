"""Staff at the door of `/service` and `/stats`: a name and its PIN, or the shared PIN as long as there is no owner's
account; slower with every wrong one wherever it comes from (access.md#staff)."""

from __future__ import annotations

import asyncio
import hmac

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import NotFound, StaffOnly, Unauthorized
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.ordering.throttle import FREE_TRIES, WINDOW_S, Throttle
from kiosk.domain.reasons import PIN_GUESSED
from kiosk.domain.staff.refusals import AccountsOnly
from kiosk.domain.staff.roles import Person, Role
from kiosk.flows.staff.accounts import AccountChange, Accounts
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import device_faults
from kiosk.store.identity import sessions
from kiosk.tokens import AccessTokens, StaffSession

_log = structlog.get_logger()
_CHECK = "service"
_ACCOUNT, _SHARED = "account", "shared"
_DOOR = ("door", "all")
_FREE_TOGETHER = 12  # of all names: several people may err in a night, a guesser does not go from name to name
_OF_SHARED = "staff:"


class StaffDoor:
    """Without a PIN and without accounts there is no door. Addresses cost a guesser nothing, so whoever tries a name
    waits for it, and all of them together; whoever has a session is not disturbed, and nobody is locked out."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        accounts: Accounts,
        pin: str,
        readiness: Readiness,
        clock: Clock,
        *,
        periods: Periods = USUAL,
    ) -> None:
        """`pin`: the shared one, empty where there is none."""
        self._periods = periods
        self._db = database
        self._tokens = tokens
        self.accounts = accounts
        self._pin = pin
        self._readiness = readiness
        self._clock = clock
        self._throttle = Throttle()
        self._together = Throttle(_FREE_TOGETHER)
        self._trying = asyncio.Lock()  # tries that come at once are counted one by one
        self._wrong = 0
        self._wrong_at_s = 0.0

    @property
    def takes_shared_pin(self) -> bool:
        return bool(self._pin) and not self.accounts.has_owner

    async def enter(self, pin: str, name: str, person_id: int | None, address: str, lifetime_s: int) -> str:
        """A staff session's token: of an account, or by the shared PIN, for the journal under the `name` given. Raises
        `NotFound`, `AccountsOnly`, `StaffOnly` for a wrong PIN, `TooManyRequests`."""
        if person_id is not None:
            person = await self.recognise(person_id, pin, address)
            return self._tokens.issue_staff(lifetime_s, person.identity, self._key_of(person.identity))
        if self.accounts.has_owner:
            raise AccountsOnly
        if not self._pin:
            raise NotFound
        async with self._trying:
            self._check(_SHARED)
            if not hmac.compare_digest(pin.encode(), self._pin.encode()):
                await self._count(_SHARED, address, "")
                raise StaffOnly
        return self._tokens.issue_staff(lifetime_s, f"{_OF_SHARED}{name}", self._pin)

    async def recognise(self, person_id: int, pin: str, address: str) -> Person:
        """Who has this account's PIN. Raises `StaffOnly`, also for an account that is blocked or not there,
        `TooManyRequests`."""
        async with self._trying:
            self._check(str(person_id))
            found = await self.accounts.recognise(person_id, pin)
            if found is None:
                await self._count(str(person_id), address, self.accounts.name_of(person_id))
                raise StaffOnly
        return found

    async def change_pin(self, person: Person, pin: str, new_pin: str, address: str) -> None:
        """One's own, by who knows it; their sessions end, as with any new PIN. Raises `NotFound` without an account,
        `StaffOnly` for a wrong PIN, `TooManyRequests`, `PinUnfit`."""
        if person.person_id is None:
            raise NotFound
        await self.recognise(person.person_id, pin, address)
        await self.accounts.change(person.person_id, AccountChange(pin=new_pin), person.actor)

    def _check(self, account: str) -> None:
        now_s = self._clock.monotonic()
        self._throttle.check(_ACCOUNT, account, now_s)
        self._together.check(*_DOOR, now_s)

    async def _count(self, account: str, address: str, name: str) -> None:
        now_s = self._clock.monotonic()
        self._throttle.count(_ACCOUNT, account, now_s)
        self._together.count(*_DOOR, now_s)
        await self._note_wrong(address, name, now_s)

    def person(self, token: str) -> Person:
        """Who acts, with the role they have now. Raises `Unauthorized`."""
        session = self._session(token)
        account = self.accounts.by_identity(session.subject)
        if account is not None:
            return account
        name = session.subject.removeprefix(_OF_SHARED) or "staff"
        actor = f"pin:{name}:{session.session_id[:6]}"
        return Person(actor, _SHARED, name, Role.OWNER, bounded=False)

    def _session(self, token: str) -> StaffSession:
        return self._tokens.staff_session(token, self._key_of)

    def _key_of(self, subject: str) -> str:
        """Raises `Unauthorized`."""
        if subject.startswith(_OF_SHARED):
            if not self.takes_shared_pin:
                raise Unauthorized
            return self._pin
        return self.accounts.session_key(subject)

    async def leave(self, token: str) -> None:
        """The session is dead from now on, also after a restart. Raises `Unauthorized`."""
        session = self._session(token)
        now = self._clock.now()
        await self._db.write(sessions.end_staff, session.session_id, session.expires_at, now)
        self._tokens.end([session.session_id])

    async def restore(self) -> None:
        """At start, before anybody asks."""
        await self.accounts.restore()
        self._tokens.end(await self._db.read(sessions.staff_ended_unexpired, self._clock.now()))

    async def _note_wrong(self, address: str, name: str, now_s: float) -> None:
        """In the journal each, as an alarm from the fourth within the window on."""
        self._wrong = self._wrong + 1 if now_s - self._wrong_at_s < WINDOW_S else 1
        self._wrong_at_s = now_s
        now = self._clock.now()
        _log.warning("wrong_pin", address=address, wrong=self._wrong)
        await self._db.write(journal.add, "unknown", "wrong_pin", f"{address} {name}".rstrip(), now)
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
