"""A site's own menu for a test: the demo's, with a change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

DEMO = Path(__file__).parent.parent / "kiosk/demo"


def own_menu(folder: Path, change: Callable[[str], str]) -> Path:
    """The file, with the demo's charts beside it."""
    shutil.copytree(DEMO / "charts", folder / "charts", dirs_exist_ok=True)
    file = folder / "menu.toml"
    before = (DEMO / "menu.toml").read_text("utf-8")
    after = change(before)
    assert after != before, "nothing was changed"
    file.write_text(after, "utf-8")
    return file
