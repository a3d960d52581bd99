"""kill -9 at every point and statement of a publication, a roll back, a menu of the cloud and a changed file: one
revision is current, its event is there once, and asked again nothing happens twice."""

from __future__ import annotations

import asyncio
import base64
import copy
import itertools
import json
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from drivers.menu.source import HttpMenuSource
from drivers.sim.gateways.menu import menu_cloud
from kiosk.checkpoints import MENU_POINTS, VARIABLE, Checkpoints
from kiosk.clock import SystemClock
from kiosk.domain.errors import NotFound
from kiosk.domain.events import MenuPublishedEvent
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, build
from kiosk.domain.menu.changes import Change
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.whole import WholeMenu
from kiosk.domain.signing import read_keys
from kiosk.flows.menu.cloud import MenuCloud
from kiosk.flows.menu.editing import MenuDrafts
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.publishing import MenuPublisher, Publication
from kiosk.flows.menu.starting import FileMenu, begin
from kiosk.flows.menu.views import DraftChanges, OpenDraft, PublishDraft
from kiosk.flows.menu.whole import WholeMenus
from kiosk.pictures.folder import PictureFolder
from kiosk.store import journal
from kiosk.store.database import Database, Trace
from kiosk.store.events import outbox
from kiosk.store.menu import drafts, revisions
from kiosk.store.transaction import Reader, Tx
from tests.databases.ready import lay_ready
from tests.domain.dishes import CHART, COMPLEX, MENU
from tests.samples import EVERY, SEED

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
OLD, NEW = 10_000, 20_000
NOTHING = Checkpoints({})


def bundle(kopecks: int) -> Bundle:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    raw["menu"]["items"][0]["price_kopecks"] = kopecks
    return msgspec.convert(raw, Bundle)


def file(kopecks: int) -> FileMenu:
    found = bundle(kopecks)
    return FileMenu(bundle=found, digest=str(kopecks), menu=build(found, COMPLEX), own=True)


class Life:
    """A process that has the restaurant's menu in its hands."""

    def __init__(self, folder: Path, act: str, checkpoint: Checkpoints, kind: type[MenuPublisher]) -> None:
        self.folder, self.act, self.checkpoint, self.kind = folder, act, checkpoint, kind
        self.path = folder / "kiosk.db"

    async def live(self, stack: AsyncExitStack, trace: Trace | None = None) -> None:
        self.database = await Database.open(self.path, print, trace=trace)
        stack.push_async_callback(self.database.close)
        taken = file(NEW if self.act == "file" and self.is_prepared else OLD)
        begun = await begin(self.database, taken, COMPLEX, datetime.now(UTC))
        self.current = CurrentMenu(begun.menu, begun.revision)
        self.publisher = self.kind(
            self.database, self.current, COMPLEX, Readiness(()), SystemClock(), self.checkpoint
        )  # fmt: skip
        self.history = MenuHistory(self.database, self.current, self.publisher, ["ru"])
        self.drafts = MenuDrafts(self.database, self.history, self.publisher, COMPLEX, SystemClock())

    @property
    def is_prepared(self) -> bool:
        return (self.folder / "prepared").exists()

    async def prepare(self) -> None:
        """What is there before: for a roll back a menu that it goes back from, for a publication the draft."""
        if self.act == "bring_back":
            whole = WholeMenu(menu=bundle(30_000).menu, charts=bundle(30_000).charts)
            await WholeMenus(self.database, self.history, self.publisher).publish(whole, "Ольга")
        if self.act == "publish":
            draft = await self.drafts.open(OpenDraft(), "Ольга")
            price = Change("items", "fried-rice", set={"price_kopecks": NEW})
            changed = await self.drafts.change(DraftChanges(draft.edit, [price]), "Ольга")
            (self.folder / "edit").write_text(str(changed.edit))
        (self.folder / "menu.json").write_text(json.dumps(msgspec.to_builtins(bundle(NEW))))
        (self.folder / "prepared").touch()

    async def do(self) -> None:
        """The act; of a file it is the start itself."""
        if self.act == "publish":
            await self.drafts.publish(PublishDraft(int((self.folder / "edit").read_text())), "Ольга")
        if self.act == "bring_back":
            await self.history.bring_back(1, "Ольга")
        if self.act == "cloud":
            await self._ask_cloud()

    async def _ask_cloud(self) -> None:
        state, ledger, menu = (self.folder / name for name in ("cloud.state", "cloud.jsonl", "menu.json"))
        async with menu_cloud(0, secret=SECRET, state=state, ledger=ledger, file=menu) as device:
            source, readiness = HttpMenuSource(device.menu_url), Readiness(())
            flow = MenuCloud(
                self.database, source, self.publisher, PictureFolder(self.folder), readiness, SystemClock(),
                keys=read_keys(SECRET), poll_s=60.0,
            )  # fmt: skip
            await flow.look()
            await source.close()
            assert readiness.checks()["menu_cloud"].ok, readiness.checks()

    def wrong(self, reader: Reader) -> list[str]:
        """What the books break of their promises."""
        rows = revisions.page(reader, 10**9)[::-1]
        events = [
            event for row in outbox.after(reader, 0, 100) if isinstance(event := row.decode(), MenuPublishedEvent)
        ]
        told = [event.revision for event in events]
        lines = [row.detail for row in journal.read(reader, 100) if row.action == "menu_publish"][::-1]
        numbers = [row.revision for row in rows]
        taken = any(row.origin == "cloud" for row in rows)
        found = {
            "revisions with a gap": numbers != list(range(1, len(rows) + 1)),
            f"events of {told}, revisions {numbers}": told != numbers[1:],
            f"{lines} in the journal": [int(line.split()[0]) for line in lines] != numbers[1:],
            "another is sold than is current": self.current.revision != numbers[-1],
            "a draft beside its revision": drafts.read(reader) is not None and any(row.edit for row in rows),
            "a menu of the cloud that is not noted": taken != bool(revisions.cloud_taken(reader)),
        }
        return [text for text, is_so in found.items() if is_so]


async def _prepared(folder: Path, act: str) -> None:
    async with AsyncExitStack() as stack:
        life = Life(folder, act, NOTHING, MenuPublisher)
        await life.live(stack)
        await life.prepare()


async def _lived(folder: Path, act: str, bomb: int | str, kind: type[MenuPublisher]) -> None:
    async with AsyncExitStack() as stack:
        named = isinstance(bomb, str)
        life = Life(folder, act, Checkpoints({VARIABLE: bomb} if isinstance(bomb, str) else {}), kind)
        await life.live(stack, None if named else _kill_at(int(bomb)))
        await life.do()


async def _judged(folder: Path, act: str, kind: type[MenuPublisher]) -> list[str]:
    """In the next life; then the same is asked again, twice."""
    async with AsyncExitStack() as stack:
        life = Life(folder, act, NOTHING, kind)
        await life.live(stack)
        found = await life.database.read(life.wrong)
        for _ in range(2):
            await life.do()
        found += await life.database.read(life.wrong)
        price = life.current.now.dishes["fried-rice"].item.price_kopecks
        count = len((await life.history.revisions(10**9)).revisions)
        wanted = (OLD, 3) if act == "bring_back" else (NEW, 2)
        return found + ([] if (price, count) == wanted else [f"price and revisions are {price, count}"])


def _kill_at(number: int) -> Callable[[str], None]:
    left = itertools.count(number, -1)

    def trace(_: str) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


def killed(
    folder: Path, act: str, bomb: int | str, kind: type[MenuPublisher] = MenuPublisher
) -> tuple[bool, list[str]]:
    """Whether the bomb went off, and what was broken then."""
    folder.mkdir()
    lay_ready(folder / "kiosk.db")
    asyncio.run(_prepared(folder, act))
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(_lived(folder, act, bomb, kind))
        finally:
            os._exit(0)
    died = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    return died, asyncio.run(_judged(folder, act, kind))


#: Of the short form, which begins at another statement each day.
_STRIDE = 4
ACTS = ("publish", "bring_back", "cloud", "file")


@pytest.mark.parametrize("act", ACTS[:3])
def test_killed_at_each_point_one_menu_is_current_and_told_of_once(tmp_path: Path, act: str) -> None:
    found = {name: killed(tmp_path / name, act, name) for name in MENU_POINTS}
    assert found == dict.fromkeys(MENU_POINTS, (True, []))


@pytest.mark.parametrize("act", ACTS)
def test_killed_at_each_statement_one_menu_is_current_and_told_of_once(tmp_path: Path, act: str) -> None:
    stride = 1 if EVERY else _STRIDE
    for number in itertools.count(SEED % stride, stride):
        died, wrong = killed(tmp_path / str(number), act, number)
        assert wrong == [], f"killed at statement {number}"
        if not died:
            break
    assert number > 20


class _TellsLater(MenuPublisher):
    """The event in a commit of its own, behind that of the revision."""

    async def _commit(
        self, bundle: Bundle, menu: Menu, publication: Publication, within: Callable[[Tx], int | None]
    ) -> int:
        revision = await super()._commit(bundle, menu, publication, within)
        rows = await self._db.read(outbox.newest, 1)
        await self._db.write(lambda tx: tx.execute("DELETE FROM event WHERE sequence = ?", (rows[0].sequence,)))
        self._cp("planted.told_later")
        await self._db.write(outbox.put, rows[0].decode(), rows[0].at)
        return revision


class _ForgetsWhatWasDone(MenuPublisher):
    """A publication that is asked for again is made again."""

    async def _commit(
        self, bundle: Bundle, menu: Menu, publication: Publication, within: Callable[[Tx], int | None]
    ) -> int:
        def again(tx: Tx) -> None:
            try:
                within(tx)
            except NotFound:
                return

        return await super()._commit(bundle, menu, publication, again)


@pytest.mark.parametrize(
    ("kind", "act", "bomb"),
    [(_TellsLater, "publish", "planted.told_later"), (_ForgetsWhatWasDone, "bring_back", "menu.committed")],
    ids=["tells later", "forgets what was done"],
)
def test_planted_bug_of_a_publication_is_caught(tmp_path: Path, kind: type[MenuPublisher], act: str, bomb: str) -> None:
    died, wrong = killed(tmp_path / "planted", act, bomb, kind)
    assert died
    assert wrong, "the sweep does not see this bug: it proves nothing"
