"""Which menu is sold, said of a kiosk that does not run: that of the books, unless its file has been changed."""

from __future__ import annotations

import msgspec

from kiosk.config.settings import Config
from kiosk.domain.menu.bundle import Bundle, Origin, build
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.rows import MenuError
from kiosk.store.file.menu import newest_kept
from kiosk.wiring.preconditions import Ready, menu_remark, sells_file
from kiosk.wiring.rules import taxed_dishes


def sold_menu(config: Config, ready: Ready) -> tuple[bool, str]:
    """Whether it can be sold as it should, and what it is; as `begin` of the menu's flows decides at the next start."""
    kept, languages = newest_kept(config.database.path), config.menu.languages
    of_file = menu_remark(ready.menu, languages)
    if kept is None or kept.origin == Origin.FILE:
        return True, of_file
    if sells_file(config, ready.file):
        return True, f"{of_file}; the file has changed: the next start sells it instead of revision {kept.revision}"
    name = f"revision {kept.revision} ({kept.origin})"
    try:
        menu = build(msgspec.json.decode(kept.body, type=Bundle), ready.equipment)
    except (MenuError, ChartError, msgspec.ValidationError, msgspec.DecodeError) as error:
        return False, f"{name} cannot be sold here, an older one is: {error}"
    nobodys = [item for item in taxed_dishes(config) if item not in menu.dishes]
    told = f"; [[taxes]] of dishes that it does not have: {' '.join(nobodys)}" if nobodys else ""
    return True, f"{name}, not the file: {menu_remark(menu, languages)}{told}"
