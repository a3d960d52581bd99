"""Access tokens: HS256 with iss, aud, exp, nbf and jti, short-lived, tied to one session; `kid` names their key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import jwt
import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import Unauthorized

_ISSUER = "kiosk"
_KNOWN = 512  # tokens kept read
_AUDIENCE = "kiosk-api"
_CLAIMS = ("iss", "aud", "exp", "nbf", "jti", "typ", "sub", "dev")


class Session(msgspec.Struct, frozen=True):
    """Whom a verified token speaks for."""

    session_id: str
    terminal_id: str
    customer_id: str | None
    expires_at: datetime
    verified: bool = False  # the number was confirmed by a code in this session


class StaffSession(msgspec.Struct, frozen=True):
    """`subject`: whose it is."""

    session_id: str
    subject: str
    expires_at: datetime


class AccessTokens:
    """Signs with the first key and verifies with any; a token whose session was ended is dead at once (deny list by
    jti)."""

    def __init__(self, keys: Sequence[bytes], lifetime_s: int, clock: Clock) -> None:
        self._keys = {key_id(key): key for key in keys}
        self._kid = key_id(keys[0])
        self._clock = clock
        self._ended: set[str] = set()
        self.lifetime_s = lifetime_s

    def issue(
        self,
        session_id: str,
        terminal_id: str,
        customer_id: str | None = None,
        *,
        verified: bool = False,
        lifetime_s: int | None = None,
    ) -> tuple[str, datetime]:
        """The token and its end. `verified`: amr phone and sms."""
        now = self._clock.now()
        expires_at = now + timedelta(seconds=self.lifetime_s if lifetime_s is None else lifetime_s)
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": customer_id or session_id,
            "jti": session_id,
            "dev": terminal_id,
            "typ": "access",
            "scope": "customer" if customer_id else "guest",
            "amr": (["phone", "sms"] if verified else ["phone"]) if customer_id else [],
            "nbf": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return self._sign(claims), expires_at

    def _sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), self._keys[self._kid], algorithm="HS256", headers={"kid": self._kid})

    def issue_temporary(self, code_id: str, expires_at: datetime) -> str:
        """The seed's temporary token: names one pending confirmation, opens nothing."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": code_id,
            "jti": code_id,
            "dev": "",
            "typ": "temporary",
            "nbf": now,
            "iat": now,
            "exp": int(expires_at.timestamp()),
        }
        return self._sign(claims)

    def verify_temporary(self, token: str) -> str | None:
        """The confirmation a temporary token of ours names, else None."""
        try:
            claims, _ = self._decode(token)
        except Unauthorized:
            return None
        return str(claims["jti"]) if claims["typ"] == "temporary" else None

    def issue_staff(self, lifetime_s: int, subject: str, key: str) -> str:
        """A session of staff: a type of its own, no access token. `subject`: whose; `key`: what it hangs on, dead once
        that is another."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": subject,
            "jti": secrets.token_urlsafe(16),
            "dev": "",
            "typ": "service",
            "pin": self._seal(key),
            "nbf": now,
            "iat": now,
            "exp": now + lifetime_s,
        }
        return self._sign(claims)

    def staff_session(self, token: str, key_of: Callable[[str], str]) -> StaffSession:
        """A live staff session of ours. `key_of` its subject raises `Unauthorized` for one who has none. Raises
        `Unauthorized`."""
        claims, expires_at = self._decode(token)
        if claims["typ"] != "service" or expires_at <= self._clock.now() or claims["jti"] in self._ended:
            raise Unauthorized
        subject = str(claims["sub"])
        if not hmac.compare_digest(str(claims.get("pin", "")), self._seal(key_of(subject))):
            raise Unauthorized
        return StaffSession(str(claims["jti"]), subject, expires_at)

    def _seal(self, key: str) -> str:
        """Distinguishes one key from the next, and gives nothing of it away without ours."""
        return hmac.digest(self._keys[self._kid], b"pin:" + key.encode(), hashlib.sha256).hex()[:32]

    def verify(self, token: str) -> Session:
        """Raises `Unauthorized` for anything but a live access token of ours."""
        claims, expires_at = self._decode(token)
        session_id = claims["jti"]
        if claims["typ"] != "access" or expires_at <= self._clock.now() or session_id in self._ended:
            raise Unauthorized
        customer_id = claims["sub"] if claims.get("scope") == "customer" else None
        return Session(session_id, claims["dev"], customer_id, expires_at, "sms" in claims.get("amr", []))

    def _decode(self, token: str) -> tuple[Mapping[str, Any], datetime]:
        """Signature, issuer, audience and not-before; the end is the caller's to judge. Raises `Unauthorized`."""
        try:
            kid = _kid_of(token)
            if kid not in self._keys:
                raise Unauthorized
            claims = _proved(token, self._keys[kid])
            expires_at = datetime.fromtimestamp(int(claims["exp"]), tz=self._clock.now().tzinfo)
            not_before = int(claims["nbf"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError) as error:
            raise Unauthorized from error
        if not_before > self._clock.now().timestamp() + 1:
            raise Unauthorized
        return claims, expires_at

    def end(self, session_ids: Iterable[str]) -> None:
        self._ended.update(session_ids)


@lru_cache(_KNOWN)
def _kid_of(token: str) -> Any:
    """Raises `jwt.PyJWTError`."""
    return jwt.get_unverified_header(token).get("kid")


@lru_cache(_KNOWN)
def _proved(token: str, key: bytes) -> Mapping[str, Any]:
    """What a token of this key claims; no times are judged, so that it stays true. A screen sends the same token with
    each of its requests. Raises `jwt.PyJWTError`."""
    return MappingProxyType(
        jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            leeway=1,
            options={"require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    )


def key_id(key: bytes) -> str:
    """What a token's header calls its key: enough to tell a few keys apart, nothing about them."""
    return hashlib.sha256(key).hexdigest()[:8]
