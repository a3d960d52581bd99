"""Food has a lot and an expiry: first out by expiry, off sale past it, recalled at once, kept with every portion."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import cli
from kiosk.clock import rfc3339
from kiosk.domain.reasons import words_of
from kiosk.store.transaction import Reader
from tests.clocks import JumpingClock, PassingClock
from tests.command import journal, kiosk, ok
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_cells import CELLS, cells
from tests.scenes.test_notifications import PHONE
from tests.scenes.test_refusals import assert_problem

LOTS, REFILL, RECALL, LIFT = (
    "/internal/stock/lots",
    "/internal/stock/refill",
    "/internal/stock/recall",
    "/internal/stock/lift",
)
TRACE, JOURNAL = "/internal/stock/trace", "/internal/stock/journal"
MOSCOW = ZoneInfo("Europe/Moscow")
TEA, CAPACITY = "tea", 20_000


@pytest.fixture
def clock() -> PassingClock:
    return PassingClock()


@pytest.fixture
async def place(clock: PassingClock) -> AsyncIterator[Restaurant]:
    async with restaurant(clock=clock) as found:
        await until(lambda: is_level(found))
        yield found


async def bin_of(place: Restaurant, ingredient: str = TEA) -> dict[str, Any]:
    answer = await place.internal("GET", "/internal/robotics/ingredients")
    found: dict[str, Any] = next(row for row in answer.body["bins"] if row["ingredient"] == ingredient)
    return found


async def lots_of(place: Restaurant, ingredient: str = TEA) -> list[dict[str, Any]]:
    answer = await place.internal("GET", LOTS)
    assert answer.status == 200, answer
    return [row for row in answer.body["lots"] if row["ingredient"] == ingredient]


async def is_level(place: Restaurant) -> bool:
    """The lots of every bin come to what the robot tells of it."""
    bins = (await place.internal("GET", "/internal/robotics/ingredients")).body["bins"]
    held = dict.fromkeys((row["bin"] for row in bins), 0)
    for lot in (await place.internal("GET", LOTS)).body["lots"]:
        held[lot["bin"]] += lot["remaining"]
    return bool(bins) and held == {row["bin"]: row["level"] for row in bins}


async def refill(place: Restaurant, amount: int, ingredient: str = TEA, **more: Any) -> Any:
    number = (await bin_of(place, ingredient))["bin"]
    return await place.internal("POST", REFILL, {"bin": number, "amount": amount, **more})


async def put_in(place: Restaurant, lot: str, amount: int, expires_at: datetime | None = None) -> None:
    """So much more than the bin holds, of this lot."""
    await until(lambda: is_level(place))
    before = (await bin_of(place))["level"]
    more = {} if expires_at is None else {"expires_at": rfc3339(expires_at)}
    assert (await refill(place, before + amount, lot=lot, **more)).status == 204

    async def is_there() -> bool:
        return await has_lot(place, lot) and (await bin_of(place))["level"] == before + amount

    await until(is_there)

    async def is_sold() -> bool:
        """Of what was put in, too."""
        answer = await place.internal("GET", f"/internal/menu/availability?item={TEA}")
        return int(answer.body["items"][0]["max_quantity"]) >= int(before + amount) // 300

    await until(is_sold)


async def has_lot(place: Restaurant, lot: str) -> bool:
    return any(row["lot"] == lot for row in await lots_of(place))


async def empty(place: Restaurant) -> None:
    assert (await refill(place, 0)).status == 204

    async def is_empty() -> bool:
        return (await bin_of(place))["level"] == 0 and await lots_of(place) == []

    await until(is_empty)


async def reason(place: Restaurant, item_id: str = TEA) -> str | None:
    answer = await place.internal("GET", f"/internal/menu/availability?item={item_id}")
    why: str | None = answer.body["items"][0]["reason"]
    return why


async def until_reason(place: Restaurant, wanted: str | None) -> None:
    async def so() -> bool:
        return await reason(place) == wanted

    await until(so)


async def bought(place: Restaurant, *items: tuple[str, int], **more: Any) -> tuple[Customer, str]:
    guest = await place.guest()
    order_id = (await guest.order(*(items or ((TEA, 1),))))["order_id"]
    assert (await guest.pay(order_id, **more)).status == 200
    return guest, order_id


async def shown(place: Restaurant, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", f"/internal/orders/{order_id}")).body
    return found


async def until_status(place: Restaurant, order_id: str, status: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = await shown(place, order_id)
        return found if found["status"] == status else None

    found: dict[str, Any] = await until(there)
    return found


def light(checks: dict[str, Any], number: int) -> str | None:
    row = checks.get(f"lot_{number}")
    return None if row is None else row["reason"]


async def light_of(place: Restaurant) -> str | None:
    number = (await bin_of(place))["bin"]
    return light((await place.call("GET", "/readyz")).body["checks"], number)


async def until_light(place: Restaurant, wanted: str | None) -> None:
    async def so() -> bool:
        return await light_of(place) == wanted

    await until(so)


async def test_4_refill_without_a_lot_is_a_lot_that_nobody_named(place: Restaurant) -> None:
    (lot,) = await lots_of(place)
    assert (lot["lot"], lot["expires_at"], lot["state"]) == ("", None, "good")
    await empty(place)
    assert (await refill(place, 5000)).status == 204
    await until(lambda: is_level(place))
    (lot,) = await lots_of(place)
    assert (lot["lot"], lot["remaining"], lot["amount"]) == ("", 5000, 5000)


async def test_4_first_out_is_what_expires_first_and_each_portion_says_of_which_lots_it_is(
    place: Restaurant, clock: PassingClock
) -> None:
    await empty(place)
    await put_in(place, "LATE", 600, clock.now() + timedelta(days=9))
    await put_in(place, "SOON", 400, clock.now() + timedelta(days=2))
    assert [row["lot"] for row in await lots_of(place)] == ["SOON", "LATE"]
    _, order_id = await bought(place, (TEA, 3))
    order = await until_status(place, order_id, "completed")
    await until(lambda: is_level(place))
    made = [(lot["lot"], lot["amount"]) for row in order["record"] for lot in row["lots"] if lot["ingredient"] == TEA]
    assert sum(amount for _, amount in made) == 900
    assert sum(amount for lot, amount in made if lot == "SOON") == 400
    assert [(row["lot"], row["remaining"]) for row in await lots_of(place)] == [("LATE", 100)]
    for row in order["record"]:
        moments = [row[name] for name in ("accepted_at", "begun_at", "ready_at", "fetched_at") if row[name]]
        assert moments == sorted(moments)
        assert row["accepted_at"]
        assert row["fetched_at"]
        assert len(row["chart"]) >= 16
        assert row["chart_revision"] >= 1
        assert row["lowest_c"] is None or row["lowest_c"] <= row["highest_c"]


async def test_4_dish_goes_off_sale_before_its_lot_expires_and_comes_back_when_it_is_written_off(
    place: Restaurant, clock: PassingClock
) -> None:
    await empty(place)
    await put_in(place, "MILK-7", 5000, clock.now() + timedelta(days=3))
    await until_reason(place, None)
    assert await light_of(place) is None
    clock.jump(timedelta(days=2, hours=1).total_seconds())
    await until_light(place, "lot_expiring")
    assert await reason(place) is None
    clock.jump(timedelta(hours=22, minutes=50).total_seconds())
    await until_light(place, "lot_expired")
    assert await reason(place) == "lot_expired"
    (lot,) = await lots_of(place)
    assert lot["state"] == "expired"
    assert 0 < lot["left_s"] <= 900
    clock.jump(1200)

    async def is_over() -> bool:
        return int((await lots_of(place))[0]["left_s"]) < 0

    await until(is_over)
    lot_id = (await lots_of(place))[0]["lot_id"]
    answer = await place.internal("POST", f"{LOTS}/{lot_id}/write-off", {"amount": 1000, "reason": "истёк"})
    assert answer.status == 200
    assert [row["remaining"] for row in await lots_of(place)] == [4000]
    assert await reason(place) == "lot_expired"
    assert (await place.internal("POST", f"{LOTS}/{lot_id}/write-off", {"reason": "истёк"})).status == 200
    await until(lambda: is_level(place))
    assert (await bin_of(place))["level"] == 0
    await until_reason(place, "sold_out")
    await until_light(place, None)
    assert (
        getpass.getuser(),
        "write_off_lot",
        "24 4000 MILK-7 истёк".replace("24", str((await bin_of(place))["bin"])),
    ) in [(actor.removeprefix("peer:"), action, detail) for actor, action, detail in journal(place)]
    assert (await refill(place, 3000)).status == 204
    await until_reason(place, None)


async def test_4_guest_is_told_that_it_is_out_and_staff_why(place: Restaurant, clock: PassingClock) -> None:
    guest, wanted = await place.guest(), {"items": [{"item_id": TEA, "quantity": 1}], "service": "dine_in"}
    order_id = (await guest.order((TEA, 1)))["order_id"]
    await until(lambda: is_level(place))
    assert (await refill(place, 0)).status == 204
    soon = rfc3339(clock.now() + timedelta(seconds=800))
    assert (await refill(place, 5000, lot="SOON", expires_at=soon)).status == 204
    await until_reason(place, "lot_expired")
    refusal = await guest.call("POST", "/api/orders/create", wanted)
    assert_problem(refusal, 409, "items_unavailable")
    assert refusal.body["items"] == [{"item_id": TEA, "reason": "lot_expired"}]
    assert words_of("lot_expired").guest == words_of("sold_out").guest
    assert_problem(await guest.pay(order_id), 409, "items_unavailable")
    assert place.effects("bank", "charged", "approved") == []


async def test_4_lot_stays_past_its_time_when_a_clock_is_set_back_and_until_a_person_reads_its_package_again() -> None:
    clock = JumpingClock()
    async with restaurant(clock=clock) as place:
        await until(lambda: is_level(place))
        await empty(place)
        await put_in(place, "CLOCK", 500, clock.now() + timedelta(hours=2))
        clock.jump(3 * 3600)
        await until_reason(place, "lot_expired")

        async def is_marked() -> bool:
            return await place.kiosk.database.read(_marked) > 0

        await until(is_marked)
        clock.jump(-3 * 3600)
        await place.restart()
        await place.until_open()
        await until_reason(place, "lot_expired")
        lot_id = next(row["lot_id"] for row in await lots_of(place) if row["lot"] == "CLOCK")
        path = f"{LOTS}/{lot_id}/expiry"
        day = (clock.now() + timedelta(days=3)).astimezone(MOSCOW).date().isoformat()
        assert (await place.internal("POST", path, {"expires_at": day, "reason": "часы"})).status == 200
        await until_reason(place, None)


def _marked(reader: Reader) -> int:
    return int(reader.scalar("SELECT count(*) FROM lot WHERE expired_at IS NOT NULL AND bin BETWEEN 1 AND 24"))


async def begun(place: Restaurant, order_id: str) -> bool:
    """The robot cooks a portion of it, and others wait."""
    statuses = {row["status"] for row in (await shown(place, order_id))["record"]}
    return "cooking" in statuses and bool(statuses & {"waiting", "submitting", "queued"})


async def is_over(place: Restaurant, order_id: str) -> bool:
    """Every portion was fetched, or its money is on its way back."""
    return {row["status"] for row in (await shown(place, order_id))["record"]} <= {"handed_out", "dropped"}


async def test_4_paid_portion_that_is_begun_in_time_is_cooked_and_one_that_waits_past_expiry_is_given_back(
    clock: PassingClock,
) -> None:
    async with restaurant(clock=clock, speed=20.0) as place:
        await until(lambda: is_level(place))
        await empty(place)
        await put_in(place, "LAST", 6000, clock.now() + timedelta(seconds=1200))
        _, order_id = await bought(place, (TEA, 12))
        await until(lambda: begun(place, order_id))
        clock.jump(1200)
        await until(lambda: is_over(place, order_id))
        order = await shown(place, order_id)
        cooked = [row for row in order["record"] if row["status"] == "handed_out"]
        assert 0 < len(cooked) < 12
        assert all(row["fetched_at"] for row in cooked)
        refunds = (await until(lambda: all_done(place, order_id)))["refunds"]
        assert {row["reason"] for row in refunds} == {"cooking_failed"}
        price = order["items"][0]["price_kopecks"]
        assert sum(row["amount_kopecks"] for row in refunds) == price * (12 - len(cooked))
        assert await reason(place) == "lot_expired"
        await until(lambda: is_level(place))


async def all_done(place: Restaurant, order_id: str) -> dict[str, Any] | None:
    """Every portion that is not cooked is given back, and its money is."""
    order = await shown(place, order_id)
    dropped = sum(row["status"] == "dropped" for row in order["record"])
    given = sum(row["amount_kopecks"] for row in order["refunds"] if row["status"] == "done")
    return order if given == dropped * order["items"][0]["price_kopecks"] else None


async def test_4_recall_stops_a_lot_in_every_bin_at_once_names_who_has_it_and_gives_back_what_waits(
    place: Restaurant, clock: PassingClock
) -> None:
    await empty(place)
    await put_in(place, "ПАРТИЯ 12/б", 5000, clock.now() + timedelta(days=3))
    _, eaten = await bought(place, receipt_to=PHONE)
    number = (await until_status(place, eaten, "completed"))["number"]
    place.robot.faults.switch("nobody_comes", on=True)
    _, ready = await bought(place)
    await until_status(place, ready, "ready")

    wanted = {"lot": "  партия 12/Б ", "reason": "листерия"}
    answer = await place.internal("POST", RECALL, wanted)
    assert answer.status == 200, answer
    assert await reason(place) == "lot_recalled"
    assert answer.body["recall"]["reason"] == "листерия"
    told = {row["order_id"]: row for row in answer.body["made"]}
    assert set(told) == {eaten, ready}
    assert (told[eaten]["number"], told[eaten]["contact"]) == (number, PHONE)
    order = await until_status(place, ready, "refunded")
    assert [row["reason"] for row in order["refunds"]] == ["recalled"]
    (locked,) = [row for row in await cells(place) if row["order_id"] == ready]
    assert (locked["state"], locked["reason"]) == ("locked", "spoiled")
    handed = await place.internal("POST", f"{CELLS}/{locked['cell']}", {"action": "hand_out"})
    assert_problem(handed, 409, "cell_state")
    assert (await shown(place, eaten))["refunds"] == []
    assert_problem(await refill(place, 9000, lot="ПАРТИЯ 12/Б"), 422, "invalid_request")

    again = await place.internal("POST", RECALL, {**wanted, "reason": "другое"})
    assert (again.status, again.body["recall"]) == (200, answer.body["recall"])
    assert [row[1] for row in journal(place)].count("recall_lot") == 1
    await place.restart()
    await place.until_open()
    await until_reason(place, "lot_recalled")
    lifted = await place.internal("POST", LIFT, {"lot": "партия 12/б", "reason": "ошибка поставщика"})
    assert (lifted.status, lifted.body["recall"]) == (200, None)
    await until_reason(place, None)
    assert_problem(await place.internal("POST", LIFT, {"lot": "партия 12/б", "reason": "ещё раз"}), 404, "not_found")
    kinds = [row["kind"] for row in (await place.internal("GET", JOURNAL)).body["entries"]]
    assert [kind for kind in kinds if kind in ("recalled", "lifted")] == ["recalled", "lifted"]


async def test_4_recall_gives_back_what_is_paid_whether_it_waits_or_is_cooking(clock: PassingClock) -> None:
    async with restaurant(clock=clock, speed=20.0) as place:
        await until(lambda: is_level(place))
        await empty(place)
        place.robot.faults.switch("nobody_comes", on=True)
        await put_in(place, "WAITS", 6000, clock.now() + timedelta(days=3))
        _, order_id = await bought(place, (TEA, 12))
        await until(lambda: begun(place, order_id))
        assert (await place.internal("POST", RECALL, {"lot": "WAITS", "reason": "x"})).status == 200
        order = await until_status(place, order_id, "refunded")
        assert {row["reason"] for row in order["refunds"]} >= {"cooking_failed"}
        assert sum(row["amount_kopecks"] for row in order["refunds"]) == order["amount_kopecks"]
        assert not [row for row in order["record"] if row["status"] == "handed_out"]


async def test_4_lot_that_never_came_is_not_recalled_by_a_slip_of_the_pen(place: Restaurant) -> None:
    assert_problem(await place.internal("POST", RECALL, {"lot": "NEVER", "reason": "x"}), 404, "not_found")
    assert_problem(await place.internal("GET", f"{TRACE}?lot=NEVER"), 404, "not_found")
    assert_problem(await place.internal("GET", TRACE), 422, "invalid_request")


@pytest.mark.parametrize(
    "more",
    [
        {"lot": "A", "expires_at": "2020-01-01"},
        {"lot": "A", "expires_at": "2206-12-05"},
        {"lot": "A", "expires_at": "2027-02-30"},
        {"lot": "A", "expires_at": "05.12.2026"},
        {"lot": "A", "expires_at": "2027-01-05T10:00:00"},
        {"lot": "A", "expires_at": "9999-12-31"},
        {"lot": "A", "expires_at": ""},
        {"lot": "   "},
        {"lot": "​"},
        {"lot": "a\x00b"},
        {"lot": "a‮b"},
        {"lot": "Я" * 65},
    ],
)
async def test_4_label_that_no_package_bears_is_refused_and_nothing_changes(
    place: Restaurant, more: dict[str, Any]
) -> None:
    await empty(place)
    assert_problem(await refill(place, 500, **more), 422, "invalid_request")
    assert (await bin_of(place))["level"] == 0
    assert await lots_of(place) == []


async def test_4_lot_of_nothing_and_more_than_a_bin_holds_are_refused(place: Restaurant) -> None:
    before = await bin_of(place)
    assert_problem(await refill(place, before["level"], lot="A"), 422, "invalid_request")
    assert_problem(await refill(place, before["capacity"] + 1), 422, "invalid_request")
    assert_problem(await place.internal("POST", REFILL, {"bin": 24, "amount": 65535}), 422, "invalid_request")
    lot_id = (await lots_of(place))[0]["lot_id"]
    path = f"{LOTS}/{lot_id}/write-off"
    assert_problem(await place.internal("POST", path, {"amount": 0, "reason": "x"}), 422, "invalid_request")
    assert_problem(await place.internal("POST", path, {"amount": 65535, "reason": "x"}), 422, "invalid_request")
    assert_problem(await place.internal("POST", path, {"reason": ""}), 422, "invalid_request")
    assert_problem(await place.internal("POST", f"{LOTS}/999999/write-off", {"reason": "x"}), 404, "not_found")
    assert_problem(await place.internal("POST", f"{LOTS}/x/write-off", {"reason": "x"}), 404, "not_found")
    assert await bin_of(place) == before
    assert await is_level(place)


async def test_4_lot_is_demanded_where_the_settings_say_so() -> None:
    async with restaurant("[lots]\nrequired = true") as place:
        await until(lambda: is_level(place))
        await empty(place)
        assert_problem(await refill(place, 500), 422, "invalid_request")
        assert_problem(await refill(place, 500, lot="A"), 422, "invalid_request")
        assert (await refill(place, 500, lot="A", expires_at="2035-01-01")).status == 204
        assert (await refill(place, 100)).status == 204  # it holds less than was thought: nothing was put in


async def test_4_day_on_a_package_lasts_to_its_end_by_the_restaurants_clock(place: Restaurant) -> None:
    await empty(place)
    assert (await refill(place, 500, lot="A", expires_at="2032-12-05")).status == 204
    await until(lambda: has_lot(place, "A"))
    (lot,) = await lots_of(place)
    assert (lot["expires_at"], lot["until"]) == ("2032-12-05T21:00:00.000Z", "2032-12-05")  # midnight in Moscow
    assert (await refill(place, 900, lot="B", expires_at="2032-12-05T18:30:00+03:00")).status == 204
    await until(lambda: has_lot(place, "B"))
    assert [row["until"] for row in await lots_of(place)] == ["2032-12-05 18:30", "2032-12-05"]


async def test_4_the_command_puts_in_lists_writes_off_recalls_and_keeps_the_journal_of_a_day(place: Restaurant) -> None:
    number = str((await bin_of(place))["bin"])
    await ok(place, "stock", "refill", number, "0")
    await ok(place, "stock", "refill", number, "500", "--lot", "CLI 1", "--expires", "2032-12-05")
    await until_reason(place, None)
    await until(lambda: is_level(place))
    (lot,) = [row for row in (await ok(place, "stock", "lots"))["lots"] if row["lot"] == "CLI 1"]
    _, order_id = await bought(place)
    await until_status(place, order_id, "completed")
    told = await kiosk(place, "order", order_id)
    assert told.code == cli.OK
    assert "CLI 1" in told.out
    traced = await ok(place, "stock", "recall", "cli 1", "--reason", "supplier")
    assert [row["order_id"] for row in traced["made"]] == [order_id]
    assert (await kiosk(place, "stock", "trace", "CLI 1", "--csv")).out.splitlines()[1].startswith(order_id)
    await ok(place, "stock", "write-off", str(lot["lot_id"]), "--reason", "recalled")
    await until(lambda: is_level(place))
    await ok(place, "stock", "lift", "CLI 1", "--reason", "mistake")
    entries = (await ok(place, "stock", "journal"))["entries"]
    assert [row["kind"] for row in entries if row["lot"] == "CLI 1"] == [
        "received",
        "recalled",
        "written_off",
        "lifted",
    ]
    table = (await kiosk(place, "stock", "journal", "--csv")).out.splitlines()
    assert table[0].startswith("at,kind,lot,bin,ingredient")
    assert (await kiosk(place, "stock", "write-off", str(lot["lot_id"]), "--reason", "again")).code == cli.BAD
