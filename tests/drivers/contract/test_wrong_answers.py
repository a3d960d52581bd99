"""A register carries a command out and says that it did not, or the other way round: its drive tells, no error does."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest

from drivers.errors import DeviceError, DeviceRefused, ForeignState, OutcomeUnknown
from drivers.fiscal.port import FiscalIntent, operation_told
from drivers.fiscal.shtrih.errors import DOUBTFUL, NOT_YET, UNSUPPORTED
from drivers.fiscal.shtrih.frames import lrc
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.fiscal.shtrih.session import ShtrihRefused, ShtrihSession
from drivers.sim.shtrih.tables import DATE_IN_CLOSE, REGIONAL
from tests.drivers.contract.lines import CLOSE, CLOSE_SHIFT, LINES, OPEN_SHIFT, SERIAL, line_of
from tests.drivers.shtrih_rig import FAST, receipt, rig

_SENSORS = 0x77  # reported of a close that had registered
ALL = range(1, 256)
SOME = sorted({*range(1, 256, 6), *NOT_YET, *DOUBTFUL, UNSUPPORTED, _SENSORS})
#: Of ATOL's web server: the driver's codes; 2 says that the register does not answer.
OF_THE_DRIVER = (2, 5, 6, 11, 12, 15, 26, 44, 45, 46, 48, 66, 68, 73, 82, 114, 115, 118, 133, 140, 150, 203, 241, 601)


@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", LINES)
async def test_3_4_no_error_of_the_close_registers_twice_or_hides_a_receipt(line: str, before: bool) -> None:
    await every_error(line, before=before, codes=OF_THE_DRIVER if line == "atol-web" else SOME)


@pytest.mark.long
@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", SERIAL)
async def test_3_4_none_of_all_errors_of_the_close_registers_twice_or_hides_a_receipt(line: str, before: bool) -> None:
    await every_error(line, before=before, codes=ALL)


async def every_error(line: str, *, before: bool, codes: Sequence[int]) -> None:
    async with line_of(line) as (bench, registrar):
        for code in codes:
            wanted = receipt(f"o-{code}")
            intent = bench.intent(wanted, await registrar.counter())
            bench.fault("wrong_answer", after=CLOSE[line], code=code, before=before)
            told = None
            with contextlib.suppress(DeviceRefused, OutcomeUnknown):
                told = await registrar.print_receipt(wanted, intent)
            assert told is not None or before, f"{code:02X}h hides a receipt that stands"
            assert await registrar.find_receipt(intent) == told, code
            document = await registrar.print_receipt(wanted, intent)
            assert document.number == intent.counter.last_document + 1, code
        orders = [effect["order_id"] for effect in bench.receipts()]
        assert orders == [f"o-{code}" for code in codes]


async def test_planted_driver_that_believes_most_errors_is_caught() -> None:
    class Believes(ShtrihRegistrar):
        async def _is_registered(self, refused: ShtrihRefused, intent: FiscalIntent) -> bool:
            return refused.number in DOUBTFUL

    async with rig() as (bench, driver):
        await driver.close()
        believes = Believes(ShtrihSession(port="test", baudrate=115200, open_link=bench.open_link, timeouts=FAST))
        wanted = receipt("o")
        intent = bench.intent(wanted, await believes.counter())
        bench.fault("wrong_answer", after="FF45", code=0x77)
        with pytest.raises(DeviceRefused):
            await believes.print_receipt(wanted, intent)
        assert len(bench.receipts()) == 1  # and the flow would take the refusal for a proof, and print again
        await believes.close()


@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", LINES)
async def test_3_4_no_error_of_a_shift_command_leaves_the_shift_in_doubt(line: str, before: bool) -> None:
    async with line_of(line, shift=False) as (bench, registrar):
        codes = (OF_THE_DRIVER if line == "atol-web" else SOME)[::4]
        for number, code in enumerate(codes, 1):
            for command, act in ((OPEN_SHIFT, registrar.open_shift), (CLOSE_SHIFT, registrar.close_shift)):
                bench.fault("wrong_answer", after=command[line], code=code, before=before)
                try:
                    report = await act()
                except DeviceError:
                    assert before, (code, command[line])
                    report = await act()
                assert report.shift == number
        kinds = [effect["effect"] for effect in bench.effects()]
        assert kinds == ["shift_opened", "shift_closed"] * len(codes)


@pytest.mark.parametrize("value", [0, 3, 5, 255])
def test_3_4_an_operation_that_is_none_of_ours_is_a_foreign_document(value: int) -> None:
    with pytest.raises(ForeignState, match="foreign_operation"):
        operation_told(value)


@pytest.mark.parametrize("short", [False, True], ids=["named by the archive", "named by the close"])
async def test_3_4_a_document_of_a_foreign_operation_ends_in_doubt_and_not_in_a_bug(short: bool) -> None:
    """FF0A tells operation 5 of what the close has just registered."""
    async with rig() as (bench, registrar):
        wanted = receipt("o")
        intent = bench.intent(wanted, await registrar.counter())
        if short:
            bench.device.register.tables.write(REGIONAL, 1, DATE_IN_CLOSE, b"\1")
        change = bench.wire.to_host

        def other(data: bytes) -> bytes:
            at = data.find(b"\xff\x0a\0")
            if at < 0:
                return change(data)
            frame = bytearray(data[at - 2 :])
            frame[5 + 15] = 5  # behind code, error, kind, ticket, date, number and sign
            frame[-1] = lrc(bytes(frame[1:-1]))
            return data[: at - 2] + bytes(frame)

        bench.wire.to_host = other
        if short:
            assert (await registrar.print_receipt(wanted, intent)).number == intent.counter.last_document + 1
            return
        with pytest.raises((OutcomeUnknown, ForeignState)):
            await registrar.print_receipt(wanted, intent)
        assert len(bench.receipts()) == 1
