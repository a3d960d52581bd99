"""ATOL's web server: its queue, its requests by uuid, its words."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol_web.archive import WebArchive
from drivers.fiscal.atol_web.client import AtolRefused, AtolWebServer, Result, Task
from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.atol_web.requests import WebRequests, uuid_of
from drivers.fiscal.once import Once
from drivers.fiscal.port import (
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    Operation,
    OrderTag,
    Receipt,
    ReceiptLine,
    TaxSystem,
    Vat,
)
from drivers.sim.drive import INN
from drivers.tap import Tap
from kiosk.clock import SystemClock
from tests.drivers.atol_web_rig import FAST, WebRig, web_rig, wired_rig
from tests.drivers.shtrih_rig import receipt
from tests.restaurant import until


async def sell(bench: WebRig, registrar: AtolWebRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def test_a_post_that_arrives_after_it_was_given_up_registers_nothing_more() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        left = 2  # the second POST is the receipt's, the first reads the counter
        original = bench.device._takes  # noqa: SLF001  # planted in the device

        def late(name: str, what: str) -> dict[str, object] | None:
            nonlocal left
            left -= what == "POST"
            return {"late": 0.15} if what == "POST" and left == 0 else original(name, what)

        bench.device._takes = late  # type: ignore[method-assign]  # noqa: SLF001  # planted in the device
        document = await registrar.print_receipt(receipt(), intent)
        assert left < 0
        handle = bench.device._late  # noqa: SLF001  # planted in the device
        assert handle is not None
        await until(lambda: asyncio.get_running_loop().time() > handle.when() + 0.05)
        await registrar.status()
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_a_blocked_receipt_is_found_in_the_drive_and_the_queue_goes_on() -> None:
    async with web_rig() as (bench, registrar):
        bench.fault("lose_answer", after="sell")
        document = await sell(bench, registrar, receipt())
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]
        assert bench.device.state()["blocked"] is None
        await sell(bench, registrar, receipt("next"))
        assert len(bench.receipts()) == 2


async def test_a_blocked_receipt_that_never_reached_the_register_is_proved_absent() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        bench.fault("lose_answer", after="sell", before=True)
        with pytest.raises(DeviceRefused):
            await registrar.print_receipt(receipt(), intent)
        assert bench.receipts() == []
        assert await registrar.find_receipt(intent) is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3  # under its second uuid
        assert len(bench.receipts()) == 1


async def test_each_intent_and_each_of_its_tries_has_its_own_uuid() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        assert uuid_of(intent, 0) != uuid_of(replace(intent, order_id="other"), 0) != uuid_of(intent, 1)


async def test_a_refused_question_behind_a_request_under_way_proves_nothing() -> None:
    class Busy(AtolWebServer):
        async def look(self, uuid: str) -> list[Result] | None:
            return [Result(status="inProgress")]

        async def ask(self, *tasks: Task) -> list[Any]:
            raise AtolRefused(66)

    server = Busy("http://127.0.0.1:1", login="", timeouts=FAST, api="v2")
    once = Once(WebArchive(server), OrderTag.TAG_1192, ZoneInfo("Europe/Moscow"), timedelta())
    requests = WebRequests(server, once)
    counter = FiscalCounter("9999078902000273", 2, 1)
    intent = FiscalIntent(counter, Operation.SALE, "o", 72800, datetime(2026, 11, 29, tzinfo=UTC))
    for work in (requests.find(intent), requests.register({"type": "sell"}, intent)):
        with pytest.raises(OutcomeUnknown):
            await work
    await server.close()


async def test_a_server_that_is_down_is_unreachable_and_nothing_is_sold() -> None:
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        await bench.stop()
        with pytest.raises(DeviceUnreachable):
            await registrar.status()
        with pytest.raises(DeviceUnreachable):
            await registrar.print_receipt(receipt(), intent)
        await bench.boot()
        assert await registrar.find_receipt(intent) is None
        assert (await registrar.print_receipt(receipt(), intent)).number == 3


@pytest.mark.parametrize("vat", list(Vat))
async def test_every_rate_has_its_word(vat: Vat) -> None:
    async with web_rig() as (bench, registrar):
        wanted = replace(receipt(), lines=(ReceiptLine("Чай", 72800, 1, 72800, vat),))
        await sell(bench, registrar, wanted)
        taxes = ["20", "10", "20/120", "10/110", "0", "none", "5", "7", "5/105", "7/107", "22", "22/122"]
        assert bench.receipts()[0]["lines"][0]["tax"] == taxes.index(vat.value) + 1


async def test_registration_tells_what_the_drive_was_registered_with() -> None:
    async with web_rig() as (_, registrar):
        told = await registrar.registration()
        assert (told.drive_number, told.ffd) == ((await registrar.counter()).drive_number, "1.2")
        assert told.tax_systems == frozenset(TaxSystem)
        assert told.inn == INN
        assert Vat.VAT_22 in told.vats


@pytest.mark.parametrize("moment", [f"{word} {n}" for word in ("POST", "GET") for n in range(1, 9)])
async def test_a_server_killed_around_any_call_registers_exactly_once(moment: str) -> None:
    """The n-th answer of that kind is lost together with the server, which comes back as after a power cut."""
    word, count = moment.split()
    async with web_rig() as (bench, registrar):
        intent = bench.intent(receipt(), await registrar.counter())
        left = int(count)
        killed = asyncio.Event()
        original = bench.device._takes  # noqa: SLF001  # planted in the device

        def loses(name: str, what: str) -> dict[str, object] | None:
            nonlocal left
            left -= what == word
            if what == word and left == 0:
                killed.set()
                return {}
            return original(name, what) if not killed.is_set() else None

        bench.device._takes = loses  # type: ignore[method-assign]  # noqa: SLF001  # planted in the device
        printing = asyncio.create_task(registrar.print_receipt(receipt(), intent))
        waiting = asyncio.create_task(killed.wait())
        await asyncio.wait({printing, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        waiting.cancel()
        if killed.is_set():
            await bench.restart()
        document = None
        try:
            document = await printing
        except DeviceError:
            document = await bench.driver().find_receipt(intent)
        if document is None:
            document = await registrar.print_receipt(receipt(), intent)
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_basic_authorisation_is_sent_where_a_user_is_named() -> None:
    async with web_rig(login="kiosk:secret") as (_, registrar):
        assert registrar._server._headers == {"Authorization": "Basic a2lvc2s6c2VjcmV0"}  # noqa: SLF001  # what the server hears
        assert (await registrar.status()).shift_open


async def test_codes_of_errors_in_quotes_are_read() -> None:
    async with wired_rig() as (bench, registrar):
        bench.wire.to_host = lambda data: data.replace(b'"code": 0, "', b'"code":"0","')
        assert (await registrar.status()).why_not() is None
        bench.wire.to_host = lambda data: data.replace(b'"code": 0, "', b'"code":0.0,"')
        await sell(bench, registrar, receipt())
        assert len(bench.receipts()) == 1


@pytest.mark.parametrize("status", [b"400", b"404", b"408", b"429"])
async def test_a_receipt_refused_by_somebody_on_the_way_is_looked_for_in_the_drive(status: bytes) -> None:
    """A proxy that gave up on the server says nothing of what the server did."""
    async with wired_rig() as (bench, registrar):
        asked: list[bytes] = []

        def notice(data: bytes) -> bytes:
            asked.extend([data] if b'"sell"' in data else [])
            return data

        def refuse(data: bytes) -> bytes:
            return data.replace(b"HTTP/1.1 201", b"HTTP/1.1 " + status) if asked and asked.pop() else data

        counter = await registrar.counter()
        bench.wire.to_device, bench.wire.to_host = notice, refuse
        document = await registrar.print_receipt(receipt(), bench.intent(receipt(), counter))
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]


async def test_what_the_server_is_asked_and_answers_is_heard_without_password_and_phone() -> None:
    clock = SystemClock()
    tap = Tap(clock.now, clock.monotonic)
    async with web_rig(login="kiosk:keep-out", tap=tap) as (bench, registrar):
        tap.listen(600.0)
        await sell(bench, registrar, replace(receipt(), customer_contact="+79161234567"))
    told = b"".join(piece.data for piece in tap.heard())
    assert b"POST /api/v2/requests\n" in told
    assert b"HTTP 201\n" in told
    assert b'"sell"' in told
    for secret in (b"keep-out", base64.b64encode(b"kiosk:keep-out"), b"79161234567"):
        assert secret not in told
