"""A register carries a command out and says that it did not, or the other way round: its drive tells, no error does."""

from __future__ import annotations

import contextlib

import pytest

from drivers.errors import DeviceError, DeviceRefused, OutcomeUnknown
from tests.drivers.contract.lines import CLOSE, CLOSE_SHIFT, LINES, OPEN_SHIFT, line_of
from tests.drivers.shtrih_rig import receipt

ALL = range(1, 256)
#: Of ATOL's web server: the driver's codes; 2 says that the register does not answer.
OF_THE_DRIVER = (2, 5, 6, 11, 12, 15, 26, 44, 45, 46, 48, 66, 68, 73, 82, 114, 115, 118, 133, 140, 150, 203, 241, 601)


def codes(line: str) -> list[int]:
    return list(OF_THE_DRIVER if line == "atol-web" else ALL)


@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", LINES)
async def test_3_4_no_error_of_the_close_registers_twice_or_hides_a_receipt(line: str, before: bool) -> None:
    async with line_of(line) as (bench, registrar):
        for code in codes(line):
            wanted = receipt(f"o-{code}")
            intent = bench.intent(wanted, await registrar.counter())
            bench.fault("wrong_answer", after=CLOSE[line], code=code, before=before)
            told = None
            with contextlib.suppress(DeviceRefused, OutcomeUnknown):
                told = await registrar.print_receipt(wanted, intent)
            found = await registrar.find_receipt(intent)
            assert (found is None) == before, code
            assert told is None or told == found, code
            if told is None and not before:
                raise AssertionError(f"{code:02X}h hides a receipt that stands")
            document = await registrar.print_receipt(wanted, intent)
            assert document.number == intent.counter.last_document + 1, code
        orders = [effect["order_id"] for effect in bench.receipts()]
        assert orders == [f"o-{code}" for code in codes(line)]


@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", LINES)
async def test_3_4_no_error_of_a_shift_command_leaves_the_shift_in_doubt(line: str, before: bool) -> None:
    async with line_of(line, shift=False) as (bench, registrar):
        for number, code in enumerate(codes(line)[::8], 1):
            for command, act in ((OPEN_SHIFT, registrar.open_shift), (CLOSE_SHIFT, registrar.close_shift)):
                bench.fault("wrong_answer", after=command[line], code=code, before=before)
                try:
                    report = await act()
                except DeviceError:
                    assert before, (code, command[line])
                    report = await act()
                assert report.shift == number
        kinds = [effect["effect"] for effect in bench.effects()]
        assert kinds == ["shift_opened", "shift_closed"] * len(codes(line)[::8])
