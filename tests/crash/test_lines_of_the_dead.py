"""A serial line of a device that was killed leads nowhere, whoever opens a terminal next.

Else one world's kiosk would print on another world's registrar, and both would be judged by it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.errors import DeviceUnreachable
from drivers.link import open_serial
from tests.crash.devices import Devices
from tests.crash.lives import pause
from tests.restaurant import short_folder


@contextmanager
def registrar() -> Iterator[Devices]:
    found = Devices(short_folder(), ("fiscal",))
    found.start()
    try:
        yield found
    finally:
        found.stop()
        shutil.rmtree(found.folder, ignore_errors=True)


async def test_line_of_a_killed_registrar_does_not_lead_to_the_next_one_that_is_switched_on() -> None:
    with registrar() as mine:
        terminal = Path(os.readlink(mine.line("fiscal")))
        os.kill(mine.pid("fiscal"), 9)  # as a bomb does it: nobody is told
        while not mine.dead("fiscal"):
            pause()
        with registrar() as other:
            assert Path(os.readlink(other.line("fiscal"))) != terminal
            with pytest.raises(DeviceUnreachable, match="port_missing"):
                await open_serial(str(mine.line("fiscal")), 115200)
        mine.kill("fiscal")
        mine.restart("fiscal")
        (await open_serial(str(mine.line("fiscal")), 115200)).close()
