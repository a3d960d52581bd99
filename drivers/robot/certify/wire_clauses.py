"""What is examined without ordering anything: frames, addresses, blocks (robot.md#clauses)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drivers.robot import blocks
from drivers.robot.adu import ExceptionAnswer, Question, read_registers
from drivers.robot.certify.clauses import Broken
from drivers.robot.certify.trial import Trial
from drivers.robot.contents import CONTENTS, decode_contents
from drivers.robot.port import Capability, HealthFlag
from drivers.robot.registers import HealthBlock, MapError

_OUTSIDE = ((32, 1), (99, 1), (216, 4), (644, 1), (60000, 2))
_READ_COILS = 1
_HEARTBEAT_S = 5.0
_TRIES = 20


async def frames(trial: Trial) -> None:
    """Orders that would be carried out if the complex heard them as they are meant."""
    robot = trial.robot
    order = await trial.order()
    box = await robot.submission(order)
    before = (await robot.health()).last_seq
    line = robot.line
    for name, spoil in (("unit", line.for_another_unit), ("damaged", line.damaged), ("cut", line.cut_short)):
        heard = await robot.spoil(box, spoil)
        if heard:
            raise Broken("answered_anyway", f"{name}: {heard[:12].hex(' ')}")
        if (after := (await robot.health()).last_seq) != before:
            raise Broken("taken_anyway", f"{name}: sequence {after}")
        await trial.absent(order)


async def addresses(trial: Trial) -> None:
    for address, count in _OUTSIDE:
        await _refuses(trial, read_registers(address, count), {2}, f"registers {address}…")
    await _refuses(trial, Question(bytes((_READ_COILS, 0, 0, 0, 1)), 3), {1, 2}, f"function {_READ_COILS}")


async def _refuses(trial: Trial, question: Question, codes: set[int], what: str) -> None:
    try:
        found = await trial.robot.ask(question)
    except ExceptionAnswer as answer:
        if answer.code not in codes:
            raise Broken("wrong_exception", f"{what}: {answer}") from answer
        return
    raise Broken("answered_anyway", f"{what}: {found}")


async def health(trial: Trial) -> None:
    robot = trial.robot
    first = await robot.health()
    if not first.serial or not first.boot:
        raise Broken("bad_block", f"serial {first.serial}, boot {first.boot}")

    async def beats() -> bool:
        now = await robot.health()
        if (now.serial, now.boot) != (first.serial, first.boot):
            raise Broken("not_the_same", f"serial {now.serial}, boot {now.boot}")
        return now.heartbeat != first.heartbeat

    await trial.until(beats, _HEARTBEAT_S, "no_heartbeat")
    sent = await robot.beat()
    robot.beating = False
    try:
        if (echo := (await robot.health()).echo) != sent:
            raise Broken("no_echo", f"{echo}, sent {sent}")
    finally:
        robot.beating = True


async def heads(trial: Trial) -> None:
    robot = trial.robot
    known: list[tuple[blocks.Layout, Callable[[Sequence[int]], tuple[blocks.Head, object]]]] = [
        (blocks.JOBS, blocks.decode_jobs),
        (blocks.BINS, blocks.decode_bins),
        (blocks.CELLS, blocks.decode_cells),
        (blocks.STATIONS, blocks.decode_stations),
    ]
    if (await robot.health()).known_capabilities & Capability.SHARED_CELLS:
        known.append((CONTENTS, decode_contents))
    for layout, decode in known:
        for _ in range(_TRIES):
            before = await robot.health()
            words, head = await _block(trial, layout, decode)
            after = await robot.health()
            if _generation(layout, before) == _generation(layout, after):
                break
        else:
            raise Broken("never_at_rest", f"{layout.address}")
        counts = {blocks.JOBS: after.slots, blocks.BINS: after.bins, blocks.CELLS: after.cells, CONTENTS: after.cells}
        expected = (_generation(layout, after), after.boot, counts.get(layout, after.stations))
        shown = (head.generation if expected[0] is not None else None, head.boot, head.count)
        if shown != expected:
            raise Broken("head_differs", f"{layout.address}: generation, boot, count {shown}, health says {expected}")
        if any(words[blocks.HEAD_SIZE + head.count * layout.width :]):
            raise Broken("rows_beyond_count", f"{layout.address}")
        await _begins_alike(trial, layout, words)


async def _block(
    trial: Trial, layout: blocks.Layout, decode: Callable[[Sequence[int]], tuple[blocks.Head, object]]
) -> tuple[list[int], blocks.Head]:
    try:
        words = await trial.robot.ask(read_registers(layout.address, layout.size))
        return words, decode(words)[0]
    except (ExceptionAnswer, MapError) as error:
        raise Broken("bad_block", f"{layout.address}: {error}") from error


async def _begins_alike(trial: Trial, layout: blocks.Layout, words: Sequence[int]) -> None:
    """Its head and first row alone: of the same block."""
    try:
        part = await trial.robot.ask(read_registers(layout.address, layout.size_of(1)))
    except ExceptionAnswer as answer:
        raise Broken("not_readable", f"{layout.address}, its first row: {answer}") from answer
    if (part[0], part[2:4]) != (words[0], words[2:4]):
        raise Broken("head_differs", f"{layout.address}: {part[:4]} with its first row, {words[:4]} with all")


def _generation(layout: blocks.Layout, shown: HealthBlock) -> int | None:
    generations = {
        blocks.JOBS: shown.jobs_generation,
        blocks.BINS: shown.bins_generation,
        blocks.CELLS: shown.cells_generation,
        CONTENTS: shown.cells_generation,
    }
    return generations.get(layout)


async def inputs(trial: Trial) -> None:
    bits, flags = await trial.robot.inputs(), (await trial.robot.health()).flags
    for bit, flag in ((bits[0], HealthFlag.ESTOP_PRESSED), (bits[1], HealthFlag.DOOR_OPEN)):
        if bool(bit) != bool(flags & flag):
            raise Broken("inputs_differ", f"{flag.name}: {bit}")
