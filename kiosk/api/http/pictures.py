"""Pictures of dishes: what a file is, its content says and never its name. A page or a drawing with script in it that
lies among them is not served (ASVS 5.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import structlog

from kiosk.files import Unreadable, read_file

_log = structlog.get_logger()
LONGEST_BYTES = 4 * 1024 * 1024
ALL_BYTES = 64 * 1024 * 1024  # they are kept in memory
_BRANDS = (b"avif", b"avis")


def pictures(folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Name, content and type of every picture right in `folder`; what is none is told in the log. A link that leads out
    of the folder is not followed."""
    room, left = folder.resolve(), ALL_BYTES
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            continue
        body = _read(path, room, min(LONGEST_BYTES, left))
        if body is not None and (kind := picture_type(body)) is not None:
            left -= len(body)
            yield path.name, body, kind
        else:
            _log.warning("picture_not_served", file=path.name)


def picture_type(body: bytes) -> str | None:
    """By the signature (WHATWG MIME Sniffing 6.1; AVIF 1.2 §6.3: the brands of its `ftyp` box); None for no picture."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if body.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if body.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if body.startswith(b"RIFF") and body[8:14] == b"WEBPVP":
        return "image/webp"
    return "image/avif" if body[4:8] == b"ftyp" and _is_avif(body) else None


def _is_avif(body: bytes) -> bool:
    """ISO/IEC 14496-12 4.3: major brand, minor version, compatible brands of four bytes each."""
    box = body[8 : min(int.from_bytes(body[:4]), 256)]
    return any(box[n : n + 4] in _BRANDS for n in range(0, len(box), 4) if n != 4)


def _read(path: Path, room: Path, longest_bytes: int) -> bytes | None:
    """A regular file of the folder that is not too long, or None."""
    try:
        return read_file(path, longest_bytes) if path.resolve().is_relative_to(room) else None
    except (Unreadable, OSError, RuntimeError):  # a link that leads to itself is one of the latter
        return None
