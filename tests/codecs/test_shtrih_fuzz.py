"""Whatever commands reach the simulated Shtrih-M register, it answers in its protocol and keeps its counter whole."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.fiscal.ffd import tlv as tags
from drivers.fiscal.ffd.tlv import Tlv
from drivers.fiscal.fields import money
from drivers.fiscal.shtrih.frames import Answer, code_bytes
from drivers.fiscal.shtrih.receipt import CloseReceipt, CorrectionTotals, LegacyClose, LegacyLine, ReceiptOperation
from drivers.sim.faults import Faults
from drivers.sim.shtrih.commands import COMMANDS, execute
from drivers.sim.shtrih.device import KNOWN_FAULTS
from drivers.sim.shtrih.register import Register
from drivers.sim.shtrih.setup import ShtrihSetup
from drivers.sim.world import World

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PASSWORD = b"\x1e\0\0\0"
FORMATS = ("1.05", "1.1", "1.2")


@contextmanager
def register(ffd: str = "1.2") -> Iterator[Register]:
    with tempfile.TemporaryDirectory() as folder:
        world = World("fiscal", Path(folder) / "state", Path(folder) / "ledger")
        yield Register(
            world, Faults(KNOWN_FAULTS), serial="9999000000000007", now=lambda: NOW, setup=ShtrihSetup(ffd=ffd)
        )
        world.close()


def command(code: int, data: bytes = b"") -> bytes:
    return code_bytes(code) + PASSWORD + data


SALE = ReceiptOperation(1, 1_000_000, 9000, 9000, 8, 1, "Чай").encode()
SENSIBLE = (
    command(0xE0),
    command(0x41),
    command(0x8D, b"\0"),
    command(0x8D, b"\x80"),
    command(0xFF46, SALE),
    command(0x80, LegacyLine(1000, 9000, 1, bytes(4), "Чай").encode()),
    command(0xFF45, CloseReceipt((9000, *[0] * 15), 2).encode()),
    command(0x85, LegacyClose((9000, 0, 0, 0)).encode()),
    command(0x88),
    command(0xFF35),
    command(0xFF36, money(9000) + b"\1"),
    command(0xFF4A, CorrectionTotals(0, 1, 9000, (9000, 0, 0, 0, 0), (0,) * 6, 2).encode()),
    command(0xFF0C, Tlv(tags.CORRECTION_KIND, b"\0").encode()),
    command(0xFF0C, Tlv(tags.CORRECTION_BASE, Tlv(tags.CORRECTION_BASE_DATE, bytes(4)).encode()).encode()),
    command(0xFF08),
    command(0xFF3A, b"\1\0\0\0"),
    command(0xFF3B),
    command(0x22, bytes((22, 11, 26))),
    command(0x23, bytes((22, 11, 26))),
    command(0x1E, bytes((17, 1, 0, 7, 1))),
)
payloads = st.one_of(
    st.sampled_from(SENSIBLE),
    st.tuples(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=130)).map(lambda pair: command(*pair)),
    st.binary(min_size=1, max_size=40),
)


def obey(found: Register, payload: bytes) -> None:
    before = found.drive.state.last_document
    if payload == b"\xff":  # half a code: what answers it cannot be told from FF37
        execute(found, payload)
        return
    answer = Answer.parse(execute(found, payload))
    assert found.drive.state.last_document - before in (0, 1)
    assert not answer.error or found.drive.state.last_document == before
    if found.receipt is not None:
        assert found.drive.state.current_document in (0x04, 0x14)


@settings(max_examples=60, deadline=None)
@given(st.lists(payloads, max_size=25), st.sampled_from(FORMATS))
def test_any_commands_are_answered_and_a_refused_one_registers_nothing(commands: list[bytes], ffd: str) -> None:
    async def run() -> None:
        with register(ffd) as found:
            for payload in commands:
                obey(found, payload)

    asyncio.run(run())


async def wander(seed: int, steps: int) -> int:
    """Mostly sensible commands in any order; how many documents came of it."""
    rng = random.Random(seed)
    with register(FORMATS[seed % len(FORMATS)]) as found:
        for _ in range(steps):
            obey(found, rng.choice(SENSIBLE) if rng.random() < 0.9 else rng.randbytes(rng.randrange(1, 60)))
        return found.drive.state.last_document


@pytest.mark.parametrize("seed", range(3))
async def test_a_walk_through_the_commands_leaves_a_whole_register(seed: int) -> None:
    assert await wander(seed, 600) > 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 30))
async def test_long_walks_through_the_commands_leave_a_whole_register(seed: int) -> None:
    assert await wander(seed, 5000) > 5
