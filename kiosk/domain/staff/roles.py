"""Who of the staff may do what: roles, and the groups of them that the table of operations names at each act."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kiosk.domain.staff.stuck import Move
from kiosk.domain.text import Text


class Role(StrEnum):
    TECHNICIAN = "technician"  # devices, kitchen, service acts of registrar and reader
    SHIFT = "shift"  # orders, cells, till, refunds, fiscal shift, stop list, bins
    MANAGER = "manager"  # what a shift may, figures, guests' data, recalls; the second person of a refund
    OWNER = "owner"  # everything, and the accounts


Roles = frozenset[Role]

ROLE_WORDS: Mapping[Role, Text] = {
    Role.TECHNICIAN: Text("техник", "technician"),
    Role.SHIFT: Text("сотрудник смены", "shift"),
    Role.MANAGER: Text("управляющий", "manager"),
    Role.OWNER: Text("владелец", "owner"),
}

EVERY_ROLE: Roles = frozenset(Role)
SERVING: Roles = frozenset({Role.SHIFT, Role.MANAGER, Role.OWNER})
SERVICING: Roles = frozenset({Role.TECHNICIAN, Role.MANAGER, Role.OWNER})
MANAGING: Roles = frozenset({Role.MANAGER, Role.OWNER})
#: Not a manager's: whoever may give a PIN to the first person of a refund is its second person too.
OWNING: Roles = frozenset({Role.OWNER})

#: What may be decided about a stuck line, and by whom: money and food by those who serve, papers of the registrar by
#: those who service it.
MOVE_ROLES: Mapping[Move, Roles] = {
    Move.RETRY: EVERY_ROLE,
    Move.REFUND: SERVING,
    Move.ISSUE: SERVICING,
    Move.ADOPT: SERVICING,
    Move.ACCEPT: SERVING,
}


class Person(msgspec.Struct, frozen=True):
    """Who acts. `actor`: as the journal names them; `identity`: the same for one person at every door and in every
    session; `person_id`: of their account, None without one."""

    actor: str
    identity: str
    name: str
    role: Role
    person_id: int | None = None
    bounded: bool = True  # their refunds have a limit


def role_words(roles: Roles, language: str) -> list[str]:
    """In the order of the roles."""
    return [ROLE_WORDS[role].into(language) for role in Role if role in roles]
