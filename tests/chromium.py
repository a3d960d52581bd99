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


#: Where pages are tested and not measured. No process is started ahead for a site that no test goes to, and a page that
#: lives for seconds is not worth the compilers that would make it fast: a quarter of the processor's time.
TESTED_FLAGS = (
    FLAGS[0],
    f"--disable-features={','.join((*QUIET_FEATURES, 'SpareRendererForSitePerProcess'))}",
    "--js-flags=--no-maglev --no-turbofan",
)


def installed() -> str | None:
    """Its program: what `KIOSK_CHROMIUM` names, else Debian's."""
    return os.environ.get("KIOSK_CHROMIUM") or shutil.which("chromium")


def for_tests() -> str | None:
    """The same without its window, toolbar and profile, where Debian's package of it is installed: each context costs
    half of a whole browser's. Else the whole one."""
    return os.environ.get("KIOSK_CHROMIUM") or shutil.which("chromium-headless-shell") or installed()
