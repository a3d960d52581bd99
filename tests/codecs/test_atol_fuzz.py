"""Whatever reaches the simulated ATOL devices, they answer in their protocol and keep their counters whole."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.fiscal.atol.frames import ASYNC_ID, Decoder, Frame, encode
from drivers.sim.atol.buffer import Executed, TaskBuffer
from drivers.sim.atol.commands import COMMANDS, execute
from drivers.sim.atol.device import KNOWN_FAULTS
from drivers.sim.atol.machine import Machine
from drivers.sim.atol.tasks import TASKS, TaskError, run_task
from drivers.sim.atol.till import Till
from drivers.sim.faults import Faults
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.world import World

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@contextmanager
def till(ffd: str = "1.05") -> Iterator[Till]:
    with tempfile.TemporaryDirectory() as folder:
        world = World("fiscal", Path(folder) / "state", Path(folder) / "ledger")
        yield Till(
            world, Faults(KNOWN_FAULTS), serial="9999000000000007", now=lambda: NOW, setup=RegisterSetup(ffd=ffd)
        )
        world.close()


decimal = st.integers(0, 99).map(lambda number: int(str(number), 16))
arguments = st.lists(st.sampled_from((0, 1, 2)) | decimal | st.integers(0, 255), max_size=60).map(bytes)
payloads = st.tuples(st.sampled_from(sorted(COMMANDS)) | st.integers(0, 255), arguments).map(
    lambda pair: bytes((0, 0, pair[0])) + pair[1]
)


@settings(max_examples=60)
@given(st.lists(payloads | st.binary(max_size=12), max_size=25), st.integers(0, 6))
def test_any_commands_are_answered_and_only_receipts_move_the_counter(commands: list[bytes], mode: int) -> None:
    with till() as found:
        machine = Machine(found, mode=mode)
        for command in commands:
            before = found.drive.state.last_document
            answer, failed = execute(machine, command)
            assert answer
            assert not failed or (answer[0], len(answer), answer[1] > 0) == (0x55, 3, True)
            assert found.drive.state.last_document - before in (0, 1)


values = st.none() | st.booleans() | st.integers(-5, 10**13) | st.text(max_size=5) | st.just("position")
fields = st.dictionaries(
    st.sampled_from(("items", "payments", "type", "sum", "price", "quantity", "amount", "tax", "total", "operator")),
    values | st.lists(st.dictionaries(st.sampled_from(("type", "sum", "name")), values, max_size=3), max_size=2),
    max_size=6,
)


@settings(max_examples=80)
@example("buy", {"items": [], "payments": [], "total": None})
@given(st.sampled_from(sorted(TASKS)), fields)
def test_any_task_ends_in_a_result_or_a_code_and_leaves_no_receipt_open(kind: str, task: dict[str, object]) -> None:
    with till("1.2") as found:
        found.open_shift()
        with suppress(TaskError):
            run_task(found, task | {"type": kind})
        assert found.receipt is None


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=30) | st.binary(max_size=8).map(lambda data: encode(1, data)), max_size=20))
def test_any_bytes_leave_a_line_that_answers_the_next_abort(pieces: list[bytes]) -> None:
    async def talk() -> None:
        heard, decoder = bytearray(), Decoder()
        buffer = TaskBuffer(
            send=heard.extend,
            execute=lambda payload: Executed(b"\x55\0\0", failed=False),
            loses=lambda payload: False,
            heard=bytes,
        )
        for piece in pieces:
            buffer.feed(piece)
        buffer.feed(encode(0x55, b"\xc4"))
        frames = decoder.feed(bytes(heard))
        assert frames[-1] == Frame(0x55, b"\xa3")
        assert all(isinstance(frame, Frame) and frame.id <= ASYNC_ID for frame in frames)

    asyncio.run(talk())
