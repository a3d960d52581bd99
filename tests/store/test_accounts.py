"""Accounts of staff and their door, over a real database: who gets in, how guesses slow down, whose session ends."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from kiosk.domain.errors import DomainError, InvalidRequest, StaffOnly, TooManyRequests, Unauthorized
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.staff.refusals import AccountsOnly, LastOwner, NameTaken, PinUnfit
from kiosk.domain.staff.roles import Person, Role
from kiosk.flows.staff.accounts import AccountChange, Accounts, NewAccount
from kiosk.flows.staff.door import StaffDoor
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.transaction import Reader
from kiosk.tokens import AccessTokens
from tests.clocks import ManualClock

SHARED = "24681357"
PINS = {"Вера": "482915", "Олег": "730264", "Ира": "590317"}
WRONG = "999111"


class Staff:
    """Вера is the owner, Олег a manager, Ира of the shift; `door` as it stands after a start."""

    def __init__(self, database: Database, pin: str = SHARED) -> None:
        self.database, self.clock, self._pin = database, ManualClock(), pin
        self.tokens = AccessTokens([b"k" * 32], 900, self.clock)

    async def start(self) -> Staff:
        self.accounts = Accounts(self.database, self.clock)
        self.door = StaffDoor(self.database, self.tokens, self.accounts, self._pin, Readiness(("sales",)), self.clock)
        await self.door.restore()
        return self

    async def hire(self, name: str, role: Role, pin: str | None = None) -> int:
        told = await self.accounts.add(NewAccount(name, role, pin or PINS[name]), "tester")
        return next(row.person_id for row in told.people if row.name == name)

    async def all(self) -> dict[str, int]:
        roles = {"Вера": Role.OWNER, "Олег": Role.MANAGER, "Ира": Role.SHIFT}
        return {name: await self.hire(name, role) for name, role in roles.items()}

    async def enter(self, person_id: int | None, pin: str, address: str = "192.168.1.7") -> str:
        return await self.door.enter(pin, "", person_id, address, 1800)

    async def lines(self) -> list[tuple[str, str]]:
        return [(row.action, row.detail) for row in await self.database.read(journal.read, 50)]


@pytest.fixture
async def staff(database: Database) -> Staff:
    return await Staff(database).start()


def is_live(staff: Staff, token: str) -> bool:
    try:
        staff.door.person(token)
    except Unauthorized:
        return False
    return True


def opens_by_shared_pin(staff: Staff) -> bool:
    return staff.door.takes_shared_pin


async def test_shared_pin_is_the_owners_door_until_an_owner_has_an_account_and_ends_with_it(staff: Staff) -> None:
    token = await staff.enter(None, SHARED)
    assert (staff.door.person(token).role, staff.door.person(token).bounded) == (Role.OWNER, False)
    await staff.hire("Ира", Role.SHIFT)
    assert opens_by_shared_pin(staff)
    assert is_live(staff, token)
    vera = await staff.hire("Вера", Role.OWNER)
    assert not opens_by_shared_pin(staff)
    assert not is_live(staff, token)
    with pytest.raises(AccountsOnly):
        await staff.enter(None, SHARED)
    person = staff.door.person(await staff.enter(vera, PINS["Вера"]))
    assert (person.actor, person.role) == (f"person:{vera}:Вера", Role.OWNER)
    await staff.start()  # the same after a restart
    assert not opens_by_shared_pin(staff)
    assert [row.name for row in staff.accounts.names()] == ["Вера", "Ира"]


async def test_a_new_role_is_felt_at_once_and_a_block_or_a_new_pin_ends_the_sessions_for_good(staff: Staff) -> None:
    ids = await staff.all()
    token = await staff.enter(ids["Ира"], PINS["Ира"])
    await staff.accounts.change(ids["Ира"], AccountChange(role=Role.TECHNICIAN), "tester")
    assert staff.door.person(token).role is Role.TECHNICIAN
    await staff.accounts.change(ids["Ира"], AccountChange(blocked=True), "tester")
    assert not is_live(staff, token)
    with pytest.raises(StaffOnly):
        await staff.enter(ids["Ира"], PINS["Ира"])
    with pytest.raises(InvalidRequest):
        await staff.accounts.change(ids["Ира"], AccountChange(blocked=False), "tester")
    await staff.accounts.change(ids["Ира"], AccountChange(blocked=False, pin="615283"), "tester")
    assert not is_live(staff, token)
    with pytest.raises(StaffOnly):
        await staff.enter(ids["Ира"], PINS["Ира"])
    token = await staff.enter(ids["Ира"], "615283")
    await staff.start()
    assert is_live(staff, token)
    await staff.accounts.change(ids["Ира"], AccountChange(pin="406172", name="Ирина"), "tester")
    assert not is_live(staff, token)
    assert [action for action, _ in await staff.lines() if action != "wrong_pin"][:6] == [
        "staff_pin", "staff_name", "staff_unblock", "staff_pin", "staff_block", "staff_role",
    ]  # fmt: skip
    assert await staff.database.read(journal.altered) == []
    kept = str([tuple(row) for row in await staff.database.read(lambda reader: _everything(reader))])
    assert [pin for pin in (*PINS.values(), "615283", "406172") if pin in kept] == []


def _everything(reader: Reader) -> list[tuple[object, ...]]:
    rows = []
    for table in ("staff", "journal", "meta", "device_fault"):
        rows += [tuple(row) for row in reader._connection.execute(f"SELECT * FROM {table}")]  # noqa: SLF001  # all of it
    return rows


async def test_the_last_owner_stays_and_names_and_pins_are_ones_own(staff: Staff) -> None:
    ids = await staff.all()
    for change in (AccountChange(blocked=True), AccountChange(role=Role.MANAGER)):
        with pytest.raises(LastOwner):
            await staff.accounts.change(ids["Вера"], change, "tester")
    with pytest.raises(NameTaken):
        await staff.accounts.add(NewAccount(" вера ", Role.SHIFT, "618305"), "tester")
    for name in ("Bepa", "ВЕРA"):  # of Latin letters, all or one: the journal's reader would not tell them apart
        with pytest.raises(NameTaken):
            await staff.accounts.add(NewAccount(name, Role.SHIFT, "618305"), "tester")
    for name in ("Ве\u200bра", "Пётр\u202e", "\x1b[2J"):
        with pytest.raises(InvalidRequest):
            await staff.accounts.add(NewAccount(name, Role.SHIFT, "618305"), "tester")
    refused = []
    for pin in (PINS["Олег"], "123456", "777777"):  # another's, and easy ones: the same word for both
        with pytest.raises(PinUnfit) as error:
            await staff.accounts.add(NewAccount("Пётр", Role.SHIFT, pin), "tester")
        refused.append((error.value.code, error.value.detail, error.value.members))
    assert len({str(row) for row in refused}) == 1
    with pytest.raises(PinUnfit):
        await staff.accounts.change(ids["Ира"], AccountChange(pin=PINS["Олег"]), "tester")
    await staff.accounts.change(ids["Ира"], AccountChange(pin=PINS["Ира"]), "tester")  # one's own again is no other's
    await staff.accounts.change(ids["Олег"], AccountChange(role=Role.OWNER), "tester")
    results = await asyncio.gather(  # both at once: one stays
        *(staff.accounts.change(ids[name], AccountChange(blocked=True), "tester") for name in ("Вера", "Олег")),
        return_exceptions=True,
    )
    assert Counter(type(row).__name__ for row in results) == {"AccountsView": 1, "LastOwner": 1}
    assert staff.accounts.has_owner


async def guesses(staff: Staff, tries: int, whose: list[int]) -> int:
    """How many of so many wrong PINs are looked at, a second apart, from name to name."""
    looked = 0
    for n in range(tries):
        staff.clock.advance(1)
        try:
            await staff.enter(whose[n % len(whose)], WRONG, f"192.168.1.{n % 200}")
        except StaffOnly:
            looked += 1
        except TooManyRequests:
            continue
    return looked


async def test_guesses_are_slow_at_one_name_and_at_all_of_them_and_lock_nobody_out(staff: Staff) -> None:
    ids = await staff.all()
    assert await guesses(staff, 60, [ids["Ира"]]) <= 8  # 4 at once, then after 5, 10, 20, 40 s
    assert await staff.enter(ids["Олег"], PINS["Олег"])  # another name does not wait for it
    staff.clock.advance(600)
    assert await guesses(staff, 600, [*ids.values(), 41, 42, 43, 44]) <= 12 + 13
    with pytest.raises(TooManyRequests):
        await staff.enter(ids["Вера"], PINS["Вера"])
    staff.clock.advance(60)
    assert await staff.enter(ids["Вера"], PINS["Вера"])  # a minute later, never locked out
    assert ("wrong_pin", "192.168.1.0 Ира") in await staff.lines()


async def test_guesses_that_come_at_once_are_counted_one_by_one(staff: Staff) -> None:
    ids = await staff.all()
    found = await asyncio.gather(
        *(staff.enter(ids["Вера"], f"{100200 + n}") for n in range(40)), return_exceptions=True
    )
    assert Counter(type(row).__name__ for row in found) == {"StaffOnly": 4, "TooManyRequests": 36}


class _CountsLate(StaffDoor):
    """Planted: a try is counted when it has been looked at, and others are let in meanwhile."""

    async def recognise(self, person_id: int, pin: str, address: str) -> Person:
        self._check(str(person_id))
        found = await self.accounts.recognise(person_id, pin)
        if found is None:
            await self._count(str(person_id), address, "")
            raise StaffOnly
        return found


async def test_planted_door_that_counts_after_it_has_looked_is_caught(staff: Staff) -> None:
    ids = await staff.all()
    staff.door = _CountsLate(staff.database, staff.tokens, staff.accounts, SHARED, Readiness(("sales",)), staff.clock)
    found = await asyncio.gather(
        *(staff.enter(ids["Вера"], f"{100200 + n}") for n in range(12)), return_exceptions=True
    )
    assert Counter(type(row).__name__ for row in found)["StaffOnly"] > 4


async def test_token_of_a_person_who_is_not_in_the_books_any_more_opens_nothing(staff: Staff) -> None:
    ids = await staff.all()
    token = await staff.enter(ids["Ира"], PINS["Ира"])
    await staff.database.write(lambda tx: tx.execute("DELETE FROM staff WHERE name = 'Ира'"))  # an older backup
    await staff.start()
    assert not is_live(staff, token)
    await staff.database.write(lambda tx: tx.execute("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'staff'"))
    again = await staff.hire("Пётр", Role.OWNER, "618305")
    assert again == ids["Ира"]
    assert not is_live(staff, token)  # the same number, another person


@pytest.mark.parametrize("by_s", [-7200, 7200])
async def test_clock_that_was_set_opens_no_session_and_keeps_none_too_long(staff: Staff, by_s: int) -> None:
    ids = await staff.all()
    token = await staff.enter(ids["Вера"], PINS["Вера"])
    staff.clock.advance(by_s)
    assert not is_live(staff, token)
    assert is_live(staff, await staff.enter(ids["Вера"], PINS["Вера"]))


async def test_without_a_shared_pin_accounts_open_the_door(database: Database) -> None:
    staff = await Staff(database, pin="").start()
    with pytest.raises(DomainError, match="not_found"):
        await staff.enter(None, "")
    vera = await staff.hire("Вера", Role.OWNER)
    assert await staff.enter(vera, PINS["Вера"])
