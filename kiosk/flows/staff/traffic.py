"""What goes over the lines to registrar and robot, shown to whoever services them: only while it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Protocol

import msgspec

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.store import journal
from kiosk.store.database import Database

LISTENS_S = 600.0


class Tapped(Protocol):
    """A line that can be listened to."""

    @property
    def left_s(self) -> float: ...

    def listen(self, for_s: float) -> None: ...

    def stop(self) -> None: ...

    def heard(self) -> Sequence[tuple[datetime, bool, bytes]]:
        """When, whether it was sent, and what; the newest last."""


class TrafficRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    device: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    on: bool


class PieceView(msgspec.Struct, frozen=True):
    """`hex`: long runs of digits crossed out as `2a`."""

    at: str
    sent: bool
    hex: str


class LineView(msgspec.Struct, frozen=True):
    """`left_s`: 0 while nobody listens."""

    device: str
    left_s: int
    pieces: list[PieceView]


class TrafficView(msgspec.Struct, frozen=True):
    lines: list[LineView]


class Traffic:
    def __init__(self, database: Database, lines: Mapping[str, Tapped], clock: Clock) -> None:
        self._db = database
        self._lines = lines
        self._clock = clock

    def view(self) -> TrafficView:
        return TrafficView([LineView(name, round(row.left_s), _pieces(row)) for name, row in self._lines.items()])

    async def switch(self, wanted: TrafficRequest, actor: str) -> TrafficView:
        """For ten minutes. Raises `NotFound`."""
        line = self._lines.get(wanted.device)
        if line is None:
            raise NotFound
        detail = f"{wanted.device} {'on' if wanted.on else 'off'}"
        await self._db.write(journal.add, actor, "traffic", detail, self._clock.now())
        if wanted.on:
            line.listen(LISTENS_S)
        else:
            line.stop()
        return self.view()


def _pieces(line: Tapped) -> list[PieceView]:
    return [PieceView(rfc3339(at), sent, data.hex(" ")) for at, sent, data in line.heard()]
