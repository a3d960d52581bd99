"""A disk that may lose what was not flushed: SQLite's own unix file system with its writes and flushes noted.

The product's connections open their files through it without knowing: it is the default VFS (sqlite.org/vfs.html) of
the libsqlite3 that Python's `sqlite3` uses. Of each watched file it keeps, sector by sector, what stood there at the
last flush; when the power goes, each sector written since is old or new, by the seed.
"""

from __future__ import annotations

import ctypes as c
import os
import random
from collections.abc import Callable
from typing import Any

SECTOR = 512
_IOERR_WRITE, _IOERR_FSYNC = 778, 1034
_SHARES = (0.0, 0.3, 0.7, 0.95, 1.0)  # of the unflushed sectors that reached the plate


class _Methods(c.Structure):
    """`sqlite3_io_methods`."""

    _fields_ = [
        ("version", c.c_int),
        *(
            (name, c.c_void_p)
            for name in (
                "close", "read", "write", "truncate", "sync", "size", "lock", "unlock", "reserved", "control", "sector",
                "traits", "shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch",
            )
        ),
    ]  # fmt: skip


class _File(c.Structure):
    """`sqlite3_file`."""

    _fields_ = [("methods", c.POINTER(_Methods))]


class _Vfs(c.Structure):
    """`sqlite3_vfs`."""

    _fields_ = [
        ("version", c.c_int),
        ("file_size", c.c_int),
        ("path_size", c.c_int),
        ("next", c.c_void_p),
        ("name", c.c_char_p),
        *(
            (name, c.c_void_p)
            for name in (
                "data", "open", "delete", "access", "full_path", "dl_open", "dl_error", "dl_sym", "dl_close",
                "randomness", "sleep", "now", "last_error", "now64", "set_call", "get_call", "next_call",
            )
        ),
    ]  # fmt: skip


# SQLite keeps the name it opens a file by: it goes through as the pointer that it is.
_OPEN = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p, c.c_int, c.POINTER(c.c_int))
_RANDOM = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int, c.c_void_p)
_CLOSE = c.CFUNCTYPE(c.c_int, c.c_void_p)
_WRITE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_int, c.c_int64)
_TRUNCATE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int64)
_SYNC = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int)


class _Tracked:
    """One watched file, however many connections have it open."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.before: dict[int, bytes] = {}  # sector → what stood there at the last flush
        self.size: int | None = None  # at the last flush, where it has changed since

    def note(self, offset: int, size: int) -> None:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            if self.size is None:
                self.size = os.fstat(descriptor).st_size
            for sector in range(offset // SECTOR, (offset + size - 1) // SECTOR + 1):
                if sector not in self.before:
                    self.before[sector] = os.pread(descriptor, SECTOR, sector * SECTOR).ljust(SECTOR, b"\0")
        finally:
            os.close(descriptor)

    def flushed(self) -> None:
        self.before.clear()
        self.size = None


class Disk:
    """Installed once in a process, before SQLite is used. `watch(path)` names a database; `arm(n)`: once it is opened
    anew, the n-th write or flush of it never happens, and nothing after it. `keeps_flushes=False` is a disk that
    lies."""

    def __init__(self, entropy: Callable[[int], bytes], *, keeps_flushes: bool = True) -> None:
        library = c.CDLL("libsqlite3.so.0")
        library.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
        library.sqlite3_vfs_find.argtypes = [c.c_char_p]
        library.sqlite3_vfs_register.argtypes = [c.POINTER(_Vfs), c.c_int]
        plain = library.sqlite3_vfs_find(b"unix").contents
        self._keeps_flushes = keeps_flushes
        self._plain_open = _OPEN(plain.open)
        self._vfs = _Vfs()
        c.memmove(c.byref(self._vfs), c.byref(plain), c.sizeof(_Vfs))
        self._vfs.next, self._vfs.name = None, b"simulated"
        self._kept: list[Any] = [
            _OPEN(self._open),
            _RANDOM(lambda vfs, size, out: (c.memmove(out, entropy(size), size), size)[1]),
        ]  # what C calls must live as long as the process
        self._vfs.open = c.cast(self._kept[0], c.c_void_p)
        self._vfs.randomness = c.cast(self._kept[1], c.c_void_p)
        if library.sqlite3_vfs_register(c.byref(self._vfs), 1) != 0:
            raise OSError("SQLite takes no other file system")
        self._kinds: dict[int, _Methods] = {}
        self._open_files: dict[int, _Tracked] = {}
        self._watched: set[str] = set()
        self._tracked: dict[str, _Tracked] = {}
        self._calls = self._stops_at = 0
        self.stopped = False

    def watch(self, path: str) -> None:
        self._watched |= {path, f"{path}-wal"}

    def arm(self, n: int) -> None:
        self._stops_at = self._calls + n

    def begin_life(self) -> None:
        """A new process, which has nothing open yet."""
        self.stopped, self._stops_at = False, 0
        self._tracked.clear()
        self._open_files.clear()

    def cut(self, path: str, image: bytes, rng: random.Random) -> bytes:
        """What is left of the file when the power goes now."""
        tracked = self._tracked.get(path)
        if tracked is None or tracked.size is None:
            return image
        share, data = rng.choice(_SHARES), bytearray(image)
        for sector, before in sorted(tracked.before.items()):
            at = sector * SECTOR
            if rng.random() >= share and at < len(data):
                data[at : at + SECTOR] = before[: len(data) - at]
        if len(data) > tracked.size and rng.random() < 0.5:
            del data[tracked.size :]
        return bytes(data)

    # What SQLite calls.

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
        code = int(self._plain_open(vfs, name, file, flags, out))
        path = os.fsdecode(c.string_at(name)) if name else ""
        if code != 0 or not self._stops_at or path not in self._watched:
            return code
        self._open_files[file] = self._tracked.setdefault(path, _Tracked(path))
        methods = _File.from_address(file).methods
        key = c.addressof(methods.contents)
        if key not in self._kinds:
            self._kinds[key] = self._noted(methods.contents)
        _File.from_address(file).methods = c.pointer(self._kinds[key])
        return code

    def _noted(self, plain: _Methods) -> _Methods:
        """The same methods, four of them seen by us."""
        calls = _Calls(self, plain)
        seen = (_WRITE(calls.write), _TRUNCATE(calls.truncate), _SYNC(calls.sync), _CLOSE(calls.close))
        self._kept += [calls, *seen]
        noted = _Methods()
        c.memmove(c.byref(noted), c.byref(plain), c.sizeof(_Methods))
        noted.write, noted.truncate, noted.sync, noted.close = (c.cast(call, c.c_void_p) for call in seen)
        return noted

    def flush(self, tracked: _Tracked) -> None:
        if self._keeps_flushes:
            tracked.flushed()

    def forget(self, file: int) -> None:
        self._open_files.pop(file, None)

    def armed(self, file: int) -> _Tracked | None:
        return self._open_files.get(file)

    def stops(self) -> bool:
        """Whether this write or flush is the one before which the power goes, or one after it."""
        self._calls += 1
        self.stopped = self.stopped or self._calls >= self._stops_at
        return self.stopped


class _Calls:
    """Writes and flushes of files of one kind on their way to SQLite's own."""

    def __init__(self, disk: Disk, plain: _Methods) -> None:
        self._disk = disk
        self._write, self._truncate = _WRITE(plain.write), _TRUNCATE(plain.truncate)
        self._sync, self._close = _SYNC(plain.sync), _CLOSE(plain.close)

    def write(self, file: int, data: int, size: int, offset: int) -> int:
        if (tracked := self._disk.armed(file)) is not None:
            if self._disk.stops():
                return _IOERR_WRITE
            tracked.note(offset, size)
        return int(self._write(file, data, size, offset))

    def truncate(self, file: int, size: int) -> int:
        if (tracked := self._disk.armed(file)) is not None:
            if self._disk.stops():
                return _IOERR_WRITE
            if size < (length := os.path.getsize(tracked.path)):
                tracked.note(size, length - size)
        return int(self._truncate(file, size))

    def sync(self, file: int, flags: int) -> int:
        if (tracked := self._disk.armed(file)) is not None:
            if self._disk.stops():
                return _IOERR_FSYNC
            self._disk.flush(tracked)
        return int(self._sync(file, flags))

    def close(self, file: int) -> int:
        self._disk.forget(file)
        return int(self._close(file))
