"""Accounts of staff: added, changed and blocked by an owner; read at every request, so they are held in memory."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from drivers.text import is_shown
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import InvalidRequest, NotFound, Unauthorized
from kiosk.domain.staff import pins
from kiosk.domain.staff.names import outline
from kiosk.domain.staff.refusals import LastOwner, NameTaken, PinUnfit
from kiosk.domain.staff.roles import Person, Role, Roles
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.staff import accounts
from kiosk.store.staff.accounts import AccountRow
from kiosk.store.transaction import Reader, Tx

T = TypeVar("T")
_OF_ACCOUNT = "person:"
_MOST = 50  # of those who may sign in: each new PIN is compared with all of theirs
_NOBODYS = ("00" * 16, "00" * 64)  # what a PIN is compared with where there is no account

PersonId = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
EnteredPin = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
NewPin = Annotated[
    str, msgspec.Meta(min_length=pins.SHORTEST, max_length=pins.LONGEST, pattern=f"^[0-9]{{{pins.SHORTEST},}}$")
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pin`: 6 to 12 digits."""

    name: Name
    role: Role
    pin: NewPin


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is named is changed. `blocked` true ends the sessions at once; false wants a new `pin`, which ends them
    too."""

    name: Name | None = None
    role: Role | None = None
    pin: NewPin | None = None
    blocked: bool | None = None


class AccountView(msgspec.Struct, frozen=True):
    """`since`: when the account was made."""

    person_id: int
    name: str
    role: Role
    since: str
    blocked_at: str | None


class AccountsView(msgspec.Struct, frozen=True):
    people: list[AccountView]


class NameView(msgspec.Struct, frozen=True):
    person_id: int
    name: str


class Accounts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._rows: dict[int, AccountRow] = {}
        self._changing = asyncio.Lock()  # what a new name and PIN are compared with stays as it is meanwhile

    async def restore(self) -> None:
        """At start, before anybody asks."""
        self._know(await self._db.read(accounts.read))

    def _know(self, rows: list[AccountRow]) -> None:
        self._rows = {row.person_id: row for row in rows}

    # Who is there.

    def _live(self) -> list[AccountRow]:
        return [row for row in self._rows.values() if row.blocked_at is None]

    @property
    def has_owner(self) -> bool:
        return any(row.role is Role.OWNER for row in self._live())

    def names(self) -> list[NameView]:
        """Of those who may sign in."""
        return [NameView(row.person_id, row.name) for row in sorted(self._live(), key=lambda row: row.name.casefold())]

    def who_may(self, roles: Roles, but: str) -> list[NameView]:
        """Of these roles, without the one of this identity."""
        live = {row.person_id: row for row in self._live()}
        return [one for one in self.names() if live[one.person_id].role in roles and _identity(one.person_id) != but]

    def name_of(self, person_id: int) -> str:
        row = self._rows.get(person_id)
        return "" if row is None else row.name

    def by_identity(self, identity: str) -> Person | None:
        """None for one that is no account's. Raises `Unauthorized` for one that is blocked or gone."""
        return _person(self._of(identity)) if is_of_account(identity) else None

    def session_key(self, identity: str) -> str:
        """What the sessions of an account hang on. Raises `Unauthorized`."""
        return self._of(identity).session_key

    def still_may(self, identity: str, roles: Roles) -> bool:
        """Whether whoever asked has one of these roles yet; who has no account keeps what they had."""
        try:
            person = self.by_identity(identity)
        except Unauthorized:
            return False
        return person is None or person.role in roles

    def _of(self, identity: str) -> AccountRow:
        number = identity.removeprefix(_OF_ACCOUNT)
        row = self._rows.get(int(number)) if number.isascii() and number.isdigit() else None
        if row is None or row.blocked_at is not None:
            raise Unauthorized
        return row

    async def recognise(self, person_id: int, pin: str) -> Person | None:
        """None for a wrong PIN; it takes as long where there is no such account."""
        row = self._rows.get(person_id)
        salt, seal = _NOBODYS if row is None else (row.pin_salt, row.pin_seal)
        right = await _aside(lambda: pins.is_right(pin, salt, seal))
        now = self._rows.get(person_id)  # it may have changed meanwhile
        return _person(now) if right and now is not None and now == row and now.blocked_at is None else None

    # By an owner.

    def view(self) -> AccountsView:
        """Those who may sign in first."""
        rows = sorted(self._rows.values(), key=lambda row: (row.blocked_at is not None, row.name.casefold()))
        return AccountsView([_view(row) for row in rows])

    async def add(self, wanted: NewAccount, actor: str) -> AccountsView:
        """Raises `NameTaken`, `PinUnfit`, `InvalidRequest` where there are too many."""
        async with self._changing:
            name, pin = _clean(wanted.name), await self._new_pin(wanted.pin, None)
            now, key = self._clock.now(), secrets.token_hex(16)

            def run(tx: Tx) -> list[AccountRow]:
                _require_room(tx)
                _require_free(tx, name, None)
                person_id = accounts.add(tx, name, wanted.role, pin, key, now)
                journal.add(tx, actor, "staff_add", f"{person_id} {name}: {wanted.role}", now)
                return accounts.read(tx)

            self._know(await self._db.write(run))
        return self.view()

    async def change(self, person_id: int, wanted: AccountChange, actor: str) -> AccountsView:
        """Whoever it is feels it at once. Raises `NotFound`, `LastOwner`, `NameTaken`, `PinUnfit`,
        `InvalidRequest`."""
        async with self._changing:
            if person_id not in self._rows:
                raise NotFound
            pin = None if wanted.pin is None else await self._new_pin(wanted.pin, person_id)
            now, key = self._clock.now(), secrets.token_hex(16)

            def run(tx: Tx) -> list[AccountRow]:
                _change(tx, person_id, wanted, pin, key, actor, now)
                return accounts.read(tx)

            self._know(await self._db.write(run))
        return self.view()

    async def _new_pin(self, pin: str, whose: int | None) -> tuple[str, str]:
        """Its salt and seal. Raises `PinUnfit` for one that is easy or another's."""
        salt = secrets.token_hex(16)
        others = [(row.pin_salt, row.pin_seal) for row in self._live() if row.person_id != whose]

        def run() -> str | None:
            if pins.is_easy(pin) or any(pins.is_right(pin, *other) for other in others):
                return None
            return pins.sealed(pin, salt)

        seal = await _aside(run)
        if seal is None:
            raise PinUnfit
        return salt, seal


def _change(  # one change, as its transaction sees it
    tx: Tx,
    person_id: int,
    wanted: AccountChange,
    pin: tuple[str, str] | None,
    key: str,
    actor: str,
    now: datetime,
) -> None:
    row = accounts.find(tx, person_id)
    if row is None:
        raise NotFound
    role = wanted.role or row.role
    blocked = row.blocked_at is not None if wanted.blocked is None else wanted.blocked
    _require_owner(tx, row, stays=role is Role.OWNER and not blocked)
    name = row.name if wanted.name is None else _clean(wanted.name)
    if not blocked:
        _require_free(tx, name, person_id)
    done: list[tuple[str, str]] = []
    if name != row.name:
        accounts.change(tx, person_id, name=name)
        done.append(("staff_name", name))
    if role is not row.role:
        accounts.change(tx, person_id, role=role.value)
        done.append(("staff_role", role.value))
    if pin is not None:
        salt, seal = pin
        accounts.change(tx, person_id, pin_salt=salt, pin_seal=seal, session_key=key)
        done.append(("staff_pin", ""))
    if blocked and row.blocked_at is None:
        accounts.change(tx, person_id, blocked_at=now, session_key=key)
        done.append(("staff_block", ""))
    elif not blocked and row.blocked_at is not None:
        if pin is None:
            raise InvalidRequest.at("$.pin", "who comes back gets a new PIN")
        _require_room(tx)
        accounts.change(tx, person_id, blocked_at=None)
        done.append(("staff_unblock", ""))
    for action, what in done:
        journal.add(tx, actor, action, f"{person_id} {row.name}" + (f": {what}" if what else ""), now)


def _require_owner(reader: Reader, row: AccountRow, *, stays: bool) -> None:
    """Raises `LastOwner`."""
    is_owner = row.role is Role.OWNER and row.blocked_at is None
    others = [
        other
        for other in accounts.read(reader)
        if other.role is Role.OWNER and other.blocked_at is None and other.person_id != row.person_id
    ]
    if is_owner and not stays and not others:
        raise LastOwner


def _require_free(reader: Reader, name: str, whose: int | None) -> None:
    """Raises `NameTaken`."""
    for other in accounts.read(reader):
        if other.blocked_at is None and other.person_id != whose and outline(other.name) == outline(name):
            raise NameTaken


def _require_room(reader: Reader) -> None:
    """Raises `InvalidRequest`."""
    if sum(row.blocked_at is None for row in accounts.read(reader)) >= _MOST:
        raise InvalidRequest.at("$", f"at most {_MOST} people; block those who have left")


def _clean(name: str) -> str:
    """Raises `InvalidRequest` for one of blanks alone, or with something in it that nobody sees."""
    found = " ".join(unicodedata.normalize("NFC", name).split())
    if not found or not is_shown(found):
        raise InvalidRequest.at("$.name", "a name")
    return found


def is_of_account(identity: str) -> bool:
    return identity.startswith(_OF_ACCOUNT)


def _identity(person_id: int) -> str:
    return f"{_OF_ACCOUNT}{person_id}"


def _person(row: AccountRow) -> Person:
    identity = _identity(row.person_id)
    return Person(f"{identity}:{row.name}", identity, row.name, row.role, row.person_id)


def _view(row: AccountRow) -> AccountView:
    blocked_at = None if row.blocked_at is None else rfc3339(row.blocked_at)
    return AccountView(row.person_id, row.name, row.role, rfc3339(row.created_at), blocked_at)


async def _aside(run: Callable[[], T]) -> T:
    """scrypt releases the interpreter: on a thread it never holds the loop."""
    return await asyncio.get_running_loop().run_in_executor(None, run)
