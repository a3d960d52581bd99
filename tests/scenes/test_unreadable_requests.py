"""Whatever bytes come, the answer is a problem of ours: no name of a library, no version, nothing of what was sent."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import Iterator

from kiosk.api.http.gate import GateLimits
from tests.restaurant import Restaurant
from tests.scenes.test_connections import gated

MARK = b"Mark7391"
HOST = b"Host: 127.0.0.1\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"
CUT = b"Connection: close\r\n"


def requests() -> Iterator[tuple[str, bytes]]:
    """What is no request, or one that cannot be carried out; each holds the mark where it is wrong."""
    yield "no request line", MARK + b"\r\n\r\n"
    yield "no target", b"GET\r\n" + MARK + b"\r\n\r\n"
    yield "a version there is not", b"GET / HTTP/9." + MARK + b"\r\n" + HOST + b"\r\n"
    yield "a method with odd letters", b"G@T" + MARK + b" / HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a target with a control character", b"GET /\0" + MARK + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a target that is no address", b"GET http://[" + MARK + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a port that is none", b"GET http://a:" + MARK + b"/ HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\n" + MARK + b"\r\n\r\n"
    yield "a hello of TLS", b"\x16\x03\x01\x02\0\x01\0" + MARK + b"\r\n\r\n"
    yield "a long request line", b"GET /" + MARK * 2_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    for what, line in {
        "a header without a colon": MARK,
        "a header's name with a space": b"X " + MARK + b": 1",
        "a header's name with NUL": b"X\0" + MARK + b": 1",
        "a header's value with NUL": b"X: \0" + MARK,
        "a long header": b"X: " + MARK * 2_000,
        "many headers": b"\r\n".join(b"X-%d: %b" % (n, MARK) for n in range(5_000)),
        "a length that is none": b"Content-Length: " + MARK,
        "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\nX: " + MARK,
        "a length below zero": b"Content-Length: -1\r\nX: " + MARK,
        "a coding there is not": b"Transfer-Encoding: " + MARK,
        "a coding and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\nX: " + MARK,
        "an expectation there is not": b"Expect: " + MARK,
        "a folded header": b"X: 1\r\n " + MARK + b"\0",
    }.items():
        yield what, b"GET / HTTP/1.1\r\n" + HOST + line + b"\r\n\r\n"
    post = b"POST /api/orders/track HTTP/1.1\r\n" + JSON
    yield "another site's name", b"GET / HTTP/1.1\r\nHost: " + MARK + b"\r\n\r\n"
    yield "an expectation with a body", post + b"Expect: " + MARK + b"\r\nContent-Length: 2\r\n\r\n{}"
    yield "an expectation where nothing is", b"GET /none HTTP/1.1\r\n" + HOST + b"Expect: " + MARK + b"\r\n\r\n"
    yield "chunks that are none", post + b"Transfer-Encoding: chunked\r\n\r\n" + MARK + b"\r\n{}\r\n0\r\n\r\n"
    packed = zlib.compress(b"{}" + b" " * 1000)
    head = b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(packed)
    yield "a body that is packed, which nobody unpacks here", post + head + packed
    yield "a body that is not packed", post + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\n" + MARK
    yield "a packing there is not", post + b"Content-Encoding: " + MARK + b"\r\nContent-Length: 2\r\n\r\n{}"
    yield "a body that is too large", post + b"Content-Length: 70000\r\n\r\n" + MARK * 8_750
    yield "a body that is no JSON", post + b"Content-Length: 8\r\n\r\n" + MARK
    yield "a type there is not", b"POST /api/pickup HTTP/1.1\r\n" + HOST + b"Content-Type: " + MARK + b"\r\n\r\n"
    yield (
        "a charset there is not",
        (
            b"POST /api/pickup HTTP/1.1\r\n" + HOST + b"Content-Type: application/json; charset=" + MARK + b"\r\n"
            b"Content-Length: 2\r\n\r\n{}"
        ),
    )
    yield "a method there is not", MARK.upper() + b" /api/pickup HTTP/1.1\r\n" + HOST + b"\r\n"
    yield "a token that is none", b"GET /api/me HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + MARK + b"\r\n\r\n"
    yield (
        "a key that is too long",
        (
            b"POST /api/orders/create HTTP/1.1\r\n"
            + JSON
            + b"Idempotency-Key: "
            + MARK * 20
            + b"\r\nContent-Length: 2\r\n\r\n{}"
        ),
    )
    yield (
        "a range that is none",
        (b"GET /assets/js/main.mjs HTTP/1.1\r\n" + HOST + b"Range: bytes=" + MARK + b"\r\n" + CUT + b"\r\n"),
    )
    yield (
        "an upgrade there is not",
        (b"GET /api/pickup HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: " + MARK + b"\r\n\r\n"),
    )


REQUESTS = dict(requests())


async def answered(port: int, sent: bytes) -> bytes:
    """One whole answer; a connection that ends without one says nothing either."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            return head + (await reader.readexactly(int(length[1])) if length else b"")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionError:
        return b""
    finally:
        writer.close()


def tells(answer: bytes) -> str | None:
    """What an answer tells that it must not, or None."""
    low = answer.lower()
    for word in (b"aiohttp", b"python", b"traceback", MARK.lower()):
        if word in low:
            return word.decode()
    return None


def fault(what: str, answer: bytes) -> str | None:
    """What is wrong with an answer, or None."""
    if told := tells(answer):
        return f"tells {told}"
    if what in ("a range that is none",):  # the file is sent whole
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    if not re.match(rb"HTTP/1\.[01] 4\d\d ", head):
        return "is no refusal"
    ours = b"\r\nserver: kiosk" in head.lower() and b"application/problem+json" in head
    return None if ours and json.loads(body)["code"] else "is not ours"


async def test_answers_to_bytes_that_are_no_request_are_ours_and_repeat_nothing(place: Restaurant) -> None:
    answers = {what: await answered(place.kiosk.public_port, sent) for what, sent in REQUESTS.items()}
    assert {what: why for what, answer in answers.items() if (why := fault(what, answer))} == {}
    assert (await place.call("GET", "/healthz")).status == 200


async def test_planted_server_that_answers_by_itself_is_caught() -> None:
    async with gated(GateLimits()) as (_, port, _):
        told = [what for what in REQUESTS if tells(await answered(port, REQUESTS[what]))]
    assert len(told) > len(REQUESTS) / 2, told
