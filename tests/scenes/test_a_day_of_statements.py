"""A million orders later: every statement of a day finds its rows by an index, none walks what was sold before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plans import Plans
from tests.receiver import receiver
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_combos import lunch
from tests.scenes.test_refunds import refunded
from tests.scenes.test_signing_in import FREE, PHONE, proven, signed_in
from tests.scenes.test_staff_desk import at_the_desk

TOLD: dict[str, Any] = {"receipt_to": "+79160000001", "notify": True}


@pytest.mark.heavy
async def test_every_statement_of_a_day_finds_its_rows_by_an_index(tmp_path: Path) -> None:
    plans = Plans()
    async with receiver(1) as cloud:
        (tmp_path / "hook.secret").write_text("\n".join(cloud.secrets))
        hook = f'[[webhooks]]\nurl = "{cloud.url}"\nsecret_file = "{tmp_path}/hook.secret"\n'
        async with restaurant(FREE, tail=hook, trace=plans.trace) as place:
            await sell(place)
            await look(place)
            await serve(place)
            await place.restart()
            await place.until_open()
            await sell(place)
            await until(lambda: cloud.seen)
    assert plans.walks() == []
    assert len(list(plans.asked())) > 150, "the day was as full as it should be"


async def sell(place: Restaurant) -> None:
    """A guest, a customer with points, a combo, a card that is refused, an order given up, a hand at the cells."""
    guest = await place.guest()
    order = await guest.order(("tea", 1), ("udon-chicken", 2))
    assert (await guest.call("POST", "/api/orders/estimate", {"items": [{"item_id": "tea", "quantity": 1}],
            "service": "dine_in"})).status == 200  # fmt: skip
    assert (await guest.pay(order["order_id"], "tok_declined")).status == 402
    assert (await guest.pay(order["order_id"], key="k", **TOLD)).status == 200
    await guest.call("POST", f"/api/orders/{(await guest.order(('tea', 1)))['order_id']}/cancel")
    await guest.until_status(order["order_id"], "completed")
    await give_back(place, guest, order["order_id"], items=[{"item_id": "tea", "quantity": 1}])
    customer = await proven(place) if plainly_known(place) else await signed_in(place)
    await customer.call("PUT", "/api/me/push", {"address": "device-1"})
    first = await lunch(customer)
    assert (await customer.pay(first["order_id"])).status == 200
    await customer.until_status(first["order_id"], "completed")
    second = await customer.order(("udon-chicken", 1))
    assert (await customer.pay(second["order_id"], bonus_points=10)).status == 200
    await customer.until_status(second["order_id"], "completed")
    await give_back(place, customer, second["order_id"])
    await customer.call("GET", "/api/me")
    await customer.call("GET", "/api/orders")
    await pick_up(place, guest)


def plainly_known(place: Restaurant) -> bool:
    return any(line["to"] == PHONE for line in place.ledger("sms"))


async def give_back(place: Restaurant, owner: Customer, order_id: str, **what: Any) -> None:
    body = {"reason": "остыл", **what}
    assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
    await refunded(place, owner, order_id)


async def pick_up(place: Restaurant, guest: Customer) -> None:
    place.robot.faults.switch("nobody_comes", on=True)
    order = await guest.order(("tea", 1))
    paid = (await guest.pay(order["order_id"])).body
    await guest.until_status(order["order_id"], "ready")
    ticket = {"number": order["number"], "pickup_code": paid["pickup_code"]}
    assert (await place.call("POST", "/api/pickup", {**ticket, "pickup_code": "x"})).status in (403, 422)
    assert (await place.call("POST", "/api/orders/track", ticket)).status == 200
    receipt = paid["receipt"]["fiscal_sign"]
    await place.call("POST", "/api/orders/track", {"fiscal_sign": receipt, "amount_kopecks": order["amount_kopecks"]})
    assert (await place.call("POST", "/api/pickup", ticket)).status == 200
    place.robot.faults.switch("nobody_comes", on=False)
    await guest.until_status(order["order_id"], "completed")


async def look(place: Restaurant) -> None:
    """Whatever is shown: the hall, the menu, the desk, the lists of the command line."""
    async with place.client.get(f"http://127.0.0.1:{place.kiosk.public_port}/api/display/events") as board:
        await board.content.readline()
    for path in ("/metrics", "/readyz", "/api/restaurant", "/api/menu/categories", "/api/menu/minutes"):
        assert (await place.call("GET", path)).status in (200, 503), path
    desk = await at_the_desk(place)
    for path in ("overview", "status", "stats", "cells", "stuck"):
        assert (await desk.call("GET", f"/api/service/{path}")).status == 200, path
    order_id = (await place.events())[-1]["order_id"] or "A01"
    for path in ("status", "devices", "shift", "stuck", "webhooks", "stats", "journal", "orders", f"orders/{order_id}",
                 "orders/A01", "fiscal", "shift/reports/1", "stop-list", "cells"):  # fmt: skip
        await place.internal("GET", f"/internal/{path}")


async def serve(place: Restaurant) -> None:
    """What staff does: stops a dish, refuels, opens a cell, closes the day, draws a report."""
    desk = await at_the_desk(place)
    for stopped in (True, False):
        await desk.call("POST", "/api/service/stop-list", {"item_id": "tea", "stopped": stopped})
    await desk.call("POST", "/api/service/refill", {"bin": 1, "amount": 1000})
    await desk.call("POST", "/api/service/robot/acknowledge")
    await desk.call("POST", "/api/service/x-report")
    for open_ in (False, True):
        await desk.call("POST", "/api/service/sales", {"open": open_})
        assert (await desk.call("POST", "/api/service/shift", {"open": open_})).status == 204
    await desk.call("DELETE", "/api/service/session")
    for path, body in (("webhooks/replay", {"sequence": 1}), ("robotics/ingredients", {"order_id": "X",
                        "items": [{"item_id": "tea", "quantity": 1}]})):  # fmt: skip
        await place.internal("POST", f"/internal/{path}", body)
