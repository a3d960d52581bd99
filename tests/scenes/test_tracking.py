"""«Мой заказ» over HTTP: number and code tell everything, a wrong code tells nothing; and the pages' heartbeats."""

from __future__ import annotations

from tests.restaurant import restaurant
from tests.scenes.test_refusals import assert_problem

TRACK = "/api/orders/track"


async def test_4_order_is_told_by_number_and_code_until_it_is_handed_out() -> None:
    async with restaurant(speed=20.0) as place:
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        paid = (await guest.pay(created["order_id"])).body
        ticket = {"number": created["number"], "pickup_code": paid["pickup_code"]}
        told = await place.call("POST", TRACK, ticket)
        assert told.status == 200, told
        assert (told.body["number"], told.body["amount_kopecks"]) == (created["number"], created["amount_kopecks"])
        assert told.body["receipt"]["qr"] == paid["receipt"]["qr"]
        await guest.until_status(created["order_id"], "ready")
        english = await place.call("POST", TRACK, ticket, **{"Accept-Language": "en"})
        assert english.body["items"][0]["name"] == "Black tea"
        assert (await place.call("POST", "/api/pickup", ticket)).body["cells"] == english.body["cells"]


async def test_4_refund_stands_in_what_is_told() -> None:
    async with restaurant(speed=1.0) as place:
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        code = (await guest.pay(created["order_id"])).body["pickup_code"]
        await place.internal("POST", f"/internal/orders/{created['order_id']}/refund", {"reason": "передумали"})
        await guest.until_status(created["order_id"], "refunded")
        told = await place.call("POST", TRACK, {"number": created["number"], "pickup_code": code})
        assert told.body["status"] == "refunded"
        assert told.body["refunds"][0]["amount_kopecks"] == told.body["amount_kopecks"]


async def test_4_guessing_over_many_numbers_is_slowed_down_too() -> None:
    async with restaurant() as place:
        answers = [await place.call("POST", TRACK, {"number": f"A{n:02d}", "pickup_code": "0000"}) for n in range(61)]
        assert {answer.status for answer in answers[:60]} == {403}
        assert_problem(answers[60], 429, "too_many_requests")


async def test_a_page_that_falls_silent_shows_in_readiness_and_does_not_stop_sales() -> None:
    async with restaurant() as place:
        assert not [name for name in (await place.call("GET", "/readyz")).body["checks"] if name.startswith("page")]
        assert (await place.call("POST", "/api/heartbeat", {"screen": "attract"})).status == 204
        refused = await place.call("POST", "/api/heartbeat", {"terminal_id": "elsewhere"})
        assert_problem(refused, 422, "invalid_request")
        checks = (await place.call("GET", "/readyz")).body["checks"]
        assert checks["page:kiosk-1"] == {"ok": True, "reason": None}
        place.kiosk.flows.page_watch._heard_at["kiosk-1"] -= 16  # noqa: SLF001  # sixteen seconds ago
        answer = await place.call("GET", "/readyz")
        assert answer.body["checks"]["page:kiosk-1"] == {"ok": False, "reason": "page_silent"}
        assert answer.status == 200
        assert (await place.call("GET", "/api/restaurant")).body["sales"]["open"]
        assert b"kiosk_page_silent_seconds 16" in (await place.call("GET", "/metrics")).body
