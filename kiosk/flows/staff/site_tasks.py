"""Acts of staff that take long: begun at one page, found again at any, with how far they are and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import Annotated

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import DatabaseBroken, DomainError
from kiosk.domain.staff.roles import Person
from kiosk.flows.fiscal.audit import Audit, AuditView
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.staff import site_tasks
from kiosk.store.transaction import Tx
from kiosk.tasks import Tasks
from kiosk.trial_sale import NoSale

AUDIT, BACKUP, TRIAL = "audit", "backup", "trial"
RUNNING, DONE, FAILED = "running", "done", "failed"
_BY_HAND = "kiosk-by-hand-"
_UNFINISHED = ".part"
_KEPT = 3
_ACTIONS = {AUDIT: "audit", TRIAL: "trial_sale"}
#: Why a task failed that a restart cut off.
CUT_OFF = "cut_off"


#: Sells one dish by a way to pay and gives it back, as whoever asks; hears its steps. Raises `NoSale`.
Trial = Callable[[str, Person, Callable[[str], None]], Awaitable[None]]


class TrialRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]


class BackupView(msgspec.Struct, frozen=True):
    file: str
    size_bytes: int


class SiteTaskView(msgspec.Struct, frozen=True):
    """`step`: what it is at, while it runs; `said`: what a trial sale told so far; `error`: why it failed. One of the
    results where it is done."""

    kind: str
    state: str
    actor: str
    begun_at: str
    ended_at: str | None = None
    step: str = ""
    error: str = ""
    said: list[str] = []
    audit: AuditView | None = None
    backup: BackupView | None = None


class SiteTasksView(msgspec.Struct, frozen=True):
    """The last of each kind."""

    tasks: list[SiteTaskView]


class SiteTasks:
    """One of a kind at a time; what is asked for while it runs is that one. What came of the last stands in the books;
    one that a restart cut off has failed, and may be begun anew."""

    def __init__(
        self,
        database: Database,
        tasks: Tasks,
        audits: Audit,
        clock: Clock,
        *,
        backups: Path,
        trial: Trial,
    ) -> None:
        """`backups`: the folder of those that are made by hand."""
        self._db = database
        self._tasks = tasks
        self._audits = audits
        self._clock = clock
        self._backups = backups
        self._trial = trial
        self._known: dict[str, SiteTaskView] = {}
        self._remembered = False

    async def view(self) -> SiteTasksView:
        await self._remember()
        return SiteTasksView(list(self._known.values()))

    async def audit(self, actor: str) -> SiteTasksView:
        if await self._is_free(AUDIT):
            await self._begin(AUDIT, actor, self._audit, "")
        return await self.view()

    async def backup(self, actor: str) -> SiteTasksView:
        if await self._is_free(BACKUP):
            await self._begin(BACKUP, actor, lambda: self._backup(actor))
        return await self.view()

    async def trial(self, wanted: TrialRequest, person: Person) -> SiteTasksView:
        """Real money and two real receipts."""
        if await self._is_free(TRIAL):
            await self._begin(TRIAL, person.actor, lambda: self._sell(wanted.method, person), wanted.method)
        return await self.view()

    async def _remember(self) -> None:
        """What the process before this one did."""
        if self._remembered:
            return
        rows = await self._db.read(site_tasks.read, (AUDIT, BACKUP, TRIAL))
        if not self._remembered:
            self._remembered = True
            self._known = {name: _as_left(msgspec.json.decode(body, type=SiteTaskView)) for name, body in rows.items()}

    async def _is_free(self, kind: str) -> bool:
        await self._remember()
        known = self._known.get(kind)
        return known is None or known.state != RUNNING

    async def _begin(
        self, kind: str, actor: str, work: Callable[[], Awaitable[dict[str, object]]], noted: str | None = None
    ) -> None:
        """`noted`: its line of the journal; None for one that writes it when it has ended."""
        now = self._clock.now()
        row = self._known[kind] = SiteTaskView(kind, RUNNING, actor, rfc3339(now))

        def run(tx: Tx) -> None:
            site_tasks.put(tx, kind, msgspec.json.encode(row).decode())
            if noted is not None:
                journal.add(tx, actor, _ACTIONS[kind], noted, now)

        try:
            await self._db.write(run)
        except BaseException:
            self._known.pop(kind, None)
            raise
        self._tasks.start(f"site:{kind}", self._carry_out(kind, work))

    async def _carry_out(self, kind: str, work: Callable[[], Awaitable[dict[str, object]]]) -> None:
        try:
            found: dict[str, object] = {"state": DONE, **await work()}
        except (DomainError, DatabaseBroken, OSError, NoSale) as error:
            found = {"state": FAILED, "error": str(error)}
        known, now = self._known[kind], rfc3339(self._clock.now())
        row = self._known[kind] = msgspec.structs.replace(known, ended_at=now, step="", **found)
        await self._db.write(site_tasks.put, kind, msgspec.json.encode(row).decode())

    def _tell(self, kind: str, step: str) -> None:
        self._known[kind] = msgspec.structs.replace(self._known[kind], step=step)

    async def _audit(self) -> dict[str, object]:
        return {"audit": await self._audits.audit(lambda step: self._tell(AUDIT, step))}

    async def _sell(self, method: str, person: Person) -> dict[str, object]:
        await self._trial(method, person, self._say)
        return {}

    def _say(self, line: str) -> None:
        known = self._known[TRIAL]
        self._known[TRIAL] = msgspec.structs.replace(known, said=[*known.said, line])

    async def _backup(self, actor: str) -> dict[str, object]:
        """Under another name until it is whole: what a kill leaves is taken away by the next one."""
        now = self._clock.now()
        file = self._backups / f"{_BY_HAND}{now.astimezone(UTC):%Y%m%dT%H%M%S}Z.db"
        made = file.with_name(file.name + _UNFINISHED)
        await asyncio.to_thread(self._prepare)
        size = await self._db.backup(made)
        await asyncio.to_thread(self._finish, made, file)
        await self._db.write(journal.add, actor, "backup", str(file), now)
        return {"backup": BackupView(str(file), size)}

    def _prepare(self) -> None:
        self._backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._backups.glob(f"{_BY_HAND}*{_UNFINISHED}*"):
            left.unlink()

    def _finish(self, made: Path, file: Path) -> None:
        """The names sort by their time."""
        made.rename(file)
        for old in sorted(self._backups.glob(f"{_BY_HAND}*.db"))[:-_KEPT]:
            old.unlink()


def _as_left(row: SiteTaskView) -> SiteTaskView:
    """Whatever ran when the process ended runs no more."""
    if row.state != RUNNING:
        return row
    return msgspec.structs.replace(row, state=FAILED, step="", error=CUT_OFF)
