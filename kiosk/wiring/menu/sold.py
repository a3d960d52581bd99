"""Which menu is sold, said of a kiosk that does not run: that of the books, unless its file has been changed."""

from __future__ import annotations

import msgspec

from kiosk.config.settings import Config
from kiosk.domain.menu.bundle import Bundle, Origin, build, holds
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.rows import MenuError
from kiosk.store.file.menu import newest_kept
from kiosk.wiring.preconditions import Ready, menu_remark


def sold_menu(config: Config, ready: Ready) -> tuple[bool, str]:
    """Whether it can be sold as it should, and what it is; as `begin` of the menu's flows decides at the next start."""
    kept, languages = newest_kept(config.database.path), config.menu.languages
    of_file = menu_remark(ready.menu, languages)
    if kept is None or kept.origin == Origin.FILE:
        return True, of_file
    is_new = ready.file.digest != kept.file_taken and not holds(kept.written, ready.file.bundle)
    if config.menu.file and is_new:
        return True, f"{of_file}; the file has changed: the next start sells it instead of revision {kept.revision}"
    name = f"revision {kept.revision} ({kept.origin})"
    try:
        menu = build(msgspec.json.decode(kept.body, type=Bundle), ready.equipment)
    except (MenuError, ChartError, msgspec.ValidationError, msgspec.DecodeError) as error:
        return False, f"{name} cannot be sold here, an older one is: {error}"
    return True, f"{name}, not the file: {menu_remark(menu, languages)}"
