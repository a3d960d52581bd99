"""Who types a number alone gets what this session ordered; the rest is for who shows a code (seed, auth 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kiosk.store.transaction import Reader
from tests.restaurant import Customer, Restaurant, restaurant
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_signing_in import FREE, code_of, confirm, quick, signed_in


@pytest.fixture(params=["", "\nspend_requires_code = true"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Restaurant]:
    async with restaurant(FREE + request.param, speed=1.0) as found:
        yield found


async def by_number(place: Restaurant) -> Customer:
    answer = await quick(place)
    assert answer.status == 200, answer
    return Customer(place, answer.body["access_token"])


async def paid(customer: Customer, key: str | None = None) -> dict[str, Any]:
    order = await customer.order(("tea", 1))
    answer = await customer.pay(order["order_id"], key=key)
    assert answer.status == 200, answer
    return {**order, **answer.body}


async def shown(asker: Customer, order: dict[str, Any]) -> dict[str, str]:
    """What any call tells this session of the order: the figures that only its owner may see, by call."""
    order_id = order["order_id"]
    calls: list[tuple[str, str, Any, dict[str, str]]] = [
        ("GET", "/api/orders", None, {}),
        ("GET", "/api/orders?before=zzzz", None, {}),
        ("GET", f"/api/orders/{order_id}", None, {}),
        ("POST", f"/api/orders/{order_id}/cancel", None, {}),
        ("POST", f"/api/orders/{order_id}/payment", {"card_token": "tok_ok"}, {}),
        ("POST", f"/api/orders/{order_id}/payment", {"card_token": "tok_ok"}, {"Idempotency-Key": "k"}),
    ]
    secrets = [f'"{order["pickup_code"]}"', order["transaction_id"], order["receipt"]["fiscal_drive_number"]]
    found = {}
    for method, path, body, headers in calls:
        answer = await asker.call(method, path, body, **headers)
        if any(secret in str(answer.body).replace("'", '"') for secret in secrets):
            found[f"{method} {path} {headers}"] = str(answer.body)
        else:
            assert answer.code in ("step_up_required", "order_state", "not_found"), answer
    return found


async def test_auth_2_2_number_alone_shows_no_code_and_no_history_of_other_sessions(place: Restaurant) -> None:
    owner = await signed_in(place)
    order = await paid(owner, key="k")
    assert await shown(await by_number(place), order) == {}


async def test_planted_session_that_counts_as_proven_is_caught(place: Restaurant) -> None:
    order = await paid(await signed_in(place), key="k")
    pending = (await quick_step_up(await by_number(place), order)).body["temporary_token"]
    token = (await confirm(place, await code_of(place, temporary_token=pending), temporary_token=pending)).body
    assert len(await shown(Customer(place, token["access_token"]), order)) >= 4


async def quick_step_up(customer: Customer, order: dict[str, Any]) -> Any:
    """The refusal with which a code is sent."""
    answer = await customer.call("GET", f"/api/orders/{order['order_id']}")
    assert_problem(answer, 403, "step_up_required")
    return answer


async def test_auth_2_2_code_of_the_refusal_opens_history_code_and_address(place: Restaurant) -> None:
    order = await paid(await signed_in(place))
    pending = (await quick_step_up(await by_number(place), order)).body["temporary_token"]
    answer = await confirm(place, await code_of(place, temporary_token=pending), temporary_token=pending)
    proven = Customer(place, answer.body["access_token"])
    assert (await proven.look(order["order_id"]))["pickup_code"] == order["pickup_code"]
    ids = [found["order_id"] for found in (await proven.call("GET", "/api/orders")).body["orders"]]
    assert ids == [order["order_id"]]
    assert (await proven.call("PUT", "/api/me/push", {"address": "device-1"})).status == 204


async def test_auth_2_2_what_this_session_ordered_stays_its_own_with_its_code(place: Restaurant) -> None:
    await signed_in(place)
    stranger = await by_number(place)
    order = await paid(stranger, key="k")
    assert (await stranger.look(order["order_id"]))["pickup_code"] == order["pickup_code"]
    again = await stranger.pay(order["order_id"], key="k")
    assert (again.status, again.body["pickup_code"]) == (200, order["pickup_code"])


async def test_auth_2_2_number_alone_changes_no_address_and_cancels_nothing(place: Restaurant) -> None:
    owner = await signed_in(place)
    assert (await owner.call("PUT", "/api/me/push", {"address": "device-1"})).status == 204
    unpaid = await owner.order(("tea", 1))
    stranger = await by_number(place)
    for address in ("evil", ""):
        assert_problem(await stranger.call("PUT", "/api/me/push", {"address": address}), 403, "step_up_required")
    assert_problem(await stranger.call("POST", f"/api/orders/{unpaid['order_id']}/cancel"), 403, "step_up_required")
    assert_problem(await stranger.pay(unpaid["order_id"]), 403, "step_up_required")
    assert (await owner.look(unpaid["order_id"]))["status"] == "created"
    assert await place.kiosk.database.read(Reader.scalar, "SELECT push_address FROM customer") == "device-1"


async def test_auth_2_2_other_peoples_orders_are_not_found_and_cost_no_sms(place: Restaurant) -> None:
    order = await paid(await place.guest())
    await signed_in(place)
    stranger = await by_number(place)
    assert (await stranger.call("GET", f"/api/orders/{order['order_id']}")).code == "not_found"
    assert len(place.effects("sms", "sent")) == 1


async def test_auth_2_2_balance_is_told_by_number_where_the_rules_ask_for_no_code() -> None:
    async with restaurant(FREE) as place:
        await signed_in(place)
        me = await (await by_number(place)).call("GET", "/api/me")
        assert (me.status, set(me.body)) == (200, {"phone_masked", "bonus_points", "customer_since"})


CONTROLS = ["\r\n", "\n", "\r", "\0", "\t", "\x1b[2J", "\x7f", "\x85", "\u2028"]


async def test_5_addresses_with_control_characters_are_refused() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        order = await customer.order(("tea", 1))
        for odd in CONTROLS:
            for address in (f"a{odd}Bcc: x", f"{odd}a", f"a{odd}"):
                assert_problem(await customer.call("PUT", "/api/me/push", {"address": address}), 422, "invalid_request")
            for contact in (f"a@example.ru{odd}", f"a{odd}@example.ru", f"+79161234567{odd}", f"+7916{odd}1234567"):
                refused = await customer.pay(order["order_id"], receipt_to=contact)
                assert_problem(refused, 422, "invalid_request")
                assert (await quick(place, contact)).status == 422
        assert (await customer.look(order["order_id"]))["status"] == "created"
