"""A guest session orders and pays without a number; a session that is ended is dead at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import InvalidRequest
from kiosk.flows.guards.rate_limit import Window
from kiosk.store.database import Database
from kiosk.store.identity import sessions
from kiosk.tokens import AccessTokens, Session


class GuestRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terminal_id: str | None = None


class TokenView(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in_s: int


class Guests:
    """Opens guest sessions, a bounded number a minute and an hour for each address, and ends sessions."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        terminals: Collection[str],
        clock: Clock,
        per_minute: int,
        per_hour: int,
    ) -> None:
        self._db = database
        self._tokens = tokens
        self._terminals = list(terminals)
        self._clock = clock
        self._minute = Window(clock, per_minute, 60)
        self._hour = Window(clock, per_hour, 3600)

    async def open(self, request: GuestRequest, place: str) -> TokenView:
        """Raises `TooManyRequests`, `InvalidRequest` for an unknown terminal."""
        terminal_id = request.terminal_id or self._terminals[0]
        if terminal_id not in self._terminals:
            raise InvalidRequest.at("$.terminal_id", "no such terminal")
        self._minute.check(place)
        self._hour.take(place)
        self._minute.take(place)
        session_id, now = str(uuid.uuid4()), self._clock.now()
        token, expires_at = self._tokens.issue(session_id, terminal_id)
        await self._db.write(sessions.add, session_id, terminal_id, None, now, expires_at)
        return TokenView(token, "Bearer", self._tokens.lifetime_s)

    async def end(self, session: Session) -> None:
        """Logout: the token is dead before the answer."""
        now = self._clock.now()
        await self._db.write(sessions.end, session.session_id, now)
        self._tokens.end([session.session_id])

    async def restore(self) -> None:
        """At start: ended sessions whose tokens have not expired stay dead."""
        self._tokens.end(await self._db.read(sessions.ended_unexpired, self._clock.now()))
