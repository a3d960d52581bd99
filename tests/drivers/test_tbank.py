"""T-Bank's answers, read as its paper says: what each means for the money (protocols/sbp.md#t-bank)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.http import UnreadableAnswer, read_json
from drivers.sbp.port import Bill, QrState
from drivers.sbp.tbank.client import TbankQr
from drivers.sbp.tbank.messages import Answer, OrderAnswer, error_of, first_of, signed, state_of, token_of
from drivers.sbp.wire import due_text
from drivers.sim.tbank.device import QrRules, TbankDevice, tbank
from tests.restaurant import Files

BANKS_OWN = {
    "TerminalKey": "1321054611234DEMO", "OrderId": "201709", "Success": True, "Status": "AUTHORIZED",
    "PaymentId": "8742591", "ErrorCode": "0", "Amount": 9855, "CardId": "322264", "Pan": "430000******0777",
    "ExpDate": "1122", "RebillId": "101709",
}  # fmt: skip


def test_the_token_of_a_request_is_the_one_that_was_computed_by_the_paper() -> None:
    body = {"TerminalKey": "MerchantTerminalKey", "Amount": 19200, "OrderId": "00000",
            "Description": "Подарочная карта на 1000 рублей", "DATA": {"Phone": "+71234567890"},
            "Receipt": [1]}  # fmt: skip
    wanted = "72dd466f8ace0a37a1f740ce5fb78101712bc0665d91a8108c7c8a0ccd426db2"
    assert token_of(body, "11111111111111") == wanted
    assert token_of({**body, "Token": "what it was before"}, "11111111111111") == wanted


def test_the_token_of_the_banks_own_example_is_reproduced() -> None:
    wanted = "b906d28e76c6428e37b25fcf86c0adc52c63d503013fdd632e300593d165766b"
    assert token_of(BANKS_OWN, "Dfsfh56dgKl") == wanted


def test_booleans_are_written_as_the_paper_writes_them() -> None:
    assert token_of({"Success": True}, "p") == token_of({"Success": "true"}, "p")


def test_what_is_signed_is_what_is_sent() -> None:
    body = signed("1321054611234DEMO", "secret", {"PaymentId": "1"})
    assert body["Token"] == token_of({"PaymentId": "1", "TerminalKey": "1321054611234DEMO"}, "secret")
    assert "secret" not in str(body)


def test_the_due_date_is_written_in_moscows_time() -> None:
    assert due_text(datetime(2026, 11, 29, 21, 30, 15, 900_000, UTC)) == "2026-11-30T00:30:15+03:00"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *[(word, QrState.OPEN) for word in ("NEW", "FORM_SHOWED", "AUTHORIZING", "AUTHORIZED", "CONFIRMING", "FROZEN")],
        ("CONFIRMED", QrState.PAID), ("PARTIAL_REFUNDED", QrState.PAID),
        *[(word, QrState.ENDED) for word in ("REJECTED", "CANCELED", "DEADLINE_EXPIRED", "AUTH_FAIL", "REVERSED")],
        ("REFUNDING", QrState.RETURNING), ("ASYNC_REFUNDING", QrState.RETURNING), ("REFUNDED", QrState.RETURNED),
    ],
)  # fmt: skip
def test_each_word_of_the_bank_has_its_meaning_and_an_unknown_one_waits(word: str, state: QrState) -> None:
    assert state_of(word) is state


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        ("204", DeviceUnreachable, "unauthorized"),
        ("501", DeviceUnreachable, "unauthorized"),
        ("3001", DeviceUnreachable, "unauthorized"),
        ("9999", OutcomeUnknown, "try_later"),
        ("402", OutcomeUnknown, "try_later"),
        ("8", DeviceRefused, "wrong_state"),
        ("20", DeviceRefused, "repeated"),
        ("3002", DeviceRefused, "no_funds"),
        ("3016", DeviceRefused, "error_3016"),
        ("0", OutcomeUnknown, "try_later"),
    ],
)
def test_each_error_code_says_whether_it_happened(code: str, kind: type[DeviceError], word: str) -> None:
    error = error_of(Answer(success=False, error_code=code))
    assert (type(error), error and error.code) == (kind, word)
    assert error_of(Answer(success=True)) is None


def test_of_several_payments_of_an_order_the_one_with_money_counts() -> None:
    raw = (
        b'{"Success":true,"ErrorCode":"0","Payments":[{"PaymentId":"1","Status":"REJECTED","Amount":100},'
        b'{"PaymentId":2,"Status":"CONFIRMED","Amount":100,"RRN":"123","SbpPaymentId":"B1"},'
        b'{"PaymentId":"3","Status":"NEW"}]}'
    )
    found = first_of(read_json(raw, OrderAnswer).payments)
    assert found is not None
    assert (found.bank_id, found.state, found.transfer_id, found.rrn) == ("2", QrState.PAID, "B1", "123")
    assert first_of([]) is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f'{{"Success":true,{text}}}'.encode()))
def test_no_answer_however_odd_is_more_than_unreadable(raw: bytes) -> None:
    for kind in (Answer, OrderAnswer):
        try:
            read_json(raw, kind)
        except UnreadableAnswer:
            continue


# Against the bank as a device.


def a_bill(order: str = "o1-1", **more: Any) -> Bill:
    told = {"amount_kopecks": 9900, "due_at": datetime.now(UTC) + timedelta(minutes=5), "text": "Заказ 7", **more}
    return Bill(order, **told)


def at(device: TbankDevice, password: str = "") -> TbankQr:
    return TbankQr(device.url, "SHOP", password, 1.0)


async def test_a_bill_is_opened_shown_paid_found_and_sent_back(tmp_path: Path) -> None:
    files = Files(state=tmp_path / "s", ledger=tmp_path / "l")
    async with tbank(0, **files, rules=QrRules(600, "SHOP", "secret")) as device:
        bank = at(device, "secret")
        opened = await bank.register(a_bill())
        assert (opened.state, opened.amount_kopecks) == (QrState.OPEN, 9900)
        qr = await bank.code(opened.bank_id)
        assert await bank.code(opened.bank_id) == qr
        device.faults.switch("pay")
        assert (await bank.look(opened.bank_id)).state is QrState.PAID
        found = await bank.find("o1-1")
        assert found is not None
        assert found.transfer_id
        assert (await bank.cancel(opened.bank_id)).state is QrState.RETURNED
        with pytest.raises(DeviceRefused) as refused:
            await bank.cancel(opened.bank_id)
        assert refused.value.code == "wrong_state"
        assert await bank.find("nobody-1") is None
        await bank.close()


async def test_a_bill_that_is_known_is_given_again_and_not_opened_twice(tmp_path: Path) -> None:
    async with tbank(0, state=tmp_path / "s", ledger=tmp_path / "l") as device:
        bank = at(device)
        first = await bank.register(a_bill())
        assert (await bank.register(a_bill())).bank_id == first.bank_id
        assert len(device.account.bills()) == 1
        await bank.close()


async def test_a_wrong_signature_is_the_banks_word_that_it_did_not_look(tmp_path: Path) -> None:
    async with tbank(0, state=tmp_path / "s", ledger=tmp_path / "l", rules=QrRules(600, "", "secret")) as device:
        bank = at(device, "guessed")
        for call in (bank.register(a_bill()), bank.find("o1-1"), bank.cancel("1")):
            with pytest.raises(DeviceUnreachable) as refused:
                await call
            assert refused.value.code == "unauthorized"
        await bank.close()


@pytest.mark.parametrize("kopecks", [999, 100_000_001])
async def test_a_sum_that_no_such_payment_may_have_is_refused(tmp_path: Path, kopecks: int) -> None:
    async with tbank(0, state=tmp_path / "s", ledger=tmp_path / "l") as device:
        bank = at(device)
        with pytest.raises(DeviceRefused) as refused:
            await bank.register(a_bill(amount_kopecks=kopecks))
        assert refused.value.code == "error_3016"
        await bank.close()


async def test_a_bank_remembers_its_bills_over_a_power_cut(tmp_path: Path) -> None:
    files = Files(state=tmp_path / "s", ledger=tmp_path / "l")
    async with tbank(0, **files, rules=QrRules(600)) as device:
        bank = at(device)
        opened = await bank.register(a_bill())
        await bank.code(opened.bank_id)
        device.faults.switch("pay")
        await bank.close()
    async with tbank(0, state=files["state"], ledger=files["ledger"]) as device:
        bank = at(device)
        assert (await bank.look(opened.bank_id)).state is QrState.PAID
        await bank.close()
    assert (tmp_path / "l").read_text().count("charged") == 1


@pytest.mark.parametrize(
    ("status", "body", "asked", "done"),
    [
        (500, b"{}", DeviceUnreachable, OutcomeUnknown),
        (403, b"{}", DeviceUnreachable, DeviceUnreachable),
        (200, b"<html>", DeviceUnreachable, OutcomeUnknown),
        (200, b'{"Success": true}', DeviceUnreachable, OutcomeUnknown),
        (200, b'{"Success": true, "Status": "NEW", "PaymentId": "1", "Amount": -5}', DeviceUnreachable, OutcomeUnknown),
    ],
)
async def test_an_answer_that_is_none_says_nothing_of_what_was_done(
    status: int, body: bytes, asked: type[DeviceError], done: type[DeviceError]
) -> None:
    async with answering(status, body) as bank:
        with pytest.raises(asked):
            await bank.look("1")
        with pytest.raises(done):
            await bank.register(a_bill())


@contextlib.asynccontextmanager
async def answering(status: int, body: bytes) -> AsyncIterator[TbankQr]:
    """A bank that gives this answer to everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_post("/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bank = TbankQr(f"http://127.0.0.1:{runner.addresses[0][1]}", "SHOP", "", 1.0)
    try:
        yield bank
    finally:
        await bank.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("code", "word"), [("8", "wrong_state"), ("3002", "no_funds"), ("3008", "refused"), ("7", "refused")]
)
async def test_a_cancel_that_the_bank_refuses_has_a_word_that_a_person_may_end(code: str, word: str) -> None:
    async with answering(200, f'{{"Success": false, "ErrorCode": "{code}"}}'.encode()) as bank:
        with pytest.raises(DeviceRefused) as refused:
            await bank.cancel("1")
        assert (refused.value.code, refused.value.detail) == (word, code)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ('{"Success": false, "ErrorCode": "1051", "Status": "REJECTED", "PaymentId": 17}', QrState.ENDED),
        ('{"Success": false, "ErrorCode": "1051", "Status": "REJECTED"}', QrState.ENDED),
        ('{"Success": true, "ErrorCode": "99", "Status": "CONFIRMED", "PaymentId": "17"}', QrState.PAID),
        ('{"Success": false, "ErrorCode": "1051", "Status": "REJECTED", "PaymentId": "18"}', None),
        ('{"Success": false, "ErrorCode": "1051", "Status": "FORM_SHOWED", "PaymentId": "17"}', None),
        ('{"Success": false, "ErrorCode": "204"}', None),
    ],
)
async def test_an_end_is_believed_also_where_its_reason_is_told_as_an_error(body: str, state: QrState | None) -> None:
    async with answering(200, body.encode()) as bank:
        if state is None:
            with pytest.raises((DeviceRefused, DeviceUnreachable)):
                await bank.look("17")
        else:
            found = await bank.look("17")
            assert (found.bank_id, found.state) == ("17", state)


async def test_payments_that_are_named_are_there_whatever_error_stands_beside_them() -> None:
    body = b'{"Success": false, "ErrorCode": "1051", "Payments": [{"PaymentId": 17, "Status": "CONFIRMED"}]}'
    async with answering(200, body) as bank:
        found = await bank.find("o1-1")
        assert found is not None
        assert (found.bank_id, found.state) == ("17", QrState.PAID)
    async with answering(200, b'{"Success": false, "ErrorCode": "335"}') as bank:
        assert await bank.find("o1-1") is None
