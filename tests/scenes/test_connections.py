"""Whoever only holds connections stops nobody: so many in all, of one address, and none without a request for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from kiosk.api.http.gate import Gate, GateLimits
from tests.restaurant import Restaurant, until

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


class LetGo(asyncio.Event):
    """What `/long` waits for; `asking`: how many do."""

    asking = 0


@asynccontextmanager
async def gated(limits: GateLimits) -> AsyncIterator[tuple[Gate, int, LetGo]]:
    """A small server behind a gate: `/` answers at once, `/long` when the event is set."""
    gate, let_go = Gate(limits), LetGo()

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/long":
            let_go.asking += 1
            await let_go.wait()
        return web.Response(text="ok")

    app = web.Application(middlewares=[gate.middleware])
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    gate.lead_to(runner.server)
    server = await asyncio.get_running_loop().create_server(gate, "127.0.0.1", 0)
    try:
        yield gate, server.sockets[0].getsockname()[1], let_go
    finally:
        let_go.set()
        server.close()
        await runner.cleanup()


async def connect(port: int, say: bytes = b"", address: str = "127.0.0.1") -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(say)
    reader.writer = writer  # type: ignore[attr-defined]  # kept open with the reader
    return reader


async def is_turned_away(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


async def answered(port: int) -> int:
    async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/healthz") as answer:
        return answer.status


async def test_idle_connections_make_room_for_whoever_asks() -> None:
    async with gated(GateLimits(in_all=20)) as (gate, port, _):
        held = [await connect(port, HEAD) for _ in range(60)]  # a head that never ends
        assert await answered(port) == 200
        assert await asyncio.gather(*(is_turned_away(reader) for reader in held[:40])) == [True] * 40
        assert len(gate) <= 20


async def test_those_who_asked_are_not_thrown_out_for_newcomers() -> None:
    async with gated(GateLimits(in_all=5)) as (_, port, let_go):
        request = b"GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        asking = [await connect(port, request) for _ in range(5)]
        await until(lambda: let_go.asking == 5)
        late = await connect(port, HEAD)
        assert await is_turned_away(late)
        let_go.set()
        assert [(await reader.readline()).split()[1] for reader in asking] == [b"200"] * 5


@pytest.mark.parametrize("say", [b"", HEAD])
async def test_head_that_does_not_come_ends_its_connection(say: bytes) -> None:
    async with gated(GateLimits(head_within_s=0.1)) as (gate, port, _):
        assert await is_turned_away(await connect(port, say))
        await until(lambda: len(gate) == 0)


async def test_kept_connection_ends_after_its_rest() -> None:
    async with gated(GateLimits(head_within_s=5.0, kept_alive_s=0.1)) as (gate, port, _):
        reader = await connect(port, HEAD + b"\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        assert await is_turned_away(reader)
        await until(lambda: len(gate) == 0)


async def test_planted_gate_without_a_deadline_is_caught() -> None:
    async with gated(GateLimits(head_within_s=3600.0)) as (gate, port, _):
        reader = await connect(port, HEAD)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await is_turned_away(reader)
        assert len(gate) == 1


async def test_house_answers_its_staff_and_guests_beside_a_thousand_idle_connections(place: Restaurant) -> None:
    held = [await connect(place.kiosk.public_port, HEAD) for _ in range(1000)]
    assert (await place.call("GET", "/healthz")).status == 200
    assert (await place.internal("GET", "/internal/status")).status == 200
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    assert (await guest.pay(order["order_id"])).status == 200
    assert held


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:8080", 200), ("192.168.1.5", 200),
        ("evil.example", 421), ("evil.example:8080", 421), ("127.0.0.1.evil.example", 421), ("[", 421), ("", 421),
    ],
)  # fmt: skip
async def test_name_of_another_site_gets_nothing(place: Restaurant, host: str, status: int) -> None:
    answer = await place.call("GET", "/api/menu/categories", Host=host)
    assert answer.status == status
    assert answer.headers["Server"] == "kiosk"


async def test_bytes_that_are_no_request_are_one_line_without_what_stood_in_them(
    place: Restaurant, caplog: pytest.LogCaptureFixture
) -> None:
    secret = b"Authorization: Bearer secret-token\r\nX-Phone: +79161234567 \0\r\n\r\n"
    with caplog.at_level("INFO"):
        reader = await connect(place.kiosk.public_port, b"GET / HTTP/1.1\r\n" + secret)
        assert (await reader.readline()).split()[1] == b"400"
    assert "bad_request BadHttpMessage" in caplog.text
    assert len(caplog.text.splitlines()) == 1
    assert "secret-token" not in caplog.text
    assert "9161234567" not in caplog.text
