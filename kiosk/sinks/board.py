"""Seed 4.1–4.2: the hall board. Every board ends with the same picture, whatever it missed; a stuck one is dropped."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from kiosk.clock import Clock
from kiosk.domain.events import StoredEvent
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.reasons import STARTING
from kiosk.periods import USUAL, Periods
from kiosk.sinks.board_picture import BoardOrder, Frame, Snapshot, catch_up, frame_of, picture_of, without_event
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import boards
from kiosk.store.transaction import Reader

#: The last event, the rows of the hall, and what a board that resumes has to hear (None: it gets a snapshot).
_Hall = tuple[int, list[boards.HallRow], list[StoredEvent] | None]

_SCREEN_BUFFER = 256
_RESUME_LIMIT = 2000
_BATCH = 500
#: By so much a wall clock may go back between an event and the look at what has left.
_SLACK = timedelta(seconds=60)


class Screen:
    """One connected board. `opening` comes first, then the bounded queue; None in it ends the stream."""

    def __init__(self, last: int, shown: dict[str, BoardOrder], opening: list[Frame | Snapshot]) -> None:
        self.last = last
        self.shown = shown
        self.opening = opening
        self.queue: asyncio.Queue[Frame | Snapshot | None] = asyncio.Queue()
        self.dropped = False

    def push(self, told: Frame | Snapshot | None) -> None:
        if self.queue.qsize() >= _SCREEN_BUFFER:
            self.dropped = True
            return
        self.queue.put_nowait(told)


class HallBoard:
    """Follows the outbox for the boards that are connected. The picture is read anew each time, in one read with the
    events: nothing is remembered here that a restart could lose."""

    def __init__(
        self,
        database: Database,
        readiness: Readiness,
        kitchen: Kitchen,
        keep_s: float,
        clock: Clock,
        periods: Periods = USUAL,
    ) -> None:
        self._kitchen = kitchen
        self._periods = periods
        self._db = database
        self._readiness = readiness
        self._keep = timedelta(seconds=keep_s)
        self._clock = clock
        self._wake = asyncio.Event()
        self._telling = asyncio.Lock()
        self._screens: set[Screen] = set()
        database.watch_events(self._wake.set)

    @property
    def screens(self) -> int:
        return len(self._screens)

    def kitchen_stands(self) -> str | None:
        """Why nothing is cooked now, or None."""
        check = self._readiness.checks().get("robot")
        return None if check is None or check.reason == STARTING else check.reason

    async def run(self) -> None:
        """Runs until cancelled: new events become frames."""
        while True:
            self._wake.clear()
            await self.tell()
            await self._wake.wait()

    async def refresh(self) -> None:
        """Runs until cancelled: what changes without an event: minutes, `delayed`, `see_staff`, what was shown long
        enough."""
        while True:
            await self._clock.sleep(self._periods.board_s)
            await self.tell(minutes=True)

    async def tell(self, *, minutes: bool = False) -> None:
        """Bring every board to the picture as it is now."""
        async with self._telling:
            if not self._screens:
                return
            now, position = self._clock.now(), min(screen.last for screen in self._screens)
            keep = now - self._keep
            events, rows = await self._db.read(lambda r: (_all_after(r, position), boards.read_hall(r, keep)))
            picture = picture_of(rows, now, self._kitchen.now)
            frames = [frame for event in events if (frame := frame_of(event, picture, now))]
            last = events[-1].sequence if events else position
            for screen in list(self._screens):
                new = [frame for frame in frames if (frame.sequence or 0) > screen.last]
                screen.last = max(screen.last, last)
                for told in catch_up(screen.shown, new, picture, screen.last, minutes=minutes):
                    screen.push(told)
                if screen.dropped:
                    self._screens.discard(screen)

    async def open(self, last_event_id: str | None) -> Screen:
        """A board connects. An unusable, future or expired id gets a snapshot (seed 4.1), and so does one
        after which something has left the picture without an event."""
        async with self._telling:
            now = self._clock.now()
            last, rows, events = await self._db.read(self._hall, last_event_id, now)
            picture = picture_of(rows, now, self._kitchen.now)
            opening: list[Frame | Snapshot] = [Snapshot(last, list(picture.values()))]
            if events is not None:
                frames = [frame for event in events if (frame := frame_of(event, picture, now))]
                opening = [*frames, *self.unheard(rows, now)]
            screen = Screen(last, picture, opening)
            self._screens.add(screen)
            return screen

    def _hall(self, reader: Reader, last_event_id: str | None, now: datetime) -> _Hall:
        oldest, last = outbox.bounds(reader)
        resume = _resume_point(last_event_id, oldest, last)
        resumes = resume is not None and not self.has_left(reader, resume, now)
        events = _all_after(reader, resume) if resume is not None and resumes else None
        return last, boards.read_hall(reader, now - self._keep), events

    def unheard(self, rows: list[boards.HallRow], now: datetime) -> list[Frame]:
        """What a board that resumes does not hear from its events."""
        return without_event(rows, now, self._kitchen.now)

    def has_left(self, reader: Reader, resume: int, now: datetime) -> bool:
        """Since the event that the board saw last, or so shortly before it that it may not have been sent."""
        seen_at = outbox.time_of(reader, resume)
        if seen_at is None:  # before the first event nothing was shown
            return resume > 0
        return boards.has_left(reader, seen_at - _SLACK - self._keep, now - self._keep)

    def disconnect(self, screen: Screen) -> None:
        self._screens.discard(screen)

    def close(self) -> None:
        """End every stream: an open one would hold the process's exit."""
        for screen in self._screens:
            screen.queue.put_nowait(None)


def _all_after(reader: Reader, sequence: int) -> list[StoredEvent]:
    """In one read: what the picture shows already must not come later as an event."""
    found: list[StoredEvent] = []
    while True:
        events = outbox.after(reader, found[-1].sequence if found else sequence, _BATCH)
        found += events
        if len(events) < _BATCH:
            return found


def _resume_point(text: str | None, oldest: int, last: int) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    wanted = int(text)
    return wanted if oldest - 1 <= wanted <= last and last - wanted <= _RESUME_LIMIT else None
