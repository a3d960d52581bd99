"""Each order that is over is one trace, by the words of the protocol, and a collector that is away delays nobody."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.restaurant import restaurant, until
from tests.scenes.test_restore import eaten


class Collector:
    """Takes what it is sent, after the answers that it gives first."""

    def __init__(self, *answers: int) -> None:
        self.answers = deque(answers)
        self.bodies: list[dict[str, Any]] = []
        self.tried = 0
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        self.tried += 1
        assert request.headers["Content-Type"] == "application/json"
        body = await request.json()
        status = self.answers.popleft() if self.answers else 200
        if status == 200:
            self.bodies.append(body)
        return web.json_response({}, status=status)

    def spans(self, number: int) -> dict[str, dict[str, Any]]:
        """By name; every name once."""
        ((scope,),) = [found["scopeSpans"] for found in self.bodies[number]["resourceSpans"]]
        names = [span["name"] for span in scope["spans"]]
        assert len(set(names)) == len(names)
        return {span["name"]: span for span in scope["spans"]}


@asynccontextmanager
async def collecting(*answers: int) -> AsyncIterator[Collector]:
    found = Collector(*answers)
    app = web.Application()
    app.router.add_post("/v1/traces", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        found.port = runner.addresses[0][1]
        yield found
    finally:
        await runner.cleanup()


def sent_to(collector: Collector) -> str:
    return f'[traces]\nurl = "http://127.0.0.1:{collector.port}/v1/traces"\n'


async def test_an_order_is_one_trace_from_its_first_status_to_its_cell() -> None:
    async with collecting() as collector, restaurant(sent_to(collector)) as place:
        (order_id,) = await eaten(place, "udon-chicken")
        await until(lambda: collector.bodies)
        spans = collector.spans(0)
        whole = spans["order"]
        assert {span["traceId"] for span in spans.values()} == {whole["traceId"]}
        assert (len(whole["traceId"]), len(whole["spanId"]), whole["parentSpanId"]) == (32, 16, "")
        assert {"created", "paying", "paid", "cooking", "ready"} <= spans.keys()
        (portion,) = [name for name in spans if name.startswith("portion") and ":" not in name]
        assert {f"{portion}: queued", f"{portion}: cooked", f"{portion}: in its cell"} <= spans.keys()
        of = {span["spanId"]: name for name, span in spans.items()}
        assert {name: of.get(span["parentSpanId"], "") for name, span in spans.items()} == {
            name: "" if name == "order" else portion if ":" in name else "order" for name in spans
        }
        for span in spans.values():
            assert int(whole["startTimeUnixNano"]) <= int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
        told = {row["key"]: row["value"] for row in whole["attributes"]}
        assert told["order.id"] == {"stringValue": order_id}
        assert told["order.amount_kopecks"]["intValue"].isdigit()


async def test_given_back_later_it_is_the_same_trace_and_a_failed_one() -> None:
    async with collecting() as collector, restaurant(sent_to(collector)) as place:
        (order_id,) = await eaten(place, "tea")
        await until(lambda: len(collector.bodies) == 1)
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "cold"})
        assert answer.status < 300, answer
        await until(lambda: len(collector.bodies) == 2)
        first, second = collector.spans(0), collector.spans(1)
        assert {name: second[name]["spanId"] for name in first} == {name: row["spanId"] for name, row in first.items()}
        assert (first["order"]["status"], second["order"]["status"]) == ({}, {"code": 2})


async def test_a_collector_that_is_busy_gets_it_later_and_one_that_refuses_is_left_alone() -> None:
    async with collecting(503, 200, 400, 200) as collector, restaurant(sent_to(collector)) as place:
        await eaten(place, "tea")
        await until(lambda: len(collector.bodies) == 1)
        assert collector.tried == 2
        await eaten(place, "tea", "tea")  # the first of them is refused for good
        await until(lambda: len(collector.bodies) == 2)
        assert collector.tried == 4
