"""Where the files of a test lie: on a disk in memory, where the machine has one with room. What a killed process wrote
is there as on any disk (power cuts are simulated apart), and no neighbour's flush holds a test up."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2**30


def root() -> Path:
    """Short, for unix sockets fit 108 bytes."""
    usable = _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK | os.X_OK)
    if usable and shutil.disk_usage(_IN_MEMORY).free >= _ROOM_BYTES:
        return _IN_MEMORY
    return Path("/tmp")


def new(prefix: str = "k") -> Path:
    return Path(tempfile.mkdtemp(prefix=prefix, dir=root()))
