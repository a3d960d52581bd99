"""Work that is taken up at each start and ends in a bug each time: the third bug sets it aside for a person, and the
process lives on for everybody else."""

from __future__ import annotations

from kiosk.clock import Clock
from kiosk.store.database import Database
from kiosk.store.staff import troubles
from kiosk.tasks import Tasks


class CrashLoopGuard:
    """Counts in the database, since each of the first bugs ends the process."""

    def __init__(self, database: Database, tasks: Tasks, clock: Clock) -> None:
        self._db = database
        self._tasks = tasks
        self._clock = clock
        tasks.set_aside_by(self._count)

    async def restore(self) -> None:
        """At start, before anything is taken up."""
        self._tasks.aside.update(await self._db.read(troubles.read_set_aside))

    async def _count(self, job: str, error: Exception) -> bool:
        now, told = self._clock.now(), f"{type(error).__name__} at {_place(error)}"
        return await self._db.write(troubles.count_failure, job, told, now)

    async def take_up(self, job: str) -> None:
        """A person wants one more try."""
        await self._db.write(troubles.take_up_again, job)
        self._tasks.aside.discard(job)


def _place(error: Exception) -> str:
    """Where it was raised; its text may hold what a customer typed."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return "?" if frame is None else f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}"
