"""Any command of a receipt answered by an error, carried out or not: the receipt stands once, or is proved absent."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import pytest

from drivers.errors import DeviceError
from drivers.sim.atol.commands import COMMANDS as ATOL
from drivers.sim.shtrih.commands import COMMANDS as SHTRIH
from tests.drivers.contract.lines import CLOSE, SERIAL, line_of
from tests.drivers.shtrih_rig import receipt

KNOWN: Mapping[str, Sequence[str]] = {
    "shtrih 1": [f"{code:02X}" for code in SHTRIH],
    "shtrih 2": [f"{code:02X}" for code in SHTRIH],
    "atol": [f"{code:02X}" for code in ATOL],
}
SOME = (0x33, 0x73)
ALL = range(1, 256)


@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", SERIAL)
async def test_3_4_no_error_of_any_command_registers_twice_or_hides_a_receipt(line: str, before: bool) -> None:
    await every_command(line, before=before, codes=SOME)


@pytest.mark.long
@pytest.mark.parametrize("before", [False, True], ids=["carried out", "not carried out"])
@pytest.mark.parametrize("line", SERIAL)
async def test_3_4_none_of_all_errors_of_any_command_registers_twice_or_hides_one(line: str, before: bool) -> None:
    await every_command(line, before=before, codes=ALL)


async def every_command(line: str, *, before: bool, codes: Sequence[int]) -> None:
    """One command and one error at a time; a command that no receipt asks for is left after its first receipt."""
    sold, used = [], set()
    async with line_of(line) as (bench, registrar):
        for command in KNOWN[line]:
            for code in codes:
                bench.clock.forward(seconds=3)  # the operator has the one before: the register asks its drive for few
                wanted = receipt(f"o-{command}-{code}")
                intent = bench.intent(wanted, await registrar.counter())
                bench.fault("wrong_answer", after=command, code=code, before=before)
                told = None
                with contextlib.suppress(DeviceError):
                    told = await registrar.print_receipt(wanted, intent)
                asked = bench.device.faults.on("wrong_answer") is None
                bench.fault("wrong_answer", on=False)
                assert told is None or await registrar.find_receipt(intent) == told, (command, code)
                document = await registrar.print_receipt(wanted, intent)
                assert document.number == intent.counter.last_document + 1, (command, code)
                sold.append(wanted.order_id)
                if not asked:
                    break
                used.add(command)
        assert [effect["order_id"] for effect in bench.receipts()] == sold
        assert CLOSE[line] in used
        assert len(used) >= 5, used
