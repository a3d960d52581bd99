"""Seed order 6: what was ordered, paid, handed out and given back, by hour and dish, counted once whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from kiosk.domain.events import (
    Event,
    EventItem,
    OrderCreatedEvent,
    OrderPaidEvent,
    OrderRefundedEvent,
    StoredEvent,
)
from kiosk.flows.staff.reports.statistics import Reports
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.statistics import StatisticsSink
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.staff import stats
from kiosk.store.transaction import Reader, Tx
from tests.clocks import ManualClock
from tests.crash.rig import Purchase, world
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refunds import refunded
from tests.scenes.test_signing_in import FREE, signed_in

MOSCOW = ZoneInfo("Europe/Moscow")
FAR_EAST = '[restaurant]\ntimezone = "Asia/Kamchatka"\n'


async def read(place: Restaurant, query: str = "") -> dict[str, Any]:
    answer = await place.internal("GET", f"/internal/stats{query}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    return found


async def until_counted(place: Restaurant, **wanted: int) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        body = await read(place)
        return body if {name: body[name] for name in wanted} == wanted else None

    found: dict[str, Any] = await until(there)
    return found


async def test_6_orders_are_counted_by_hour_and_by_dish_in_the_restaurants_own_time() -> None:
    async with restaurant(FREE + FAR_EAST) as place:
        customer = await signed_in(place)
        first = await customer.order(("udon-chicken", 2), ("tea", 1))
        assert (await customer.pay(first["order_id"])).status == 200
        points = (await customer.call("GET", "/api/me")).body["bonus_points"]
        second = await customer.order(("tea", 3))
        paid = await customer.pay(second["order_id"], bonus_points=points)
        assert (points > 0, paid.status) == (True, 200)
        await customer.order(("tea", 1))  # never paid
        for order in (first, second):
            await customer.until_status(order["order_id"], "completed")
        gone = {"reason": "x", "items": [{"item_id": "tea", "quantity": 1}]}
        assert (await place.internal("POST", f"/internal/orders/{first['order_id']}/refund", gone)).status == 202
        await refunded(place, customer, first["order_id"])
        path = f"/internal/orders/{second['order_id']}/refund"
        assert (await place.internal("POST", path, {"reason": "x"})).status == 202
        await refunded(place, customer, second["order_id"])
        body = await until_counted(place, orders_created=3, orders=2, orders_completed=2, orders_refunded=1)
        revenue = first["amount_kopecks"] + paid.body["amount_kopecks"]
        assert body["revenue_kopecks"] == revenue
        assert body["average_kopecks"] == revenue // 2
        assert body["bonus_spent"] == points
        tea = next(item for item in first["items"] if item["item_id"] == "tea")["price_kopecks"]
        assert body["refunded_kopecks"] == tea + paid.body["amount_kopecks"]
        dishes = {row["item_id"]: (row["quantity"], row["revenue_kopecks"]) for row in body["dishes"]}
        udon = next(item for item in first["items"] if item["item_id"] == "udon-chicken")["sum_kopecks"]
        assert dishes == {"udon-chicken": (2, udon), "tea": (4, 4 * tea)}
        there = datetime.now(ZoneInfo("Asia/Kamchatka"))
        hours = {(there - timedelta(hours=back)).strftime("%Y-%m-%dT%H") for back in (0, 1)}
        assert {row["hour"] for row in body["hours"]} <= hours
        assert sum(row["orders_paid"] for row in body["hours"]) == 2


async def test_6_combos_options_and_points_are_counted_with_their_part_of_the_revenue() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        body = {
            "items": [
                {"item_id": "combo-lunch", "quantity": 2, "modifiers": ["lunch-bolognese", "lunch-cola"]},
                {"item_id": "combo-lunch", "quantity": 1, "modifiers": []},
                {"item_id": "udon-chicken", "quantity": 3, "modifiers": ["hot", "extra-egg"]},
            ],
            "service": "dine_in",
        }
        created = (await customer.call("POST", "/api/orders/create", body)).body
        paid = await customer.pay(created["order_id"])
        assert paid.status == 200
        earned = paid.body["bonus_accrued"]
        again = await customer.order(("tea", 2))
        spent = await customer.pay(again["order_id"], bonus_points=50)
        path = f"/internal/orders/{again['order_id']}/refund"
        assert (await place.internal("POST", path, {"reason": "x"})).status == 202
        await refunded(place, customer, again["order_id"])
        more = spent.body["bonus_accrued"]
        told = await until_counted(place, orders=2, bonus_returned=50, bonus_taken_back=more)
        assert (told["bonus_earned"], told["bonus_spent"], told["bonus_outstanding"]) == (earned + more, 50, earned)
        lunch_kopecks = 2 * (64900 + 3000) + 64900
        dishes_kopecks = created["amount_kopecks"] + again["amount_kopecks"]
        (combo,) = told["combos"]
        assert (combo["combo_id"], combo["quantity"], combo["revenue_kopecks"]) == ("combo-lunch", 3, lunch_kopecks)
        assert combo["revenue_share"] == round(lunch_kopecks / dishes_kopecks, 4)
        options = {row["option_id"]: (row["name"], row["quantity"], row["revenue_kopecks"]) for row in told["options"]}
        assert options["extra-egg"] == ("Яйцо", 3, 3 * 4900)
        assert options["hot"] == ("Остро", 3, 0)
        assert told["options"][0]["option_id"] == "extra-egg"
        assert sum(row["revenue_share"] for row in told["dishes"]) == pytest.approx(1, abs=0.01)
        (hour, *rest) = told["hours"]
        assert hour["bonus_earned"] + sum(row["bonus_earned"] for row in rest) == earned + more


async def test_6_days_are_chosen_and_a_day_that_is_none_is_refused(place: Restaurant) -> None:
    guest = await place.guest()
    await guest.order(("tea", 1))
    await until_counted(place, orders_created=1)
    assert (await read(place, "?from=2020-01-01&to=9999-12-31"))["orders_created"] == 1
    assert (await read(place, "?from=2020-01-01&to=2020-01-31"))["orders_created"] == 0
    for query in ("?from=yesterday", "?to=2026-02-30", "?from=2026-02-02&to=2026-02-01"):
        answer = await place.internal("GET", f"/internal/stats{query}")
        assert (answer.status, answer.code) == (422, "invalid_request"), query


async def test_6_a_restart_neither_forgets_nor_counts_again(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 2))
    assert (await guest.pay(created["order_id"])).status == 200
    await guest.until_status(created["order_id"], "completed")
    before = await until_counted(place, orders=1, orders_completed=1)
    await place.restart()
    await place.until_open()
    assert await read(place) == before
    await guest.order(("tea", 1))
    body = await until_counted(place, orders_created=2)
    assert (body["orders"], body["revenue_kopecks"]) == (1, created["amount_kopecks"])


def counted(folder: Path) -> tuple[int, int, int, int]:
    """Paid orders and their money, dishes, and how far the count stands behind the last event."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/kiosk.db?mode=ro", uri=True)) as file:
        orders, money = file.execute(
            "SELECT coalesce(sum(orders_paid), 0), coalesce(sum(revenue_kopecks), 0) FROM stat_hour"
        ).fetchone()
        (dishes,) = file.execute("SELECT coalesce(sum(quantity), 0) FROM stat_dish").fetchone()
        (lag,) = file.execute(
            "SELECT (SELECT max(sequence) FROM event) - max(sequence) FROM cursor WHERE consumer = 'statistics'"
        ).fetchone()
        return orders, money, dishes, lag


def test_6_killed_right_after_the_payment_every_order_is_counted_once() -> None:
    with world() as place:
        for _ in range(3):
            port = place.live("t7.after")
            assert port is not None
            place.wait_open(port)
            place.buy(port)
        port = place.live()
        assert port is not None
        for purchase in place.purchases:

            def completed(wanted: Purchase = purchase) -> bool:
                return bool(place.order(port, wanted)["status"] == "completed")

            place.until(completed, "every order is handed out")
        place.until(lambda: counted(place.folder)[3] == 0, "everything is counted")
        money = sum(purchase.amount_kopecks for purchase in place.purchases)
        assert counted(place.folder)[:3] == (3, money, 3)


# Without the process: the count and its cursor, and the report of a day.


def paid(number: str, kopecks: int) -> OrderPaidEvent:
    return OrderPaidEvent(
        order_id=f"o-{number}",
        number=number,
        customer_id=None,
        amount_kopecks=kopecks,
        bonus_spent=0,
        items=[EventItem("tea", "Чай", 1, kopecks)],
        transaction_id="t",
        fiscal_document_number=1,
        ready_in_s=60,
    )


async def publish(database: Database, event: Event, moment: datetime) -> int:
    return await database.write(outbox.put, event, moment)


async def until_cursor(database: Database, sequence: int) -> None:
    async def there() -> bool:
        return await database.read(outbox.cursor_of, stats.CONSUMER) >= sequence

    await until(there)


class Broken(StatisticsSink):
    """Ends between the count and the commit."""

    def handle(self, tx: Tx, event: StoredEvent) -> None:
        super().handle(tx, event)
        raise RuntimeError("power cut")


@pytest.fixture
async def database(tmp_path: Path) -> Any:
    found = await Database.open(tmp_path / "kiosk.db", lambda reason: None)
    yield found
    await found.close()


async def test_6_ended_between_count_and_commit_is_counted_once(database: Database) -> None:
    clock = ManualClock()
    sequence = await publish(database, paid("A1", 10000), clock.now())
    with pytest.raises(RuntimeError, match="power cut"):
        await Dispatcher(database, clock).run(Broken(MOSCOW))
    reports = Reports(database, MOSCOW, clock)
    assert (await reports.stats(reports.today(), reports.today())).orders == 0
    for _ in range(2):  # and once more, when nothing is left to count
        loop = asyncio.create_task(Dispatcher(database, clock).run(StatisticsSink(MOSCOW)))
        await until_cursor(database, sequence)
        loop.cancel()
    view = await reports.stats(reports.today(), reports.today())
    assert (view.orders, view.revenue_kopecks, view.dishes[0].quantity) == (1, 10000, 1)


async def test_6_the_day_ends_at_the_restaurants_midnight(database: Database) -> None:
    clock = ManualClock()
    midnight = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)  # 00:00 in Moscow
    await publish(database, paid("A1", 100), midnight - timedelta(seconds=1))
    last = await publish(database, paid("A2", 300), midnight)
    loop = asyncio.create_task(Dispatcher(database, clock).run(StatisticsSink(MOSCOW)))
    await until_cursor(database, last)
    loop.cancel()
    reports = Reports(database, MOSCOW, clock)
    days = [await reports.stats(day, day) for day in (date(2026, 11, 22), date(2026, 11, 23))]
    assert [view.revenue_kopecks for view in days] == [100, 300]
    both = await reports.stats(date(2026, 11, 22), date(2026, 11, 23))
    assert (both.orders, both.average_kopecks) == (2, 200)
    assert [row.hour for row in both.hours] == ["2026-11-22T23", "2026-11-23T00"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kamchatka"])
async def test_6_a_day_has_its_own_hours_also_where_summer_time_gives_or_takes_one(
    database: Database, zone: str
) -> None:
    there, clock = ZoneInfo(zone), ManualClock()
    begin = datetime(2026, 1, 1, tzinfo=there).astimezone(UTC)
    moments = [begin + timedelta(minutes=30 * half) for half in range(2 * 24 * 365)]

    def run(tx: Tx) -> None:
        sink = StatisticsSink(there)
        for number, moment in enumerate(moments):
            data = msgspec.json.encode(paid(str(number), 100)).decode()
            sink.handle(tx, StoredEvent(number + 1, str(number), "OrderPaidEvent", moment, str(number), data))

    await database.write(run)
    reports = Reports(database, there, clock)
    for shift in (date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25)):
        view = await reports.stats(shift, shift)
        wanted = [moment for moment in moments if moment.astimezone(there).date() == shift]
        assert (view.orders, view.timezone) == (len(wanted), zone)
        assert {row.hour[:10] for row in view.hours} == {shift.isoformat()}
    year = await reports.stats(date(2026, 1, 1), date(2026, 12, 31))
    assert (year.orders, len(year.hours)) == (len(moments), 365)


async def test_6_the_report_of_a_day_is_written_once_after_all_of_it_is_counted(database: Database) -> None:
    clock = ManualClock(datetime(2026, 11, 22, 20, 55, tzinfo=UTC))  # five minutes to midnight
    reports = Reports(database, MOSCOW, clock)
    writing = asyncio.create_task(reports.write_reports())
    await clock.until_asleep()
    await publish(
        database,
        OrderCreatedEvent(
            order_id="o-A1",
            number="A1",
            customer_id=None,
            amount_kopecks=700,
            items=[],
            service="dine_in",
            ready_in_s=1,
        ),
        clock.now(),
    )
    last = await publish(database, paid("A1", 700), clock.now())
    clock.advance(600)
    await clock.until_asleep()
    assert await written(database) == {"2026-11-21": 0}  # the 22nd waits for its count
    counting = asyncio.create_task(Dispatcher(database, clock).run(StatisticsSink(MOSCOW)))
    await until_cursor(database, last)
    clock.advance(600)
    await clock.until_asleep()
    assert await written(database) == {"2026-11-21": 0, "2026-11-22": 700}
    late = OrderRefundedEvent(order_id="o-A1", number="A1", amount_kopecks=700, reason="x")
    await until_cursor(database, await publish(database, late, clock.now() - timedelta(hours=1)))
    for _ in range(3):
        clock.advance(600)
        await clock.until_asleep()
    assert await written(database) == {"2026-11-21": 0, "2026-11-22": 700}
    writing.cancel()
    counting.cancel()


async def written(database: Database) -> dict[str, int]:
    """The revenue of each report kept, by day."""
    return {
        str(
            await database.read(Reader.scalar, "SELECT day FROM stat_report ORDER BY day LIMIT 1 OFFSET ?", (row,))
        ): int(
            await database.read(
                Reader.scalar,
                "SELECT json_extract(body, '$.revenue_kopecks') FROM stat_report ORDER BY day LIMIT 1 OFFSET ?",
                (row,),
            )
        )
        for row in range(await database.read(Reader.scalar, "SELECT count(*) FROM stat_report"))
    }
