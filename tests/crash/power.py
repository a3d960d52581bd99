"""The power cut as a replay of every syscall a writer made to the database's files, recorded by strace.

For any moment of it a disk image is built: what was synced, plus nothing, all or a random torn part of the rest.

`python -m tests.crash.power DATABASE BOOK SYNCHRONOUS COMMITS` is the writer: the product's own store, each commit is
acknowledged by a line in BOOK through a write that strace records in the same stream.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.store import opening, records
from kiosk.store.database import Database, Tx

_CALLS = "openat,close,pwrite64,write,fsync,fdatasync,ftruncate,unlink,dup"
_KEY = "power"
_SECTOR = 512


async def write(path: Path, book: Path, synchronous: int, commits: int) -> None:
    """Commit a growing number through the one writer, a few at a time, and acknowledge each after its future."""
    opening.PRAGMAS["synchronous"] = synchronous
    base = await Database.open(path, lambda reason: sys.exit(reason), readers=1)
    acknowledged = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def one(number: int) -> None:
        def run(tx: Tx) -> None:
            records.set_meta(tx, f"{_KEY}{number}", "x" * (40 + number % 300))

        await base.write(run)
        os.write(acknowledged, f"{number}\n".encode())

    for first in range(0, commits, 4):
        await asyncio.gather(*(one(first + n) for n in range(min(4, commits - first))))
    os._exit(0)  # no orderly end: a checkpoint at close would only tidy up


@dataclass(frozen=True)
class Step:
    """One recorded call: `write` of bytes at a place, `truncate`, `unlink`, `sync` of a file, or `ack` of a commit."""

    kind: str
    file: str = ""
    at: int = 0
    data: bytes = b""


def record(folder: Path, synchronous: int, commits: int) -> list[Step]:
    """Run the writer in its own process under strace; its calls, in order."""
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-xx", "-y", "-s", "100000", "-e", f"trace={_CALLS}", "-o", str(trace)]
    writer = [sys.executable, "-m", "tests.crash.power", f"{folder}/p.db", f"{folder}/acks", str(synchronous)]
    subprocess.run([*command, *writer, str(commits)], check=True, timeout=120)
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


def _step(name: str, arguments: str, folder: Path) -> Step | None:
    if name == "unlink":
        path = _bytes(arguments.strip('"')).decode()
        return Step("unlink", Path(path).name) if path.startswith(str(folder)) else None
    found = _FILE.match(arguments)
    if found is None:
        return None
    path = _bytes(found["path"]).decode() if "\\x" in found["path"] else found["path"]
    if not path.startswith(str(folder)):
        return None
    file, parts = Path(path).name, arguments.split(", ")
    if name == "write" and file == "acks":
        return Step("ack", data=_bytes(parts[1].strip('"')))
    if name == "pwrite64":
        return Step("write", file, int(parts[3]), _bytes(parts[1].strip('"')))
    if name == "ftruncate":
        return Step("truncate", file, int(parts[1]))
    return Step("sync", file) if name in ("fsync", "fdatasync") else None


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


@dataclass
class Disk:
    """What is surely on the platter, and what only the cache holds, in order."""

    safe: dict[str, bytearray] = field(default_factory=dict)
    cached: list[Step] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)

    def take(self, step: Step) -> None:
        if step.kind == "ack":
            self.acknowledged.update(int(word) for word in step.data.split())
        elif step.kind == "sync":
            for waiting in [row for row in self.cached if row.file == step.file]:
                _apply(self.safe, waiting)
            self.cached = [row for row in self.cached if row.file != step.file]
        else:
            self.cached.append(step)

    def after_power_cut(self, kept: str, rng: random.Random) -> dict[str, bytearray]:
        """`none`, `all` or a `torn` part of the cache reached the platter: any subset of its sectors."""
        files = {name: bytearray(content) for name, content in self.safe.items()}
        for step in self.cached:
            if kept == "all" or (kept == "torn" and step.kind != "write" and rng.random() < 0.5):
                _apply(files, step)
            elif kept == "torn" and step.kind == "write":
                for begin in range(0, len(step.data), _SECTOR):
                    if rng.random() < 0.5:
                        _apply(files, Step("write", step.file, step.at + begin, step.data[begin : begin + _SECTOR]))
        return files


def _apply(files: dict[str, bytearray], step: Step) -> None:
    if step.kind == "unlink":
        files.pop(step.file, None)
        return
    content = files.setdefault(step.file, bytearray())
    if step.kind == "truncate":
        del content[step.at :]
        content.extend(bytes(step.at - len(content)))
        return
    if len(content) < step.at:
        content.extend(bytes(step.at - len(content)))
    content[step.at : step.at + len(step.data)] = step.data


@dataclass
class Verdict:
    """Over all images: how many, commits acknowledged and gone, files that were damaged."""

    images: int = 0
    lost: int = 0
    damaged: int = 0


def replay(steps: list[Step], folder: Path, every: int = 1, seed: int = 1) -> Verdict:
    """A power cut after each `every`-th step, three ways each. The first commit ends the making of the file."""
    disk, verdict, rng = Disk(), Verdict(), random.Random(seed)
    for number, step in enumerate(steps):
        disk.take(step)
        if disk.acknowledged and number % every == 0:
            for kept in ("none", "all", "torn"):
                _look(disk, disk.after_power_cut(kept, rng), folder, verdict)
    return verdict


def _look(disk: Disk, files: dict[str, bytearray], folder: Path, verdict: Verdict) -> None:
    """Open the image as the next start would, and count what is missing."""
    image = folder / "image"
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir()
    for name in ("p.db", "p.db-wal"):  # the shared memory is made anew
        if name in files:
            (image / name).write_bytes(files[name])
    verdict.images += 1
    connection = sqlite3.connect(image / "p.db")
    try:
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            verdict.damaged += 1
            return
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            verdict.lost += len(disk.acknowledged)  # whole, and empty: even the tables were not on the platter
            return
        rows = connection.execute(f"SELECT substr(key, {len(_KEY) + 1}) FROM meta WHERE key LIKE '{_KEY}%'")
        present = {int(number) for (number,) in rows}
        verdict.lost += len(disk.acknowledged - present)
    except sqlite3.DatabaseError:
        verdict.damaged += 1
    finally:
        connection.close()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
