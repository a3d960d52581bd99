"""The reserve file: room that is given free when the disk is full, so that what is under way can still be written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class Reserve:
    """A file of real blocks beside the database."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    def lay(self) -> bool:
        """Take the room; False where there is none."""
        if self._size_bytes == 0:
            return True
        with contextlib.suppress(OSError):
            if self._path.stat().st_size == self._size_bytes:
                return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def spend(self) -> bool:
        """Give the room free; False where none was kept."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def free_bytes(self) -> int:
        """Room left for this user on the disk, the reserve not counted."""
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize
