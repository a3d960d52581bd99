"""PINs of staff: which are refused as too easy, and how one is kept and recognised. Never in clear (RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac

SHORTEST, LONGEST = 6, 12
_FEWEST_DIGITS = 3
_RUNS = "01234567890", "09876543210"
#: 16 MB and some 40 ms for each try, so that a stolen file is not read at leisure; a short PIN falls all the same.
_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26}


def is_easy(pin: str) -> bool:
    """Few different digits, a run up or down, or a half that comes twice: what is tried first."""
    half = len(pin) // 2
    repeated = len(pin) % 2 == 0 and pin[:half] == pin[half:]
    return len(set(pin)) < _FEWEST_DIGITS or repeated or any(pin in run for run in _RUNS)


def sealed(pin: str, salt: str) -> str:
    """What is kept of a PIN; takes tens of milliseconds and releases the interpreter meanwhile."""
    return hashlib.scrypt(pin.encode(), salt=salt.encode(), **_COST).hex()


def is_right(pin: str, salt: str, kept: str) -> bool:
    """In a time that tells nothing about the digits."""
    return hmac.compare_digest(sealed(pin, salt), kept)
