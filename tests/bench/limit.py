"""`python -m tests.bench.limit PORT DATABASE`: what a durable POST costs at least here.

aiohttp, msgspec, one INSERT, WAL with synchronous=FULL, and a writer thread that commits whatever waits: the same
durability as an order's, and nothing of an order.
"""

from __future__ import annotations

import asyncio
import queue
import signal
import sqlite3
import sys
import threading

import msgspec
from aiohttp import web

_BATCH = 256
Waiting = tuple[bytes, asyncio.Future[int]]


class Item(msgspec.Struct):
    item_id: str
    quantity: int


class Body(msgspec.Struct):
    items: list[Item]
    service: str


class Writer(threading.Thread):
    def __init__(self, path: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._loop = loop
        self.waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()

    def run(self) -> None:
        file = sqlite3.connect(self._path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE written (id INTEGER PRIMARY KEY, kind TEXT, body BLOB)",
        ):
            file.execute(statement)
        while True:
            batch = [self.waiting.get()]
            while len(batch) < _BATCH and not self.waiting.empty():
                batch.append(self.waiting.get())
            file.execute("BEGIN IMMEDIATE")
            done = [(future, _insert(file, body)) for body, future in batch]
            file.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, done)


def _insert(file: sqlite3.Connection, body: bytes) -> int:
    return file.execute("INSERT INTO written (kind, body) VALUES ('order', ?)", (body,)).lastrowid or 0


def _resolve(done: list[tuple[asyncio.Future[int], int]]) -> None:
    for future, row in done:
        if not future.done():
            future.set_result(row)


async def serve(port: int, path: str) -> None:
    loop = asyncio.get_running_loop()
    writer = Writer(path, loop)
    writer.start()

    async def create(request: web.Request) -> web.Response:
        raw = await request.read()
        msgspec.json.decode(raw, type=Body)
        future: asyncio.Future[int] = loop.create_future()
        writer.waiting.put((raw, future))
        return web.Response(body=b'{"id":%d}' % await future, status=201, content_type="application/json")

    app = web.Application()
    app.add_routes([web.post("/api/orders/create", create)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    await end.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
