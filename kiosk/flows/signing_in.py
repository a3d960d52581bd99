"""Seed «Авторизация пользователя»: quick-auth by phone (rows 1–2.2) and the confirmation by a code (3–4)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.customer import Limits
from kiosk.domain.errors import (
    AttemptsExhausted,
    ConsentRequired,
    CustomersOnly,
    NoPendingConfirmation,
    PasswordExpired,
    StepUpRequired,
    TooManyRequests,
    WrongPassword,
)
from kiosk.domain.phone import Phones, mask_phone
from kiosk.flows.guests import TokenView
from kiosk.flows.limiting import Window
from kiosk.store import bonuses, customers, sessions
from kiosk.store.database import Database, Tx
from kiosk.tokens import AccessTokens, Session

_SCRYPT = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}
_FORGET_AFTER = timedelta(hours=24)
_FORGET_EVERY_S = 3600
_VERIFIED_LIFETIME_S = 600
#: In the words of ECMA 262, which JSON Schema reads too; `$` alone would let a last line feed pass.
_ONE_LINE = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\u2028\u2029])"


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


class SigningIn:
    """Accounts by phone number; codes by CSPRNG, kept as salted scrypt, computed off the event loop."""

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        rules: SignInRules,
        pepper: bytes,
        default_terminal: str,
        clock: Clock,
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

    async def quick_auth(
        self, request: QuickAuth, device: str, terminal_id: str | None, language: str
    ) -> Pending | TokenView:
        """Row 1: a confirmed number gets its token (2.2), any other a code by SMS (2.1). Raises `InvalidPhone`,
        `ConsentRequired`, `TooManyRequests`."""
        phone = self._rules.phones.parse(request.phone)
        self._logins.take(device)
        terminal_id = terminal_id or self._default_terminal
        customer = await self._db.write(lambda tx: customers.by_phone(tx, phone))
        if customer is not None and customer.confirmed_at is not None:
            return await self._token(customer.customer_id, terminal_id, verified=False, language=language)
        version = self._rules.consent_version
        if version and request.consent != version:
            raise ConsentRequired(consent_version=version)

        def register(tx: Tx, now: datetime) -> None:
            known = customers.by_phone(tx, phone)
            if known is None:
                customers.add(tx, str(uuid.uuid4()), phone, language, version or None, terminal_id, now)
            elif version:
                customers.consent(tx, known.customer_id, version, terminal_id, now)

        return await self._send_code(phone, language, register)

    async def _send_code(
        self, phone: str, language: str, also: Callable[[Tx, datetime], None] | None = None
    ) -> Pending:
        """Make a code and queue its SMS, within the limits of number and site."""
        code, salt, code_id = f"{secrets.randbelow(1_000_000):06d}", secrets.token_bytes(16), str(uuid.uuid4())
        now = self._clock.now()
        await self._db.write(lambda tx: self._limit(tx, phone, now))  # refuse before the costly hash
        digest = await self._hash(code, salt)
        expires_at = now + timedelta(seconds=self._rules.password_lifetime_s)

        def run(tx: Tx) -> None:
            self._limit(tx, phone, now)
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
                language=language,
                now=now,
                expires_at=expires_at,
            )

        await self._db.write(run)
        self._wake_sender()
        token = self._tokens.issue_temporary(code_id, expires_at)
        return Pending(token, self._rules.password_lifetime_s, self._rules.limits.resend_s)

    def _limit(self, tx: Tx, phone: str, now: datetime) -> None:
        """One SMS a minute, a few an hour and a day for a number; a budget a day for the site. One that certainly was
        not sent costs nobody anything and may be asked for again at once, as often once more as one that was."""
        limits = self._rules.limits
        day = customers.codes_since(tx, phone, now - timedelta(days=1))
        tried = customers.codes_since(tx, phone, now - timedelta(hours=1), unsent=True)
        windows = (
            (timedelta(seconds=limits.resend_s), 1, day),
            (timedelta(hours=1), limits.sms_per_phone_per_hour, day),
            (timedelta(days=1), limits.sms_per_phone_per_day, day),
            (timedelta(hours=1), 2 * limits.sms_per_phone_per_hour, tried),
            (
                timedelta(days=1),
                limits.sms_per_site_per_day,
                customers.codes_since(tx, None, now - timedelta(days=1)),
            ),
        )
        for length, allowed, made in windows:
            recent = [at for at in made if now - at < length]
            if len(recent) >= allowed:
                wait = length - (now - recent[allowed - 1]) if allowed else length
                raise TooManyRequests(retry_after_s=max(1, round(wait.total_seconds())))

    async def confirm(self, request: ConfirmRequest, terminal_id: str | None, language: str) -> TokenView:
        """Rows 3–3.1. Raises `NoPendingConfirmation`, `PasswordExpired`, `WrongPassword`, `AttemptsExhausted`."""
        phone, now = self._rules.phones.parse(request.phone), self._clock.now()

        def take(tx: Tx) -> tuple[customers.CodeRow, int | None]:
            row = customers.last_code(tx, phone)
            if row is None or row.used_at is not None or not self._is_of(row, request.temporary_token):
                raise NoPendingConfirmation
            if row.attempts_left and row.expires_at <= now:
                raise PasswordExpired
            return row, customers.spend_attempt(tx, row.code_id)

        row, left = await self._db.write(take)
        if left is None:
            raise AttemptsExhausted
        if not hmac.compare_digest(await self._hash(request.password, row.salt), row.hash):
            raise WrongPassword(attempts_left=left) if left else AttemptsExhausted()

        def activate(tx: Tx) -> str:
            if not customers.use_code(tx, row.code_id, now):
                raise NoPendingConfirmation
            customer = customers.by_phone(tx, phone)
            if customer is None:
                raise NoPendingConfirmation
            customers.confirm(tx, customer.customer_id, now)
            return customer.customer_id

        customer_id = await self._db.write(activate)
        return await self._token(customer_id, terminal_id or self._default_terminal, verified=True, language=language)

    def _is_of(self, row: customers.CodeRow, temporary_token: str | None) -> bool:
        return temporary_token is None or self._tokens.verify_temporary(temporary_token) == row.code_id

    async def _token(self, customer_id: str, terminal_id: str, *, verified: bool, language: str) -> TokenView:
        session_id, now = str(uuid.uuid4()), self._clock.now()
        lifetime_s = min(self._tokens.lifetime_s, _VERIFIED_LIFETIME_S) if verified else self._tokens.lifetime_s
        token, expires_at = self._tokens.issue(
            session_id, terminal_id, customer_id, verified=verified, lifetime_s=lifetime_s
        )

        def run(tx: Tx) -> None:
            sessions.add(tx, session_id, terminal_id, customer_id, now, expires_at, verified=verified)
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

    async def require_proven(self, session: Session, language: str) -> str:
        """The customer behind a session that may look back and change: a code has confirmed its number. Raises
        `CustomersOnly`, `StepUpRequired` (and queues a code)."""
        if session.customer_id is None:
            raise CustomersOnly
        if not session.verified:
            raise await self.step_up(session.customer_id, language)
        return session.customer_id

    async def require_spender(self, session: Session, language: str) -> str:
        """The customer behind a session that may see and spend points: a proven one where `spend_requires_code`."""
        if session.customer_id is None or self._rules.spend_requires_code:
            return await self.require_proven(session, language)
        return session.customer_id

    async def step_up(self, customer_id: str, language: str) -> StepUpRequired:
        """The refusal that proves a session: its code is on the way to the number, within the limits."""
        customer = await self._db.write(lambda tx: customers.require(tx, customer_id))
        try:
            pending = await self._send_code(customer.phone, language)
        except TooManyRequests as refusal:
            return StepUpRequired(**refusal.members)
        return StepUpRequired(
            temporary_token=pending.temporary_token,
            expires_in_s=pending.expires_in_s,
            resend_in_s=pending.resend_in_s,
        )

    async def me(self, session: Session, language: str) -> MeView:
        customer_id = await self.require_spender(session, language)
        async with self._db.read() as reader:
            customer = await customers.read(reader, customer_id)
            points = await bonuses.read_balance(reader, customer_id)
        if customer is None:
            raise CustomersOnly
        return MeView(mask_phone(customer.phone), points, rfc3339(customer.confirmed_at or customer.created_at))

    async def set_push(self, session: Session, address: str, language: str) -> None:
        customer_id = await self.require_proven(session, language)
        await self._db.write(lambda tx: customers.set_push(tx, customer_id, address))

    async def forget_unconfirmed(self) -> None:
        """For ever: numbers never confirmed are deleted after 24 h."""
        while True:
            before = self._clock.now() - _FORGET_AFTER
            await self._db.write(lambda tx, before=before: customers.forget_unconfirmed(tx, before))  # type: ignore[misc]
            await self._clock.sleep(_FORGET_EVERY_S)
