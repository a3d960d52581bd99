"""Staff with accounts of their own: what a role may not is refused before anything is read, and a refund above the
limit waits for another person."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from typing import Any

import pytest

from kiosk.api.admission import PERSON, STAFF
from kiosk.api.operations import PUBLIC_OPERATIONS
from kiosk.clock import SystemClock
from kiosk.domain.payment.second_person import WAITS_S
from kiosk.domain.staff.refusals import RoleForbids, SecondPersonRequired
from kiosk.domain.staff.roles import Person, Role
from kiosk.flows.payment.portions import RefundItem, RefundRequest
from kiosk.flows.staff.second_person import RefundConfirmation, SecondPerson
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.payment.refunds import RefundRow
from kiosk.store.transaction import Reader, Tx
from tests.clocks import PassingClock
from tests.restaurant import Answer, Customer, Restaurant, restaurant, until
from tests.scenes.test_cells import ready_order
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_staff_desk import at_the_desk

LIMIT = "[service]\nrefund_limit_kopecks = 15000"
PINS = {"Вера": "482915", "Олег": "730264", "Ира": "590317", "Тимур": "618304"}
ROLES = {"Вера": Role.OWNER, "Олег": Role.MANAGER, "Ира": Role.SHIFT, "Тимур": Role.TECHNICIAN}
REQUESTS = "/api/service/refund-requests"


class People:
    """Everybody of the house in a session of their own."""

    def __init__(self, place: Restaurant, ids: dict[str, int], desks: dict[str, Customer]) -> None:
        self.place, self.ids, self.desks = place, ids, desks

    def by_pin(self, name: str, pin: str = "") -> dict[str, object]:
        return {"person_id": self.ids[name], "pin": pin or PINS[name]}


async def signed_in(place: Restaurant, person_id: int, pin: str) -> Customer:
    opened = await place.call("POST", "/api/service/session", {"pin": pin, "person_id": person_id})
    assert opened.status == 201, opened
    return Customer(place, opened.body["access_token"])


async def hired(place: Restaurant) -> People:
    """The owner by the shared PIN, the others by the owner."""
    by = await at_the_desk(place)
    ids: dict[str, int] = {}
    for name, role in ROLES.items():
        added = await by.call("POST", "/api/service/staff", {"name": name, "role": role, "pin": PINS[name]})
        assert added.status == 201, added
        ids |= {row["name"]: row["person_id"] for row in added.body["people"]}
        if role is Role.OWNER:
            assert_problem(await by.call("GET", "/api/service/status"), 401, "unauthorized")
            by = await signed_in(place, ids[name], PINS[name])
    return People(place, ids, {name: await signed_in(place, ids[name], PINS[name]) for name in ROLES})


async def bought(place: Restaurant, *items: tuple[str, int]) -> dict[str, Any]:
    guest = await place.guest()
    order = await guest.order(*(items or [("tea", 3)]))
    assert (await guest.pay(order["order_id"])).status == 200
    await guest.until_status(order["order_id"], "completed")
    return order


async def give(desk: Customer, order: dict[str, Any], quantity: int, item_id: str = "tea") -> Answer:
    body = {"items": [{"item_id": item_id, "quantity": quantity}], "reason": "остыл"}
    return await desk.call("POST", f"/api/service/orders/{order['number']}/refund", body)


async def lines(place: Restaurant, *actions: str) -> list[tuple[str, str]]:
    rows = await place.kiosk.database.read(journal.read, 100)
    return [(row.action, row.actor) for row in reversed(rows) if row.action in actions]


async def _all_back(place: Restaurant) -> bool:
    return bool(await place.kiosk.database.read(Reader.scalar, "SELECT min(step = 'done') FROM refund"))


async def test_no_role_reaches_for_more_by_a_call_of_its_own() -> None:
    async with restaurant() as place:
        people = await hired(place)
        answers = Counter[tuple[str, int]]()
        for row in PUBLIC_OPERATIONS:
            if row.who not in (STAFF, PERSON) or row.at == ("DELETE", "/api/service/session"):
                continue
            path = re.sub(r"\{\w+\}", "1", row.at.path)
            for name, role in ROLES.items():
                answer = await people.desks[name].call(row.at.method, path)
                refused = answer.status == 403 and answer.code == "role_forbids"
                assert refused == (role not in row.may), (role, row.at, answer)
                if refused:
                    assert set(answer.body["roles"]) == {found.value for found in row.may}
                answers[role.value, answer.status] += 1
        assert answers[Role.OWNER.value, 403] == 0
        shown = (await people.desks["Ира"].call("GET", "/api/service/session")).body
        assert (shown["name"], shown["role"]) == ("Ира", "shift")
        assert "POST /api/service/orders/{order_id}/refund" in shown["may"]
        assert "GET /api/service/stats" not in shown["may"]
        english = await people.desks["Тимур"].call("GET", "/api/service/stats", **{"Accept-Language": "en"})
        assert english.body["detail"] == "Your role may not do this. Who may: manager, owner"
        move = {"move": "refund"}
        assert_problem(await people.desks["Тимур"].call("POST", "/api/service/stuck/x", move), 403, "role_forbids")
        blocked = await people.desks["Вера"].call("POST", f"/api/service/staff/{people.ids['Ира']}", {"blocked": True})
        assert blocked.status == 200
        assert_problem(await people.desks["Ира"].call("GET", "/api/service/status"), 401, "unauthorized")
        assert_problem(await place.call("POST", "/api/service/session", {"pin": "24681357"}), 403, "accounts_only")


async def test_everybody_changes_their_own_pin_who_knows_the_present_one_and_signs_in_again() -> None:
    path = "/api/service/session/pin"
    async with restaurant(LIMIT) as place:
        shared = await at_the_desk(place)
        assert_problem(await shared.call("POST", path, {"pin": "24681357", "new_pin": "771905"}), 404, "not_found")
        people = await hired(place)
        ira = people.desks["Ира"]
        assert_problem(await ira.call("POST", path, {"pin": "999111", "new_pin": "771905"}), 403, "wrong_pin")
        for unfit in ("123456", PINS["Олег"]):
            assert_problem(await ira.call("POST", path, {"pin": PINS["Ира"], "new_pin": unfit}), 422, "pin_unfit")
        assert (await ira.call("POST", path, {"pin": PINS["Ира"], "new_pin": "771905"})).status == 204
        assert_problem(await ira.call("GET", "/api/service/status"), 401, "unauthorized")
        again = await signed_in(place, people.ids["Ира"], "771905")
        assert (await again.call("GET", "/api/service/session")).body["name"] == "Ира"
        assert (await lines(place, "staff_pin"))[-1] == ("staff_pin", f"person:{people.ids['Ира']}:Ира")


async def test_refund_above_the_limit_waits_also_past_a_restart_for_a_second_person_and_goes_back_once() -> None:
    async with restaurant(LIMIT) as place:
        people = await hired(place)
        ira, oleg, timur = (people.desks[name] for name in ("Ира", "Олег", "Тимур"))
        order = await bought(place)
        tea = order["items"][0]["price_kopecks"]
        assert tea < 15000 < 2 * tea
        assert (await give(ira, order, 1)).status == 202
        asked = await give(ira, order, 1)  # each is below the limit, together they are not
        assert_problem(asked, 409, "second_person_required")
        assert (asked.body["amount_kopecks"], asked.body["limit_kopecks"]) == (tea, 15000)
        path = f"{REQUESTS}/{asked.body['request_id']}/confirm"
        assert (await give(ira, order, 1)).body["request_id"] == asked.body["request_id"]
        await place.restart()
        waiting = (await ira.call("GET", REQUESTS)).body
        assert [(row["number"], row["own"], row["amount_kopecks"]) for row in waiting["waiting"]] == [
            (order["number"], True, tea)
        ]
        assert [row["name"] for row in waiting["waiting"][0]["confirmers"]] == ["Вера", "Олег"]
        assert_problem(await ira.call("POST", path), 403, "same_person")
        assert_problem(await ira.call("POST", path, people.by_pin("Ира")), 403, "same_person")
        assert_problem(await ira.call("POST", path, people.by_pin("Тимур")), 403, "role_forbids")
        assert_problem(await ira.call("POST", path, people.by_pin("Олег", "999111")), 403, "wrong_pin")
        assert_problem(await timur.call("POST", path, people.by_pin("Олег")), 403, "role_forbids")
        found = await asyncio.gather(ira.call("POST", path, people.by_pin("Олег")), oleg.call("POST", path))
        assert sorted(row.status for row in found) == [202, 409], found
        await place.restart()
        assert_problem(await oleg.call("POST", path), 409, "refund_request_state")
        await until(lambda: _all_back(place))
        guest = place.effects("bank", "refunded", "voided")
        assert sum(row["amount_kopecks"] for row in guest) <= 2 * tea
        actor = f"person:{people.ids['Ира']}:Ира"
        assert await lines(place, "refund", "refund_asked", "refund_confirmed") == [
            ("refund", actor), ("refund_asked", actor), ("refund_confirmed", f"person:{people.ids['Олег']}:Олег"),
            ("refund", actor),
        ]  # fmt: skip
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
        told = (await oleg.call("GET", "/api/service/stats")).body["refunds"]
        assert told == [{"reason": "остыл", "person": actor, "count": 2, "amount_kopecks": 2 * tea}]


async def test_request_is_refused_taken_back_or_over_and_dies_with_the_account_of_who_asked() -> None:
    clock = PassingClock()
    async with restaurant(LIMIT, clock=clock) as place:
        people = await hired(place)
        ira, oleg, vera = (people.desks[name] for name in ("Ира", "Олег", "Вера"))
        order = await bought(place)

        async def ask(desk: Customer) -> str:
            asked = await give(desk, order, 3)
            assert_problem(asked, 409, "second_person_required")
            return f"{REQUESTS}/{asked.body['request_id']}"

        taken_back, refused = await ask(ira), await ask(oleg)
        assert_problem(await ira.call("POST", f"{refused}/refuse"), 403, "role_forbids")
        assert (await ira.call("POST", f"{taken_back}/refuse")).status == 200
        assert_problem(await oleg.call("POST", f"{refused}/confirm"), 403, "same_person")  # a manager's own
        of_the_group = Person("oleg", "peer:1001", "oleg", Role.MANAGER)  # Олег again, it may be
        number = int(refused.rpartition("/")[2])
        with pytest.raises(RoleForbids):
            await place.kiosk.flows.second_person.confirm(number, RefundConfirmation(), of_the_group, "local")
        assert (await vera.call("POST", f"{refused}/refuse")).body["waiting"] == []
        assert_problem(await vera.call("POST", f"{refused}/confirm"), 409, "refund_request_state")
        dead = await ask(ira)
        await vera.call("POST", f"/api/service/staff/{people.ids['Ира']}", {"blocked": True})
        assert_problem(await vera.call("POST", f"{dead}/confirm"), 409, "refund_request_state")

        async def is_over() -> bool:
            return not (await vera.call("GET", REQUESTS)).body["waiting"]

        await until(is_over)
        back = {"blocked": False, "pin": "905172"}
        assert (await vera.call("POST", f"/api/service/staff/{people.ids['Ира']}", back)).status == 200
        assert_problem(await vera.call("POST", f"{dead}/confirm"), 409, "refund_request_state")
        wanted = RefundRequest("остыл", [RefundItem("tea", 3)])
        with pytest.raises(SecondPersonRequired) as at_the_socket:
            await place.kiosk.flows.second_person.refund(order["number"], wanted, of_the_group)
        asked_there = f"{REQUESTS}/{at_the_socket.value.members['request_id']}"
        assert_problem(await oleg.call("POST", f"{asked_there}/confirm"), 403, "same_person")  # by his other identity
        assert [row["confirmers"] for row in (await vera.call("GET", REQUESTS)).body["waiting"]] == [[]]
        assert (await vera.call("POST", f"{asked_there}/refuse")).status == 200
        late = await ask(oleg)
        clock.jump(-7200)  # nobody knows how old it is
        vera = await signed_in(place, people.ids["Вера"], PINS["Вера"])
        assert_problem(await vera.call("POST", f"{late}/confirm"), 409, "refund_request_state")
        clock.jump(7200 + WAITS_S)
        vera = await signed_in(place, people.ids["Вера"], PINS["Вера"])
        assert_problem(await vera.call("POST", f"{late}/confirm"), 409, "refund_request_state")
        assert place.effects("bank", "refunded", "voided") == []
        # The machine's own user is the owner's way back, and needs nobody.
        given = await place.internal("POST", f"/internal/orders/{order['number']}/refund", {"reason": "остыл"})
        assert given.status == 202


async def test_food_that_a_person_threw_away_gives_no_money_back_past_the_limit() -> None:
    async with restaurant("[service]\nrefund_limit_kopecks = 9900") as place:
        place.robot.faults.switch("nobody_comes", on=True)
        people = await hired(place)
        ira, oleg = people.desks["Ира"], people.desks["Олег"]
        guest, order, cells = await ready_order(place, ("tea", 2))
        for cell in cells:
            thrown = await ira.call("POST", f"/api/service/cells/{cell}", {"action": "write_off", "reason": "остыл"})
            assert thrown.status == 200, thrown
        rows = [row["stuck_id"] for row in (await ira.call("GET", "/api/service/stuck")).body["stuck"]]
        lost = [stuck_id for stuck_id in rows if stuck_id.startswith("portion-")]
        assert len(lost) == 2
        first, second = [await ira.call("POST", f"/api/service/stuck/{row}", {"move": "refund"}) for row in lost]
        assert first.status == 200, first
        assert_problem(second, 409, "second_person_required")
        path = f"{REQUESTS}/{second.body['request_id']}/confirm"
        assert (await oleg.call("POST", path)).status == 202
        await guest.until_status(order["order_id"], "refunded")
        await until(lambda: _all_back(place))
        left = (await oleg.call("GET", "/api/service/stuck")).body["stuck"]
        assert not [row for row in left if row["stuck_id"] in lost]


class _AtOnce(SecondPerson):
    """Two have looked at the limit before either goes on."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._both = threading.Barrier(2, timeout=20)

    def _is_above(self, reader: Reader, order_id: str, named: list[int]) -> bool:
        found = super()._is_above(reader, order_id, named)
        self._both.wait()  # on readers' threads
        return found


class _LooksOnlyBefore(_AtOnce):
    """Planted: the limit is looked at before the refund is opened, and not with it."""

    def _within(self, _tx: Tx, _refund: RefundRow) -> None:
        return


@pytest.mark.parametrize("made", [_AtOnce, _LooksOnlyBefore], ids=["as it is", "planted"])
async def test_refunds_of_two_browsers_at_once_count_together(made: type[_AtOnce]) -> None:
    async with restaurant(LIMIT, database=Database) as place:
        people, flows = await hired(place), place.kiosk.flows
        second_person = made(place.kiosk.database, flows.refunds, flows.staff_door, SystemClock(), limit_kopecks=15000)
        order = await bought(place, ("tea", 1), ("cola", 1))
        wishes = ((people.desks["Ира"], "tea"), (people.desks["Олег"], "cola"))
        found = await asyncio.gather(
            *(
                second_person.refund(
                    order["number"], RefundRequest("остыл", [RefundItem(item, 1)]), flows.staff_door.person(desk.token)
                )
                for desk, item in wishes
            ),
            return_exceptions=True,
        )
        other = "RefundRow" if made is _LooksOnlyBefore else "SecondPersonRequired"
        assert sorted(type(row).__name__ for row in found) == ["RefundRow", other], found
