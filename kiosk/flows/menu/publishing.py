"""A menu becomes the current one: checked, in the books with its event in one commit, sold from the next order on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from drivers.robot.equipment import Equipment
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.events import MenuPublishedEvent
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, Finding, Origin, encoded, look_through, version_of
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.differences import differences
from kiosk.domain.menu.menu import Menu
from kiosk.domain.menu.refusals import MenuUnsellable
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.reasons import TAX_OF_NO_DISH, words_of
from kiosk.flows.menu.views import MenuTrouble
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.menu import revisions
from kiosk.store.stock import charts
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
#: The checks that say that another menu is sold than should be: one that cannot be cooked, the cloud's.
CHECK, CLOUD_CHECK = "menu", "menu_cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """By whom and from where. `source`: of a roll back the revision that is brought back, of the cloud's menu its
    number there; `edit`: of the draft."""

    origin: Origin
    actor: str
    source: int | None = None
    edit: int | None = None

    @property
    def told(self) -> str:
        """For the journal."""
        return self.origin.value if self.source is None else f"{self.origin.value} {self.source}"


def keep(tx: Tx, bundle: Bundle, menu: Menu, publication: Publication, now: datetime) -> int:
    """The new revision with its charts, its event and its line of the journal; its number. Nobody is told of a first
    one: it is what was sold before. Raises `MenuError` for one that is too large to be kept."""
    before = revisions.newest(tx)
    version = version_of(bundle)
    revision = revisions.add(
        tx,
        revisions.NewRevision(
            origin=publication.origin,
            actor=publication.actor,
            version=version,
            differences=0 if before is None else _differences(tx, before.revision, bundle),
            body=encoded(bundle).decode(),
            codes={row.id: row.code for row in menu.ingredients.values()},
            source=publication.source,
            edit=publication.edit,
        ),
        now,
    )
    charts.keep(tx, menu.charts())
    if before is None:
        return revision
    outbox.put(
        tx,
        MenuPublishedEvent(
            revision=revision,
            version=version,
            origin=publication.origin.value,
            by=publication.actor,
            published_at=rfc3339(now),
        ),
        now,
    )
    journal.add(tx, publication.actor, "menu_publish", f"{revision} {publication.told}", now)
    return revision


def _differences(tx: Tx, revision: int, bundle: Bundle) -> int:
    """From one that this program can read; 0 from any other."""
    try:
        return len(differences(msgspec.json.decode(revisions.body(tx, revision) or "", type=Bundle), bundle))
    except (msgspec.ValidationError, msgspec.DecodeError):
        return 0


def _sellable(bundle: Bundle, equipment: Equipment) -> Menu:
    """Raises `MenuUnsellable`."""
    try:
        encoded(bundle)
    except MenuError as error:
        raise MenuUnsellable([Finding("", "", "", error.text)], str(error)) from error
    looked = look_through(bundle, equipment)
    if looked.menu is None:
        raise MenuUnsellable(looked.findings, str(looked.errors[0]))
    return looked.menu


class MenuPublisher:
    """The one writer of the current menu. `taxed`: the dishes that the settings have rates of their own for."""

    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        equipment: Equipment,
        readiness: Readiness,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        taxed: Collection[str] = (),
    ) -> None:
        self._taxed = taxed
        self._db = database
        self._menu = menu
        self._equipment = equipment
        self._readiness = readiness
        self._clock = clock
        self._cp = checkpoint
        self._turn = asyncio.Lock()

    def troubles(self) -> list[MenuTrouble]:
        """Why another menu is sold than should be, or dishes may be sold at another rate of VAT than should be."""
        known = self._readiness.checks()
        checks = [known[name] for name in (CHECK, CLOUD_CHECK) if name in known]
        found = [
            MenuTrouble(check.reason, check.told or words_of(check.reason).technician, check.detail)
            for check in checks
            if check.reason is not None
        ]
        if nobodys := sorted(set(self._taxed) - self._menu.now.dishes.keys()):
            found.append(MenuTrouble(TAX_OF_NO_DISH, words_of(TAX_OF_NO_DISH).technician, " ".join(nobodys)))
        return found

    async def publish(
        self, bundle: Bundle, publication: Publication, within: Callable[[Tx], int | None] = lambda _: None
    ) -> int:
        """The number of the revision that is current then. `within`: what else belongs into the commit; it raises what
        is refused, or names the revision that was made of this before. Whoever asks may go away meanwhile. Raises
        `MenuUnsellable`."""
        return await asyncio.shield(self._publish(bundle, publication, within))

    async def _publish(self, bundle: Bundle, publication: Publication, within: Callable[[Tx], int | None]) -> int:
        async with self._turn:
            menu = await asyncio.to_thread(_sellable, bundle, self._equipment)
            self._cp("menu.checked")

            revision = await self._commit(bundle, menu, publication, within)
            self._cp("menu.committed")
            if revision > self._menu.revision:
                self._menu.publish(menu, revision)
                self._readiness.set(CHECK, None, blocks=False)
                _log.info("menu_published", revision=revision, origin=publication.origin.value, by=publication.actor)
            self._cp("menu.sold")
            return revision

    async def _commit(
        self, bundle: Bundle, menu: Menu, publication: Publication, within: Callable[[Tx], int | None]
    ) -> int:
        """All of it, or nothing."""
        now = self._clock.now()

        def run(tx: Tx) -> int:
            done = within(tx)
            return keep(tx, bundle, menu, publication, now) if done is None else done

        return await self._db.write(run)
