"""A reader behind DualConnector: what it answers, what is asked of it when it does not, and what nothing proves
(protocols/inpas.md#a-lost-answer)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.sim.inpas.device import InpasDevice, InpasRules, inpas
from drivers.terminal.inpas.reader import InpasReader, InpasTimings
from drivers.terminal.port import Approval, Errand, Sale
from tests.restaurant import NOBODY, short_folder, until

TIMINGS = InpasTimings(answer_s=20.0, sale_s=60.0, settle_s=60.0, margin_s=1.0, test_s=0.0)
RULES = InpasRules(tap_s=0.01, reboot_s=0.01)
AMOUNT = 49900
#: Longer than a sale and a settlement may take.
LATER = timedelta(seconds=200)
MOSCOW = timezone(timedelta(hours=3))


@dataclass
class Rig:
    """One reader; `driver()` is another process, `later` its clock."""

    device: InpasDevice
    folder: Path
    later: timedelta = timedelta()
    drivers: list[InpasReader] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def driver(self, **options: Any) -> InpasReader:
        usual: dict[str, Any] = {"timings": TIMINGS, "now": self.now, "local": lambda moment: moment.astimezone(MOSCOW)}
        found = InpasReader(f"{self.device.url}/", **{**usual, **options})
        self.drivers.append(found)
        return found

    def fault(self, name: str, *, on: bool = True, **parameters: Any) -> None:
        self.device.faults.switch(name, parameters, on=on)

    def sale(self, operation: int = 1, amount_kopecks: int = AMOUNT) -> Sale:
        return Sale(operation, amount_kopecks, "Заказ 1014", self.now())

    def effects(self) -> list[tuple[str, int, int]]:
        rows = [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]
        return [(row["effect"], row["operation"], row["amount_kopecks"]) for row in rows]


@asynccontextmanager
async def standing(folder: Path, rules: InpasRules = RULES) -> AsyncIterator[Rig]:
    files: dict[str, Any] = {"state": folder / "state", "ledger": folder / "ledger", "seed": 7, "rules": rules}
    async with inpas(0, **files) as device:
        found = Rig(device, folder)
        try:
            yield found
        finally:
            for driver in found.drivers:
                await driver.close()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    folder = short_folder()
    async with standing(folder) as found:
        yield found
    shutil.rmtree(folder, ignore_errors=True)


async def sold(rig: Rig, driver: InpasReader, operation: int = 1) -> tuple[Sale, Approval]:
    sale = rig.sale(operation)
    return sale, await driver.sell(sale)


def back(rig: Rig, approval: Approval, operation: int, *, void: bool = True) -> Errand:
    rrn, auth_code = approval.rrn or "", approval.auth_code or ""
    return Errand(operation, rig.now(), approval.approved_kopecks, void=void, rrn=rrn, auth_code=auth_code)


# A sale.


async def test_a_sale_is_approved_with_its_banks_numbers(rig: Rig) -> None:
    driver = rig.driver()
    assert (await driver.look(), await driver.prepare()) == ("answers", 0)
    _, approval = await sold(rig, driver)
    assert (approval.approved_kopecks, approval.card_last4, approval.reason) == (AMOUNT, "4242", None)
    assert approval.rrn
    assert approval.auth_code
    assert rig.effects() == [("charged", 1, AMOUNT)]
    assert await driver.prepare() == 1


@pytest.mark.parametrize(
    ("fault", "reason", "effects"),
    [
        ("decline", "declined", [("declined", 1, AMOUNT)]),
        ("no_connection", "no_connection", []),
    ],
)
async def test_a_refusal_has_its_reason(rig: Rig, fault: str, reason: str, effects: list[Any]) -> None:
    rig.fault(fault)
    _, approval = await sold(rig, rig.driver())
    assert (approval.approved_kopecks, approval.reason) == (0, reason)
    assert rig.effects() == effects


async def test_the_readers_red_key_ends_a_sale_and_a_wish_to_abort_one_that_has_not_begun(rig: Rig) -> None:
    rig.fault("nobody_taps")
    driver = rig.driver()
    await driver.prepare()
    selling = asyncio.ensure_future(sold(rig, driver))
    await until(lambda: rig.device.state()["waits_for_card"])
    rig.fault("red_button")
    assert (await selling)[1].reason == "aborted"
    await driver.prepare()
    await driver.abort()
    with pytest.raises(DeviceRefused, match="aborted"):
        await sold(rig, driver, 2)
    assert rig.effects() == []


async def test_an_answer_in_another_alphabet_and_with_short_ids_is_the_same(rig: Rig) -> None:
    rig.fault("cp1251")
    rig.fault("bare_ids")
    _, approval = await sold(rig, rig.driver())
    assert approval.approved_kopecks == AMOUNT
    assert "ОДОБРЕНО" in approval.slip


async def test_a_reader_that_is_not_there_was_asked_nothing(rig: Rig) -> None:
    driver = InpasReader(NOBODY, timings=TIMINGS, now=rig.now)
    rig.drivers.append(driver)
    for ask in (driver.look, driver.prepare, lambda: driver.sell(rig.sale())):
        with pytest.raises(DeviceUnreachable, match="connection_refused"):
            await ask()


@pytest.mark.parametrize("code", [4, 13])
async def test_an_error_of_dualconnector_hides_the_reader(rig: Rig, code: int) -> None:
    driver = rig.driver()
    rig.fault("errorcode", code=code)
    with pytest.raises(DeviceUnreachable, match=f"errorcode_{code}"):
        await driver.look()
    rig.fault("errorcode", code=code)
    with pytest.raises(DeviceUnreachable, match=f"errorcode_{code}"):
        await driver.prepare()
    assert await driver.look() == "answers"


# A lost answer.


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("lose_answer", {}),
        ("undefined", {}),
        ("errorcode_after", {"code": 13}),
        ("errorcode_after", {"code": 4}),
        ("doubled_field", {}),
        ("power_cut", {"at": "after_store"}),
    ],
)
async def test_a_sale_without_an_answer_is_adopted_from_the_copy(
    rig: Rig, fault: str, parameters: dict[str, Any]
) -> None:
    driver = rig.driver()
    before = await driver.prepare()
    rig.fault(fault, **parameters)
    sale = rig.sale()
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    await until(lambda: rig.device.state()["last"])
    found = await _found(rig.driver(), sale, before)
    assert found is not None
    assert found.approved_kopecks == AMOUNT
    assert rig.effects() == [("charged", 1, AMOUNT)]


async def _found(driver: InpasReader, sale: Sale, before: int) -> Approval | None:
    """Asked until the reader has started again."""

    async def asked() -> tuple[Approval | None] | None:
        try:
            return (await driver.find(sale, before),)
        except DeviceUnreachable:
            return None

    found: tuple[Approval | None] = await until(asked)
    return found[0]


async def test_a_sale_that_never_came_is_none_once_it_cannot_come_any_more(rig: Rig) -> None:
    driver, sale = rig.driver(), rig.sale(2)
    await sold(rig, driver)
    with pytest.raises(DeviceUnreachable, match="may_come"):
        await driver.find(sale, 1)
    rig.later = LATER
    assert await driver.find(sale, 1) is None


async def test_what_dualconnector_did_not_take_need_not_be_waited_for(rig: Rig) -> None:
    driver, sale = rig.driver(), rig.sale()
    rig.fault("errorcode", code=4)
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    assert await driver.find(sale, 0) is None
    rig.fault("errorcode", code=13)
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    with pytest.raises(DeviceUnreachable, match="may_come"):
        await driver.find(sale, 0)


@pytest.mark.parametrize(
    ("habit", "effects", "adopted"),
    [
        ("reverse", ["charged", "voided"], False),
        ("complete", ["charged"], True),
    ],
)
async def test_power_lost_after_the_banks_word_ends_as_the_firmware_has_it(
    rig: Rig, habit: str, effects: list[str], adopted: bool
) -> None:
    driver = rig.driver()
    sale, before = rig.sale(), await driver.prepare()
    rig.fault("after_power_cut", do=habit)
    rig.fault("power_cut", at="after_bank")
    with pytest.raises(OutcomeUnknown):
        await driver.sell(sale)
    rig.later = LATER
    found = await _found(driver, sale, before)
    assert (found is not None) is adopted
    assert [effect for effect, _, _ in rig.effects()] == effects


async def test_where_an_old_copy_proves_nothing_a_person_decides(rig: Rig) -> None:
    driver = rig.driver(old_copy_proves=False)
    sale = rig.sale()
    rig.later = LATER
    with pytest.raises(ForeignState, match="not_proved"):
        await driver.find(sale, 0)


@pytest.mark.parametrize("fault", ["other_copy", "foreign_sale"])
async def test_the_copy_of_anothers_sale_is_nobodys_answer(rig: Rig, fault: str) -> None:
    driver = rig.driver()
    sale, _ = await sold(rig, driver)
    rig.fault(fault)
    rig.later = LATER
    with pytest.raises(ForeignState, match="foreign_operation"):
        await driver.find(sale, 0)


async def test_the_same_number_of_another_day_or_sum_is_nobodys_answer(rig: Rig) -> None:
    driver = rig.driver()
    await sold(rig, driver)
    with pytest.raises(ForeignState, match="other_amount"):
        await driver.find(rig.sale(amount_kopecks=AMOUNT - 100), 0)
    rig.later = timedelta(days=1)
    with pytest.raises(ForeignState, match="other_time"):
        await driver.find(rig.sale(), 0)


async def test_a_part_that_was_approved_is_told_as_such(rig: Rig) -> None:
    rig.fault("partial", kopecks=100)
    driver = rig.driver()
    sale, approval = await sold(rig, driver)
    assert approval.approved_kopecks == 100
    await driver.undo(sale)
    assert rig.effects() == [("charged", 1, 100), ("voided", 1, 100)]


# Money back.


async def test_the_last_operation_is_undone_once(rig: Rig) -> None:
    driver = rig.driver()
    sale, _ = await sold(rig, driver)
    rig.fault("lose_answer", after="53")
    with pytest.raises(OutcomeUnknown):
        await driver.undo(sale)
    await driver.undo(sale)
    assert rig.effects() == [("charged", 1, AMOUNT), ("voided", 1, AMOUNT)]
    found = await driver.find(sale, 0)
    assert found is not None
    assert (found.approved_kopecks, found.reason) == (0, "cancelled")


async def test_what_is_not_the_last_or_was_not_approved_is_not_undone(rig: Rig) -> None:
    driver = rig.driver()
    first, _ = await sold(rig, driver)
    rig.fault("decline")
    second, _ = await sold(rig, driver, 2)
    with pytest.raises(DeviceRefused, match="not_last"):
        await driver.undo(first)
    with pytest.raises(DeviceRefused, match="not_approved"):
        await driver.undo(second)
    assert 53 not in rig.device.heard


async def test_a_void_goes_on_the_same_day_and_a_refund_after_the_settlement(rig: Rig) -> None:
    driver = rig.driver()
    (_, first), (_, second) = await sold(rig, driver), await sold(rig, driver, 2)
    assert (await driver.give_back(back(rig, first, 3))).reason is None
    settled = await driver.settle(Errand(4, rig.now()))
    assert settled.reason is None
    assert "ИТОГИ СОВПАЛИ" in settled.text
    assert (await driver.give_back(back(rig, second, 5))).reason == "declined"
    assert (await driver.give_back(back(rig, second, 6, void=False))).reason is None
    words = [effect for effect, _, _ in rig.effects()]
    assert words == ["charged", "charged", "voided", "settled", "refunded"]


@pytest.mark.parametrize("void", [True, False])
async def test_what_became_of_a_return_is_told_by_its_number(rig: Rig, void: bool) -> None:
    driver = rig.driver()
    _, approval = await sold(rig, driver)
    errand = back(rig, approval, 2, void=void)
    rig.fault("lose_answer")
    with pytest.raises(OutcomeUnknown):
        await driver.give_back(errand)
    carried = await rig.driver().became(errand, 1)
    assert carried is not None
    assert carried.reason is None
    never, neither = back(rig, approval, 3, void=void), back(rig, approval, 4, void=void)
    rig.later = LATER
    assert await driver.became(never, 2) is None
    with pytest.raises(ForeignState, match="foreign_operation"):
        await driver.became(neither, 1)


async def test_what_became_of_a_settlement_is_told_by_its_number(rig: Rig) -> None:
    driver, errand = rig.driver(), Errand(1, rig.now())
    rig.fault("lose_answer")
    with pytest.raises(OutcomeUnknown):
        await driver.settle(errand)
    carried = await driver.became(errand, 0)
    assert carried is not None
    assert carried.reason is None
    rig.fault("refuse_settlement")
    assert (await driver.settle(Errand(2, rig.now()))).reason == "no_connection"


# The device itself.


async def test_the_reader_remembers_after_a_power_cut_and_undoes_what_was_cut_off() -> None:
    folder = short_folder()
    async with standing(folder) as rig:
        sale, _ = await sold(rig, rig.driver())
        rig.device.account.charge({"operation": 1, "number": "2", "amount_kopecks": 100, "time": None}, 100)
    async with standing(folder) as rig:
        found = await rig.driver().find(sale, 0)
        assert found is not None
        assert found.approved_kopecks == AMOUNT
        assert rig.effects() == [("charged", 1, AMOUNT), ("charged", 2, 100), ("voided", 2, 100)]
    shutil.rmtree(folder, ignore_errors=True)


async def test_an_operation_goes_on_when_nobody_listens_any_more(rig: Rig) -> None:
    rig.fault("nobody_taps")
    driver, sale = rig.driver(), rig.sale()
    selling = asyncio.ensure_future(driver.sell(sale))
    await until(lambda: rig.device.state()["waits_for_card"])
    selling.cancel()
    rig.fault("tap")
    found = await _found(rig.driver(), sale, 0)
    assert found is not None
    assert found.approved_kopecks == AMOUNT


@pytest.mark.parametrize("sum_told", ["300.00", "300,00", "30 000", "-1", "9" * 13])
async def test_a_sum_that_cannot_be_read_is_not_the_whole_sum(sum_told: str) -> None:
    async with telling(f'<field id="0">{sum_told}</field><field id="25">1</field><field id="26">1</field>') as driver:
        with pytest.raises(OutcomeUnknown):
            await driver.sell(Sale(1, AMOUNT, "Заказ 1014", datetime.now(UTC)))


async def test_a_number_that_cannot_be_read_is_not_ours() -> None:
    async with telling(
        '<field id="0">49900</field><field id="25">1</field><field id="26">0000000000999</field>'
    ) as driver:
        with pytest.raises(OutcomeUnknown):
            await driver.sell(Sale(1, AMOUNT, "Заказ 1014", datetime.now(UTC)))


async def test_an_errorcode_that_cannot_be_read_beside_an_approval_is_no_approval() -> None:
    told = '<errorcode>ERR</errorcode><field id="0">49900</field><field id="25">1</field><field id="26">1</field>'
    async with telling(told) as driver:
        with pytest.raises(OutcomeUnknown):
            await driver.sell(Sale(1, AMOUNT, "Заказ 1014", datetime.now(UTC)))


@asynccontextmanager
async def telling(fields: str) -> AsyncIterator[InpasReader]:
    """A foreign service that approves whatever it is asked for in these words."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><response>{fields}<field id="39">1</field></response>'.encode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"</request>")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    driver = InpasReader(f"http://127.0.0.1:{port}/", timings=TIMINGS, now=lambda: datetime.now(UTC))
    try:
        yield driver
    finally:
        await driver.close()
        server.close()
