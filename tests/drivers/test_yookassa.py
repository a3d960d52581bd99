"""YooKassa's answers, read as its paper says: what each means for the money (protocols/yookassa.md)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from drivers.bank.port import Charge, ChargeStatus
from drivers.bank.yookassa import NEEDS_CONFIRMATION, YooKassa
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.sim.gateways.yookassa import YooKassaDevice, yookassa


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[YooKassaDevice]:
    async with yookassa(0, state=tmp_path / "s", ledger=tmp_path / "l") as found:
        yield found


def at(url: str, *, holds: bool = True) -> YooKassa:
    return YooKassa(url, "100500", "secret", 1.0, holds=holds, now=lambda: datetime.now(UTC))


def a_charge(token: str = "tok_ok", key: str = "A1:1") -> Charge:
    return Charge(key, key.partition(":")[0], 49905, token)


async def test_a_charge_is_held_taken_and_given_back_in_parts_each_once(device: YooKassaDevice, tmp_path: Path) -> None:
    bank = at(device.url)
    held = await bank.charge(a_charge())
    assert (held.status, held.card_last4, held.card_brand) == (ChargeStatus.HELD, "4242", "mir")
    assert (await bank.charge(a_charge())).transaction_id == held.transaction_id
    bank_id = held.transaction_id or ""
    for _ in range(2):
        await bank.capture(bank_id, 49905, "A1:1-capture")
    await bank.capture(bank_id, 49905, "another key")  # taken already: no error
    for _ in range(2):
        await bank.refund(bank_id, 9905, "r1")
    found = await bank.find("A1:1")
    assert found is not None
    assert found.status is ChargeStatus.APPROVED
    await bank.refund(bank_id, 40000, "r2")
    (row,) = await bank.listing(datetime.now(UTC) - timedelta(hours=1))
    assert (row.transaction.status, row.key, row.order_id) == (ChargeStatus.REFUNDED, "A1:1", "A1")
    assert (row.amount_kopecks, row.returned_kopecks) == (49905, 49905)
    for refused in (bank.refund(bank_id, 1, "r3"), bank.void(bank_id, "v1"), bank.void("nobody", "v2")):
        with pytest.raises(DeviceRefused) as told:
            await refused
        assert told.value.code == "refused"  # one word for whoever decides; the bank's own stands in the detail
    effects = [line for line in (tmp_path / "l").read_text().splitlines() if '"captured"' in line]
    assert len(effects) == 1
    await bank.close()


async def test_what_is_held_is_let_go_and_cannot_be_taken_after(device: YooKassaDevice) -> None:
    bank = at(device.url)
    held = await bank.charge(a_charge())
    for _ in range(2):
        await bank.void(held.transaction_id or "", "v1")
    with pytest.raises(DeviceRefused) as refused:
        await bank.capture(held.transaction_id or "", 49905, "c1")
    assert refused.value.code == "hold_ended"
    found = await bank.find("A1:1")
    assert found is not None
    assert found.status is ChargeStatus.VOIDED
    await bank.close()


async def test_a_charge_of_another_process_is_found_by_its_key_and_a_strangers_is_not(device: YooKassaDevice) -> None:
    first, second = at(device.url), at(device.url)
    for number in range(1, 130):  # more than a page
        await first.charge(a_charge(key=f"A{number}:1"))
    found = await second.find("A1:1")
    assert found is not None
    assert found.status is ChargeStatus.HELD
    assert await second.find("B1:1") is None
    assert len(await second.listing(datetime.now(UTC) - timedelta(hours=1))) == 129
    await first.close()
    await second.close()


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "general_decline"),
        ("tok_3ds", NEEDS_CONFIRMATION),
        ("nonsense", "invalid_request"),
    ],
)
async def test_a_refusal_is_an_answer(device: YooKassaDevice, token: str, reason: str) -> None:
    bank = at(device.url)
    answer = await bank.charge(a_charge(token))
    assert (answer.status, answer.reason) == (ChargeStatus.DECLINED, reason)
    await bank.close()


async def test_in_one_stage_it_is_taken_at_once(device: YooKassaDevice) -> None:
    bank = at(device.url, holds=False)
    assert (await bank.charge(a_charge())).status is ChargeStatus.APPROVED
    await bank.close()


@pytest.mark.parametrize(
    ("status", "body", "asked", "done"),
    [
        (500, b"{}", DeviceUnreachable, OutcomeUnknown),
        (401, b"{}", DeviceUnreachable, DeviceUnreachable),
        (429, b"{}", DeviceUnreachable, OutcomeUnknown),
        (404, b"{}", DeviceUnreachable, DeviceUnreachable),
        (405, b"<html>", DeviceUnreachable, DeviceUnreachable),
        (408, b"{}", DeviceUnreachable, OutcomeUnknown),
        (409, b"{}", DeviceUnreachable, OutcomeUnknown),
        (400, b"<html>", DeviceUnreachable, DeviceRefused),
        (200, b"<html>", DeviceUnreachable, OutcomeUnknown),
        (200, b'{"id": "../x", "status": "succeeded", "amount": {"value": "1.00"}}', None, OutcomeUnknown),
    ],
)
async def test_an_answer_that_is_none_says_nothing_of_what_was_done(
    status: int, body: bytes, asked: type[DeviceError] | None, done: type[DeviceError]
) -> None:
    async with answering(status, body) as bank:
        if asked is not None:
            with pytest.raises(asked):
                await bank.find("A1:1")
        with pytest.raises(done):
            await bank.charge(a_charge())


@contextlib.asynccontextmanager
async def answering(status: int, body: bytes) -> AsyncIterator[YooKassa]:
    """A bank that gives this answer to everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bank = at(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield bank
    finally:
        await bank.close()
        await runner.cleanup()


@pytest.mark.parametrize("value", ["1e999999", "1e30", "-5.00", "9" * 20, "NaN", "Infinity", "1.005", "", "١٢", "²"])
@pytest.mark.parametrize("member", ["amount", "refunded_amount"])
async def test_8_what_is_no_sum_is_an_answer_that_nobody_can_read(member: str, value: str) -> None:
    row = {"id": "p1", "status": "succeeded", "metadata": {"key": "A1:1"}, "amount": {"value": "99.00"}}
    row[member] = {"value": value, "currency": "RUB"}
    async with answering(200, msgspec.json.encode({"items": [row]})) as bank:
        for question in (bank.listing(datetime.now(UTC)), bank.find("A1:1")):
            with pytest.raises(DeviceUnreachable):
                await question
    async with answering(200, msgspec.json.encode(row)) as bank:
        with pytest.raises(OutcomeUnknown):
            await bank.charge(a_charge())


async def test_a_refusal_that_is_not_the_tokens_is_no_decline_and_says_what_the_bank_says() -> None:
    body = {"type": "error", "code": "invalid_request", "description": "No such way to pay", "parameter": "capture"}
    async with answering(400, msgspec.json.encode(body)) as bank:
        with pytest.raises(DeviceRefused) as refused:
            await bank.charge(a_charge())
        assert (refused.value.code, refused.value.detail) == ("invalid_request", "HTTP 400 No such way to pay")
    async with answering(400, msgspec.json.encode({**body, "parameter": "payment_token"})) as bank:
        assert (await bank.charge(a_charge())).status is ChargeStatus.DECLINED


async def test_money_back_from_a_wrong_address_is_no_refusal() -> None:
    async with answering(404, b"<html>") as bank:
        with pytest.raises(DeviceUnreachable):
            await bank.refund("p1", 100, "r1")
    async with answering(404, b'{"type": "error", "code": "not_found"}') as bank:
        with pytest.raises(DeviceRefused):
            await bank.refund("p1", 100, "r1")


async def test_a_refund_that_the_bank_cancelled_is_tried_anew_and_carried_out_once(
    device: YooKassaDevice, tmp_path: Path
) -> None:
    bank, restarted = at(device.url, holds=False), at(device.url, holds=False)
    bank_id = (await bank.charge(a_charge())).transaction_id or ""
    device.faults.switch("cancel_refunds")
    for _ in range(2):
        with pytest.raises(DeviceRefused) as refused:
            await bank.refund(bank_id, 49905, "r1")
        assert refused.value.code == "refused"
    device.faults.switch("cancel_refunds", on=False)
    device.faults.switch("lose_answer")
    with pytest.raises(OutcomeUnknown):
        await bank.refund(bank_id, 49905, "r1")
    for _ in range(2):  # a process that knows of nothing hears of each try that is over
        with pytest.raises(DeviceRefused):
            await restarted.refund(bank_id, 49905, "r1")
    await restarted.refund(bank_id, 49905, "r1")
    await bank.refund(bank_id, 49905, "r1")
    assert (tmp_path / "l").read_text().count('"refunded"') == 1
    await bank.close()
    await restarted.close()
