"""Many jobs through everything that goes wrong on a line, and power cuts: nothing twice, nothing lost."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from drivers.robot.blocks import JobSlot
from drivers.robot.certify.clauses import Broken
from drivers.robot.certify.examinee import REFUSED
from drivers.robot.certify.trial import FIRST_JOB, OVER, Trial
from drivers.robot.mailbox import Result, encode_mailbox
from drivers.robot.port import ComplexState, CookingOrder, JobState

_SEED = 16
_CUTS = 5
_STALLED_S = 600.0
_RANKS = {JobState.QUEUED: 0, JobState.COOKING: 1, JobState.HELD: 1}
_COOKED = frozenset({JobState.READY, JobState.PICKED_UP})
_KEPT_OUT = 3  # so often in a row it may have been so
_FULL_CELLS = (ComplexState.SUSPENDING, ComplexState.SUSPENDED, ComplexState.UNSUSPENDING)
_TELL_EVERY = 25


@dataclass(slots=True)
class _Books:
    """What every job was seen as; `ended` are those that were over and released; `kept_out`: how often in a row an
    order met a complex whose cells had been full the moment before."""

    ranks: dict[int, int] = field(default_factory=dict)
    ended: dict[int, JobState] = field(default_factory=dict)
    cuts: int = 0
    kept_out: int = 0


async def load(trial: Trial) -> None:
    books, rng = _Books(), random.Random(_SEED)  # noqa: S311  # trouble, not secrets
    accepted = 0
    every = max(1, trial.jobs // (_CUTS + 1))
    while accepted < trial.jobs:
        room = await _look(trial, books)
        while room and accepted < trial.jobs:
            order = await trial.order()
            if not await _submit(trial, books, order, rng):
                break
            books.ranks[order.job_id] = 0
            accepted, room = accepted + 1, room - 1
            if accepted % _TELL_EVERY == 0:
                trial.tell("jobs", f"{accepted}/{trial.jobs}")
            if accepted % every == 0 and _by_script(trial):
                await _cut(trial, books)
                break
    await trial.until(lambda: _all_ended(trial, books), _STALLED_S, "never_over")
    interrupted = sum(state is JobState.INTERRUPTED for state in books.ended.values())
    if interrupted and not books.cuts:
        raise Broken("interrupted_without_a_cut", str(interrupted))


def _by_script(trial: Trial) -> bool:
    return trial.power is not None and not trial.power.by_hand


async def _cut(trial: Trial, books: _Books) -> None:
    await trial.cut_power()
    books.cuts += 1
    await _look(trial, books)
    await trial.stand_up()


async def _all_ended(trial: Trial, books: _Books) -> bool:
    await _look(trial, books)
    return books.ranks.keys() == books.ended.keys()


async def _look(trial: Trial, books: _Books) -> int:
    """Books what the table shows, releases what is over, hands out; how many slots are free then. Raises `Broken`."""
    table = await trial.robot.table()
    rows = {row.job_id: row for row in table.jobs if row.job_id >= FIRST_JOB}
    if len(rows) != len(table.jobs):
        raise Broken("twice", f"{sorted(row.job_id for row in table.jobs)}")
    for job_id, rank in books.ranks.items():
        if job_id not in books.ended:
            books.ranks[job_id] = _moved(job_id, rank, rows.get(job_id))
    if again := rows.keys() & books.ended.keys():
        raise Broken("begun_again", f"jobs {sorted(again)} after their release")
    for row in await trial.release_over():
        if row.state not in (*_COOKED, JobState.INTERRUPTED) or (row.state is JobState.INTERRUPTED and not books.cuts):
            raise Broken("not_cooked", f"job {row.job_id}: {row.state.name}")
        books.ended[row.job_id] = row.state
    await trial.hand_out()
    return table.head.count - len((await trial.robot.table()).jobs)


def _moved(job_id: int, rank: int, row: JobSlot | None) -> int:
    """Raises `Broken` where it is gone, or goes back."""
    if row is None:
        raise Broken("lost", f"job {job_id}")
    now = 2 if row.state in OVER else _RANKS[row.state]
    if now < rank and not (row.state is JobState.QUEUED and not row.food_spent and rank == 1):
        raise Broken("begun_again", f"job {job_id}: {row.state.name}")
    return now


async def _submit(trial: Trial, books: _Books, order: CookingOrder, rng: random.Random) -> bool:
    """Now and then as a bad line or a confused controller would; False where full cells keep it out. Raises `Broken`
    where it ends otherwise than it must."""
    robot = trial.robot
    box = await robot.submission(order)
    words = encode_mailbox(box)
    mischief = rng.choice(("", "", "", "repeat", "lost", "stale", "cut", "unit", "damaged"))
    spoils = {"cut": robot.line.cut_short, "unit": robot.line.for_another_unit, "damaged": robot.line.damaged}
    if mischief in spoils:
        await robot.spoil(box, spoils[mischief])
    elif mischief == "lost":
        await robot.spoil(box, bytes)
    elif mischief == "stale":
        stale = box.sent_as(box.seq - 2 if box.seq > 2 else box.seq + 1, box.session)
        if (result := await robot.send(encode_mailbox(stale))) != REFUSED:
            raise Broken("not_refused", f"sequence {stale.seq}: result {result}")
    for _ in range(2 if mischief == "repeat" else 1):
        if (result := await robot.send(words)) != Result.OK:
            if result == Result.WRONG_STATE and await _may_have_been_full(trial, books):
                return False
            raise Broken("not_accepted", f"job {order.job_id} ({mischief or 'plain'}): result {result}")
    await trial.only(order)
    books.kept_out = 0
    return True


async def _may_have_been_full(trial: Trial, books: _Books) -> bool:
    """Full cells suspend a complex, and it goes on by itself, also between its answer and this look: then the next
    order is taken, or one of those after it."""
    state = (await trial.robot.health()).state
    books.kept_out += state is ComplexState.EXECUTE
    return state in _FULL_CELLS or (state is ComplexState.EXECUTE and books.kept_out <= _KEPT_OUT)
