"""Files that somebody else wrote: read up to a limit, regular ones only, and what is wrong with them in a sentence."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

#: No table of ours is as deep; a key of a hundred thousand parts would be looked at for hours.
_DOTS_IN_A_LINE = 100


class Unreadable(ValueError):
    """A file that cannot be used; the text names it. `missing`: there is none."""

    def __init__(self, path: Path | str, what: str, *, missing: bool = False) -> None:
        super().__init__(f"{path}: {what}")
        self.missing = missing


def read_file(path: Path | str, longest_bytes: int) -> bytes:
    """Raises `Unreadable`: a pipe would be waited for, a device has no end, a name may hold a zero byte."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError as error:
        raise Unreadable(path, "no such file", missing=True) from error
    except (OSError, ValueError) as error:
        raise Unreadable(path, str(getattr(error, "strerror", None) or error)) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable(path, "no regular file")
        with open(descriptor, "rb", closefd=False) as file:
            found = file.read(longest_bytes + 1)
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    finally:
        os.close(descriptor)
    if len(found) > longest_bytes:
        raise Unreadable(path, f"longer than {longest_bytes} bytes")
    return found


def write_whole(path: Path, content: str | bytes) -> None:
    """In the place of what is there, which keeps its mode: whoever reads sees the old content or the new one, and what
    is written stays through a power cut. Raises `OSError`."""
    fresh = path.with_name(f".{path.name}.new")
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def toml_of(path: Path | str, raw: bytes) -> dict[str, object]:
    """The table in `raw`, which was read from `path`. Raises `Unreadable`."""
    try:
        text = raw.decode("utf-8-sig")  # editors of some systems write a BOM
        if any(line.count(".") > _DOTS_IN_A_LINE for line in text.split("\n")):
            raise Unreadable(path, f"nested too deep: more than {_DOTS_IN_A_LINE} dots in a line")
        return tomllib.loads(text)
    except Unreadable:
        raise
    except UnicodeDecodeError as error:
        raise Unreadable(path, f"no UTF-8: byte {error.start}") from error
    except ValueError as error:  # no TOML, a number of too many digits
        raise Unreadable(path, str(error)) from error
    except RecursionError as error:
        raise Unreadable(path, "nested too deep") from error
