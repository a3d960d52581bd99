"""Whatever a peer answers, a driver raises its own errors and nothing else: bank, SMS, push, ATOL web, webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers import http
from drivers.bank.acquirer import LONGEST_LIST, HttpAcquirer
from drivers.bank.port import Charge, ChargeStatus
from drivers.errors import DeviceError, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol_web.client import AtolWebServer, AtolWebTimeouts
from drivers.http import UnreadableAnswer, read_json
from drivers.push.gateway import HttpPushGateway
from drivers.sms.gateway import HttpSmsGateway
from drivers.webhook.sender import HttpWebhookSender

Calls = list[tuple[str, Callable[[], Awaitable[Any]]]]


def page(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: application/json", *headers, "Connection: close"])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1") + body


CP1251 = "<html><body>Ошибка обслуживания, попробуйте позже</body></html>".encode("cp1251")
WRONG_TYPES = [
    b"null", b"[]", b"1e999", b"-0", b'"x"', b'{"status":"approved"}', b'{"status":"approved","transaction_id":1}',
    b'{"status":{}}', b'{"transactions":[{"status":"approved","amount_kopecks":1e300}]}', b'{"transactions":{}}',
    b'{"status":"declined","card":[]}', b"{", b"", b"\x00" * 100, b'{"status":"\xed\xa0\x80"}', b'{"a":' * 3000,
    b"9" * 5000, b'{"is_blocked":1}', b'{"results":[{"status":7}]}', b'{"results":null}',
    b'{"uuid":"' + b"\xff" * 10 + b'"}',
]  # fmt: skip
BODIES = [CP1251, b"[" * 5000, b'{"x":' + b"[" * 5000, *WRONG_TYPES]
ANSWERS: list[bytes] = [
    *(page(body, status) for body in BODIES for status in ("200 OK", "201 Created", "402 No")),
    page(gzip.compress(b"0" * 10_000_000), "200 OK", "Content-Encoding: gzip"),
    page(b"no gzip at all", "201 Created", "Content-Encoding: gzip"),
    page(b"{}", "500 \xce\xf8\xe8\xe1\xea\xe0"),
    page(b"{}", "200 OK", "Content-Type: application/json; charset=utf-99"),
    page(b"{}", "200 OK", "X: " + "a" * 100_000),
    page(b"{}", "429 Wait", "Retry-After: " + "9" * 5000),
    page(b"{}", "503 Wait", "Retry-After: Fri, 31 Feb 0000 99:99:99 GMT"),
    page(b"{}", "503 Wait", "Retry-After: Mon, 99999999999999999999 Jan 2020 00:00:00 GMT", "Date: x"),
    page(b"{}", "503 Wait", "Retry-After: Mon, 01 Jan 2020 00:00:00 +99999999999999999999"),
    page(b"{}", "503 Wait", "Date: Mon, 01 Jan 99999999999 00:00:00 GMT", "Retry-After: Mon, 01 Jan 2020 00:00:00 GMT"),
    page(b"{}", "301 Moved", "Location: http://127.0.0.1:1/"),
    page(b"{}", "200 OK", "Set-Cookie: \x01=\x02; expires=never"),
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
    b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"HTTP/9.9 200\r\n\r\n", b"ICY 200 OK\r\n\r\n",
    b"", b"\r\n" * 1000, b"\x16\x03\x01\x02\x00", b"SSH-2.0-OpenSSH_9.2\r\n",
]  # fmt: skip


class Peer:
    """Answers every connection with the same bytes, after it was asked something."""

    def __init__(self) -> None:
        self.says = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.says)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the driver has heard enough
        finally:
            writer.close()


@asynccontextmanager
async def hostile() -> AsyncIterator[tuple[Peer, Calls]]:
    peer = Peer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{peer.port}"
    bank, sms, push = HttpAcquirer(url, "k", 2.0), HttpSmsGateway(url, "k", 2.0), HttpPushGateway(url, "k", 2.0)
    atol = AtolWebServer(url, login="u:p", timeouts=AtolWebTimeouts(call_s=2.0, question_s=0.01), api="v2")
    webhook = HttpWebhookSender(2.0)
    calls: Calls = [
        ("charge", lambda: bank.charge(Charge("O:1", "O", 100, "tok", "token"))),
        ("find", lambda: bank.find("O:1")),
        ("listing", lambda: bank.listing(datetime(2026, 11, 29, tzinfo=UTC))),
        ("void", lambda: bank.void("T", "k")),
        ("refund", lambda: bank.refund("T", 1, "k")),
        ("sms", lambda: sms.send("+79161234567", "x", "c")),
        ("sms probe", sms.probe),
        ("push", lambda: push.send("a", "t", "b", "c")),
        ("atol post", lambda: atol.post("u", [{"type": "x"}])),
        ("atol look", lambda: atol.look("u")),
        ("atol ask", lambda: atol.ask({"type": "x"})),
        ("webhook", lambda: webhook.deliver(url, {}, b"{}")),
    ]
    try:
        yield peer, calls
    finally:
        for driver in (bank, sms, push, atol, webhook):
            await driver.close()
        server.close()


async def leaks(peer: Peer, calls: Calls, answer: bytes) -> list[str]:
    """Which calls raised something that nobody expects."""
    peer.says = answer
    found = []
    for name, call in calls:
        try:
            await call()
        except DeviceError:
            pass
        except Exception as error:  # noqa: BLE001 - what the test is about
            found.append(f"{name}: {error!r}")
    return found


async def test_3_3_no_answer_from_outside_is_more_than_a_device_error() -> None:
    async with hostile() as (peer, calls):
        found = {answer[:80]: told for answer in ANSWERS if (told := await leaks(peer, calls, answer))}
        assert found == {}


async def test_planted_decoder_that_trusts_its_peer_is_caught() -> None:
    async with hostile() as (peer, _):
        device = http.HttpDevice("bank", f"http://127.0.0.1:{peer.port}", "k", 2.0)

        async def trusting() -> Any:
            _, body = await device.call("GET", "/")
            try:
                return msgspec.json.decode(body, type=dict[str, Any])
            except msgspec.DecodeError as error:
                raise OutcomeUnknown("bank", "unexpected_answer", str(error)) from error

        for body in (b'{"status":"\xff"}', b'{"x":' + b"[" * 5000):
            assert await leaks(peer, [("trusting", trusting)], page(body, "201 Created"))
        await device.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from(["200 OK", "201 Created", "402 No", "500 No", ""]))
def test_3_3_random_bytes_are_an_unreadable_answer(body: bytes, status: str) -> None:
    async def run() -> list[str]:
        async with hostile() as (peer, calls):
            return await leaks(peer, calls, page(body, status) if status else body)

    assert asyncio.run(run()) == []


@given(st.binary() | st.text().map(str.encode) | st.integers(1, 20_000).map(lambda n: b"[" * n))
def test_3_3_whatever_is_read_is_a_value_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(UnreadableAnswer):
        assert isinstance(read_json(body, dict), dict)


async def test_3_3_only_sound_names_and_short_words_of_a_bank_are_kept() -> None:
    long = "x" * 5000
    card = {"brand": long, "last4": "4111111111111111"}
    told = {"status": "approved", "transaction_id": "T-1", "auth_code": long, "rrn": long, "reason": long, "card": card}
    async with hostile() as (peer, calls):
        charge = dict(calls)["charge"]
        peer.says = page(msgspec.json.encode(told), "201 Created")
        found = await charge()
        assert (found.status, found.transaction_id, found.card_last4) == (ChargeStatus.APPROVED, "T-1", None)
        assert {len(text) for text in (found.auth_code, found.rrn, found.card_brand, found.reason)} == {64}
        for name in ("..", "", " ", "x" * 201, "T\n1", "Т"):
            peer.says = page(msgspec.json.encode(told | {"transaction_id": name}), "201 Created")
            with pytest.raises(OutcomeUnknown):
                await charge()


async def test_3_3_status_and_body_that_contradict_each_other_are_unknown() -> None:
    async with hostile() as (peer, calls):
        peer.says = page(b'{"status":"approved","transaction_id":"T1"}', "402 Payment Required")
        for name in ("charge", "find"):
            with pytest.raises(OutcomeUnknown, match="contradictory_answer"):
                await dict(calls)[name]()


async def test_5_gateway_that_is_not_at_its_address_refuses_no_message() -> None:
    async with hostile() as (peer, calls):
        for status in ("404 Not Found", "405 Method Not Allowed"):
            peer.says = page(b"{}", status)
            for name in ("sms", "push"):
                with pytest.raises(DeviceUnreachable) as caught:
                    await dict(calls)[name]()
                assert caught.value.code == "wrong_address"


async def test_3_3_answer_without_end_is_read_up_to_a_limit() -> None:
    async with hostile() as (peer, calls):
        endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * (LONGEST_LIST + 1_000_000)
        peer.says = endless
        for name, call in calls:
            if name in ("find", "charge", "sms", "atol look"):
                with pytest.raises(DeviceError) as caught:
                    await call()
                assert "answer_too_long" in str(caught.value), name


def test_packed_answers_are_not_asked_for() -> None:
    assert http.PLAIN == {"Accept-Encoding": "identity"}
