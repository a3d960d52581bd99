"""Requests no client of ours would send, byte by byte: each is refused as a problem, none is a 500."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.restaurant import Restaurant
from tests.scenes.test_openapi import STREAMS, described

ODD_HEADERS = (
    b"Idempotency-Key: \xff\xfe",
    b"Idempotency-Key:",
    b"Accept-Language: \xff;q=\xff",
    b"Accept-Language: en;q=nan, ru;q=inf",
    b"Accept-Language: " + b"en," * 2000,
    b'If-None-Match: \xff, W/"x',
    b"Last-Event-ID: 99999999999999999999",
    b"Content-Type: \xff/\xff",
    b"Content-Type: application/json; charset=koi8-r",
    b"Content-Type: application/json; charset=\xff",
    b"Content-Type: ;;;",
    b"Content-Encoding: gzip",
    b"Content-Encoding: br",
    b"Content-Encoding: deflate",
    b"Origin: http://[",
    b"Origin: \xff",
    b"Origin: null",
    b"Authorization: Bearer \xff",
    b"Authorization: Bearer " + b"a." * 3000,
    b"Authorization:",
    b"Expect: 100-continue",
    b"Expect: a miracle",
    b"Range: bytes=0-1",
    b"Cookie: \xff=\xff; =; a",
    b"Upgrade: websocket\r\nConnection: Upgrade",
)
ODD_BODIES = (
    b'{"items": [{"item_id": "\\u0000", "quantity": 1}], "service": "dine_in"}',
    b'{"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in", "service": "take_away"}',
    b'{"phone": "\\u0000"}',
    b'{"phone": "+79161234567", "password": "\\u0000", "temporary_token": "\\u0000"}',
    b'{"number": "\\u0000", "pickup_code": "\\ud83d\\ude00"}',
    b'{"card_token": "\\u0000"}',
    b'{"card_token": "tok_ok", "bonus_points": 18446744073709551616}',
    b'{"card_token": "tok_ok", "bonus_points": -9223372036854775809}',
    b'{"card_token": "tok_ok", "bonus_points": 1e999}',
    b'{"card_token": "tok_ok", "bonus_points": ' + b"9" * 6000 + b"}",
    b'{"address": "\\u0000\\uffff"}',
    b'{"terminal_id": "\\u0000"}',
    b'\xef\xbb\xbf{"terminal_id": null}',
    b"null",
    b"[]",
    b"0",
    b'""',
    b'{"a":' * 9000,
)
ODD_PATHS = (
    "/api/orders/%zz",
    "/api/orders/%",
    "/api/orders/%ff%fe",
    "/api/orders/%00",
    "/api/orders/%2f..%2f",
    "/api/orders/..%2fcreate",
    "/api/orders//payment",
    "/api/orders/" + "x" * 4000,
    "/api/orders?before=%ff",
    "/api/orders?before=%00",
    "/api/orders?before=1&before=2",
    "/api/orders?%zz=%zz&;&=",
    "/api/display/events/",
    "//api//orders",
    "/api/orders#x",
    "*",
    "http://elsewhere/api/orders",
)


async def raw(place: Restaurant, head: bytes, body: bytes = b"") -> tuple[int, bytes]:
    """Status and answer to exactly these bytes; the connection is closed after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.kiosk.public_port)
    try:
        writer.write(head + b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        async with asyncio.timeout(40):
            answer = await reader.read()
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer


def request_line(method: str, path: str, token: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}".encode()


async def test_odd_bytes_are_refused_and_never_break_the_server(place: Restaurant) -> None:
    guest, document = await place.guest(), await described(place)
    order_id = (await guest.order(("tea", 1)))["order_id"]
    known = {
        "upkeep_id": "fryer-oil",
        "order_id": order_id,
        "stuck_id": f"{order_id}-1",
        "cell": "1",
        "code": "0042",
        "alarm_id": "1",
        "lot_id": "1",
        "channel": "owner",
    }
    asked = [path for path in document["paths"] if path not in (*STREAMS, "/api/auth/logout")]
    paths = [re.sub(r"{(\w+)}", lambda name: known.get(name[1], "1"), path) for path in asked]
    calls = [
        (request_line(method, path, guest.token), b"") for path in paths for method in ("HEAD", "OPTIONS", "TRACE")
    ]
    calls += [(request_line("GET", path, guest.token), b"") for path in ODD_PATHS]
    for path in paths:
        for method in document["paths"].get(path.replace(order_id, "{order_id}"), {}):
            line = request_line(method.upper(), path, guest.token)
            calls += [(line + b"\r\n" + odd, b"{}") for odd in ODD_HEADERS]
            calls += [(line + b"\r\nContent-Type: application/json", body) for body in ODD_BODIES]
    for head, body in calls:
        status, answer = await raw(place, head, body)
        assert status < 500, (head, body[:80], answer[:400])
        # no HTTP at all, or an expectation nobody knows: refused before any handler, in plain text
        unparsed = answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 417"))
        if status >= 400 and not unparsed and not head.startswith(b"HEAD"):
            assert b"application/problem+json" in answer, (head, body[:80], answer[:400])


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", 'application/json;x="y"'])
async def test_json_type_may_carry_parameters(place: Restaurant, kind: str) -> None:
    assert (await place.call("POST", "/api/auth/guest", b"{}", **{"Content-Type": kind})).status == 201
