"""A Shtrih-M receipt is registered once, whatever the line does to its bytes."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.ffd.tlv import AUTOMAT_NUMBER, CASHIER_INN, CUSTOMER_CONTACT, Tlv
from drivers.fiscal.port import FiscalDocument, Paper, Receipt
from drivers.fiscal.shtrih.errors import ERRORS
from drivers.fiscal.shtrih.frames import encode
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.sim.shtrih.tables import DATE_IN_CLOSE, REGIONAL
from tests.drivers.shtrih_rig import FAST, Rig, receipt, rig

QUICK_LOSS = replace(FAST, command_s=0.05, ack_s=0.06, enquiry_s=0.06)


async def sell(bench: Rig, registrar: ShtrihRegistrar, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


async def nothing_left_open(bench: Rig, registrar: ShtrihRegistrar) -> bool:
    status = await registrar.status()
    return not status.document_open and bench.device.register.receipt is None


async def test_requisites_reach_the_document_and_the_answer_may_carry_its_date() -> None:
    async with rig() as (bench, registrar):
        bench.device.register.tables.write(REGIONAL, 1, DATE_IN_CLOSE, b"\1")
        wanted = receipt(
            customer_contact="a@b.ru",
            automat_number="K-1",
            cashier="Иванова",
            cashier_inn="770123456789",
            cash_kopecks=0,
        )
        document = await sell(bench, registrar, wanted)
        stored = bench.device.register.drive.document(document.number)
        assert stored is not None
        assert Tlv(CUSTOMER_CONTACT, b"a@b.ru") in stored.tlvs
        assert Tlv(AUTOMAT_NUMBER, b"K-1") in stored.tlvs
        assert Tlv(CASHIER_INN, b"770123456789") in stored.tlvs
        assert document.issued_at == stored.at.replace(second=0)
        assert bench.device.register.tables.read(2, 30, 2).rstrip(b"\0").decode("cp1251") == "Иванова"


async def test_a_line_the_device_lost_refuses_a_receipt_paid_in_cash() -> None:
    async with rig() as (bench, registrar):

        def lose_a_line(data: bytes) -> bytes:
            open_receipt = bench.device.register.receipt
            if data[2:4] == b"\xff\x0c" and open_receipt is not None and len(open_receipt.lines) == 3:
                open_receipt.lines.pop()
            return data

        counter = await registrar.counter()
        bench.wire.to_device = lose_a_line
        wanted = receipt(electronic_kopecks=0, cash_kopecks=72800)
        with pytest.raises(DeviceRefused, match="lines_lost"):
            await registrar.print_receipt(wanted, bench.intent(wanted, counter))
        assert bench.receipts() == []
        assert await nothing_left_open(bench, registrar)


async def test_a_forgotten_line_answer_cancels_the_receipt() -> None:
    async with rig() as (bench, registrar):
        bench.fault("lose_answer", after="FF46", forget=True)
        with pytest.raises(DeviceRefused, match="interrupted"):
            await sell(bench, registrar, receipt())
        assert bench.receipts() == []
        assert await nothing_left_open(bench, registrar)
        assert (await sell(bench, registrar, receipt())).number == 3


async def test_lost_acknowledgements_of_answers_repeat_answers_and_no_commands() -> None:
    async with rig() as (bench, registrar):
        bench.wire.to_device = lambda data: data.replace(b"\x06", b"") if len(data) == 1 else data
        await sell(bench, registrar, receipt())
        bench.wire.to_device = bytes
        assert len(bench.receipts()) == 1
        assert bench.wire.heard.count(b"\xff\x45\x1e\x00\x00\x00") == 1


async def test_lost_acknowledgements_of_commands_never_repeat_the_command() -> None:
    async with rig(timeouts=QUICK_LOSS) as (bench, registrar):
        bench.wire.to_host = lambda data: b"" if data == b"\x06" else data
        with pytest.raises((DeviceRefused, DeviceUnreachable, OutcomeUnknown)):
            await sell(bench, registrar, receipt())
        assert bench.wire.heard.count(b"\xff\x46\x1e\x00\x00\x00") <= 1
        bench.wire.to_host = bytes
        assert bench.receipts() == []
        assert (await sell(bench, registrar, receipt())).number == 3


async def test_a_frame_refused_by_nak_is_sent_again_and_runs_once() -> None:
    async with rig() as (bench, registrar):
        broken = 0

        def break_frames(data: bytes) -> bytes:
            nonlocal broken
            if len(data) > 3 and broken < 3:
                broken += 1
                return data[:-1] + bytes((data[-1] ^ 1,))
            return data

        bench.wire.to_device = break_frames
        await sell(bench, registrar, receipt())
        assert broken == 3
        assert len(bench.receipts()) == 1


async def test_a_frame_that_lost_its_first_byte_is_sent_again() -> None:
    async with rig() as (bench, registrar):
        lost = False

        def lose_stx(data: bytes) -> bytes:
            nonlocal lost
            if data[:1] == b"\x02" and data[2:4] == b"\xff\x46" and not lost:
                lost = True
                return data[1:]
            return data

        bench.wire.to_device = lose_stx
        await sell(bench, registrar, receipt())
        assert lost
        assert len(bench.receipts()[0]["lines"]) == 3


async def test_a_storm_of_naks_ends_with_nothing_registered() -> None:
    async with rig(timeouts=replace(FAST, byte_s=0.02)) as (bench, registrar):
        counter = await registrar.counter()
        bench.wire.to_device = lambda data: data[:-1] + bytes((data[-1] ^ 1,)) if len(data) > 3 else data
        with pytest.raises(DeviceUnreachable, match="command_not_taken"):
            await registrar.print_receipt(receipt(), bench.intent(receipt(), counter))
        bench.wire.to_device = bytes
        assert bench.receipts() == []
        assert (await sell(bench, registrar, receipt())).number == 3


async def test_ff_noise_around_control_bytes_is_skipped_without_a_pause() -> None:
    async with rig(timeouts=replace(FAST, byte_s=5.0, ack_s=20.0, enquiry_s=20.0)) as (bench, registrar):
        bench.wire.to_host = lambda data: b"\xff" + data + b"\xff" if len(data) == 1 else data
        await sell(bench, registrar, receipt())
        assert len(bench.receipts()) == 1


async def test_a_stale_answer_is_thrown_away_by_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="drivers.fiscal.shtrih.line")
    async with rig() as (bench, registrar):
        link = await bench.open_link("other", 115200)
        other = bench.wires[-1]
        link.write(b"\x05")
        assert await link.read(1) == b"\x15"
        link.write(b"\x02\x05\x10\x1e\x00\x00\x00\x0b")  # asked, never acknowledged
        assert (await link.read(1))[:1] == b"\x06"
        bench.wires.remove(other)
        assert (await registrar.counter()).last_document == 2
        assert "stale answer 10" in caplog.text


async def test_a_refused_contact_refuses_the_receipt_and_leaves_nothing_open() -> None:
    async with rig() as (bench, registrar):
        bench.fault("refuse_tag", tag=1008)
        with pytest.raises(DeviceRefused) as refusal:
            await sell(bench, registrar, receipt(customer_contact="+79990001122"))
        assert refusal.value.code == "bad_parameters"
        assert bench.receipts() == []
        assert await nothing_left_open(bench, registrar)


async def test_a_receipt_the_device_finds_wrong_is_refused_and_cancelled() -> None:
    async with rig() as (bench, registrar):
        with pytest.raises(DeviceRefused) as refusal:
            await sell(bench, registrar, receipt(electronic_kopecks=100))
        assert refusal.value.code == "payments_below_total"
        assert await nothing_left_open(bench, registrar)


async def test_paper_that_ends_at_the_close_is_a_registered_receipt() -> None:
    async with rig() as (bench, registrar):
        bench.fault("paper_out", at="close")
        document = await sell(bench, registrar, receipt())
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]
        status = await registrar.status()
        assert status.paper is Paper.OUT
        assert status.why_not() == "no_paper"
        await registrar.resume_printing()
        assert bench.device.register.submode == 2
        bench.fault("paper_out", on=False)
        assert bench.device.register.submode == 3
        await registrar.resume_printing()
        assert (await registrar.status()).why_not() is None
        assert len(bench.receipts()) == 1


async def test_paper_that_is_back_gets_its_continue_before_the_next_receipt() -> None:
    async with rig() as (bench, registrar):
        bench.fault("paper_out", at="close")
        await sell(bench, registrar, receipt("a"))
        bench.fault("paper_out", on=False)
        await sell(bench, registrar, receipt("b"))
        assert [effect["order_id"] for effect in bench.receipts()] == ["a", "b"]


@pytest.mark.parametrize("knows", [True, False])
async def test_a_refusal_that_our_table_does_not_hold_is_told_in_the_registers_own_words(knows: bool) -> None:
    unknown = 0xA8
    assert unknown not in ERRORS
    async with rig() as (bench, registrar):
        if not knows:
            bench.fault("unknown_command", code="6B")

        def worded(data: bytes) -> bytes:
            at = data.find(b"\x6b\0")
            return data if at < 0 else encode(b"\x6b\0" + "Нет связи с сервером".encode("cp1251"))

        if knows:
            bench.wire.to_host = worded
        bench.fault("wrong_answer", after="FF46", code=unknown, before=True)
        with pytest.raises(DeviceRefused, match="A8h Нет связи с сервером" if knows else "A8h Ошибка A8h") as refused:
            await sell(bench, registrar, receipt())
        assert refused.value.code == "error_a8"
        assert await nothing_left_open(bench, registrar)


async def test_the_print_of_the_previous_document_is_waited_for() -> None:
    async with rig(print_s=0.15) as (bench, registrar):
        await sell(bench, registrar, receipt("a"))
        assert bench.device.register.submode == 5
        await sell(bench, registrar, receipt("b"))
        assert len(bench.receipts()) == 2


@pytest.mark.parametrize("at", ["17h", "FF46", "FF45"])
async def test_a_slow_printer_loses_no_line_of_a_slip_and_no_receipt(at: str) -> None:
    async with rig() as (bench, registrar):
        bench.fault("slow_print", seconds=0.05)
        if at == "17h":
            await registrar.print_text(("A-01", "Код выдачи 1234", "Спасибо"), cut=True)
            assert list(bench.device.register.paper) == ["A-01", "Код выдачи 1234", "Спасибо"]
            return
        wanted = receipt("a")
        if at == "FF45":  # the only line still prints when the receipt is closed
            wanted = replace(wanted, lines=wanted.lines[:1], total_kopecks=36400, electronic_kopecks=36400)
        document = await sell(bench, registrar, wanted)
        (effect,) = bench.receipts()
        assert (effect["fiscal_document_number"], len(effect["lines"])) == (document.number, len(wanted.lines))


@pytest.mark.parametrize("line", range(4))
async def test_a_printer_that_is_slow_at_any_one_line_registers_the_receipt_once(line: int) -> None:
    """The last is the close."""
    async with rig() as (bench, registrar):
        sent = 0

        def slow_at_one(data: bytes) -> bytes:
            nonlocal sent
            if data[2:4] in (b"\xff\x46", b"\xff\x45"):
                bench.fault("slow_print", on=sent == line, seconds=0.1)
                sent += 1
            return data

        bench.wire.to_device = slow_at_one
        wanted = receipt("a")
        document = await sell(bench, registrar, wanted)
        (effect,) = bench.receipts()
        assert (effect["fiscal_document_number"], len(effect["lines"])) == (document.number, len(wanted.lines))
        assert sent > line


async def test_a_printer_that_never_gets_ready_ends_with_its_reason_and_nothing_open() -> None:
    async with rig(timeouts=replace(FAST, printing_s=0.2)) as (bench, registrar):
        bench.fault("slow_print", seconds=0.7)
        with pytest.raises(DeviceRefused, match="printing_previous"):
            await sell(bench, registrar, receipt())
        bench.fault("slow_print", on=False)
        assert await nothing_left_open(bench, registrar)
        assert bench.receipts() == []


async def test_paper_that_ends_in_mid_print_stalls_and_continues() -> None:
    async with rig(print_s=0.3) as (bench, registrar):
        await sell(bench, registrar, receipt())
        bench.fault("paper_out")
        assert (await registrar.status()).paper is Paper.OUT
        bench.fault("paper_out", on=False)
        await registrar.resume_printing()
        assert (await registrar.status()).paper is Paper.PRESENT


async def test_a_slow_registrar_is_waited_for() -> None:
    async with rig(timeouts=replace(FAST, command_s=5.0)) as (bench, registrar):
        bench.fault("slow", seconds=0.05)
        await sell(bench, registrar, receipt())
        assert len(bench.receipts()) == 1


async def test_a_close_slower_than_the_hosts_patience_is_recovered_by_enquiry() -> None:
    async with rig(timeouts=replace(FAST, command_s=0.1)) as (bench, registrar):
        counter = await registrar.counter()

        def slow_close(data: bytes) -> bytes:
            bench.fault("slow", on=data[2:4] == b"\xff\x45", seconds=0.4)
            return data

        bench.wire.to_device = slow_close
        document = await registrar.print_receipt(receipt(), bench.intent(receipt(), counter))
        assert [effect["fiscal_document_number"] for effect in bench.receipts()] == [document.number]
