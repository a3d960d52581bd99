"""An adapter may vanish at any moment of being opened: the line is missing then, and nothing else is raised."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import threading
from pathlib import Path

import pytest

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


async def test_bytes_that_a_full_port_does_not_take_go_out_later_and_in_their_order() -> None:
    master, link = terminal(short_folder())
    line = await open_serial(str(link), 115200)
    sent = bytes(range(256)) * 400  # more than a terminal holds
    for start in range(0, len(sent), 1000):
        line.write(sent[start : start + 1000])
    came = bytearray()
    os.set_blocking(master, False)
    there = asyncio.Event()
    asyncio.get_running_loop().add_reader(master, there.set)
    async with asyncio.timeout(20):
        while len(came) < len(sent):
            await there.wait()
            there.clear()
            with contextlib.suppress(BlockingIOError):
                came += os.read(master, 65536)
    asyncio.get_running_loop().remove_reader(master)
    assert bytes(came) == sent
    line.close()
    os.close(master)


async def test_write_to_a_line_that_is_gone_is_told_by_the_next_read() -> None:
    master, link = terminal(short_folder())
    line = await open_serial(str(link), 115200)
    os.close(master)
    with contextlib.suppress(DeviceUnreachable):  # already known, or not yet
        line.write(b"\x05")
    with pytest.raises(DeviceUnreachable):
        await line.read(5.0)
    line.close()
