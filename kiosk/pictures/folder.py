"""The folder of uploaded pictures: each checked and made small first, named by the hash of what it became, and never
written over. A name that a menu has once is the same picture for ever."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from kiosk.domain.errors import TooManyRequests
from kiosk.domain.menu.picture import NAME, PictureRefused, PicturesUnavailable
from kiosk.domain.text import Text
from kiosk.files import Unreadable, read_file, write_whole
from kiosk.pictures.checking import (
    LEAST_SIDE,
    MOST_OF_JPEG,
    MOST_PIXELS,
    MOVES,
    NO_DECODER,
    NO_PICTURE,
    TOO_MANY_PIXELS,
    TOO_SMALL,
)

_log = structlog.get_logger()
#: Of a file as it is uploaded, and of one that is kept.
LONGEST_BYTES, LONGEST_KEPT_BYTES = 12 * 1024 * 1024, 1024 * 1024
MEDIA = ("image/jpeg", "image/png", "image/webp")
MOST_PICTURES = 2000
#: How long one is kept that no menu names.
KEPT_UNUSED = timedelta(days=30)
CHECK_COMMAND = (sys.executable, "-m", "kiosk.pictures.checking")
_CHECK_WITHIN_S = 45.0
_MOST_WAITING = 4
_MILLIONS, _MILLIONS_OF_JPEG = MOST_PIXELS // 1_000_000, MOST_OF_JPEG // 1_000_000
_REFUSALS: Mapping[str, Text] = {
    NO_PICTURE: Text(
        "Это не JPEG, PNG или WebP, либо файл повреждён или оборван",
        "This is no JPEG, PNG or WebP, or the file is damaged or cut off",
    ),
    TOO_MANY_PIXELS: Text(
        f"В картинке больше {_MILLIONS} млн точек (в JPEG {_MILLIONS_OF_JPEG}): уменьшите её",
        f"The picture has more than {_MILLIONS} million pixels (a JPEG {_MILLIONS_OF_JPEG}): make it smaller",
    ),
    TOO_SMALL: Text(
        f"Картинка меньше {LEAST_SIDE} точек по стороне", f"The picture is smaller than {LEAST_SIDE} pixels a side"
    ),
    MOVES: Text("Картинка движется: нужна одна неподвижная", "The picture is animated: a still one is wanted"),
}
_NO_DECODER = Text(
    "На этой машине нет Pillow (дополнение pictures)", "Pillow (the extra `pictures`) is missing on this machine"
)
_NO_ROOM = Text("Картинку не записать: на диске нет места", "The picture cannot be written: the disk has no room")
_TOO_MANY = Text(
    f"Картинок уже {MOST_PICTURES}: ненужные уйдут сами через {KEPT_UNUSED.days} дней",
    f"There are {MOST_PICTURES} pictures already: unused ones go by themselves after {KEPT_UNUSED.days} days",
)


class PictureView(msgspec.Struct, frozen=True):
    """`image`: its name for a dish of the menu; `bytes` as it is kept."""

    image: str
    width: int
    height: int
    bytes: int


class PictureFolder:
    """One picture is looked at after the other. `command` starts the process that looks (`kiosk.pictures.checking`)."""

    def __init__(self, path: Path, command: Sequence[str] = CHECK_COMMAND, within_s: float = _CHECK_WITHIN_S) -> None:
        self.path = path
        self._command = command
        self._within_s = within_s
        self._turn = asyncio.Lock()
        self._waiting = 0

    @contextlib.contextmanager
    def place(self) -> Any:
        """Held from before the body is read: so many uploads at once and no more. Raises `TooManyRequests`."""
        if self._waiting >= _MOST_WAITING:
            raise TooManyRequests(retry_after_s=round(self._within_s))
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def add(self, body: bytes) -> PictureView:
        """The same picture again is the same name. Raises `PictureRefused`, `PicturesUnavailable`."""
        async with self._turn:
            told, picture = await asyncio.to_thread(self._check, body)
            if refused := told.get("refused"):
                raise _refusal(refused)
            name = f"{hashlib.sha256(picture).hexdigest()[:32]}.webp"
            try:
                await asyncio.to_thread(self._keep, name, picture)
            except OSError as error:
                _log.warning("picture_not_kept", error=str(error))
                raise PicturesUnavailable(_NO_ROOM) from error
        return PictureView(name, told["width"], told["height"], len(picture))

    def _check(self, body: bytes) -> tuple[dict[str, Any], bytes]:
        """What the process says. One that crashes, or does not end, has been fed what is no picture."""
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                self._command, input=body, capture_output=True, timeout=self._within_s, check=False
            )
            head, _, picture = done.stdout.partition(b"\n")
            told: dict[str, Any] = json.loads(head)
        except (subprocess.TimeoutExpired, ValueError) as error:
            _log.warning("picture_not_checked", error=str(error))
            return {"refused": NO_PICTURE}, b""
        return told, picture

    def _keep(self, name: str, picture: bytes) -> None:
        """Raises `OSError`, `PicturesUnavailable`."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        place = self.path / name
        if place.exists():
            place.touch()  # wanted anew: its days begin again
            return
        if sum(1 for _ in self.path.iterdir()) >= MOST_PICTURES:
            raise PicturesUnavailable(_TOO_MANY)
        write_whole(place, picture)

    def missing(self, images: Collection[str]) -> list[str]:
        """Of those that a menu names."""
        return sorted(name for name in images if not (self.path / name).is_file())

    def tidy(self, named: Collection[str], now: datetime) -> list[str]:
        """Deletes what nothing in `named` needs and nobody has uploaded for `KEPT_UNUSED`; what was deleted."""
        gone = []
        for path in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if path.name not in named and now.timestamp() - path.stat().st_mtime > KEPT_UNUSED.total_seconds():
                path.unlink(missing_ok=True)
                gone.append(path.name)
        return gone


def read_picture(folder: Path, name: str) -> bytes | None:
    """None for a name that is none of ours, and where there is no such picture."""
    if not NAME.fullmatch(name):
        return None
    try:
        return read_file(folder / name, LONGEST_KEPT_BYTES)
    except Unreadable:
        return None


def _refusal(word: str) -> PictureRefused | PicturesUnavailable:
    if word == NO_DECODER:
        return PicturesUnavailable(_NO_DECODER)
    return PictureRefused(_REFUSALS[word if word in _REFUSALS else NO_PICTURE])
