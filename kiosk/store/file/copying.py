"""Files and the disk: a copy of the whole database made while it is used, and what must not be lost with the power."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from kiosk.domain.errors import DatabaseBroken

T = TypeVar("T")
_WITHIN_S = 3600.0


async def copy(path: Path, file: Path) -> int:
    """Copy the database at `path` to `file`, which does not exist yet, through a connection of its own; its size.
    Raises `DatabaseBroken`, also where its disk does not answer."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            await asyncio.wrap_future(on_a_thread(lambda: _copy(path, file)))
    except TimeoutError as error:
        raise DatabaseBroken(f"{file}: not copied within {_WITHIN_S:g} s") from error
    return file.stat().st_size


def _copy(path: Path, file: Path) -> None:
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # nobody else's to read from the beginning
    except FileExistsError as error:
        raise DatabaseBroken(f"{file} exists already") from error
    except OSError as error:
        raise DatabaseBroken(f"{file}: {error.strerror or error}") from error
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as source:
            source.execute("PRAGMA query_only=1")
            with closing(sqlite3.connect(file)) as target:
                source.backup(target)
    except sqlite3.Error as error:
        raise DatabaseBroken(str(error)) from error


async def answered(call: Callable[[], T], within_s: float) -> T:
    """What `call` gives, on a thread of its own. Raises what it raises, and `OSError` where it takes longer."""
    try:
        async with asyncio.timeout(within_s):
            return await asyncio.wrap_future(on_a_thread(call))
    except TimeoutError as error:
        raise OSError(f"a disk does not answer within {within_s:g} s") from error


def on_a_thread(call: Callable[[], T]) -> Future[T]:
    """`call` on a thread of its own, which holds neither the loop nor an exit: a disk may never answer."""
    outcome: Future[T] = Future()

    def run() -> None:
        outcome.set_running_or_notify_cancel()
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the thread gets it
            outcome.set_exception(error)

    threading.Thread(target=run, name="disk", daemon=True).start()
    return outcome


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
