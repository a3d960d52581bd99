"""Seed «Авторизация пользователя»: quick-auth by phone (rows 1–2.2) and the confirmation by a code (3–4)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.address import is_loopback
from kiosk.domain.errors import (
    AttemptsExhausted,
    ConsentRequired,
    CustomersOnly,
    NoPendingConfirmation,
    NumberBlocked,
    PasswordExpired,
    StepUpRequired,
    TooManyRequests,
    Unauthorized,
    WrongPassword,
)
from kiosk.domain.identity.limits import Limits
from kiosk.domain.identity.phone import Phones, mask_phone
from kiosk.flows.guards.rate_limit import Window
from kiosk.flows.identity.guests import TokenView
from kiosk.store.database import Database
from kiosk.store.identity import customers, sessions
from kiosk.store.payment import bonuses
from kiosk.store.transaction import Reader, Tx
from kiosk.tokens import AccessTokens, Session

_SCRYPT = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}
_VERIFIED_LIFETIME_S = 600
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: So many addresses may use up their tries of a code without its temporary token: 30 of a million at three tries.
_PLACES = 10
#: In the words of ECMA 262, which JSON Schema reads too; `$` alone would let a last line feed pass.
_ONE_LINE = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\u2028\u2029])"


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as far as limits and words go: `place` as `domain.address` gives it, `local` at the unix socket."""

    place: str
    language: str


class QuickAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`consent`: the version of the text the customer agreed to, where one is required."""

    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    consent: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ConfirmRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phone: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    temporary_token: Annotated[str, msgspec.Meta(max_length=2048)] | None = None


class PushAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty address turns push off. One line without control characters, wherever a gateway puts it."""

    address: Annotated[str, msgspec.Meta(max_length=512, pattern=_ONE_LINE)]


class Pending(msgspec.Struct, frozen=True):
    """The 201: an SMS with a one-time password is queued."""

    temporary_token: str
    expires_in_s: int
    resend_in_s: int


class MeView(msgspec.Struct, frozen=True):
    phone_masked: str
    bonus_points: int
    customer_since: str


@dataclass(frozen=True, slots=True)
class SignInRules:
    """`[auth]`, and whose numbers are taken."""

    password_lifetime_s: int
    max_attempts: int
    spend_requires_code: bool
    consent_version: str
    limits: Limits
    phones: Phones


class SignIn:
    """Accounts by phone number; codes by CSPRNG, kept as salted scrypt, computed off the event loop."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        clock: Clock,
        rules: SignInRules,
        *,
        pepper: bytes,
        default_terminal: str,
        wake_sender: Callable[[], None],
    ) -> None:
        self._db = database
        self._tokens = tokens
        self._rules = rules
        self._pepper = pepper
        self._default_terminal = default_terminal
        self._clock = clock
        self._wake_sender = wake_sender
        self._logins = Window(clock, rules.limits.logins_per_device_per_minute, 60)

    async def quick_auth(self, request: QuickAuth, terminal_id: str | None, caller: Caller) -> Pending | TokenView:
        """Row 1: a confirmed number gets its token (2.2), any other a code by SMS (2.1). Raises `InvalidPhone`,
        `ConsentRequired`, `TooManyRequests`, `NumberBlocked`."""
        phone = self._rules.phones.parse(request.phone)
        self._logins.take(caller.place)
        terminal_id = terminal_id or self._default_terminal
        customer = await self._db.read(customers.by_phone, phone)
        if customer is not None and customer.blocked_at is not None:
            raise NumberBlocked
        if customer is not None and customer.confirmed_at is not None:
            with contextlib.suppress(LookupError):  # erased in this moment: a new number like any other
                return await self._token(customer.customer_id, terminal_id, verified=False, language=caller.language)
        version = self._rules.consent_version
        if version and request.consent != version:
            raise ConsentRequired(consent_version=version)

        def register(tx: Tx, now: datetime) -> None:
            known = customers.by_phone(tx, phone)
            if known is None:
                customers.add(tx, str(uuid.uuid4()), phone, caller.language, version or None, terminal_id, now)
            elif version:
                customers.add_consent(tx, known.customer_id, version, terminal_id, now)

        return await self._send_code(phone, caller, register)

    async def _send_code(
        self, phone: str, caller: Caller, also: Callable[[Tx, datetime], None] | None = None
    ) -> Pending:
        """Make a code and queue its SMS, within the limits of number, address and site. `also`: of a number that was
        never confirmed."""
        code, salt, code_id = f"{secrets.randbelow(1_000_000):06d}", secrets.token_bytes(16), str(uuid.uuid4())
        now = self._clock.now()
        limit = self._limit_new if also is not None else self._limit
        await self._db.write(limit, phone, caller.place, now)  # refuse before the costly hash
        digest = await self._hash(code, salt)
        expires_at = now + timedelta(seconds=self._rules.password_lifetime_s)

        def run(tx: Tx) -> None:
            if (known := customers.by_phone(tx, phone)) is not None and known.blocked_at is not None:
                raise NumberBlocked
            limit(tx, phone, caller.place, now)
            if also is not None:
                also(tx, now)
            customers.add_code(
                tx,
                code_id=code_id,
                phone=phone,
                code=code,
                salt=salt,
                digest=digest,
                attempts=self._rules.max_attempts,
                language=caller.language,
                place=caller.place,
                now=now,
                expires_at=expires_at,
            )

        await self._db.write(run)
        self._wake_sender()
        token = self._tokens.issue_temporary(code_id, expires_at)
        return Pending(token, self._rules.password_lifetime_s, self._rules.limits.resend_s)

    def _limit_new(self, tx: Tx, phone: str, place: str, now: datetime) -> None:
        """A number that was never confirmed leaves the customers their part of every budget."""
        self._limit(tx, phone, place, now, self._rules.limits.of_new_numbers)

    def _limit(
        self, reader: Reader, phone: str, place: str, now: datetime, part: Callable[[int], int] = lambda budget: budget
    ) -> None:
        """One SMS a minute, a few an hour and a day for a number; a budget an hour and a day for the site, of which one
        address gets a share, and all other machines together leave one to the site's own screens, which get the day's
        whole. One that certainly was not sent costs nobody
        anything and may be asked for again at once, as often once more as one that was."""
        limits = self._rules.limits
        hourly, daily, ours = limits.sms_per_site_per_hour, limits.sms_per_site_per_day, is_loopback(place)
        others = () if ours else ((_HOUR, hourly), (_DAY, daily))
        windows: tuple[tuple[timedelta, int, dict[str, Any]], ...] = (
            (timedelta(seconds=limits.resend_s), 1, {"phone": phone}),
            (_HOUR, limits.sms_per_phone_per_hour, {"phone": phone}),
            (_DAY, limits.sms_per_phone_per_day, {"phone": phone}),
            (_HOUR, 2 * limits.sms_per_phone_per_hour, {"phone": phone, "unsent": True}),
            (_HOUR, part(limits.of_one_address(hourly)), {"place": place}),
            (_DAY, part(daily if ours else limits.of_one_address(daily)), {"place": place}),
            *((length, part(limits.of_other_machines(budget)), {"others": True}) for length, budget in others),
            (_HOUR, part(hourly), {}),
            (_DAY, part(daily), {}),
        )
        for length, allowed, of in windows:
            reached = customers.code_before(reader, now - length, allowed, **of) if allowed else now
            if reached is not None:
                raise TooManyRequests(retry_after_s=max(1, round((length - (now - reached)).total_seconds())))

    async def confirm(self, request: ConfirmRequest, terminal_id: str | None, caller: Caller) -> TokenView:
        """Rows 3–3.1. Whoever has the temporary token has its code's tries alone; without it each address has as many
        of its own at the newest code, and all together a bounded number. Raises `NoPendingConfirmation`,
        `PasswordExpired`, `WrongPassword`, `AttemptsExhausted`, `NumberBlocked`."""
        phone, now = self._rules.phones.parse(request.phone), self._clock.now()
        row, left = await self._db.write(self._take_try, phone, request.temporary_token, caller, now)
        if left is None:
            raise AttemptsExhausted
        if not hmac.compare_digest(await self._hash(request.password, row.salt), row.hash):
            raise WrongPassword(attempts_left=left) if left else AttemptsExhausted()

        def activate(tx: Tx) -> str:
            if not customers.use_code(tx, row.code_id, phone, now):
                raise NoPendingConfirmation
            customer = customers.by_phone(tx, phone)
            if customer is None:
                raise NoPendingConfirmation
            if customer.blocked_at is not None:
                raise NumberBlocked
            customers.confirm(tx, customer.customer_id, now)
            return customer.customer_id

        customer_id = await self._db.write(activate)
        try:
            return await self._token(
                customer_id, terminal_id or self._default_terminal, verified=True, language=caller.language
            )
        except LookupError as error:
            raise NoPendingConfirmation from error

    def _take_try(
        self, tx: Tx, phone: str, temporary_token: str | None, caller: Caller, now: datetime
    ) -> tuple[customers.CodeRow, int | None]:
        """The code that is tried, and the tries left after this one, which is taken before anything is compared."""
        row = customers.last_code(tx, phone) if temporary_token is None else self._code_of(tx, temporary_token)
        if row is None or row.phone != phone or row.used_at is not None:
            raise NoPendingConfirmation
        most, left = self._rules.max_attempts, row.attempts_left
        if temporary_token is None:
            left = customers.tries_left(tx, row.code_id, caller.place, most, most * _PLACES)
        if left and row.expires_at <= now:
            raise PasswordExpired
        if temporary_token is not None:
            return row, customers.spend_attempt(tx, row.code_id)
        if left:
            customers.count_try(tx, row.code_id, caller.place)
        return row, left - 1 if left else None

    def _code_of(self, reader: Reader, temporary_token: str) -> customers.CodeRow | None:
        code_id = self._tokens.verify_temporary(temporary_token)
        return None if code_id is None else customers.find_code(reader, code_id)

    async def _token(self, customer_id: str, terminal_id: str, *, verified: bool, language: str) -> TokenView:
        """Raises `LookupError` where the account is gone, `NumberBlocked`."""
        session_id, now = str(uuid.uuid4()), self._clock.now()
        lifetime_s = min(self._tokens.lifetime_s, _VERIFIED_LIFETIME_S) if verified else self._tokens.lifetime_s
        token, expires_at = self._tokens.issue(
            session_id, terminal_id, customer_id, verified=verified, lifetime_s=lifetime_s
        )

        def run(tx: Tx) -> None:
            customer = customers.read(tx, customer_id)
            if customer is None:
                raise LookupError(customer_id)
            if customer.blocked_at is not None:
                raise NumberBlocked
            sessions.add(tx, session_id, terminal_id, customer_id, now, expires_at, verified=verified)
            if verified:  # a stranger who types the number changes nothing of it
                customers.set_language(tx, customer_id, language)

        await self._db.write(run)
        return TokenView(token, "Bearer", lifetime_s)

    async def _hash(self, code: str, salt: bytes) -> bytes:
        """scrypt releases the GIL; in the executor it never holds the loop."""
        secret = hmac.digest(self._pepper, code.encode(), "sha256")
        return await asyncio.get_running_loop().run_in_executor(
            None, lambda: hashlib.scrypt(secret, salt=salt, **_SCRYPT)
        )

    # What a customer may see and set.

    async def require_proven(self, session: Session, caller: Caller) -> str:
        """The customer behind a session that may look back and change: a code has confirmed its number. Raises
        `CustomersOnly`, `StepUpRequired` (and queues a code)."""
        if session.customer_id is None:
            raise CustomersOnly
        if not session.verified:
            raise await self.step_up(session.customer_id, caller)
        return session.customer_id

    async def require_spender(self, session: Session, caller: Caller) -> str:
        """The customer behind a session that may see and spend points: a proven one where `spend_requires_code`."""
        if session.customer_id is None or self._rules.spend_requires_code:
            return await self.require_proven(session, caller)
        return session.customer_id

    async def step_up(self, customer_id: str, caller: Caller) -> StepUpRequired:
        """The refusal that proves a session: its code is on the way to the number, within the limits. Raises
        `Unauthorized` where the account is gone or blocked since."""
        customer = await self._db.read(customers.read, customer_id)
        if customer is None or customer.blocked_at is not None:
            raise Unauthorized
        try:
            pending = await self._send_code(customer.phone, caller)
        except TooManyRequests as refusal:
            return StepUpRequired(**refusal.members)
        return StepUpRequired(
            temporary_token=pending.temporary_token,
            expires_in_s=pending.expires_in_s,
            resend_in_s=pending.resend_in_s,
        )

    async def me(self, session: Session, caller: Caller) -> MeView:
        customer_id = await self.require_spender(session, caller)
        customer = await self._db.read(customers.read, customer_id)
        points = await self._db.read(bonuses.balance, customer_id)
        if customer is None:
            raise CustomersOnly
        return MeView(mask_phone(customer.phone), points, rfc3339(customer.confirmed_at or customer.created_at))

    async def set_push(self, session: Session, address: str, caller: Caller) -> None:
        customer_id = await self.require_proven(session, caller)
        await self._db.write(customers.set_push, customer_id, address)
