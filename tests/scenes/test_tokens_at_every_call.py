"""Every call that wants a session, with every token that is none: 401, and nobody's data."""

from __future__ import annotations

import base64
import json

import jwt
import pytest

from tests.clocks import JumpingClock
from tests.restaurant import Customer, Restaurant, restaurant
from tests.scenes.test_signing_in import FREE, quick, signed_in

ORDER = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}


def calls(order_id: str) -> list[tuple[str, str, object]]:
    return [
        ("POST", "/api/auth/logout", None),
        ("GET", "/api/me", None),
        ("PUT", "/api/me/push", {"address": "x"}),
        ("POST", "/api/orders/create", ORDER),
        ("GET", "/api/orders", None),
        ("GET", f"/api/orders/{order_id}", None),
        ("POST", f"/api/orders/{order_id}/cancel", None),
        ("POST", f"/api/orders/{order_id}/payment", {"card_token": "tok_ok"}),
        ("DELETE", "/api/service/session", None),
        ("GET", "/api/service/stats", None),
        ("GET", "/api/service/status", None),
        ("GET", "/api/service/overview", None),
        ("POST", "/api/service/sales", {"open": False}),
        ("POST", "/api/service/shift", {"open": False}),
        ("POST", "/api/service/x-report", None),
        ("POST", "/api/service/refill", {"bin": 1, "amount": 0}),
        ("POST", "/api/service/robot/acknowledge", None),
        ("GET", "/api/service/cells", None),
        ("POST", "/api/service/cells/1", {"action": "open"}),
        ("POST", f"/api/service/orders/{order_id}/pickup-code", None),
        ("POST", "/api/service/stop-list", {"item_id": "tea", "stopped": True}),
        ("POST", f"/api/service/orders/{order_id}/refund", {"reason": "none"}),
        ("GET", "/api/service/stuck", None),
        ("POST", "/api/service/stuck/x", {"move": "retry"}),
        ("POST", "/api/service/webhooks", {"url": "x"}),
    ]


async def bad_tokens(place: Restaurant, good: str) -> dict[str, str]:
    head, body, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    richer = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "somebody"}).encode()).rstrip(b"=").decode()
    revoked = await place.guest()
    assert (await revoked.call("POST", "/api/auth/logout")).status == 204
    temporary = (await quick(place, "+79167654321")).body["temporary_token"]
    return {
        "none at all": "",
        "alg none": f"{none}.{body}.",
        "tampered body": f"{head}.{richer}.{signature}",
        "another key": jwt.encode(claims, "k" * 48, algorithm="HS256"),
        "revoked": revoked.token,
        "temporary": temporary,
    }


async def test_3_1_no_call_takes_a_token_that_is_none() -> None:
    async with restaurant(FREE) as place:
        owner = await signed_in(place)
        order_id = (await owner.order(("tea", 1)))["order_id"]
        for what, token in (await bad_tokens(place, owner.token)).items():
            for method, path, body in calls(order_id):
                answer = await Customer(place, token).call(method, path, body)
                assert (answer.status, answer.code) == (401, "unauthorized"), (what, method, path, answer)
        assert (await owner.look(order_id))["status"] == "created"


async def test_3_1_expired_tokens_are_none_either() -> None:
    clock = JumpingClock()
    async with restaurant("[auth]\ntoken_lifetime_s = 1", clock=clock) as place:
        guest = await place.guest()
        clock.jump(2)
        for method, path, body in calls("NOSUCH"):
            assert (await guest.call(method, path, body)).code == "unauthorized", path


@pytest.mark.parametrize("who", ["guest", "customer"])
async def test_3_1_other_peoples_orders_are_not_found(who: str) -> None:
    async with restaurant(FREE) as place:
        owner = await signed_in(place)
        order_id = (await owner.order(("tea", 1)))["order_id"]
        other = await place.guest() if who == "guest" else await signed_in(place, "+79167654321")
        for method, path, body in calls(order_id)[5:8]:
            assert (await other.call(method, path, body)).code == "not_found", path
        assert (await other.call("GET", "/api/orders")).body == {"orders": []}
        assert (await owner.look(order_id))["status"] == "created"
