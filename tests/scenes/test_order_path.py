"""Seed «Заказ блюда», rows 1–4.2: the path on which everything is in order."""

from __future__ import annotations

import asyncio
import json

from tests.restaurant import Restaurant, restaurant, until


async def test_1_menu_shows_structured_catalogue_with_prices_and_availability(place: Restaurant) -> None:
    answer = await place.call("GET", "/api/menu/categories", **{"Accept-Language": "en"})
    assert answer.status == 200
    categories = answer.body["categories"]
    assert len(categories) == 8
    dishes = [dish for category in categories for dish in category["items"]]
    assert len(dishes) >= 24
    assert all(dish["available"] and dish["price_kopecks"] >= 100 for dish in dishes)
    assert set(dishes[0]) >= {"id", "name", "description", "image", "weight_g", "nutrition", "allergens"}
    again = await place.call(
        "GET", "/api/menu/categories", **{"Accept-Language": "en", "If-None-Match": answer.headers["ETag"]}
    )
    assert again.status == 304
    russian = await place.call("GET", "/api/menu/categories")
    assert russian.body["categories"][1]["name"] == "Лапша"
    assert russian.headers["ETag"] != answer.headers["ETag"]


async def test_2_order_is_created_with_server_prices_and_announced(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 2), ("tea", 1))
    assert created["status"] == "created"
    assert created["currency"] == "RUB"
    assert created["amount_kopecks"] == sum(item["sum_kopecks"] for item in created["items"])
    assert len(created["order_id"]) == 16
    events = await place.events()
    assert [event["type"] for event in events if event["order_id"]] == ["OrderCreatedEvent"]


async def test_3_payment_charges_once_prints_once_and_answers_with_the_receipt(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 1))
    paid = await guest.pay(created["order_id"], key="k1")
    assert paid.status == 200, paid
    assert paid.body["status"] == "paid"
    assert paid.body["amount_kopecks"] == created["amount_kopecks"]
    (charge,) = place.effects("bank", "charged")
    (receipt,) = place.effects("fiscal", "receipt")
    assert charge["transaction_id"] == paid.body["transaction_id"]
    assert charge["amount_kopecks"] == receipt["total_kopecks"] == created["amount_kopecks"]
    assert receipt["fiscal_document_number"] == paid.body["receipt"]["fiscal_document_number"]
    assert receipt["order_id"] == charge["order_id"] == created["order_id"]
    roubles = f"{created['amount_kopecks'] / 100:.2f}"
    assert f"&s={roubles}&" in paid.body["receipt"]["qr"]
    assert paid.body["receipt"]["qr"].endswith("&n=1")


async def test_3_6_paid_event_carries_order_sum_and_document(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("tea", 1))
    paid = await guest.pay(created["order_id"])
    event = next(event for event in await place.events() if event["type"] == "OrderPaidEvent")
    assert event["data"]["order_id"] == created["order_id"]
    assert event["data"]["fiscal_document_number"] == paid.body["receipt"]["fiscal_document_number"]
    sequences = [event["sequence"] for event in await place.events()]
    assert sequences == list(range(1, len(sequences) + 1))


async def test_4_paid_order_is_cooked_once_announced_ready_and_handed_out(place: Restaurant) -> None:
    guest = await place.guest()
    created = await guest.order(("udon-chicken", 2), ("tea", 1))
    assert (await guest.pay(created["order_id"])).status == 200
    done = await guest.until_status(created["order_id"], "completed")
    assert [entry["status"] for entry in done["timeline"]] == [
        "created", "paying", "paid", "cooking", "ready", "completed",
    ]  # fmt: skip
    started = place.effects("robot", "started")
    assert len(started) == 3
    assert len({effect["job_id"] for effect in started}) == 3
    assert {effect["order_id"] for effect in started} == {created["order_id"]}
    assert {portion["status"] for item in done["items"] for portion in item["portions"]} == {"handed_out"}
    types = [event["type"] for event in await place.events() if event["order_id"]]
    assert types == [
        "OrderCreatedEvent", "OrderPaidEvent", "OrderCookingEvent", "OrderReadyEvent", "OrderCompletedEvent",
    ]  # fmt: skip


async def test_4_1_board_gets_a_snapshot_then_events_and_resumes_without_gap_or_repeat(place: Restaurant) -> None:
    guest = await place.guest()
    first = await guest.order(("tea", 1))
    assert (await guest.pay(first["order_id"])).status == 200
    url = f"http://127.0.0.1:{place.kiosk.public_port}/api/display/events"
    async with asyncio.timeout(40), place.client.get(url) as stream:
        name, identity, data = await _next(stream)
        assert name == "snapshot"
        assert [order["number"] for order in data["orders"]] == [first["number"]]
        assert identity is not None
        last = identity
        while True:
            name, identity, data = await _next(stream)
            if name == "order" and identity is not None:
                assert int(identity) > int(last)
                last = identity
                if data["status"] == "ready":
                    assert data["cell"] >= 1
                    break
    await guest.until_status(first["order_id"], "completed")
    expected = [event["sequence"] for event in await place.events() if event["sequence"] > int(last)]
    async with asyncio.timeout(40), place.client.get(url, headers={"Last-Event-ID": last}) as stream:
        name, identity, data = await _next(stream)
        assert (name, data["status"]) == ("order", "completed")
        assert int(identity or 0) in expected


async def test_4_1_unusable_or_future_last_event_id_gets_a_snapshot(place: Restaurant) -> None:
    url = f"http://127.0.0.1:{place.kiosk.public_port}/api/display/events"
    for given in ("abc", "999999", "-1", "²", ""):
        async with asyncio.timeout(40), place.client.get(url, headers={"Last-Event-ID": given}) as stream:
            assert (await _next(stream))[0] == "snapshot"


async def test_4_2_ready_order_opens_its_cell_by_number_and_code() -> None:
    async with restaurant(speed=20) as place:
        place.robot.faults.switch("nobody_comes", on=True)  # until the code is typed
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        code = (await guest.pay(created["order_id"])).body["pickup_code"]
        wrong = f"{(int(code) + 1) % 10000:04d}"
        early = await place.call("POST", "/api/pickup", {"number": created["number"], "pickup_code": code})
        assert (early.status, early.code) == (409, "order_state")
        await guest.until_status(created["order_id"], "ready")
        refused = await place.call("POST", "/api/pickup", {"number": created["number"], "pickup_code": wrong})
        assert (refused.status, refused.code) == (403, "wrong_code")
        opened = await place.call("POST", "/api/pickup", {"number": created["number"], "pickup_code": code})
        assert opened.status == 200, opened
        assert opened.body["cell"] >= 1
        place.robot.faults.switch("nobody_comes", on=False)
        await guest.until_status(created["order_id"], "completed")


async def _next(stream) -> tuple[str, str | None, dict]:  # type: ignore[no-untyped-def,type-arg]
    """The next event of an SSE stream: (event, id, data)."""
    event, identity, data = "message", None, ""
    async for raw in stream.content:
        line = raw.decode().rstrip("\r\n")
        if not line:
            if data:
                return event, identity, json.loads(data)
            continue
        field, _, value = line.partition(": ")
        if field == "event":
            event = value
        elif field == "id":
            identity = value
        elif field == "data":
            data += value
    raise AssertionError("the stream ended")


async def test_4_2_board_sees_an_event_soon_after_its_commit(place: Restaurant) -> None:
    guest = await place.guest()
    url = f"http://127.0.0.1:{place.kiosk.public_port}/api/display/events"
    async with asyncio.timeout(40), place.client.get(url) as stream:
        assert (await _next(stream))[0] == "snapshot"
        created = await guest.order(("tea", 1))
        assert (await guest.pay(created["order_id"])).status == 200
        await until(lambda: place.effects("robot", "ready"))
        seen = []
        while "completed" not in seen:
            name, _, data = await _next(stream)
            if name == "order":
                assert data["number"] == created["number"]
                seen.append(data["status"])
        assert [status for status in seen if status != "delayed"] == ["paid", "cooking", "ready", "completed"]
