"""Idempotency keys and the answers they give again, also after a restart."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class KeyRow(msgspec.Struct, frozen=True):
    fingerprint: str
    order_id: str
    payment_id: str | None
    status: int | None
    body: str | None


def find_key(reader: Reader, session_id: str, call: str, key: str) -> KeyRow | None:
    return reader.one(
        KeyRow,
        "SELECT fingerprint, order_id, payment_id, status, body FROM idempotency"
        " WHERE session_id = ? AND call = ? AND key = ?",
        (session_id, call, key),
    )


def keep_answer(
    tx: Tx,
    session_id: str,
    call: str,
    key: str,
    fingerprint: str,
    order_id: str,
    answer: tuple[int, bytes],
    now: datetime,
) -> None:
    """A key whose call is over in its own transaction: what it answers from now on, status and body."""
    status, body = answer
    tx.insert(
        "idempotency",
        session_id=session_id,
        call=call,
        key=key,
        fingerprint=fingerprint,
        order_id=order_id,
        status=status,
        body=body.decode(),
        created_at=rfc3339(now),
    )


def occupy_key(
    tx: Tx, session_id: str, call: str, key: str, fingerprint: str, order_id: str, payment_id: str, now: datetime
) -> None:
    """A key whose call goes on behind this transaction."""
    tx.insert(
        "idempotency",
        session_id=session_id,
        call=call,
        key=key,
        fingerprint=fingerprint,
        order_id=order_id,
        payment_id=payment_id,
        created_at=rfc3339(now),
    )


def store_answer(tx: Tx, session_id: str, call: str, key: str, status: int, body: bytes) -> None:
    """What the key answers from now on, also after a restart."""
    tx.execute(
        "UPDATE idempotency SET status = ?, body = ? WHERE session_id = ? AND call = ? AND key = ?",
        (status, body.decode(), session_id, call, key),
    )


def free_key(tx: Tx, session_id: str, call: str, key: str) -> None:
    """A refusal before money moved is not stored: the key may try again."""
    tx.execute("DELETE FROM idempotency WHERE session_id = ? AND call = ? AND key = ?", (session_id, call, key))
