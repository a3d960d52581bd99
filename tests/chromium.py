"""The browser that pages are tested and measured in."""

from __future__ import annotations

import os
import shutil

#: Off in a restaurant too (`systemd/kiosk-browser.service`): the address bar is two pages of 400 modules beside ours.
QUIET_FEATURES = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "Translate")
#: No name but our own is looked up: a browser asks its maker for this and that at every start.
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    f"--disable-features={','.join(QUIET_FEATURES)}",
)


def installed() -> str | None:
    """Its program: what `KIOSK_CHROMIUM` names, else Debian's."""
    return os.environ.get("KIOSK_CHROMIUM") or shutil.which("chromium")
