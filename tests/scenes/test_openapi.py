"""The description of /api/* against the server: every route stands in it, schemathesis finds no answer outside it."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest

from tests.restaurant import Answer, Customer, Restaurant, restaurant
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_signing_in import code_of, signed_in
from tests.trying_out import Tried, try_out

PATH = "/api/openapi.json"
STREAMS = {"/api/display/events", "/api/kitchen/events"}
PAYMENT = "/api/orders/{order_id}/payment"
ORDER = "/api/orders/{order_id}"
JSON = {"Content-Type": "application/json"}
MORE_THAN_ENOUGH = 1_000_000
OPEN = f"""
[auth]
token_lifetime_s = 3600
limits = {{ guest_sessions_per_minute = {MORE_THAN_ENOUGH}, logins_per_device_per_minute = {MORE_THAN_ENOUGH} }}
[payment]
answer_within_s = 1
[robot]
max_promise_s = {MORE_THAN_ENOUGH}
"""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
    "allow_header_conformance",
)


@pytest.fixture
async def open_place() -> AsyncIterator[Restaurant]:
    async with restaurant(OPEN) as found:
        yield found


async def described(place: Restaurant) -> dict[str, Any]:
    answer = await place.call("GET", PATH)
    assert answer.status == 200
    found: dict[str, Any] = answer.body
    return found


# What schemathesis tries.


def settings(place: Restaurant, token: str, examples: int) -> dict[str, Any]:
    """One seed; 503 is an answer that is described, 500 is none."""
    checks: dict[str, Any] = {"enabled": False, **{name: {"enabled": True} for name in CHECKS}}
    checks["not_a_server_error"] = {"enabled": True, "expected-statuses": ["2xx", "3xx", "4xx", "503"]}
    return {
        "seed": 20261122,
        "base-url": f"http://127.0.0.1:{place.kiosk.public_port}",
        "headers": {"Authorization": f"Bearer {token}"},
        "request-timeout": 10.0,
        "continue-on-failure": True,
        "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
        "phases": {"stateful": {"enabled": False}},
        "checks": checks,
    }


def within_reach(document: dict[str, Any], order_ids: list[str], *cards: str) -> dict[str, Any]:
    """The same description, with dishes, cards and orders that exist mixed into what may be tried."""
    known = copy.deepcopy(document)
    schemas = known["components"]["schemas"]
    pay, line = schemas["PayRequest"]["properties"], schemas["WantedLine"]["properties"]
    _mix(known["components"]["parameters"]["order_id"], "schema", {"enum": order_ids})
    _mix(line, "item_id", {"enum": ["tea"]})
    _mix(line, "quantity", {"const": 1})
    _mix(line, "modifiers", {"const": []})
    pay["card_token"]["examples"] = list(cards)
    known["components"]["parameters"]["order_id"]["examples"] = {name: {"value": name} for name in order_ids}
    _mix(pay, "bonus_points", {"const": 0})
    return known


def _mix(place: dict[str, Any], field: str, schema: dict[str, Any]) -> None:
    place[field] = {"anyOf": [schema, place[field]]}


def only(document: dict[str, Any], *paths: str) -> dict[str, Any]:
    return {**document, "paths": {path: document["paths"][path] for path in paths}}


@pytest.fixture(scope="module")
def apart() -> Iterator[ProcessPoolExecutor]:
    """A process beside the kiosk that answers."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as found:
        yield found


class Run(Tried):
    """What several tries came to."""

    def __init__(self, apart: ProcessPoolExecutor) -> None:
        super().__init__()
        self._apart = apart

    async def try_out(self, document: dict[str, Any], config: dict[str, Any]) -> None:
        self.add(await asyncio.get_running_loop().run_in_executor(self._apart, try_out, document, config))


async def sweep(run: Run, place: Restaurant, examples: int, cards: tuple[str, ...]) -> None:
    """Payments first, so that the rest looks at paid orders; customer, stream and logout apart."""
    guest, document, known = await place.guest(), await described(place), []
    for card in cards:
        orders = [(await guest.order(("tea", 1)))["order_id"] for _ in range(4)]
        await run.try_out(only(within_reach(document, orders, card), PAYMENT), settings(place, guest.token, examples))
        known += orders
    known += [(await guest.order(("tea", 1)))["order_id"] for _ in range(4)]
    apart = {PAYMENT, *STREAMS, "/api/auth/logout"}  # a stream never ends; a logout ends the session of the others
    rest = only(within_reach(document, known, *cards), *(path for path in document["paths"] if path not in apart))
    await run.try_out(rest, settings(place, guest.token, examples))
    leaver, customer = await place.guest(), await signed_in(place)
    await run.try_out(only(document, "/api/auth/logout"), settings(place, leaver.token, 5))
    own = only(document, "/api/me", "/api/me/push", "/api/orders")
    await run.try_out(own, settings(place, customer.token, examples))


def assert_clean(run: Run) -> None:
    assert not run.findings, "\n".join([f"{len(run.findings)} findings", *run.findings])
    for label, status in (
        (f"POST {PAYMENT}", 200),
        (f"POST {PAYMENT}", 402),
        (f"POST {PAYMENT}", 422),
        (f"GET {ORDER}", 200),
        (f"POST {ORDER}/cancel", 200),
        ("POST /api/orders/create", 201),
        ("GET /api/me", 200),
        ("PUT /api/me/push", 204),
        ("POST /api/auth/logout", 204),
    ):
        assert run.answers[label, status], f"{label} never answered {status}: {run.answers}"
    assert not [key for key in run.answers if key[1] in (0, 500)]


@pytest.mark.heavy
async def test_schemathesis_finds_no_answer_outside_the_description(
    open_place: Restaurant, apart: ProcessPoolExecutor
) -> None:
    run = Run(apart)
    await sweep(run, open_place, 6, ("tok_ok", "tok_declined"))
    assert_clean(run)


@pytest.mark.long
async def test_schemathesis_finds_nothing_in_a_long_run_either(
    open_place: Restaurant, apart: ProcessPoolExecutor
) -> None:
    run = Run(apart)
    await sweep(run, open_place, 150, ("tok_ok", "tok_declined", "tok_insufficient_funds", "tok_500", "tok_lost"))
    assert_clean(run)
    assert run.answers[f"POST {PAYMENT}", 202]


async def test_schemathesis_finds_an_answer_that_is_not_described(
    open_place: Restaurant, apart: ProcessPoolExecutor
) -> None:
    document = copy.deepcopy(await described(open_place))
    del document["paths"]["/api/pickup"]["post"]["responses"]["403"]
    run = Run(apart)
    await run.try_out(only(document, "/api/pickup"), settings(open_place, (await open_place.guest()).token, 5))
    assert any("status_code_conformance" in finding for finding in run.findings)


# What it does not try.


async def test_every_route_is_described_and_every_description_has_its_route(open_place: Restaurant) -> None:
    document = await described(open_place)
    routes = {
        (route.method, route.resource.canonical)
        for route in open_place.kiosk.public_app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/")
    }
    operations = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {route for route in routes if route[0] != "HEAD"} == operations
    assert document["openapi"].startswith("3.1")
    assert len({item["operationId"] for path in document["paths"].values() for item in path.values()}) == len(
        operations
    )


async def test_description_is_cached_by_its_tag(open_place: Restaurant) -> None:
    first = await open_place.call("GET", PATH)
    assert (await open_place.call("GET", PATH, **{"If-None-Match": first.headers["ETag"]})).status == 304
    assert (await open_place.call("GET", PATH, **{"If-None-Match": '"other"'})).body == first.body


def assert_described(document: dict[str, Any], method: str, path: str, answer: Answer) -> None:
    """The body is what the description says, and says nothing beside it."""
    content = document["paths"][path][method]["responses"][str(answer.status)]["content"]
    schema = content[answer.headers["Content-Type"].partition(";")[0]]["schema"]
    closed = copy.deepcopy(document["components"])
    for name, model in closed["schemas"].items():
        if not name.endswith("Problem"):
            model["additionalProperties"] = False
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": closed}, validate_formats=True)
    assert not [str(error) for error in validator.iter_errors(answer.body)], (method, path)


async def test_answers_along_the_customers_way_are_as_described(open_place: Restaurant) -> None:
    place, document = open_place, await described(open_place)
    signing = await place.call("POST", "/api/auth/quick-auth", {"phone": "+79161234567"})
    assert_described(document, "post", "/api/auth/quick-auth", signing)
    code = {"phone": "+79161234567", "password": await code_of(place)}
    confirmed = await place.call("POST", "/api/auth/confirm", code)
    assert_described(document, "post", "/api/auth/confirm", confirmed)
    customer = Customer(place, confirmed.body["access_token"])
    assert_described(document, "get", "/api/me", await customer.call("GET", "/api/me"))
    body = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
    created = await customer.call("POST", "/api/orders/create", body)
    assert_described(document, "post", "/api/orders/create", created)
    order_id = created.body["order_id"]
    assert_described(document, "post", PAYMENT, await customer.pay(order_id, token="tok_declined"))
    paid = await customer.pay(order_id)
    assert_described(document, "post", PAYMENT, paid)
    order = await customer.until_status(order_id, "ready", "completed")
    assert_described(document, "get", ORDER, await customer.call("GET", f"/api/orders/{order_id}"))
    assert_described(document, "get", "/api/orders", await customer.call("GET", "/api/orders"))
    ticket = {"number": order["number"], "pickup_code": order["pickup_code"]}
    assert_described(document, "post", "/api/pickup", await place.call("POST", "/api/pickup", ticket))
    other = (await customer.order(("tea", 1)))["order_id"]
    unsure = await customer.pay(other, token="tok_lost")
    assert unsure.status == 202
    assert_described(document, "post", PAYMENT, unsure)
    for path in ("/api/restaurant", "/api/menu/categories"):
        assert_described(document, "get", path, await place.call("GET", path))


async def test_receipt_tells_its_time_in_utc_and_its_code_in_the_drives(place: Restaurant) -> None:
    guest = await place.guest()
    receipt = (await guest.pay((await guest.order(("tea", 1)))["order_id"])).body["receipt"]
    issued_at = datetime.fromisoformat(receipt["issued_at"])
    assert receipt["issued_at"].endswith("Z")
    assert abs(datetime.now(UTC) - issued_at) < timedelta(minutes=2)
    assert receipt["qr"].startswith(f"t={issued_at.astimezone(ZoneInfo('Europe/Moscow')):%Y%m%dT%H%M}&")


async def test_card_numbers_behind_json_escapes_are_refused(open_place: Restaurant) -> None:
    guest = await open_place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    hidden = "".join(f"\\u{ord(digit):04x}" for digit in "4111111111111111")
    bodies = [f'{{"card_token": "{hidden}"}}', f'{{"card_token": "tok_ok", "{hidden}": 1}}']
    for body in (*bodies, '{"card_token": "4111\\u0031111 1111-1111"}', '{"card_token": 4.111111111111111e15}'):
        call = await guest.call("POST", f"/api/orders/{order_id}/payment", body.encode(), **JSON)
        assert_problem(call, 422, "card_number_refused")
    assert open_place.ledger("bank") == []


async def test_a_get_of_create_is_a_wrong_method(open_place: Restaurant) -> None:
    wrong = await (await open_place.guest()).call("GET", "/api/orders/create")
    assert_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"


async def test_a_body_of_blanks_is_no_body_and_no_json(open_place: Restaurant) -> None:
    assert_problem(await open_place.call("POST", "/api/auth/guest", b" ", **JSON), 400, "bad_json")
    assert (await open_place.call("POST", "/api/auth/guest", b"", **JSON)).status == 201


async def test_contact_with_a_line_end_is_refused(open_place: Restaurant) -> None:
    guest = await open_place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    for contact in ("+79161234567\n", "a\x00b@c.ru", "a@b.ru\x1b"):
        assert_problem(await guest.pay(order_id, receipt_to=contact), 422, "invalid_request")
