"""Access tokens: only a live HS256 token of ours, for us, of this kind, of a session that has not ended."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import Unauthorized
from kiosk.tokens import AccessTokens, key_id
from tests.clocks import START, ManualClock

SECRET = b"s" * 64
LIFETIME_S = 900


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tokens(clock: ManualClock) -> AccessTokens:
    return AccessTokens([SECRET], LIFETIME_S, clock)


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says; a change to None takes the claim out."""
    now = int(START.timestamp())
    good = {
        "iss": "kiosk",
        "aud": "kiosk-api",
        "sub": "session-1",
        "jti": "session-1",
        "dev": "kiosk-1",
        "typ": "access",
        "scope": "guest",
        "nbf": now,
        "iat": now,
        "exp": now + LIFETIME_S,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(secret: bytes = SECRET, algorithm: str = "HS256", kid: str = key_id(SECRET), **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm=algorithm, headers={"kid": kid})


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_speaks_for_its_session_at_its_terminal(tokens: AccessTokens) -> None:
    token, expires_at = tokens.issue("session-1", "kiosk-1")
    session = tokens.verify(token)
    assert (session.session_id, session.terminal_id, session.customer_id) == ("session-1", "kiosk-1", None)
    assert session.expires_at == expires_at == START + timedelta(seconds=LIFETIME_S)


def test_a_customers_token_speaks_for_the_customer(tokens: AccessTokens) -> None:
    token, _ = tokens.issue("session-1", "kiosk-1", "customer-7")
    assert tokens.verify(token).customer_id == "customer-7"


def test_a_token_made_by_the_book_is_taken(tokens: AccessTokens) -> None:
    assert tokens.verify(signed()).session_id == "session-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "temporary"},
        {"typ": "ACCESS"},
        {"aud": "bank"},
        {"aud": []},
        {"iss": "somebody"},
        {"exp": int(START.timestamp())},
        {"exp": "soon"},
        {"exp": 10**18},
        {"exp": -(10**18)},
        {"nbf": int(START.timestamp()) + 5},
        {"nbf": "now"},
        *({name: None} for name in ("iss", "aud", "exp", "nbf", "jti", "typ", "sub", "dev")),
    ],
    ids=str,
)
def test_a_token_that_says_anything_else_is_refused(tokens: AccessTokens, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(signed(**changes))


def test_another_secret_is_refused(tokens: AccessTokens) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(signed(secret=b"t" * 64))


def test_while_a_key_is_changed_both_are_taken_and_the_new_one_signs(clock: ManualClock) -> None:
    new = b"n" * 64
    before, during, after = (AccessTokens(keys, LIFETIME_S, clock) for keys in ([SECRET], [new, SECRET], [new]))
    old_token, _ = before.issue("session-1", "kiosk-1")
    new_token, _ = during.issue("session-1", "kiosk-1")
    assert (during.verify(old_token).session_id, after.verify(new_token).session_id) == ("session-1", "session-1")
    for tokens, token in ((before, new_token), (after, old_token)):
        with pytest.raises(Unauthorized):
            tokens.verify(token)


@pytest.mark.parametrize("kid", ["", "unknown", key_id(b"t" * 64)])
def test_a_key_of_another_name_is_refused_whatever_signed(tokens: AccessTokens, kid: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(signed(kid=kid))


def test_a_token_that_names_no_key_is_refused(tokens: AccessTokens) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(jwt.encode(claims(), SECRET, algorithm="HS256"))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_also_with_our_secret(tokens: AccessTokens, algorithm: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(signed(algorithm=algorithm, secret=SECRET))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256"])
def test_an_unsigned_token_is_refused(tokens: AccessTokens, algorithm: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': key_id(SECRET)})}.{part(claims())}.")


def test_a_token_lives_exactly_as_long_as_it_says(tokens: AccessTokens, clock: ManualClock) -> None:
    token, _ = tokens.issue("session-1", "kiosk-1")
    clock.advance(LIFETIME_S - 1)
    assert tokens.verify(token)
    clock.advance(1)
    with pytest.raises(Unauthorized):
        tokens.verify(token)


def test_after_the_clock_was_set_back_a_token_waits_for_its_time(tokens: AccessTokens, clock: ManualClock) -> None:
    token, _ = tokens.issue("session-1", "kiosk-1")
    clock.advance(-1)
    assert tokens.verify(token)
    clock.advance(-60)
    with pytest.raises(Unauthorized):
        tokens.verify(token)


def test_an_ended_session_is_dead_at_once_and_no_other(tokens: AccessTokens) -> None:
    first, _ = tokens.issue("session-1", "kiosk-1")
    again, _ = tokens.issue("session-1", "kiosk-1")
    other, _ = tokens.issue("session-2", "kiosk-1")
    tokens.end(["session-1"])
    for token in (first, again):
        with pytest.raises(Unauthorized):
            tokens.verify(token)
    assert tokens.verify(other).session_id == "session-2"


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_one_changed_character_kills_a_token(place: int, character: str) -> None:
    tokens = AccessTokens([SECRET], LIFETIME_S, ManualClock())
    token, _ = tokens.issue("session-1", "kiosk-1")
    place %= len(token) - 1  # the last character carries bits nobody reads
    spoiled = token[:place] + character + token[place + 1 :]
    if spoiled != token:
        with pytest.raises(Unauthorized):
            tokens.verify(spoiled)


@given(st.one_of(st.text(), st.lists(st.text(), min_size=3, max_size=3).map(".".join)))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(Unauthorized):
        AccessTokens([SECRET], LIFETIME_S, ManualClock()).verify(text)


def test_a_token_tells_whether_the_number_was_confirmed_in_this_session(tokens: AccessTokens) -> None:
    by_phone, _ = tokens.issue("session-1", "kiosk-1", "customer-7")
    by_code, expires_at = tokens.issue("session-1", "kiosk-1", "customer-7", verified=True, lifetime_s=600)
    assert not tokens.verify(by_phone).verified
    assert tokens.verify(by_code).verified
    assert expires_at == START + timedelta(seconds=600)


def test_a_guest_is_never_verified(tokens: AccessTokens) -> None:
    token, _ = tokens.issue("session-1", "kiosk-1", verified=True)
    assert not tokens.verify(token).verified


def test_a_temporary_token_names_its_confirmation_and_opens_nothing(tokens: AccessTokens) -> None:
    token = tokens.issue_temporary("code-1", START + timedelta(minutes=5))
    assert tokens.verify_temporary(token) == "code-1"
    with pytest.raises(Unauthorized):
        tokens.verify(token)


def test_an_access_token_confirms_nothing(tokens: AccessTokens) -> None:
    token, _ = tokens.issue("session-1", "kiosk-1")
    assert tokens.verify_temporary(token) is None
    assert tokens.verify_temporary(signed(typ="temporary", secret=b"t" * 64)) is None
    assert tokens.verify_temporary("") is None
