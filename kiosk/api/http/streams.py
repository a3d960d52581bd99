"""Streams that are held open: so many in all and of one address, so that what is asked and answered keeps its room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from kiosk.domain.address import is_loopback
from kiosk.domain.errors import TooManyStreams

_AGAIN_S = 5


class StreamLimits(msgspec.Struct, frozen=True):
    """`in_all` and `of_one_address` of other machines; `of_the_house`, all of loopback together, is kept for them."""

    in_all: int = 256
    of_one_address: int = 8
    of_the_house: int = 64


class Streams:
    """Where it is full, a new one is refused: pushing out another would let whoever comes oftenest end the board that
    hangs on the wall, and a board that is refused asks again by itself."""

    def __init__(self, limits: StreamLimits) -> None:
        self._limits = limits
        self._held: Counter[str] = Counter()

    @contextmanager
    def hold(self, place: str) -> Iterator[None]:
        """Raises `TooManyStreams`."""
        if self._is_full(place):
            raise TooManyStreams(retry_after_s=_AGAIN_S)
        self._held[place] += 1
        try:
            yield
        finally:
            self._held[place] -= 1
            if not self._held[place]:
                del self._held[place]

    def _is_full(self, place: str) -> bool:
        ours = is_loopback(place)
        together = sum(count for held, count in self._held.items() if is_loopback(held) == ours)
        if ours:
            return together >= self._limits.of_the_house
        return together >= self._limits.in_all or self._held[place] >= self._limits.of_one_address
