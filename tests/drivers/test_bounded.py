"""A peer that never comes to its end is left: interim answers, heads, chunks of one byte, without waiting for the
deadline."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.bounded import BoundedSocket, bounded
from drivers.errors import DeviceError
from drivers.push.gateway import HttpPushGateway
from drivers.sms.gateway import HttpSmsGateway
from drivers.webhook.sender import HttpWebhookSender

ENDLESS = {
    "interim": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "long interim": (b"", b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 4000 + b"\r\n\r\n"),
    "heads": (b"HTTP/1.1 202 Accepted\r\n", b"X: y\r\n"),
    "chunks": (b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "body": (b"HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n", b" "),
}
NEVER_S = 3600.0


@asynccontextmanager
async def endless(first: bytes, then: bytes) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(first)
            while True:
                writer.write(then * (16_000 // len(then)))
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize("kind", ENDLESS)
async def test_5_answer_that_never_ends_is_left_without_waiting(kind: str) -> None:
    async with endless(*ENDLESS[kind]) as url, asyncio.timeout(20.0):
        sms, push = HttpSmsGateway(url, "k", NEVER_S), HttpPushGateway(url, "k", NEVER_S)
        webhook = HttpWebhookSender(NEVER_S)
        for call in (sms.send("+79161234567", "x", "c"), sms.probe(), push.send("a", "t", "b", "c")):
            with pytest.raises(DeviceError):
                await call
        with contextlib.suppress(DeviceError):  # its body is not waited for
            await webhook.deliver(url, {}, b"{}")
        for driver in (sms, push, webhook):
            await driver.close()


def test_socket_hears_so_much_after_each_sending_and_no_more() -> None:
    found = bounded(0)((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1)))
    assert isinstance(found, BoundedSocket)
    found.close()
    ours, theirs = socket.socketpair()
    near = BoundedSocket(fileno=ours.detach())
    near.allowance = 100
    with contextlib.closing(theirs), contextlib.closing(near):
        for _ in range(3):
            near.send(b"?")
            theirs.sendall(b"x" * 100)
            assert len(near.recv(60)) + near.recv_into(bytearray(60)) == 100
        theirs.sendall(b"x")
        with pytest.raises(OSError, match="more than 100") as caught:
            near.recv(60)
        assert caught.value.errno == errno.EMSGSIZE
