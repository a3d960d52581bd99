"""Accounts of staff: who works here, with which role, and the seal of their PIN. Nobody is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.staff.roles import Role
from kiosk.store.transaction import Reader, Tx


class AccountRow(msgspec.Struct, frozen=True):
    """`session_key`: of the sessions that are live; another one ends them."""

    person_id: int
    name: str
    role: Role
    pin_salt: str
    pin_seal: str
    session_key: str
    created_at: datetime
    blocked_at: datetime | None


_COLUMNS = "person_id, name, role, pin_salt, pin_seal, session_key, created_at, blocked_at"


def read(reader: Reader) -> list[AccountRow]:
    """Everybody there ever was, by the order in which they came."""
    return reader.all(AccountRow, f"SELECT {_COLUMNS} FROM staff ORDER BY person_id")


def find(reader: Reader, person_id: int) -> AccountRow | None:
    return reader.one(AccountRow, f"SELECT {_COLUMNS} FROM staff WHERE person_id = ?", (person_id,))


def add(tx: Tx, name: str, role: Role, pin: tuple[str, str], session_key: str, now: datetime) -> int:
    """`pin`: its salt and seal. The number of the account."""
    salt, seal = pin
    return tx.insert(
        "staff",
        name=name,
        role=role.value,
        pin_salt=salt,
        pin_seal=seal,
        session_key=session_key,
        created_at=rfc3339(now),
    )


def change(tx: Tx, person_id: int, **values: Any) -> None:
    """Columns by name."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    written = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}
    tx.execute(f"UPDATE staff SET {assignments} WHERE person_id = :person_id", {**written, "person_id": person_id})
