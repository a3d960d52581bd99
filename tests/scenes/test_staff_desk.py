"""The staff's calls behind a PIN: what stands, what may be done, and every act in the journal with its actor."""

from __future__ import annotations

from typing import Any

from tests.pages.screens import demo_kiosk
from tests.restaurant import Answer, Customer, Restaurant, restaurant
from tests.scenes.test_refusals import assert_problem


async def at_the_desk(place: Restaurant, name: str = "Ира") -> Customer:
    pin = (place.folder / "service.pin").read_text()
    opened = await place.call("POST", "/api/service/session", {"pin": pin, "name": name})
    assert opened.status == 201, opened
    return Customer(place, opened.body["access_token"])


async def overview(desk: Customer) -> dict[str, Any]:
    answer: Answer = await desk.call("GET", "/api/service/overview")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    return found


async def test_desk_shows_lights_bins_with_portions_left_shift_and_dishes() -> None:
    async with restaurant() as place:
        told = await overview(await at_the_desk(place))
        lights = {light["name"]: light["level"] for light in told["lights"]}
        assert set(lights) == {"robot", "fiscal", "paper", "drive", "ofd", "clock", "bank", "sms", "disk", "pages"}
        assert {lights[name] for name in ("robot", "fiscal", "paper", "ofd", "bank", "sms", "pages")} == {"good"}
        assert told["shift"]["open"]
        assert told["sales_open"]
        (tea,) = [row for row in told["bins"] if row["bin"] == 23]
        assert tea["portions_left"] > 0
        assert [dish for dish in told["dishes"] if dish["item_id"] == "tea" and not dish["stopped"]]
        place.bank.faults.switch("down", on=True)
        place.fiscal.faults.switch("paper_out", on=True)
        await place.until_paused("fiscal_no_paper")
        told = await overview(await at_the_desk(place))
        lights = {light["name"]: light["level"] for light in told["lights"]}
        assert (lights["bank"], lights["paper"], lights["fiscal"]) == ("bad", "bad", "bad")
        assert (told["sales_open"], told["reason"]) == (False, "fiscal_no_paper")


async def test_every_act_at_the_desk_is_done_and_journalled_with_its_actor() -> None:
    async with restaurant(speed=1.0) as place:
        desk, guest = await at_the_desk(place), await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        acts: list[tuple[str, object]] = [
            ("sales", {"open": False}),
            ("sales", {"open": True}),
            ("refill", {"bin": 23, "amount": 1000}),
            ("stop-list", {"item_id": "cola", "stopped": True}),
            ("robot/acknowledge", None),
        ]
        for path, body in acts:
            answer = await desk.call("POST", f"/api/service/{path}", body)
            assert answer.status == 204, (path, answer)
        report = await desk.call("POST", "/api/service/x-report")
        assert (report.status, report.body["kind"], report.body["sales"]["count"]) == (200, "x", 1), report
        refund = await desk.call("POST", f"/api/service/orders/{order_id}/refund", {"reason": "гость передумал"})
        assert refund.status == 202, refund
        await guest.until_status(order_id, "refunded")
        assert (await desk.call("POST", "/api/service/shift", {"open": False})).status == 204
        told = await overview(desk)
        assert not told["shift"]["open"]
        assert [dish["item_id"] for dish in told["dishes"] if dish["stopped"]] == ["cola"]
        actions = {line["action"] for line in told["journal"]}
        assert actions >= {
            "sales_pause",
            "sales_resume",
            "refill",
            "stop_list",
            "refund",
            "x_report",
            "shift_close",
            "robot_acknowledge",
        }
        assert {line["actor"].rpartition(":")[0] for line in told["journal"]} == {"pin:Ира"}


async def test_desk_refuses_what_cannot_be_done() -> None:
    async with restaurant() as place:
        desk = await at_the_desk(place)
        assert (await desk.call("GET", "/api/service/stuck")).body == {"stuck": []}
        missing = await desk.call("POST", "/api/service/stuck/nothing", {"move": "retry"})
        assert_problem(missing, 404, "not_found")
        stopped = await desk.call("POST", "/api/service/stop-list", {"item_id": "no-such-dish", "stopped": True})
        assert_problem(stopped, 404, "not_found")
        assert_problem(await desk.call("POST", "/api/service/webhooks", {"url": "https://x"}), 404, "not_found")


async def test_real_devices_have_no_panel_that_breaks_them() -> None:
    async with restaurant() as place:
        assert_problem(await place.call("GET", "/api/sim"), 404, "not_found")
        broken = await place.call("POST", "/api/sim", {"device": "bank", "fault": "down", "on": True})
        assert_problem(broken, 404, "not_found")
        assert (await place.call("GET", "/sim")).status == 404


async def test_simulated_devices_are_broken_and_mended_over_http() -> None:
    async with restaurant() as place, demo_kiosk() as process:
        place.kiosk = process

        async def switch(fault: str, *, on: bool, **parameters: object) -> Answer:
            body = {"device": "fiscal", "fault": fault, "on": on, "parameters": parameters}
            return await place.call("POST", "/api/sim", body)

        devices = (await place.call("GET", "/api/sim")).body["devices"]
        assert [row["device"] for row in devices] == ["bank", "fiscal", "robot", "sms", "push"]
        assert (await switch("paper_out", on=True)).status == 200
        await place.until_paused("fiscal_no_paper")
        mended = (await switch("paper_out", on=False)).body["devices"]
        assert not [fault for row in mended for fault in row["faults"] if fault["on"]]
        await place.until_open()
        assert_problem(await switch("slow", on=True), 422, "invalid_request")
        assert_problem(await switch("earthquake", on=True), 422, "invalid_request")


async def test_9_desk_is_told_what_of_an_order_can_go_back_and_what_it_comes_to() -> None:
    async with restaurant() as place:
        desk, guest = await at_the_desk(place), await place.guest()
        order = await guest.order(("tea", 2), ("cola", 1))
        unpaid = await desk.call("POST", f"/api/service/orders/{order['order_id']}/refund/estimate")
        assert_problem(unpaid, 409, "order_state")
        paid = (await guest.pay(order["order_id"])).body
        await guest.until_status(order["order_id"], "completed")
        tea_kopecks = order["items"][0]["price_kopecks"]
        for word in (order["number"], order["order_id"], str(paid["receipt"]["fiscal_sign"])):
            whole = await desk.call("POST", f"/api/service/orders/{word}/refund/estimate")
            assert (whole.status, whole.body["amount_kopecks"]) == (200, order["amount_kopecks"]), whole
            assert [(row["item_id"], row["left"]) for row in whole.body["items"]] == [("tea", 2), ("cola", 1)]
        path = f"/api/service/orders/{order['number']}/refund"
        one_tea = {"items": [{"item_id": "tea", "quantity": 1}]}
        part = await desk.call("POST", f"{path}/estimate", one_tea)
        assert part.body["amount_kopecks"] == tea_kopecks
        given = await desk.call("POST", path, {**one_tea, "reason": "остыл"})
        assert (given.status, given.body["amount_kopecks"]) == (202, tea_kopecks)
        left = (await desk.call("POST", f"{path}/estimate")).body
        assert [(row["item_id"], row["left"]) for row in left["items"]] == [("tea", 1), ("cola", 1)]
        assert left["amount_kopecks"] == order["amount_kopecks"] - tea_kopecks
        over = await desk.call("POST", f"{path}/estimate", {"items": [{"item_id": "tea", "quantity": 2}]})
        assert_problem(over, 422, "invalid_request")
        assert_problem(await desk.call("POST", "/api/service/orders/Z99/refund/estimate"), 404, "not_found")
