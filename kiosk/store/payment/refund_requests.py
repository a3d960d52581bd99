"""Refunds that wait for a second person, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.payment.second_person import TRANSITIONS, RequestState
from kiosk.domain.staff.refusals import RefundRequestConflict
from kiosk.store.transaction import Reader, Tx


class RequestRow(msgspec.Struct, frozen=True):
    """`actor`, `identity`: of the first person; `portions`: what would go back."""

    request_id: int
    order_id: str
    portions: list[int]
    amount_kopecks: int
    reason: str
    state: RequestState
    actor: str
    identity: str
    asked_at: datetime
    expires_at: datetime
    settled_by: str | None = None
    settled_at: datetime | None = None


_COLUMNS = (
    "request_id, order_id, portions AS 'portions:json', amount_kopecks, reason, state, actor, identity, asked_at,"
    " expires_at, settled_by, settled_at"
)


def add(  # noqa: PLR0913  # each by its keyword
    tx: Tx,
    *,
    order_id: str,
    portions: Sequence[int],
    amount_kopecks: int,
    reason: str,
    actor: str,
    identity: str,
    asked_at: datetime,
    expires_at: datetime,
) -> RequestRow:
    request_id = tx.insert(
        "refund_request",
        order_id=order_id,
        portions=msgspec.json.encode(sorted(portions)).decode(),
        amount_kopecks=amount_kopecks,
        reason=reason,
        state=RequestState.WAITING.value,
        actor=actor,
        identity=identity,
        asked_at=rfc3339(asked_at),
        expires_at=rfc3339(expires_at),
    )
    return tx.require(RequestRow, f"SELECT {_COLUMNS} FROM refund_request WHERE request_id = ?", (request_id,))


def find(reader: Reader, request_id: int) -> RequestRow | None:
    return reader.one(RequestRow, f"SELECT {_COLUMNS} FROM refund_request WHERE request_id = ?", (request_id,))


def waiting(reader: Reader) -> list[RequestRow]:
    """The oldest first."""
    return reader.all(RequestRow, f"SELECT {_COLUMNS} FROM refund_request WHERE state = 'waiting' ORDER BY request_id")


def settle(tx: Tx, row: RequestRow, state: RequestState, actor: str, now: datetime) -> None:
    """As it stands now. Raises `RefundRequestConflict` where another was quicker."""
    current = find(tx, row.request_id)
    if current is None or state not in TRANSITIONS[current.state]:
        raise RefundRequestConflict(state="expired" if current is None else current.state.value)
    tx.execute(
        "UPDATE refund_request SET state = ?, settled_by = ?, settled_at = ? WHERE request_id = ?",
        (state.value, actor, rfc3339(now), row.request_id),
    )


def given_by_people(reader: Reader, order_id: str) -> int:
    """Kopecks that people gave back of an order until now, under way included; not what went back by itself."""
    asked = (
        "SELECT ifnull(sum(amount_kopecks), 0) FROM refund WHERE order_id = ? AND actor <> 'kiosk' AND portions <> '[]'"
    )
    return int(reader.scalar(asked, (order_id,)))
