"""`python -m tests.growth.record`: the kiosk itself makes one order of every shape, and its rows become `shapes.json`.

To be run again when a migration adds a column that finished orders fill.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.catalogue import load_menu
from kiosk.domain.events import StoredEvent
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.sinks.statistics import StatisticsSink
from kiosk.store.file.opening import migrate
from kiosk.store.transaction import Reader, Tx, as_record
from tests.growth.shapes import FILE, STATISTICS, Row
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_signing_in import FREE, signed_in

PHONE = "+79161234567"
#: Rows of one order, by what leads to them; parents first. Codes and numbers of guests are forgotten after a day.
_ROWS: Mapping[str, str] = {
    "customer": "customer_id = :customer_id",
    "session": "session_id = :session_id",
    "orders": "order_id = :order_id",
    "order_item": "order_id = :order_id",
    "portion": "order_id = :order_id",
    "portion_lot": "portion_id IN (SELECT portion_id FROM portion WHERE order_id = :order_id)",
    "timeline": "order_id = :order_id ORDER BY rowid",
    "reservation": "order_id = :order_id",
    "reservation_line": "reservation_id IN (SELECT reservation_id FROM reservation WHERE order_id = :order_id)",
    "payment": "order_id = :order_id",
    "refund": "order_id = :order_id",
    "fiscal_intent": "order_id = :order_id ORDER BY intent_id",
    "receipt_line": "intent_id IN (SELECT intent_id FROM fiscal_intent WHERE order_id = :order_id)",
    "receipt_fix": "order_id = :order_id",
    "idempotency": "order_id = :order_id",
    "bonus_entry": "order_id = :order_id ORDER BY entry_id",
    "message": "order_id = :order_id",
    "journal": "instr(detail, :order_id)",
    "event": "order_id = :order_id ORDER BY sequence",
}
_CHARTS = "SELECT * FROM chart WHERE fingerprint IN (SELECT chart_fingerprint FROM order_item)"
#: Numbers that the table gives itself.
_OWN = ("sequence", "entry_id", "entry")
Orders = dict[str, str]  # shape → order_id


async def _sold(guest: Customer, *items: tuple[str, int], **more: Any) -> str:
    """Bought and taken."""
    order_id = str((await guest.order(*items))["order_id"])
    assert (await guest.pay(order_id, **more)).status == 200
    await guest.until_status(order_id, "completed")
    return order_id


async def _given_back(place: Restaurant, guest: Customer, order_id: str, **part: Any) -> None:
    body = {"reason": "не понравилось", **part}
    before = len((await guest.look(order_id))["refunds"])
    answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", body)
    assert answer.status == 202, answer

    async def done() -> bool:
        refunds = (await guest.look(order_id))["refunds"]
        return [refund["status"] for refund in refunds] == ["done"] * (before + 1)

    await until(done)


async def _plain(place: Restaurant) -> Orders:
    found = {}
    found["one"] = await _sold(await place.guest(), ("udon-chicken", 1), key="one")
    found["drink"] = await _sold(await place.guest(), ("cola", 1), key="drink")
    found["two"] = await _sold(await place.guest(), ("tea", 1), ("salad-tofu", 1), key="two")
    found["pieces"] = await _sold(await place.guest(), ("udon-chicken", 2), ("tea", 2), key="pieces")
    found["mailed"] = await _sold(await place.guest(), ("pasta-bolognese", 1), receipt_to="anna@example.com")
    found["told"] = await _sold(await place.guest(), ("tea", 1), receipt_to=PHONE, notify=True)
    guest = await place.guest()
    body = {"items": [{"item_id": "combo-lunch", "quantity": 1}], "service": "take_away"}
    created = await guest.call("POST", "/api/orders/create", body, **{"Idempotency-Key": "combo"})
    found["combo"] = str(created.body["order_id"])
    assert (await guest.pay(found["combo"])).status == 200
    await guest.until_status(found["combo"], "completed")
    return found


async def _not_paid(place: Restaurant) -> Orders:
    guest = await place.guest()
    declined = str((await guest.order(("tea", 2)))["order_id"])
    assert (await guest.pay(declined, "tok_declined", key="declined")).status == 402
    assert (await guest.pay(declined, key="accepted")).status == 200
    await guest.until_status(declined, "completed")
    guest = await place.guest()
    cancelled = str((await guest.order(("salad-tofu", 1)))["order_id"])
    assert (await guest.call("POST", f"/api/orders/{cancelled}/cancel")).status == 200
    return {"declined": declined, "cancelled": cancelled}


async def _money_back(place: Restaurant) -> Orders:
    guest = await place.guest()
    found = {"refunded": await _sold(guest, ("udon-chicken", 1), ("tea", 1))}
    await _given_back(place, guest, found["refunded"])
    guest = await place.guest()
    found["in_part"] = await _sold(guest, ("udon-chicken", 2), ("tea", 1))
    await _given_back(place, guest, found["in_part"], items=[{"item_id": "tea", "quantity": 1}])
    place.robot.faults.switch("jam", {"station": 2})
    guest = await place.guest()
    found["not_cooked"] = await _sold(guest, ("udon-chicken", 1), ("tea", 1))
    place.robot.faults.switch("jam", on=False)
    return found


async def _customers(place: Restaurant) -> Orders:
    """The second order spends what the first earned, and is given back."""
    customer = await signed_in(place, PHONE)
    found = {"earned": await _sold(customer, ("udon-chicken", 4))}
    points = (await customer.call("GET", "/api/me")).body["bonus_points"]
    found["spent"] = await _sold(customer, ("udon-chicken", 2), bonus_points=points // 2)
    points = (await customer.call("GET", "/api/me")).body["bonus_points"]
    found["points_back"] = await _sold(customer, ("udon-chicken", 1), bonus_points=points // 2)
    await _given_back(place, customer, found["points_back"])
    return found


_STORIES: tuple[Callable[[Restaurant], Awaitable[Orders]], ...] = (_plain, _not_paid, _customers, _money_back)


def _plain_value(name: str, value: Any) -> Any:
    if name == "actor":
        return "staff"  # not who happens to record
    return value


def _rows(file: sqlite3.Connection, order_id: str) -> list[Row]:
    owner = file.execute("SELECT order_id, session_id, customer_id FROM orders WHERE order_id = ?", (order_id,))
    keys, rows = dict(owner.fetchone()), []
    for table, where in _ROWS.items():
        for row in file.execute(f"SELECT * FROM {table} WHERE {where}", keys):
            values = {n: _plain_value(n, row[n]) for n in row.keys() if n not in _OWN}  # noqa: SIM118
            rows.append(Row(table, values))
    return rows


def _statistics(file: sqlite3.Connection, order_id: str, menu: Menu) -> list[Row]:
    """What the counting sink makes of the order's events, alone."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    own.row_factory = sqlite3.Row
    migrate(own)
    own.execute("PRAGMA foreign_keys=0")
    tx, sink = Tx(own), StatisticsSink(ZoneInfo("Europe/Moscow"), CurrentMenu(menu))
    for row in file.execute("SELECT * FROM order_item WHERE order_id = ?", (order_id,)):
        tx.insert("order_item", **dict(row))
    for row in file.execute("SELECT * FROM event WHERE order_id = ? ORDER BY sequence", (order_id,)):
        sink.handle(tx, as_record(StoredEvent, row))
    return [Row(table, dict(row)) for table in STATISTICS for row in own.execute(f"SELECT * FROM {table}")]


def _gone_through(tx: Reader) -> bool:
    last = tx.scalar("SELECT max(sequence) FROM event")
    behind = tx.scalar("SELECT min(sequence) < ? FROM cursor", (last,))
    unsent = tx.scalar("SELECT count(*) FROM message WHERE sent_at IS NULL AND gone IS NULL")
    return not behind and not unsent


async def record(file: Path) -> None:
    """Every consumer must have gone through before the rows are read."""
    async with restaurant(FREE) as place:
        orders: Orders = {}
        for story in _STORIES:
            orders |= await story(place)

        async def through() -> bool:
            return await place.kiosk.database.read(_gone_through)

        await until(through)
        menu = load_menu(None)
        await place.kiosk.stop()
        connection = sqlite3.connect(place.folder / "kiosk.db")
        connection.row_factory = sqlite3.Row
        charts = [dict(row) for row in connection.execute(_CHARTS)]
        shapes = [
            {
                "name": name,
                "rows": [[row.table, row.values] for row in _rows(connection, order_id)],
                "statistics": [[row.table, row.values] for row in _statistics(connection, order_id, menu)],
            }
            for name, order_id in orders.items()
        ]
    file.write_text(json.dumps({"charts": charts, "shapes": shapes}, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(record(FILE))
