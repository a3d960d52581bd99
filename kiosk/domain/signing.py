"""Signatures by Standard Webhooks, of what we send and of what we are sent: the receiver knows by whom, and when."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime


def sign(keys: tuple[bytes, ...], identity: str, now: datetime, body: bytes) -> str:
    """Standard Webhooks: `v1,<base64 HMAC-SHA256 of id.timestamp.body>`, one for each key."""
    return " ".join(_signature(key, identity, int(now.timestamp()), body) for key in keys)


def is_signed(keys: tuple[bytes, ...], identity: str, timestamp: int, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures is by one of the keys; how old it may be is for the caller to say."""
    known = [_signature(key, identity, timestamp, body).encode() for key in keys]
    given = [one.encode() for one in signatures.split()]
    return any(hmac.compare_digest(one, other) for one in given for other in known)


def _signature(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def read_keys(text: str) -> tuple[bytes, ...]:
    """`whsec_` + base64, one a line. Raises `ValueError`."""
    keys = []
    for line in text.split():
        if not line.startswith("whsec_"):
            raise ValueError("a webhook secret begins with whsec_")
        try:
            key = base64.b64decode(line.removeprefix("whsec_"), validate=True)
        except binascii.Error as error:
            raise ValueError("a webhook secret is whsec_ + base64") from error
        if not 24 <= len(key) <= 64:
            raise ValueError("a webhook secret has 24…64 bytes")
        keys.append(key)
    if not keys:
        raise ValueError("no webhook secret in the file")
    return tuple(keys)
