"""An adapter may vanish at any moment of being opened: the line is missing then, and nothing else is raised."""

from __future__ import annotations

import contextlib
import os
import pty
import threading
from pathlib import Path

from drivers.errors import DeviceUnreachable
from drivers.link import open_serial
from tests.restaurant import short_folder

#: Of the far end's closings some fall between two steps of the opening.
_TIMES = 100


def terminal(folder: Path) -> tuple[int, Path]:
    """The master's descriptor, and a link to the other end as a device has it."""
    master, slave = pty.openpty()
    link = folder / "tty"
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(slave))
    os.close(slave)
    return master, link


async def test_an_adapter_pulled_while_it_is_opened_is_a_missing_port() -> None:
    folder = short_folder()
    for _ in range(_TIMES):
        master, link = terminal(folder)
        pulling = threading.Thread(target=os.close, args=(master,))
        pulling.start()
        with contextlib.suppress(DeviceUnreachable):
            (await open_serial(str(link), 115200)).close()
        pulling.join()
