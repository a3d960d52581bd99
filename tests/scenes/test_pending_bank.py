"""A bank that answers in several steps (the port's `PENDING`): what is begun is not final, however late it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.restaurant import restaurant, until


class SlowBank:
    """A bank of a few lines: it loses the POST's answer, knows nothing of the key for a while, then has it in work,
    then approves it."""

    def __init__(self) -> None:
        self.stage = "unknown"
        self.asked_while_pending = 0
        self.voided: list[str] = []
        self.url = ""

    async def charge(self, request: web.Request) -> web.Response:
        return web.json_response({}, status=500)

    async def find(self, request: web.Request) -> web.Response:
        if self.stage == "unknown" or "idempotency_key" not in request.query:
            return web.json_response({"transactions": []}, status=200 if "since" in request.query else 404)
        self.asked_while_pending += self.stage == "pending"
        return web.json_response({"transaction_id": "T1", "status": self.stage})

    async def void(self, request: web.Request) -> web.Response:
        self.voided.append(request.match_info["id"])
        return web.json_response({"transaction_id": "T1", "status": "voided"})


@asynccontextmanager
async def slow_bank() -> AsyncIterator[SlowBank]:
    bank, app = SlowBank(), web.Application()
    app.add_routes(
        [
            web.post("/transactions", bank.charge),
            web.get("/transactions", bank.find),
            web.post("/transactions/{id}/void", bank.void),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bank.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield bank
    finally:
        await runner.cleanup()


async def test_3_3_abandoned_key_that_the_bank_has_in_work_stays_under_inquiry_until_it_is_final() -> None:
    async with slow_bank() as bank, restaurant(f'[bank]\nurl = "{bank.url}"') as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).code == "bank_unavailable"
        await guest.until_status(order_id, "created")
        bank.stage = "pending"
        await until(lambda: bank.asked_while_pending > 2)
        bank.stage = "approved"
        await until(lambda: bank.voided)
        assert bank.voided == ["T1"]
