"""Raiffeisen Pay's answers, read as its SDKs and papers say: what each means for the money
(protocols/sbp.md#raiffeisen)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.http import UnreadableAnswer, read_json
from drivers.sbp.port import Bill, QrState
from drivers.sbp.raif.client import RaifQr
from drivers.sbp.raif.messages import (
    Answer,
    OrderAnswer,
    QrAnswer,
    RefundAnswer,
    TransferAnswer,
    error_of,
    kopecks_of,
    link_request,
    order_request,
    payers_text,
    payment_of,
    refund_request,
    refund_state,
    require_asked,
    roubles_of,
    state_of,
    transfer_number,
    transfer_state,
    written,
)
from drivers.sim.qr_bank import QrRules
from drivers.sim.raif.device import RaifDevice, raif

MOMENT = datetime(2026, 11, 29, 21, 30, 15, 900_000, UTC)
#: As the bank's Java SDK shows it.
AN_ORDER = (
    '{"id": "c5b3fd07-c66b-4f11-a8a2-1cc5d319f9e3", "amount": 1000.1, "comment": "Шоколадный торт",'
    ' "extra": {"apiClient": "sbp-sdk-client", "apiClientVersion": "1.0.5"},'
    ' "status": {"value": "NEW", "date": "2021-12-24T11:15:22.000Z"}, "expirationDate": "2022-01-24T11:15:22.000Z",'
    ' "qr": {"id": "AD100004BAL7227F9BNP6KNE007J9B3K", "additionalInfo": "Доп. информация"}}'
)


def a_bill(order: str = "o1-1", **more: Any) -> Bill:
    told = {"amount_kopecks": 9905, "due_at": datetime.now(UTC) + timedelta(minutes=5), "text": "Заказ 7", **more}
    return Bill(order, **told)


def test_requests_are_written_as_the_banks_sdk_writes_them() -> None:
    bill = a_bill(amount_kopecks=111_011, due_at=MOMENT, text="Кафе «Ёлка» — заказ №7")
    assert written(link_request("MA0000000552")) == b'{"qrType":"QRVariable","sbpMerchantId":"MA0000000552"}'
    assert written(order_request(bill, "AD1")).decode() == (
        '{"id":"o1-1","amount":1110.11,"comment":"Кафе \\"Елка\\" - заказ №7",'
        '"expirationDate":"2026-11-30T00:30:15+03:00",'
        '"qr":{"id":"AD1","additionalInfo":"Кафе \\"Елка\\" - заказ №7"}}'
    )
    assert written(refund_request(15_000)) == b'{"amount":150.00}'


def test_an_order_as_the_banks_sdk_shows_it_is_read_to_the_kopeck() -> None:
    found = payment_of(read_json(AN_ORDER.encode(), OrderAnswer), "c5b3fd07-c66b-4f11-a8a2-1cc5d319f9e3")
    assert (found.state, found.amount_kopecks, found.word) == (QrState.OPEN, 100_010, "NEW")


def test_an_answer_about_another_order_says_nothing_of_ours() -> None:
    with pytest.raises(OutcomeUnknown):
        payment_of(read_json(AN_ORDER.encode(), OrderAnswer), "o1-1")


@given(st.integers(0, 10**13))
def test_a_sum_goes_out_and_comes_back_to_the_kopeck(kopecks: int) -> None:
    raw = written({"amount": roubles_of(kopecks)})
    assert kopecks_of(read_json(raw, OrderAnswer).amount) == kopecks
    assert raw == b'{"amount":%d.%02d}' % divmod(kopecks, 100)


@pytest.mark.parametrize(
    "text",
    ["-0.01", "0.001", "99.990000000001", "99.0000000000000000000000000000000000000001", "1e999999999",
     "1e-999999999", '"NaN"', '"Infinity"', "100000000000.01"],
)  # fmt: skip
def test_what_is_no_sum_of_money_is_unreadable_and_costs_nothing(text: str) -> None:
    with pytest.raises((OutcomeUnknown, UnreadableAnswer)):
        kopecks_of(read_json(f'{{"amount": {text}}}'.encode(), OrderAnswer).amount)


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_number_is_a_sum_or_unreadable(amount: Decimal) -> None:
    with contextlib.suppress(OutcomeUnknown):
        found = kopecks_of(amount)
        assert found is not None
        assert roubles_of(found) == amount


@given(st.text(max_size=300))
def test_a_text_for_the_payers_bank_is_in_letters_that_it_takes(text: str) -> None:
    shown = payers_text(text)
    assert len(shown) <= 140
    assert all(letter in "№" or " " <= letter <= "}" or "А" <= letter <= "я" for letter in shown)


@pytest.mark.parametrize(
    ("word", "state"),
    [*[(word, QrState.OPEN) for word in ("NEW", "IN_PROGRESS", "FROZEN", "")], ("PAID", QrState.PAID),
     ("CANCELLED", QrState.ENDED), ("EXPIRED", QrState.ENDED)],
)  # fmt: skip
def test_each_word_of_the_bank_has_its_meaning_and_an_unknown_one_waits(word: str, state: QrState) -> None:
    assert state_of(word) is state


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        ("ORDER_NOT_FOUND", DeviceRefused, "not_found"),
        ("ERROR.REFUND_NOT_FOUND", DeviceRefused, "not_found"),
        ("ORDER_HAS_FINAL_STATUS", DeviceRefused, "wrong_state"),
        ("ERROR.MERCHANT_NOT_REGISTERED", DeviceUnreachable, "unauthorized"),
        ("ERROR.INVALID_REQUEST", DeviceRefused, "error_invalid_request"),
        ("ERROR.REFUND_INSUFFICIENT_FUNDS", DeviceRefused, "error_refund_insufficient_funds"),
        ("Неизвестно", DeviceRefused, "refused"),
        ("X" * 999, DeviceRefused, "x" * 40),
    ],
)
def test_each_code_says_whether_it_happened(code: str, kind: type[DeviceError], word: str) -> None:
    error = error_of(code, "потому что")
    assert (type(error), error and error.code) == (kind, word)
    assert error_of("SUCCESS", None) is error_of(None, "text alone") is None


def test_money_by_a_code_is_the_orders_that_it_names() -> None:
    paid = TransferAnswer(payment_status="SUCCESS", order="o1-1", transaction_id=23, currency="RUB")
    assert (transfer_state(paid, "o1-1"), transfer_number(paid, "o1-1")) == (QrState.PAID, "23")
    assert (transfer_state(paid, "o2-1"), transfer_number(paid, "o2-1")) == (QrState.ENDED, None)
    for word, state in (
        ("IN_PROGRESS", QrState.OPEN),
        ("NO_INFO", QrState.ENDED),
        ("DECLINED", QrState.ENDED),
        ("FROZEN", QrState.OPEN),
    ):
        assert transfer_state(TransferAnswer(payment_status=word), "o1-1") is state
    require_asked(paid, "o1-1", 9900)
    for other in (
        TransferAnswer(payment_status="SUCCESS", currency="USD"),
        TransferAnswer(payment_status="SUCCESS", amount=Decimal("1.00")),
    ):
        with pytest.raises(ForeignState):
            require_asked(other, "o1-1", 9900)


@pytest.mark.parametrize(
    ("word", "state"),
    [("IN_PROGRESS", QrState.RETURNING), ("COMPLETED", QrState.RETURNED), ("DECLINED", None),
     ("FROZEN", QrState.RETURNING)],
)  # fmt: skip
def test_a_return_is_on_its_way_until_it_is_done_or_declined(word: str, state: QrState | None) -> None:
    assert refund_state(RefundAnswer(refund_status=word, amount=Decimal("1.50")), 150) is state
    with pytest.raises(ForeignState):
        refund_state(RefundAnswer(refund_status=word, amount=Decimal("1.51")), 150)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f'{{"code":"SUCCESS",{text}}}'.encode()))
def test_no_answer_however_odd_is_more_than_unreadable(raw: bytes) -> None:
    _read_as_anything(raw)


@pytest.mark.long
@settings(max_examples=200_000, deadline=None)
@given(st.dictionaries(st.sampled_from(["code", "id", "amount", "status", "qr", "qrId", "payload", "paymentStatus",
    "refundStatus", "transactionId", "currency", "order"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["value", "id", "x"]), part, max_size=2),
    max_leaves=4)))  # fmt: skip
def test_no_answer_of_known_members_is_more_than_unreadable(body: Mapping[str, Any]) -> None:
    _read_as_anything(json.dumps(body).encode())


def _read_as_anything(raw: bytes) -> None:
    for kind in (Answer, OrderAnswer, QrAnswer, TransferAnswer, RefundAnswer):
        with contextlib.suppress(UnreadableAnswer, OutcomeUnknown, ForeignState):
            answer = read_json(raw, kind)
            error_of(answer.code, answer.message)
            if isinstance(answer, OrderAnswer):
                payment_of(answer, "o1-1")
            elif isinstance(answer, RefundAnswer):
                refund_state(answer, 100)
            elif isinstance(answer, TransferAnswer):
                transfer_number(answer, "o1-1")


# Against the bank as a device.


def at(device: RaifDevice, key: str = "", shop: str = "MA1") -> RaifQr:
    return RaifQr(device.url, shop, key, 1.0)


@contextlib.asynccontextmanager
async def bank_of(folder: Path, rules: QrRules | None = None) -> AsyncIterator[tuple[RaifDevice, RaifQr]]:
    """Nobody pays by himself."""
    rules = rules or QrRules(600)
    async with raif(0, state=folder / "s", ledger=folder / "l", rules=rules) as device:
        bank = at(device, rules.secret)
        try:
            yield device, bank
        finally:
            await bank.close()


def moved(folder: Path) -> list[tuple[str, int]]:
    lines = [json.loads(line) for line in (folder / "l").read_text().splitlines()]
    return [(line["effect"], line["amount_kopecks"]) for line in lines]


async def test_an_order_is_opened_with_its_code_paid_found_and_given_back_in_parts(tmp_path: Path) -> None:
    async with bank_of(tmp_path, QrRules(600, "MA1", "secret")) as (device, bank):
        opened = await bank.register(a_bill())
        assert (opened.bank_id, opened.state, opened.amount_kopecks) == ("o1-1", QrState.OPEN, 9905)
        assert opened.qr
        assert await bank.code("o1-1") == await bank.code("o1-1") == opened.qr
        device.faults.switch("pay")
        assert (await bank.look("o1-1")).state is QrState.PAID
        found = await bank.find("o1-1")
        assert found is not None
        assert found.transfer_id == str(device.account.bills()[0]["transaction"])
        for key, amount in (("o1-1-r1", 905), ("o1-1-r2", 9000)):
            assert await bank.returned("o1-1", key, amount) is None
            assert await bank.give_back("o1-1", key, amount) is QrState.RETURNING
            assert await bank.give_back("o1-1", key, amount) is QrState.RETURNED
            assert await bank.returned("o1-1", key, amount) is QrState.RETURNED
        with pytest.raises(DeviceRefused) as refused:
            await bank.give_back("o1-1", "o1-1-r3", 1)
        assert refused.value.code == "refused"
        with pytest.raises(ForeignState):
            await bank.give_back("o1-1", "o1-1-r1", 906)
        assert await bank.find("nobody-1") is None
    assert moved(tmp_path) == [("charged", 9905), ("refunded", 905), ("refunded", 9000)]


async def test_a_cancel_ends_an_open_order_and_moves_no_money_of_a_paid_one(tmp_path: Path) -> None:
    async with bank_of(tmp_path) as (device, bank):
        await bank.register(a_bill())
        assert (await bank.cancel("o1-1")).state is QrState.ENDED
        await bank.register(a_bill("o2-1"))
        device.faults.switch("pay")
        for order in ("o1-1", "o2-1"):
            with pytest.raises(DeviceRefused) as refused:
                await bank.cancel(order)
            assert refused.value.code == "wrong_state"
            with pytest.raises(DeviceRefused):  # no guest is shown what cannot be paid
                await bank.code(order)
        with pytest.raises(DeviceRefused) as refused:
            await bank.cancel("nobody-1")
        assert refused.value.code == "refused"
    assert moved(tmp_path) == [("declined", 9905), ("charged", 9905)]


async def test_an_end_is_believed_once_no_money_is_on_its_way_by_the_code_either(tmp_path: Path) -> None:
    async with bank_of(tmp_path) as (device, bank):
        await bank.register(a_bill())
        for fault in ("in_transfer", "cancels_in_transfer", "pay"):
            device.faults.switch(fault)
        assert (await bank.cancel("o1-1")).state is QrState.OPEN
        device.faults.switch("in_transfer", on=False)
        assert (await bank.look("o1-1")).state is QrState.PAID


@pytest.mark.parametrize("code", ["ERROR.INVALID_REQUEST", "ORDER_ALREADY_EXISTS"])
async def test_an_order_that_is_known_is_given_again_with_its_code_and_not_opened_twice(
    tmp_path: Path, code: str
) -> None:
    async with bank_of(tmp_path) as (device, bank):
        device.faults.switch("repeated", {"code": code})
        device.faults.switch("lose_answer", {"after": "order"})
        with pytest.raises(OutcomeUnknown):
            await bank.register(a_bill())
        again = await bank.register(a_bill())
        assert (again.bank_id, again.state) == ("o1-1", QrState.OPEN)
        assert again.qr is None
        (bill,) = device.account.bills()
        assert await bank.code("o1-1") == bill["qr"]


@pytest.mark.parametrize(("fault", "member"), [("lose_answer", "after"), ("lose_request", "of")])
async def test_a_return_whose_answer_was_lost_is_asked_about_by_its_name(
    tmp_path: Path, fault: str, member: str
) -> None:
    async with bank_of(tmp_path) as (device, bank):
        await bank.register(a_bill())
        device.faults.switch("pay")
        device.faults.switch(fault, {member: "refund"})
        with pytest.raises(OutcomeUnknown):
            await bank.give_back("o1-1", "o1-1-void", 9905)
        for _ in range(3):
            await bank.give_back("o1-1", "o1-1-void", 9905)
    assert moved(tmp_path) == [("charged", 9905), ("refunded", 9905)]


async def test_a_return_that_was_declined_is_made_anew_under_the_next_name(tmp_path: Path) -> None:
    async with bank_of(tmp_path) as (device, bank):
        await bank.register(a_bill())
        device.faults.switch("pay")
        device.faults.switch("decline_refunds")
        assert await bank.give_back("o1-1", "o1-1-r1", 9905) is QrState.RETURNING
        assert await bank.returned("o1-1", "o1-1-r1", 9905) is None
        assert await bank.give_back("o1-1", "o1-1-r1", 9905) is QrState.RETURNING
        device.faults.switch("decline_refunds", on=False)
        assert await bank.give_back("o1-1", "o1-1-r1", 9905) is QrState.RETURNED
        assert [row["id"] for row in device.account.refunds("o1-1")] == ["o1-1-r1", "o1-1-r1.2"]
    assert moved(tmp_path) == [("charged", 9905), ("refunded", 9905)]


@pytest.mark.parametrize(("shop", "key"), [("MA1", "guessed"), ("MA2", "secret")])
async def test_a_wrong_key_or_shop_is_the_banks_word_that_it_did_not_look(tmp_path: Path, shop: str, key: str) -> None:
    async with bank_of(tmp_path, QrRules(600, "MA1", "secret")) as (device, _):
        bank = at(device, key, shop)
        with pytest.raises(DeviceUnreachable) as refused:
            await bank.register(a_bill())
        assert refused.value.code == "unauthorized"
        assert "secret" not in str(refused.value)
        await bank.close()


async def test_a_bank_remembers_its_orders_and_returns_over_a_power_cut(tmp_path: Path) -> None:
    async with bank_of(tmp_path) as (device, bank):
        await bank.register(a_bill())
        device.faults.switch("pay")
        await bank.give_back("o1-1", "o1-1-r1", 905)
    async with bank_of(tmp_path) as (_, bank):
        assert (await bank.look("o1-1")).state is QrState.PAID
        assert await bank.returned("o1-1", "o1-1-r1", 905) is QrState.RETURNED
    assert moved(tmp_path) == [("charged", 9905), ("refunded", 905)]


@contextlib.asynccontextmanager
async def answering(status: int, body: bytes, **others: tuple[int, bytes]) -> AsyncIterator[RaifQr]:
    """A bank that gives this answer to everything, `others` by a part of the path."""

    async def answer(request: web.Request) -> web.Response:
        found = next((told for part, told in others.items() if part in request.path), (status, body))
        return web.Response(status=found[0], body=found[1])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bank = RaifQr(f"http://127.0.0.1:{runner.addresses[0][1]}", "MA1", "", 1.0)
    try:
        yield bank
    finally:
        await bank.close()
        await runner.cleanup()


A_CODE = (200, b'{"code": "SUCCESS", "qrId": "AD1", "payload": "https://qr.nspk.ru/AD1"}')


@pytest.mark.parametrize(
    ("status", "body", "asked", "done"),
    [
        (500, b"{}", DeviceUnreachable, OutcomeUnknown),
        (503, b"<html>", DeviceUnreachable, OutcomeUnknown),
        (429, b'{"code": "TOO_MANY"}', DeviceUnreachable, OutcomeUnknown),
        (401, b"{}", DeviceUnreachable, DeviceUnreachable),
        (403, b"", DeviceUnreachable, DeviceUnreachable),
        (404, b'{"status": 404, "error": "Not Found", "path": "/order"}', DeviceUnreachable, DeviceUnreachable),
        (404, b"<html>", DeviceUnreachable, DeviceUnreachable),
        (400, b"<html>", DeviceUnreachable, OutcomeUnknown),
        (400, b"{}", DeviceUnreachable, OutcomeUnknown),
        (302, b"", DeviceUnreachable, OutcomeUnknown),
        (200, b"<html>", DeviceUnreachable, OutcomeUnknown),
        (200, b'{"id": "another-1", "status": {"value": "PAID"}}', DeviceUnreachable, OutcomeUnknown),
        (200, b'{"id": "o1-1", "status": {"value": "PAID"}, "amount": -5}', DeviceUnreachable, OutcomeUnknown),
        (200, b'{"id": "o1-1", "status": {"value": "PAID"}, "amount": 1e400}', DeviceUnreachable, OutcomeUnknown),
        (200, b'{"id": "o1-1", "x": "' + b"x" * 70_000 + b'"}', DeviceUnreachable, OutcomeUnknown),
    ],
)
async def test_an_answer_that_is_none_says_nothing_of_what_was_done(
    status: int, body: bytes, asked: type[DeviceError], done: type[DeviceError]
) -> None:
    async with answering(status, body, qrs=A_CODE) as bank:
        with pytest.raises(asked):
            await bank.look("o1-1")
        with pytest.raises(asked):
            await bank.find("o1-1")
        with pytest.raises(done):
            await bank.register(a_bill())
        with pytest.raises((asked, done)):
            await bank.give_back("o1-1", "o1-1-r1", 100)


@pytest.mark.parametrize(
    "body", [b"{}", b"<html>", b'{"qrId": "AD1"}', b'{"payload": "x"}', b'{"qrId": "AD1", "payload": ""}']
)
async def test_without_a_code_no_order_is_opened(body: bytes) -> None:
    async with answering(200, AN_ORDER.encode(), qrs=(200, body)) as bank:
        with pytest.raises((DeviceUnreachable, OutcomeUnknown)) as refused:
            await bank.register(a_bill())
        assert refused.value.code == "unreadable_answer"


async def test_a_code_of_the_banks_is_its_word_under_whatever_status() -> None:
    for status in (200, 400, 404, 422):
        async with answering(status, b'{"code": "ORDER_NOT_FOUND", "message": "none"}', qrs=A_CODE) as bank:
            assert await bank.find("o1-1") is None
            with pytest.raises(DeviceRefused) as refused:
                await bank.register(a_bill())
            assert refused.value.code == "not_found"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"code": "SUCCESS"}'])
async def test_a_cancel_without_a_word_is_asked_about(body: bytes) -> None:
    async with answering(200, body) as bank:
        with pytest.raises(OutcomeUnknown):  # done, and then the question has no answer
            await bank.cancel("o1-1")


async def test_other_money_than_roubles_is_a_matter_for_a_person() -> None:
    transfer = (200, b'{"paymentStatus": "SUCCESS", "currency": "USD", "order": "o1-1", "amount": 99.05}')
    order = b'{"id": "o1-1", "status": {"value": "PAID"}, "amount": 99.05, "qr": {"id": "AD1"}}'
    async with answering(200, order, **{"payment-info": transfer}) as bank:
        with pytest.raises(ForeignState):
            await bank.find("o1-1")
