"""Signatures of deliveries by Standard Webhooks: the receiver knows who sent them, and when."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime


def sign(keys: tuple[bytes, ...], identity: str, now: datetime, body: bytes) -> str:
    """Standard Webhooks: `v1,<base64 HMAC-SHA256 of id.timestamp.body>`, one for each key."""
    signed = f"{identity}.{int(now.timestamp())}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)


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
