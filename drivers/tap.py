"""A line that can be listened to: the last pieces that went over it, kept while somebody wants to see them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from drivers.link import Link, LinkOpener
from drivers.text import without_digits

_KEPT = 500
_LONGEST = 2048  # bytes of one piece


class Heard(NamedTuple):
    """One piece as it was sent or came, long runs of digits crossed out; `at` by the wall clock."""

    at: datetime
    is_sent: bool
    data: bytes


class Tap:
    """Of one line, over all its openings. Keeps nothing unless it was switched on, and ends by itself."""

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._until = 0.0
        self._heard: deque[Heard] = deque(maxlen=_KEPT)

    def listen(self, for_s: float) -> None:
        """From now on, what was heard before is forgotten."""
        self._heard.clear()
        self._until = self._monotonic() + for_s

    def stop(self) -> None:
        """What was heard stays to be read."""
        self._until = 0.0

    @property
    def left_s(self) -> float:
        """0 while it is off."""
        return max(0.0, self._until - self._monotonic())

    def heard(self) -> list[Heard]:
        """The newest last."""
        return list(self._heard)

    def note(self, data: bytes, *, is_sent: bool) -> None:
        if self._until and self._monotonic() < self._until:
            self._heard.append(Heard(self._now(), is_sent, without_digits(data[:_LONGEST])))

    def on(self, open_link: LinkOpener) -> LinkOpener:
        """The same opener, whose lines are heard here."""

        async def opened(port: str, baudrate: int) -> Link:
            return _TappedLink(await open_link(port, baudrate), self)

        return opened


class _TappedLink:
    """A `Link` that tells its tap what went by."""

    def __init__(self, link: Link, tap: Tap) -> None:
        self._link = link
        self._tap = tap
        self.discard = link.discard
        self.close = link.close

    async def read(self, timeout_s: float) -> bytes:
        data = await self._link.read(timeout_s)
        self._tap.note(data, is_sent=False)
        return data

    def write(self, data: bytes) -> None:
        self._link.write(data)
        self._tap.note(data, is_sent=True)
