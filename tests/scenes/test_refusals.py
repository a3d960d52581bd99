"""Every refusal of the order path, produced over HTTP; none of them is a 500."""

from __future__ import annotations

import asyncio
import base64

import jwt
import pytest

from tests.clocks import JumpingClock
from tests.restaurant import Answer, Restaurant, restaurant

CREATE = "/api/orders/create"
BODY = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(answer.body)
    assert answer.body["status"] == status


async def test_2_order_without_a_valid_token_is_unauthorized(place: Restaurant) -> None:
    guest = await place.guest()
    head, body, _ = guest.token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    claims = jwt.decode(guest.token, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 48, algorithm="HS256")
    for token in ("", "nonsense", f"{none}.{body}.", f"{head}.{body}.AAAA", forged, "é"):
        answer = await place.call("POST", CREATE, BODY, Authorization=f"Bearer {token}")
        assert_problem(answer, 401, "unauthorized")
    assert_problem(await place.call("POST", CREATE, BODY), 401, "unauthorized")
    assert (await guest.call("POST", "/api/auth/logout")).status == 204
    assert_problem(await guest.call("POST", CREATE, BODY), 401, "unauthorized")


async def test_2_expired_token_is_unauthorized() -> None:
    clock = JumpingClock()
    async with restaurant("[auth]\ntoken_lifetime_s = 1", clock=clock) as place:
        guest = await place.guest()
        clock.jump(2)
        assert_problem(await guest.call("POST", CREATE, BODY), 401, "unauthorized")


async def test_2_bodies_are_refused_in_the_order_type_json_schema(place: Restaurant) -> None:
    guest = await place.guest()
    plain = {"Content-Type": "text/plain"}
    typed = {"Content-Type": "application/json"}
    assert_problem(await guest.call("POST", CREATE, b"{}", **plain), 415, "unsupported_media_type")
    for bad in (b"", b"{", b"\xff\xfe", b'{"items": NaN}', b'"\\ud800"', b"[" * 50000, b'{"items": [}'):
        assert_problem(await guest.call("POST", CREATE, bad, **typed), 400, "bad_json")
    answer = await guest.call("POST", CREATE, b" " * 70000, **typed)
    assert_problem(answer, 413, "body_too_large")


async def test_2_calls_that_need_no_body_refuse_one_that_is_no_json_and_take_none_or_an_empty_object(
    place: Restaurant,
) -> None:
    guest = await place.guest()
    cancel = f"/api/orders/{(await guest.order(('tea', 1)))['order_id']}/cancel"
    for path in (cancel, "/api/auth/logout"):
        plain, typed = {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}
        assert_problem(await place.call("POST", path, b"{", **typed), 401, "unauthorized")
        assert_problem(await guest.call("POST", path, b"x", **plain), 415, "unsupported_media_type")
        assert_problem(await guest.call("POST", path, b"{", **typed), 400, "bad_json")
        assert_problem(await guest.call("POST", path, {"reason": "late"}), 422, "invalid_request")
    assert (await guest.call("POST", cancel, {})).body["status"] == "cancelled"
    assert (await guest.call("POST", "/api/auth/logout")).status == 204


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"items": []}, "$.items"),
        ({"items": [{"item_id": "tea", "quantity": 0}]}, "$.items[0].quantity"),
        ({"items": [{"item_id": "tea", "quantity": 10**30}]}, "$.items[0].quantity"),
        ({"items": [{"item_id": "tea", "quantity": 1.5}]}, "$.items[0].quantity"),
        ({"items": [{"item_id": "tea", "quantity": True}]}, "$.items[0].quantity"),
        ({"items": [{"item_id": "", "quantity": 1}]}, "$.items[0].item_id"),
        ({"items": [{"item_id": "tea", "quantity": 1, "price_kopecks": 1}]}, "$.items[0]"),
        ({"items": [{"item_id": "tea", "quantity": 1, "modifiers": ["hot"]}]}, "$.items[0].modifiers"),
        ({"items": [{"item_id": "tea", "quantity": 20}] * 3}, "$.items"),
        ({"service": "delivery"}, "$.service"),
        ({"extra": 1}, "$"),
    ],
)
async def test_2_schema_breach_names_its_path(place: Restaurant, change: dict[str, object], path: str) -> None:
    guest = await place.guest()
    answer = await guest.call("POST", CREATE, {**BODY, **change})
    assert_problem(answer, 422, "invalid_request")
    (error,) = answer.body["errors"]
    # msgspec writes list indexes as `[...]` where the element is one of many
    assert error["path"].replace("[...]", "[0]") == path
    assert error["message"]


async def test_2_unknown_dish_and_unknown_path_and_wrong_method(place: Restaurant) -> None:
    guest = await place.guest()
    answer = await guest.call("POST", CREATE, {**BODY, "items": [{"item_id": "water-bottle", "quantity": 1}]})
    assert_problem(answer, 409, "items_unavailable")
    assert answer.body["items"] == [{"item_id": "water-bottle", "reason": "not_on_menu"}]
    assert_problem(await place.call("GET", "/api/nothing"), 404, "not_found")
    wrong = await place.call("DELETE", CREATE)
    assert_problem(wrong, 405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]
    for path in ("/internal/status", "/internal/menu/availability", "/internal/orders/x/status"):
        assert_problem(await place.call("GET", path), 404, "not_found")


async def test_2_refusals_speak_the_customers_language(place: Restaurant) -> None:
    russian = await place.call("POST", CREATE, BODY)
    english = await place.call("POST", CREATE, BODY, **{"Accept-Language": "en-US,en;q=0.9,ru;q=0.8"})
    assert russian.body["title"] != english.body["title"]
    assert english.body["title"].isascii()
    assert (await place.call("POST", CREATE, BODY, **{"Accept-Language": "ru, en;q=0.5"})).body == russian.body


async def test_2_foreign_order_is_not_found(place: Restaurant) -> None:
    owner, stranger = await place.guest(), await place.guest()
    order_id = (await owner.order(("tea", 1)))["order_id"]
    for method, path, body in (
        ("GET", f"/api/orders/{order_id}", None),
        ("POST", f"/api/orders/{order_id}/cancel", None),
        ("POST", f"/api/orders/{order_id}/payment", {"card_token": "tok_ok"}),
        ("GET", "/api/orders/NOSUCH", None),
        ("GET", "/api/orders/%D0%B6%00", None),
    ):
        assert_problem(await stranger.call(method, path, body), 404, "not_found")
    assert (await stranger.call("GET", "/api/orders")).body == {"orders": []}
    assert [order["order_id"] for order in (await owner.call("GET", "/api/orders")).body["orders"]] == [order_id]


async def test_2_cancel_is_possible_before_payment_only(place: Restaurant) -> None:
    guest = await place.guest()
    first, second = await guest.order(("tea", 1)), await guest.order(("tea", 1))
    cancelled = await guest.call("POST", f"/api/orders/{first['order_id']}/cancel")
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert (await guest.call("POST", f"/api/orders/{first['order_id']}/cancel")).status == 200
    assert_problem(await guest.pay(first["order_id"]), 409, "order_state")
    assert (await guest.pay(second["order_id"])).status == 200
    assert_problem(await guest.call("POST", f"/api/orders/{second['order_id']}/cancel"), 409, "order_state")


async def test_2_create_key_answers_again_and_refuses_another_body(place: Restaurant) -> None:
    guest = await place.guest()
    key = {"Idempotency-Key": "ключ-1".encode().decode("utf-8")}
    first = await guest.call("POST", CREATE, BODY, **key)
    again = await guest.call("POST", CREATE, BODY, **key)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    other = await guest.call("POST", CREATE, {**BODY, "service": "take_away"}, **key)
    assert_problem(other, 409, "idempotency_key_reused")
    long = await guest.call("POST", CREATE, BODY, **{"Idempotency-Key": "k" * 65})
    assert_problem(long, 422, "invalid_request")
    stranger = await place.guest()  # keys are per session
    assert (await stranger.call("POST", CREATE, BODY, **key)).body["order_id"] != first.body["order_id"]
    assert len((await guest.call("GET", "/api/orders")).body["orders"]) == 1


async def test_2_guest_sessions_are_limited_for_each_device() -> None:
    async with restaurant("[auth]\nlimits = { guest_sessions_per_minute = 2 }") as place:
        await place.guest()
        await place.guest()
        answer = await place.call("POST", "/api/auth/guest")
        assert_problem(answer, 429, "too_many_requests")
        assert int(answer.headers["Retry-After"]) == answer.body["retry_after_s"] > 0
        unknown = await place.call("POST", "/api/auth/guest", {"terminal_id": "nowhere"})
        assert_problem(unknown, 422, "invalid_request")


async def test_3_card_numbers_never_come_in(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    for number in ("4111111111111111", "4111 1111 1111 1111", "378282246310005", "6304-0000-0000-0000"):
        answer = await guest.pay(order_id, token=number)
        assert_problem(answer, 422, "card_number_refused")
    assert place.ledger("bank") == []
    assert (await guest.look(order_id))["status"] == "created"


async def test_3_points_of_a_guest_exceed_any_limit_and_bad_contacts_are_refused(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    assert_problem(await guest.pay(order_id, bonus_points=1), 422, "bonus_exceeds_limit")
    for contact in ("nonsense", "+7", "ж@ж.рф", "a" * 80 + "@b.ru"):
        assert_problem(await guest.pay(order_id, receipt_to=contact), 422, "invalid_request")
    assert_problem(await guest.call("POST", f"/api/orders/{order_id}/payment", {}), 422, "invalid_request")
    assert (await guest.pay(order_id, receipt_to="+79161234567")).status == 200


async def test_3_paid_order_answers_its_own_key_and_refuses_another(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    paid = await guest.pay(order_id, key="k1")
    assert paid.status == 200
    assert (await guest.pay(order_id, key="k1")).body == paid.body
    assert (await guest.pay(order_id)).body == paid.body
    assert_problem(await guest.pay(order_id, key="k2"), 409, "order_state")
    assert_problem(await guest.pay(order_id, key="k1", token="tok_other"), 409, "idempotency_key_reused")
    assert len(place.effects("bank", "charged")) == 1
    assert len(place.effects("fiscal", "receipt")) == 1


async def test_3_double_tap_joins_the_running_attempt_and_another_key_must_wait(place: Restaurant) -> None:
    place.bank.faults.switch("hold")
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    first = asyncio.create_task(guest.pay(order_id, key="k1"))
    await guest.until_status(order_id, "paying")
    same, bare = (asyncio.create_task(guest.pay(order_id, **more)) for more in ({"key": "k1"}, {}))
    assert_problem(await guest.pay(order_id, key="k2"), 409, "payment_in_progress")
    assert_problem(await guest.pay(order_id, token="tok_other"), 409, "payment_in_progress")
    place.bank.faults.switch("hold", on=False)
    assert (await first).body == (await same).body == (await bare).body
    assert (await same).status == 200
    assert len(place.effects("bank", "charged")) == 1


async def test_3_foreign_origin_may_not_drive_the_kiosk(place: Restaurant) -> None:
    answer = await place.call("POST", "/api/auth/guest", Origin="https://evil.example")
    assert_problem(answer, 401, "unauthorized")
    own = f"http://127.0.0.1:{place.kiosk.public_port}"
    assert (await place.call("POST", "/api/auth/guest", Origin=own)).status == 201


async def test_0_health_readiness_and_metrics_tell_the_truth(place: Restaurant) -> None:
    assert (await place.call("GET", "/healthz")).status == 200
    ready = await place.call("GET", "/readyz")
    assert (ready.status, ready.body["ready"]) == (200, True)
    metrics = await place.call("GET", "/metrics")
    assert b"kiosk_sales_open 1.0" in metrics.body
    place.fiscal.faults.switch("off", on=True)
    await place.until_paused("fiscal_offline")
    ready = await place.call("GET", "/readyz")
    assert (ready.status, ready.body["checks"]["fiscal"]["ok"]) == (200, False)
    assert ready.body["ready"] is True
