"""How a process beside ours uses the machine only when nobody else does."""

from __future__ import annotations

import shutil


def when_idle() -> tuple[str, ...]:
    """What its command begins with, for the disk. util-linux is there on Debian; a system that forbids it (`-t`), or
    has none of it, is no reason not to run."""
    return ("ionice", "-t", "-c", "3") if shutil.which("ionice") else ()
