"""SQLite's write-ahead log as bytes, read beside who writes it (sqlite.org/fileformat2.html, section 4).

A header of 32 bytes, then frames: a header of 24 bytes and one page. The frame that ends a transaction says how many
pages the database has then. A frame belongs to the log where it has the salt of the log's header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_NOT_THE_LAST = bytes(4)  # of its transaction
_PIECE_FRAMES = 1024
_MAGIC = 0x377F0682  # or with the lowest bit, where the checksums are of big-endian words


@dataclass(frozen=True, slots=True)
class Header:
    """`generation` grows by one each time the log begins anew; with `salt` it tells one log from another."""

    raw: bytes
    page_bytes: int
    generation: int
    salt: bytes

    @property
    def frame_bytes(self) -> int:
        return _FRAME_HEADER_BYTES + self.page_bytes

    def next_generation(self) -> int:
        return (self.generation + 1) % 2**32


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def size(database: Path) -> int:
    """Of its log, in bytes; 0 where there is none."""
    try:
        return log_of(database).stat().st_size
    except FileNotFoundError:
        return 0


def read(database: Path, begin: int, end: int) -> bytes:
    """Bytes of the log from `begin` to `end`, fewer where it is shorter."""
    if end <= begin:
        return b""
    with log_of(database).open("rb") as file:
        file.seek(begin)
        return file.read(end - begin)


def header(database: Path) -> Header | None:
    """None where the log holds nothing yet."""
    try:
        raw = read(database, 0, HEADER_BYTES)
    except FileNotFoundError:
        return None
    if len(raw) < HEADER_BYTES:
        return None
    magic, _, page_bytes, _, generation = struct.unpack(">5I", raw[:20])
    if magic not in (_MAGIC, _MAGIC | 1):
        return None
    return Header(raw, 65536 if page_bytes == 1 else page_bytes, generation, raw[16:24])


def committed(head: Header, frames: bytes) -> int:
    """How many of these bytes, which begin with a frame, belong to transactions that are committed whole."""
    end = 0
    for at in range(0, belonging(head, frames), head.frame_bytes):
        if frames[at + 4 : at + 8] != _NOT_THE_LAST:
            end = at + head.frame_bytes
    return end


def belonging(head: Header, frames: bytes) -> int:
    """How many of these bytes, which begin with a frame, are whole frames of this log: behind them may stand those of
    the log before."""
    for at in range(0, len(frames) - head.frame_bytes + 1, head.frame_bytes):
        if frames[at + 8 : at + 16] != head.salt:
            return at
    return len(frames) // head.frame_bytes * head.frame_bytes


def pieces(database: Path, head: Header, begin: int, end: int) -> Iterator[bytes]:
    """The committed transactions between these places of the log, some at a time, each whole."""
    wanted = _PIECE_FRAMES
    while frames := read(database, begin, min(end, begin + wanted * head.frame_bytes)):
        if whole := committed(head, frames):
            yield frames[:whole]
            begin, wanted = begin + whole, _PIECE_FRAMES
        elif len(frames) < wanted * head.frame_bytes or belonging(head, frames) < len(frames):
            return
        else:
            wanted *= 2  # a transaction longer than that


def sum_of(head: Header, frame: bytes) -> bytes:
    """The checksum that a frame carries: it covers all frames before it."""
    return frame[16:_FRAME_HEADER_BYTES] if frame else head.raw[24:HEADER_BYTES]


def follows(head: Header, before: bytes, frame: bytes) -> bool:
    """Whether this frame's checksum continues that of the frame before (`sum_of`)."""
    order = ">" if head.raw[3] & 1 else "<"
    first, second = struct.unpack(">2I", before)
    covered = frame[:8] + frame[_FRAME_HEADER_BYTES : head.frame_bytes]
    words = struct.unpack(f"{order}{len(covered) // 4}I", covered)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return struct.pack(">2I", first, second) == frame[16:_FRAME_HEADER_BYTES]
