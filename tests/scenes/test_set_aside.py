"""No answer and no bug ends the process for good: what cannot be carried out is set aside, and a person takes it up."""

from __future__ import annotations

import contextlib
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from drivers.fiscal.port import FiscalDocument, FiscalOffice
from kiosk.clock import SystemClock
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.payment.payment import Payment
from kiosk.flows.fiscal.claim import Claim
from kiosk.flows.fiscal.failures import Failure
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.store.fiscal import intents
from kiosk.tasks import Tasks
from tests.restaurant import Customer, Restaurant, restaurant, until

CP1251 = "<html><body>Ошибка обслуживания</body></html>".encode("cp1251")


class TripsOver(Receipts):
    """Planted: a bug that one order meets each time it is carried out."""

    order_id = ""

    async def try_once(self, payment: Payment) -> tuple[Payment, Failure | None]:
        if payment.order_id == TripsOver.order_id:
            raise ZeroDivisionError("a bug")
        return await super().try_once(payment)


async def aside(place: Restaurant) -> list[dict[str, Any]]:
    rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    return [row for row in rows if row["kind"] == "set_aside"]


async def test_3_payment_whose_every_resumption_is_a_bug_is_set_aside_and_the_others_are_served() -> None:
    async with restaurant(receipts=TripsOver) as place:
        guest, other = await place.guest(), await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        TripsOver.order_id = order_id
        with contextlib.suppress(aiohttp.ClientError):
            await guest.pay(order_id, key="k")
        for _ in range(2):  # the first two end the process: a restart may be all that is needed
            await until(place.kiosk.tasks.failed.done)
            await place.restart()
        (row,) = await until(lambda: aside(place))
        assert not place.kiosk.tasks.failed.done()
        assert (row["order_id"], row["money"], row["moves"]) == (order_id, "charged", ["retry", "refund"])
        assert row["detail"].startswith("ZeroDivisionError at tests.scenes.test_set_aside:")
        await place.restart()  # it is not taken up by itself any more
        await place.until_open()
        served = (await other.order(("tea", 1)))["order_id"]
        assert (await other.pay(served)).status == 200
        assert (await guest.pay(order_id, key="k")).status == 202  # asking again takes nothing up
        assert not place.kiosk.tasks.failed.done()
        retry = f"/internal/stuck/{row['stuck_id']}"
        assert (await place.internal("POST", retry, {"move": "retry"})).status == 200
        await until(lambda: aside(place))  # the bug is still there: set aside at once, the process lives
        assert not place.kiosk.tasks.failed.done()
        TripsOver.order_id = ""  # a new version
        assert (await place.internal("POST", retry, {"move": "retry"})).status == 200
        await guest.until_status(order_id, "completed")
        assert (await aside(place), len(place.effects("bank", "charged"))) == ([], 2)
        assert len(place.effects("fiscal", "receipt")) == 2


class CannotPrint(TripsOver):
    """Planted: the bug is in what is sent to the registrar; with `blind` also in what is read from it."""

    blind = False

    async def try_once(self, payment: Payment) -> tuple[Payment, Failure | None]:
        return await Receipts.try_once(self, payment)

    async def _register(self, registrar: FiscalOffice, claim: Claim, intent: intents.IntentRow) -> FiscalDocument:
        if claim.payment.order_id == TripsOver.order_id:
            raise ZeroDivisionError("a bug")
        return await super()._register(registrar, claim, intent)

    async def _find(self, registrar: FiscalOffice, intent: intents.IntentRow) -> FiscalDocument | None:
        if CannotPrint.blind and intent.payment_id.startswith(TripsOver.order_id):
            raise ZeroDivisionError("a bug")
        return await super()._find(registrar, intent)


async def set_aside_while_printing(place: Restaurant) -> tuple[Customer, str, dict[str, Any]]:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    TripsOver.order_id = order_id
    with contextlib.suppress(aiohttp.ClientError):
        await guest.pay(order_id, key="k")
    for _ in range(2):
        await until(place.kiosk.tasks.failed.done)
        await place.restart()
    (row,) = await until(lambda: aside(place))
    return guest, order_id, row


@pytest.mark.parametrize("blind", [False, True])
async def test_3_4_money_of_a_payment_set_aside_goes_back_by_a_persons_word(blind: bool) -> None:
    CannotPrint.blind = blind
    async with restaurant(receipts=CannotPrint) as place:
        guest, order_id, row = await set_aside_while_printing(place)
        assert (row["money"], row["moves"]) == ("charged", ["retry", "issue", "adopt", "refund"])
        moves = f"/internal/stuck/{row['stuck_id']}"
        assert (await place.internal("POST", moves, {"move": "refund"})).status == 200
        if blind:  # the registrar cannot be asked: somebody looks at its papers
            (row,) = await until(lambda: aside(place))
            assert place.effects("bank", "voided") == []
            assert (await place.internal("POST", moves, {"move": "issue"})).status == 200
        await guest.until_status(order_id, "created")
        assert (len(place.effects("bank", "voided")), place.effects("fiscal", "receipt")) == (1, [])
        assert await aside(place) == []
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_3_bug_that_cannot_even_be_written_down_ends_the_process() -> None:
    async def full(name: str, error: Exception) -> bool:
        raise DatabaseBroken("disk full")

    async def bug() -> None:
        raise ZeroDivisionError

    tasks = Tasks(SystemClock())
    tasks.set_aside_by(full)
    with contextlib.suppress(ZeroDivisionError):
        await tasks.start("pay:1", bug(), taken_up=True)
    assert isinstance(tasks.failed.result(), ZeroDivisionError)
    assert tasks.aside == set()


async def test_3_3_bank_that_answers_a_page_in_cp1251_ends_no_process() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"error": "not_found"}, status=404)
        return web.Response(body=CP1251, status=201, content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        rules = "[payment]\nanswer_within_s = 0.5\n[bank]\nabandon_after_s = 600"
        async with restaurant(rules) as place:
            text = (place.folder / "config.toml").read_text()
            bank = f"http://127.0.0.1:{runner.addresses[0][1]}"
            (place.folder / "config.toml").write_text(text.replace(place.bank.url, bank))
            await place.restart()
            await place.until_open()
            guest = await place.guest()
            order_id = (await guest.order(("tea", 1)))["order_id"]
            assert (await guest.pay(order_id)).status == 202
            await place.restart()
            assert (await guest.look(order_id))["status"] == "paying"
            assert not place.kiosk.tasks.failed.done()
    finally:
        await runner.cleanup()
