"""A bank that answers in several steps (the port's `PENDING`): what is begun is not final, however late it ends."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from kiosk.checkpoints import Checkpoints
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


class StandsStill(Checkpoints):
    """The loop stands until the answer's deadline has passed, right before the sale is committed."""

    def __init__(self, seconds: float) -> None:
        super().__init__({})
        self._seconds = seconds

    def __call__(self, name: str) -> None:
        if name == "t7.before":
            until_s = time.monotonic() + self._seconds
            while time.monotonic() < until_s:
                pass


async def test_3_7_attempt_that_ends_while_its_deadline_passes_is_answered_as_it_ended() -> None:
    async with restaurant("[payment]\nanswer_within_s = 2", checkpoint=StandsStill(2.5)) as place:
        guest = await place.guest()
        paid = await guest.pay((await guest.order(("tea", 1)))["order_id"])
        assert (paid.status, paid.body["status"]) in ((200, "paid"), (202, "paying"))
