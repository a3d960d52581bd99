"""The menu of a process: what it begins to sell, and who may change that."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from kiosk.clock import Clock
from kiosk.config import ConfigError, problem
from kiosk.config.settings import Config
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.moment import MenuOfInstant
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.reasons import MENU_OLDER, TAX_OF_NO_DISH
from kiosk.flows.menu.cloud import MenuCloud
from kiosk.flows.menu.editing import MenuDrafts
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.publishing import CHECK, MenuPublisher
from kiosk.flows.menu.starting import FileMenu, begin
from kiosk.flows.menu.whole import WholeMenus
from kiosk.pictures.folder import PictureFolder
from kiosk.store.database import Database
from kiosk.wiring.ground import Ground
from kiosk.wiring.preconditions import Ready
from kiosk.wiring.rules import taxed_dishes
from kiosk.wiring.targets import menu_keys

_log = structlog.get_logger()


async def begin_menu(
    config: Config, ready: Ready, database: Database, readiness: Readiness, clock: Clock
) -> CurrentMenu:
    """Raises `ConfigError` where no menu can be sold."""
    file = FileMenu(bundle=ready.file.bundle, digest=ready.file.digest, menu=ready.menu, own=bool(config.menu.file))
    try:
        begun = await begin(database, file, ready.equipment, clock.now())
    except MenuError as error:
        raise ConfigError(problem("$.menu", error)) from error
    if begun.lost is not None:
        revision, why = begun.lost
        readiness.set(CHECK, MENU_OLDER, blocks=False, detail=f"revision {revision}: {why}")
    for item in taxed_dishes(config):
        if item not in begun.menu.dishes:
            _log.warning(TAX_OF_NO_DISH, item=item, revision=begun.revision)
    instants = MenuOfInstant(ZoneInfo(config.restaurant.timezone))
    return CurrentMenu(begun.menu, begun.revision, of_now=lambda whole: instants.of(whole, clock.now()))


class MenuParts:
    """Who changes the menu. `cloud`: None where none is asked."""

    def __init__(self, ground: Ground, pictures: PictureFolder) -> None:
        database, menu, clock = ground.database, ground.menu, ground.parts.clock
        self.publisher = MenuPublisher(
            database,
            menu,
            ground.equipment,
            ground.readiness,
            clock,
            ground.parts.checkpoint,
            taxed=taxed_dishes(ground.config),
        )
        self.history = MenuHistory(database, menu, self.publisher, ground.config.menu.languages)
        self.drafts = MenuDrafts(database, self.history, self.publisher, ground.equipment, clock)
        self.wholes = WholeMenus(database, self.history, self.publisher)
        self.cloud: MenuCloud | None = None
        if ground.devices.menu is not None:
            self.cloud = MenuCloud(
                database,
                ground.devices.menu,
                self.publisher,
                pictures,
                ground.readiness,
                clock,
                keys=menu_keys(ground.config),
                poll_s=ground.config.menu.poll_s,
            )
