"""The power cut as a replay of every syscall a writer made to the database's files, recorded by strace.

For any moment of it a disk image is built: what was synced, plus nothing, all or a random torn part of the rest. That a
file is there, or is gone, is safe only once its folder was synced.

`python -m tests.crash.power DATABASE BOOK SYNCHRONOUS COMMITS` is the writer: the product's own store, each commit is
acknowledged by a line in BOOK through a write that strace records in the same stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.file import opening
from kiosk.store.transaction import Tx

_CALLS = "openat,close,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,dup"
_KEY = "power"
_SECTOR = 512


async def write(path: Path, book: Path, synchronous: int, commits: int) -> None:
    """Commit a growing number through the one writer, a few at a time, and acknowledge each after its future."""
    opening.PRAGMAS["synchronous"] = synchronous
    base = await Database.open(path, lambda reason: sys.exit(reason), readers=1)
    acknowledged = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def one(number: int) -> None:
        def run(tx: Tx) -> None:
            meta.put(tx, f"{_KEY}{number}", "x" * (40 + number % 300))

        await base.write(run)
        os.write(acknowledged, f"{number}\n".encode())

    for first in range(0, commits, 4):
        await asyncio.gather(*(one(first + n) for n in range(min(4, commits - first))))
    os._exit(0)  # no orderly end: a checkpoint at close would only tidy up


@dataclass(frozen=True)
class Step:
    """One recorded call: `make` of a file, `write` of bytes at a place, `truncate`, `unlink`, `rename` (to the name in
    `data`), `sync` of a file or of `FOLDER`, or `ack` of a commit."""

    kind: str
    file: str = ""
    at: int = 0
    data: bytes = b""


def record(folder: Path, synchronous: int, commits: int) -> list[Step]:
    """The writer of this module, in a process of its own; its calls, in order."""
    arguments = [f"{folder}/p.db", f"{folder}/acks", str(synchronous), str(commits)]
    return traced(folder, "tests.crash.power", arguments)


def traced(folder: Path, module: str, arguments: Sequence[str]) -> list[Step]:
    """Run a module under strace; what it told the disk about the files in `folder`, in order."""
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-xx", "-y", "-s", "100000", "-e", f"trace={_CALLS}", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-m", module, *arguments], check=True, timeout=300)
    return list(_parse(trace, folder))


_LINE = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")
_CALL = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")


def _parse(trace: Path, folder: Path) -> Iterator[Step]:
    """A call shown in two halves counts where it ended: only then its effect is certain."""
    halves: dict[str, str] = {}
    for line in trace.read_text().splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        thread, rest = found["thread"], found["rest"]
        if rest.endswith("<unfinished ...>"):
            halves[thread] = rest.removesuffix("<unfinished ...>").rstrip()
            continue
        if rest.startswith("<... "):
            rest = halves.pop(thread, "") + rest.partition("resumed>")[2]
        call = _CALL.match(rest)
        if call is not None and int(call["result"]) >= 0:
            step = _step(call["name"], call["arguments"], folder)
            if step is not None:
                yield step


_FILE = re.compile(r"^\d+<(?P<path>[^>]*)>")
_NAME = re.compile(r'"((?:\\x[0-9a-f]{2})+)"')
FOLDER = "."
_OF_NAMES = {"unlink": "unlink", "openat": "make", "rename": "rename"}


def _step(name: str, arguments: str, folder: Path) -> Step | None:
    if name in _OF_NAMES:
        if name == "openat" and "O_CREAT" not in arguments:
            return None
        paths = [Path(_bytes(found).decode()) for found in _NAME.findall(arguments)]
        if any(path.parent != folder for path in paths):
            return None
        return Step(_OF_NAMES[name], paths[0].name, data=paths[-1].name.encode())
    found = _FILE.match(arguments)
    if found is None:
        return None
    path = _bytes(found["path"]).decode() if "\\x" in found["path"] else found["path"]
    if not path.startswith(str(folder)):
        return None
    file = FOLDER if Path(path) == folder else Path(path).name
    parts = arguments.split(", ")
    if name == "write" and file == "acks":
        return Step("ack", data=_bytes(parts[1].strip('"')))
    if name == "pwrite64":
        return Step("write", file, int(parts[3]), _bytes(parts[1].strip('"')))
    if name == "ftruncate":
        return Step("truncate", file, int(parts[1]))
    return Step("sync", file) if name in ("fsync", "fdatasync") else None


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


class Disk:
    """What is surely on the platter, and what only the cache holds, in order: contents by inode, names by folder."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        """`files`: what lay there, synced, before the first step."""
        self.acknowledged: set[int] = set()
        self._names = {name: inode for inode, name in enumerate(files or ())}
        self._next = len(self._names)
        self._safe_names = dict(self._names)
        self._cached_names: list[dict[str, int | None]] = []  # what each call changed
        self._safe = {self._names[name]: bytearray(content) for name, content in (files or {}).items()}
        self._cached: list[tuple[int, Step]] = []

    def take(self, step: Step) -> None:
        if step.kind == "ack":
            self.acknowledged.update(int(word) for word in step.data.split())
        elif step.kind == "sync" and step.file == FOLDER:
            for change in self._cached_names:
                _name(self._safe_names, change)
            self._cached_names = []
        elif step.kind == "sync":
            synced = self._names.get(step.file)
            for _, waiting in [row for row in self._cached if row[0] == synced]:
                _apply(self._safe.setdefault(self._names[step.file], bytearray()), waiting)
            self._cached = [row for row in self._cached if row[0] != synced]
        elif step.kind == "unlink":
            self._rename({step.file: None})
        elif step.kind == "rename":
            self._rename({step.file: None, step.data.decode(): self._names[step.file]})
        else:
            if step.file not in self._names:
                self._next += 1
                self._rename({step.file: self._next})
            if step.kind != "make":
                self._cached.append((self._names[step.file], step))

    def _rename(self, change: dict[str, int | None]) -> None:
        _name(self._names, change)
        self._cached_names.append(change)

    def after_power_cut(self, kept: str, rng: random.Random) -> dict[str, bytearray]:
        """`none`, `all` or a `torn` part of the cache reached the platter: any subset of its sectors, of its names the
        first few."""
        contents = {inode: bytearray(content) for inode, content in self._safe.items()}
        for inode, step in self._cached:
            content = contents.setdefault(inode, bytearray())
            if kept == "all" or (kept == "torn" and step.kind != "write" and rng.random() < 0.5):
                _apply(content, step)
            elif kept == "torn" and step.kind == "write":
                for begin in range(0, len(step.data), _SECTOR):
                    if rng.random() < 0.5:
                        _apply(content, Step("write", step.file, step.at + begin, step.data[begin : begin + _SECTOR]))
        some = {"none": 0, "all": len(self._cached_names)}.get(kept, rng.randint(0, len(self._cached_names)))
        names = dict(self._safe_names)
        for change in self._cached_names[:some]:
            _name(names, change)
        return {name: contents.get(inode, bytearray()) for name, inode in names.items()}


def _name(names: dict[str, int], change: Mapping[str, int | None]) -> None:
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        del content[step.at :]
        content.extend(bytes(step.at - len(content)))
        return
    if len(content) < step.at:
        content.extend(bytes(step.at - len(content)))
    content[step.at : step.at + len(step.data)] = step.data


#: Opens an image of the files as the next start would: (commits acknowledged and gone, files that are damaged).
Judge = Callable[[Path, set[int]], tuple[int, int]]


@dataclass
class Verdict:
    """Over all images: how many, commits acknowledged and gone, files that were damaged."""

    images: int = 0
    lost: int = 0
    damaged: int = 0


def replay(disk: Disk, steps: list[Step], folder: Path, judge: Judge, *, every: int = 1, seed: int = 1) -> Verdict:
    """A power cut after each `every`-th step, three ways each. The first acknowledgement ends the making of the file;
    what there is none of was made before."""
    verdict, rng = Verdict(), random.Random(seed)
    made = not any(step.kind == "ack" for step in steps)
    for number, step in enumerate(steps):
        disk.take(step)
        if (made or disk.acknowledged) and number % every == 0:
            for kept in ("none", "all", "torn"):
                lost, damaged = judge(_image(disk.after_power_cut(kept, rng), folder), disk.acknowledged)
                verdict.images += 1
                verdict.lost += lost
                verdict.damaged += damaged
    return verdict


def _image(files: dict[str, bytearray], folder: Path) -> Path:
    image = folder / "image"
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir()
    for name, content in files.items():
        if not name.endswith("-shm"):  # the shared memory is made anew
            (image / name).write_bytes(content)
    return image


def judge_commits(image: Path, acknowledged: set[int]) -> tuple[int, int]:
    """Of this module's writer."""
    with contextlib.closing(sqlite3.connect(image / "p.db")) as connection:
        try:
            if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                return 0, 1
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                return len(acknowledged), 0  # whole, and empty: even the tables were not on the platter
            rows = connection.execute(f"SELECT substr(key, {len(_KEY) + 1}) FROM meta WHERE key LIKE '{_KEY}%'")
            return len(acknowledged - {int(number) for (number,) in rows}), 0
        except sqlite3.DatabaseError:
            return 0, 1


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
