"""Access tokens: HS256 with iss, aud, exp, nbf and jti, short-lived, tied to one session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import jwt
import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import Unauthorized

_ISSUER = "kiosk"
_AUDIENCE = "kiosk-api"
_CLAIMS = ("iss", "aud", "exp", "nbf", "jti", "typ", "sub", "dev")


class Session(msgspec.Struct, frozen=True):
    """Whom a verified token speaks for."""

    session_id: str
    terminal_id: str
    customer_id: str | None
    expires_at: datetime


class AccessTokens:
    """Signs and verifies; a token whose session was ended is dead at once (deny list by jti)."""

    def __init__(self, secret: bytes, lifetime_s: int, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock
        self._ended: set[str] = set()
        self.lifetime_s = lifetime_s

    def issue(self, session_id: str, terminal_id: str, customer_id: str | None = None) -> tuple[str, datetime]:
        """The token and its end."""
        now = self._clock.now()
        expires_at = now + timedelta(seconds=self.lifetime_s)
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": customer_id or session_id,
            "jti": session_id,
            "dev": terminal_id,
            "typ": "access",
            "scope": "customer" if customer_id else "guest",
            "nbf": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, self._secret, algorithm="HS256"), expires_at

    def verify(self, token: str) -> Session:
        """Raises `Unauthorized` for anything but a live access token of ours."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                leeway=1,
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
            expires_at = datetime.fromtimestamp(int(claims["exp"]), tz=self._clock.now().tzinfo)
            not_before = int(claims["nbf"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError) as error:
            raise Unauthorized from error
        now = self._clock.now()
        session_id = claims["jti"]
        if claims["typ"] != "access" or expires_at <= now or not_before > now.timestamp() + 1:
            raise Unauthorized
        if session_id in self._ended:
            raise Unauthorized
        customer_id = claims["sub"] if claims.get("scope") == "customer" else None
        return Session(session_id, claims["dev"], customer_id, expires_at)

    def end(self, session_ids: Iterable[str]) -> None:
        self._ended.update(session_ids)
