"""A card reader by VTK: the money is held, then taken or let go, each once, whatever is lost on the way
(docs/protocols/vtk.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.sim.vtk.device import ReaderRules
from drivers.terminal.port import Approval, Sale
from drivers.terminal.vtk.reader import VtkHabits, VtkReader
from tests.drivers.vtk_rig import NETWORK, RULES, SERIAL, Rig, prepared, rig
from tests.restaurant import until

AMOUNT = 49900


@pytest.fixture(params=[SERIAL, NETWORK])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rig(request.param) as found:
        yield found


@pytest.fixture
async def serial() -> AsyncIterator[Rig]:
    async with rig() as found:
        yield found


async def test_a_sale_is_held_until_its_end_and_taken_once_however_often_that_is_asked(bench: Rig) -> None:
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    assert (numbers.before, numbers.operation) == (0, 1)
    approval = await driver.sell(sale)
    assert (approval.approved_kopecks, approval.card_last4, approval.reason) == (AMOUNT, "4242", None)
    assert approval.rrn
    assert bench.effects() == [("held", 1, AMOUNT)]
    assert await driver.finish(1, AMOUNT, qr="t=20261129T1200&s=499.00") == AMOUNT
    assert await driver.finish(1, AMOUNT) == AMOUNT
    assert bench.effects() == [("held", 1, AMOUNT), ("captured", 1, AMOUNT)]
    assert (await driver.prepare()).operation == 2


async def test_a_sale_that_ends_with_nothing_lets_the_money_go(bench: Rig) -> None:
    driver = bench.driver()
    sale, _ = await prepared(driver)
    await driver.sell(sale)
    assert await driver.finish(1, 0) == 0
    assert await driver.finish(1, AMOUNT) == 0  # what was let go cannot be taken any more
    assert bench.effects() == [("held", 1, AMOUNT), ("released", 1, AMOUNT)]


async def test_a_refusal_of_the_bank_says_why_and_holds_nothing(bench: Rig) -> None:
    bench.fault("decline")
    driver = bench.driver()
    sale, _ = await prepared(driver)
    approval = await driver.sell(sale)
    assert (approval.approved_kopecks, approval.reason) == (0, "response_code_5")
    assert bench.effects() == [("declined", 1, AMOUNT)]


async def test_nobody_with_a_card_is_a_refusal_after_the_readers_own_time(serial: Rig) -> None:
    serial.fault("nobody_taps")
    driver = serial.driver()
    sale, _ = await prepared(driver)
    assert (await driver.sell(sale)).approved_kopecks == 0


@pytest.mark.parametrize("lost", ["VRP", "FIN"])
async def test_a_lost_answer_is_asked_for_and_money_moves_once(bench: Rig, lost: str) -> None:
    bench.fault("lose_answer", after=lost)
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    if lost == "VRP":
        with pytest.raises(OutcomeUnknown):
            await driver.sell(sale)
        found = await driver.find(sale, numbers.before)
        assert found is not None
        assert found.approved_kopecks == AMOUNT
    else:
        await driver.sell(sale)
        with pytest.raises(OutcomeUnknown):
            await driver.finish(1, AMOUNT)
    assert await driver.finish(1, AMOUNT) == AMOUNT
    assert bench.effects() == [("held", 1, AMOUNT), ("captured", 1, AMOUNT)]


async def test_another_process_finds_what_became_of_a_sale_by_its_number(bench: Rig) -> None:
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    selling = asyncio.create_task(driver.sell(sale))
    await until(lambda: bench.effects() or bench.device.state()["sale"])
    selling.cancel()
    await driver.close()
    again = bench.driver()
    found = await again.find(sale, numbers.before)
    assert found is not None
    assert found.approved_kopecks == AMOUNT
    assert bench.effects() == [("held", 1, AMOUNT)]


async def test_a_sale_that_never_arrived_did_not_begin(bench: Rig) -> None:
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    await driver.close()
    assert await bench.driver().find(sale, numbers.before) is None
    assert bench.effects() == []


async def test_a_reader_that_stores_late_proves_nothing_by_an_old_number(serial: Rig) -> None:
    serial.fault("stores_late")
    serial.fault("power_cut", at="after_bank")
    driver = serial.driver(habits=VtkHabits(stores_before_bank=False))
    sale, numbers = await prepared(driver)
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    with pytest.raises(ForeignState, match="not_proved"):
        await driver.find(sale, numbers.before)
    assert serial.effects() == [("held", 1, AMOUNT)]


async def test_a_reader_that_somebody_else_used_is_a_matter_for_a_person(bench: Rig) -> None:
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    await driver.sell(sale)
    bench.fault("foreign_sale")
    with pytest.raises(ForeignState, match="foreign_operation"):
        await driver.find(sale, numbers.before)
    sale, _ = await prepared(driver)
    bench.fault("foreign_sale")
    await driver.close()  # its line was lost meanwhile
    with pytest.raises(DeviceRefused, match="operation_taken"):
        await driver.sell(sale)
    assert bench.effects() == [("held", 1, AMOUNT)]


@pytest.mark.parametrize(
    ("at", "approved", "effects"),
    [
        ("before_bank", 0, ["declined"]),
        ("after_bank", 0, ["held", "released"]),
        ("after_store", AMOUNT, ["held"]),
    ],
)
async def test_a_readers_own_power_cut_is_told_by_the_repeated_number(
    bench: Rig, at: str, approved: int, effects: list[str]
) -> None:
    bench.fault("power_cut", at=at)
    driver = bench.driver()
    sale, numbers = await prepared(driver)
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    found = await until(lambda: _found(driver, sale.operation, numbers.before))
    assert found.approved_kopecks == approved
    assert [row[0] for row in bench.effects()] == effects


async def _found(driver: VtkReader, operation: int, before: int) -> Approval | None:
    try:
        return await driver.find(Sale(operation, AMOUNT), before)
    except DeviceUnreachable:
        return None


async def test_a_wish_to_cancel_ends_a_sale_before_the_card(serial: Rig) -> None:
    serial.fault("nobody_taps")
    driver = serial.driver()
    sale, _ = await prepared(driver)
    selling = asyncio.create_task(driver.sell(sale))
    await until(lambda: serial.device.state()["waits_for_card"])
    await driver.abort()
    assert (await selling).approved_kopecks == 0
    assert serial.effects() == [("declined", 1, AMOUNT)]


async def test_a_wish_before_the_reader_was_asked_begins_no_sale_and_the_next_one_is_sold(bench: Rig) -> None:
    driver = bench.driver()
    sale, _ = await prepared(driver)
    await driver.abort()
    with pytest.raises(DeviceRefused, match="aborted"):
        await driver.sell(sale)
    assert bench.effects() == []
    sale, _ = await prepared(driver)
    assert (await driver.sell(sale)).approved_kopecks == AMOUNT


async def test_a_wish_that_comes_too_late_is_no_refusal(serial: Rig) -> None:
    serial.fault("slow", seconds=0.3)
    driver = serial.driver()
    sale, _ = await prepared(driver)
    selling = asyncio.create_task(driver.sell(sale))
    await until(lambda: serial.device.state()["sale"] and not serial.device.state()["waits_for_card"])
    await driver.abort()
    assert (await selling).approved_kopecks == AMOUNT
    assert await driver.finish(1, 0) == 0
    assert [row[0] for row in serial.effects()] == ["held", "released"]


@pytest.mark.parametrize(
    ("habit", "confirmed", "effect"), [("autocancel", 0, "released"), ("autofinal", AMOUNT, "captured")]
)
async def test_what_a_firmware_does_by_itself_shows_in_the_answer_to_the_end(
    serial: Rig, habit: str, confirmed: int, effect: str
) -> None:
    serial.fault("on_idl_after_approval", do=habit)
    driver = serial.driver()
    sale, _ = await prepared(driver)
    await driver.sell(sale)
    await driver.close()
    again = serial.driver()  # its first word is an IDL
    assert await again.finish(1, AMOUNT) == confirmed
    assert [row[0] for row in serial.effects()] == ["held", effect]


async def test_between_approval_and_end_no_word_of_the_kiosk_comes_between(serial: Rig) -> None:
    driver = serial.driver()
    sale, _ = await prepared(driver)
    await driver.sell(sale)
    before = len(serial.device.heard)
    assert await driver.look() == "busy"
    assert await driver.look() == "busy"
    assert serial.device.heard[before:] == []
    await driver.finish(1, AMOUNT)
    assert serial.device.heard[before:] == ["FIN", "DIS"]
    assert await driver.look() == "operation 1"


SILENT_S = 39.0  # three keepalives and 8 s: both sides count the other as gone


@pytest.mark.parametrize("habit", ["keep", "autocancel"])
async def test_a_card_shown_after_the_line_was_silent_for_long_is_held_and_taken(bench: Rig, habit: str) -> None:
    """The reader counts the kiosk as gone by then: an IDL at the card's word wakes it, before the bank has said
    anything."""
    bench.fault("on_idl_after_approval", do=habit)
    driver, selling = await _waiting_for_long(bench)
    bench.fault("slow", seconds=0.2)
    bench.fault("tap")
    assert (await selling).approved_kopecks == AMOUNT
    before = len(bench.device.heard)
    assert await driver.finish(1, AMOUNT) == AMOUNT
    assert bench.device.heard[before:] == ["FIN", "DIS"]
    assert bench.effects() == [("held", 1, AMOUNT), ("captured", 1, AMOUNT)]


@pytest.mark.parametrize("amount", [AMOUNT, 0])
async def test_an_approval_that_waited_for_long_is_ended_once_the_reader_is_awake(bench: Rig, amount: int) -> None:
    """The card's word was lost on the line, so that nothing woke the reader, and it is heard all the same."""
    driver, selling = await _waiting_for_long(bench)
    bench.fault("lose_answer", after="STA")
    bench.fault("tap")
    assert (await selling).approved_kopecks == AMOUNT
    before = len(bench.device.heard)
    assert await driver.finish(1, amount) == amount
    assert bench.device.heard[before:] == ["FIN", "IDL", "FIN", "DIS"]
    assert bench.effects() == [("held", 1, AMOUNT), ("captured" if amount else "released", 1, AMOUNT)]


@pytest.mark.parametrize("way", [SERIAL, NETWORK])
async def test_a_wish_to_cancel_is_heard_after_the_line_was_silent_for_long(way: str) -> None:
    """At once, long before the sale ends by itself."""
    async with rig(way, rules=ReaderRules(operation_s=120)) as bench:
        driver, selling = await _waiting_for_long(bench)
        async with asyncio.timeout(60):
            await driver.abort()
            assert (await selling).approved_kopecks == 0
        assert bench.effects() == [("declined", 1, AMOUNT)]
        assert (await driver.prepare()).operation == 2


async def test_a_reader_that_has_not_forgotten_the_kiosk_hears_no_word_but_fin_however_late(bench: Rig) -> None:
    bench.fault("on_idl_after_approval", do="autocancel")
    driver = bench.driver()
    sale, _ = await prepared(driver)
    await driver.sell(sale)
    bench.pass_time(31.0)
    assert await driver.finish(1, AMOUNT) == AMOUNT
    assert [row[0] for row in bench.effects()] == ["held", "captured"]


async def test_a_reader_reaches_its_bank_through_the_kiosk_after_long_silence(serial: Rig) -> None:
    async def bank(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.write(b"HELLO READER")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(bank, "127.0.0.1", 0)
    async with server:
        serial.fault("online", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        driver, selling = await _waiting_for_long(serial, allowed=lambda _host: True)
        serial.fault("tap")
        assert (await selling).approved_kopecks == AMOUNT
    assert await driver.finish(1, AMOUNT) == AMOUNT


async def test_a_card_that_is_refused_after_long_silence_leaves_the_line_as_it_is(bench: Rig) -> None:
    bench.fault("decline")
    driver, selling = await _waiting_for_long(bench)
    bench.fault("tap")
    assert (await selling).approved_kopecks == 0
    assert bench.device.heard[-1] == "DIS"
    assert await driver.look() == "operation 1"


async def _waiting_for_long(bench: Rig, **options: Any) -> tuple[VtkReader, asyncio.Task[Approval]]:
    """A sale whose guest looks for a card all that time."""
    bench.fault("nobody_taps")
    driver = bench.driver(**options)
    sale, _ = await prepared(driver)
    selling = asyncio.create_task(driver.sell(sale))
    await until(lambda: bench.device.state()["waits_for_card"])
    bench.pass_time(SILENT_S)
    return driver, selling


async def test_a_partial_approval_is_told_with_its_sum(serial: Rig) -> None:
    serial.fault("partial", kopecks=10000)
    driver = serial.driver()
    sale, _ = await prepared(driver)
    assert (await driver.sell(sale)).approved_kopecks == 10000
    assert await driver.finish(1, 0) == 0


async def test_a_reader_that_is_off_or_pulled_moves_no_money_and_is_found_again(bench: Rig) -> None:
    driver = bench.driver()
    await driver.look()
    for fault in ("off", "link_lost", "silent"):
        bench.fault(fault)
        with pytest.raises(DeviceUnreachable):
            await driver.prepare()
        bench.fault(fault, on=False)
        assert (await driver.prepare()).operation == 1
    assert bench.effects() == []


async def test_the_readers_own_word_for_out_of_service_is_a_refusal(serial: Rig) -> None:
    serial.fault("not_ready")
    silent = serial.driver()
    await silent.look()  # a firmware that is not asked says nothing
    await silent.close()
    driver = serial.driver(habits=VtkHabits(asks_status=True))
    for ask in (driver.look, driver.prepare):
        with pytest.raises(DeviceRefused, match="NOT_READY"):
            await ask()
    serial.fault("not_ready", on=False)
    assert (await driver.prepare()).operation == 1


@pytest.mark.parametrize("harm", ["bytewise", "garbage", "long_lengths"])
async def test_frames_in_pieces_behind_garbage_or_with_long_lengths_are_understood(serial: Rig, harm: str) -> None:
    serial.fault(harm)
    driver = serial.driver()
    sale, _ = await prepared(driver)
    assert (await driver.sell(sale)).approved_kopecks == AMOUNT
    assert await driver.finish(1, AMOUNT) == AMOUNT


async def test_an_answer_with_a_wrong_crc_is_none_and_is_asked_for(serial: Rig) -> None:
    driver = serial.driver()
    serial.fault("bad_crc")
    with pytest.raises(DeviceUnreachable):
        await driver.prepare()
    sale, numbers = await prepared(driver)
    serial.fault("lose_answer", after="VRP")
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    serial.fault("bad_crc")
    with pytest.raises(DeviceUnreachable):
        await driver.find(sale, numbers.before)
    found = await driver.find(sale, numbers.before)
    assert found is not None
    assert found.approved_kopecks == AMOUNT


async def test_a_reader_reaches_its_bank_through_the_kiosk(serial: Rig) -> None:
    said: list[bytes] = []

    async def bank(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.readexactly(10))
        writer.write(b"HELLO READER")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(bank, "127.0.0.1", 0)
    async with server:
        serial.fault("online", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        driver = serial.driver(allowed=lambda _host: True)
        sale, _ = await prepared(driver)
        assert (await driver.sell(sale)).approved_kopecks == AMOUNT
    assert said == [b"HELLO BANK"]


@pytest.mark.parametrize("habits", [VtkHabits(), VtkHabits(lends_network=False)])
async def test_a_reader_reaches_nothing_on_this_machine_and_nothing_where_that_is_not_wanted(
    serial: Rig, habits: VtkHabits
) -> None:
    met: list[bool] = []

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(True)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        serial.fault("online", host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        driver = serial.driver(habits=habits)
        sale, _ = await prepared(driver)
        assert (await driver.sell(sale)).approved_kopecks == 0
    assert met == []


async def test_noise_on_the_line_takes_money_never_twice() -> None:
    """Whatever is lost is asked for until it is known; the ledger has one hold and one end for each sale."""
    async with rig(rules=ReaderRules(tap_s=0.01, operation_s=1)) as bench:
        driver = bench.driver()
        sales = 0
        for _ in range(6):
            bench.fault("noise", rate=0.004)
            try:
                sale, numbers = await prepared(driver)
            except DeviceUnreachable:
                continue
            sales += 1
            try:
                approval = await driver.sell(sale)
            except (OutcomeUnknown, DeviceUnreachable):
                bench.fault("noise", on=False)
                found = await until(lambda: _asked(driver, sale.operation, numbers.before))  # noqa: B023
                approval = found[0]
            bench.fault("noise", on=False)
            if approval is not None and approval.approved_kopecks:
                assert await driver.finish(sale.operation, AMOUNT) == AMOUNT
        ended = [row for row in bench.effects() if row[0] == "captured"]
        assert sales
        assert len(ended) == len({row[1] for row in ended})
        assert len([row for row in bench.effects() if row[0] == "held"]) == len(ended)


async def _asked(driver: VtkReader, operation: int, before: int) -> tuple[Approval | None] | None:
    try:
        return (await driver.find(Sale(operation, AMOUNT), before),)
    except DeviceUnreachable:
        return None


async def test_a_reader_that_is_started_again_has_its_number_and_its_last_answer() -> None:
    async with rig() as bench:
        driver = bench.driver()
        sale, numbers = await prepared(driver)
        await driver.sell(sale)
        folder = bench.folder
    async with rig(folder=folder, rules=RULES) as bench:
        driver = bench.driver()
        found = await driver.find(sale, numbers.before)
        assert found is not None
        assert found.approved_kopecks == AMOUNT
        assert await driver.finish(1, AMOUNT) == AMOUNT
        assert bench.effects() == [("held", 1, AMOUNT), ("captured", 1, AMOUNT)]
