"""The kitchen's show at the screens that follow it: each gets the whole picture, the newest, when it has changed."""

from __future__ import annotations

import asyncio

from kiosk.clock import Clock
from kiosk.domain.kitchen.show import KitchenShow
from kiosk.domain.kitchen.state import Kitchen
from kiosk.periods import Periods


class KitchenScreen:
    """One connected screen. It is behind by one picture at most: an older one that it has not taken is replaced."""

    def __init__(self) -> None:
        self._newest: asyncio.Queue[KitchenShow | None] = asyncio.Queue(1)

    def push(self, show: KitchenShow | None) -> None:
        if self._newest.full():
            self._newest.get_nowait()
        self._newest.put_nowait(show)

    async def next(self) -> KitchenShow | None:
        """The newest picture that was not taken yet; None: the process ends."""
        return await self._newest.get()


class KitchenScreens:
    """Looks at the kitchen's state from time to time while somebody follows it."""

    def __init__(self, kitchen: Kitchen, clock: Clock, periods: Periods) -> None:
        self._kitchen = kitchen
        self._clock = clock
        self._periods = periods
        self._shown: KitchenShow | None = None
        self._screens: set[KitchenScreen] = set()

    @property
    def count(self) -> int:
        return len(self._screens)

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._clock.sleep(self._periods.kitchen_show_s)
            show = self._kitchen.now.show
            if self._screens and show != self._shown:
                self._shown = show
                for screen in self._screens:
                    screen.push(show)

    def open(self) -> KitchenScreen:
        """A screen connects; the picture as it is now waits for it."""
        screen = KitchenScreen()
        screen.push(self._kitchen.now.show)
        self._screens.add(screen)
        return screen

    def disconnect(self, screen: KitchenScreen) -> None:
        self._screens.discard(screen)

    def close(self) -> None:
        """End every stream: an open one would hold the process's exit."""
        for screen in self._screens:
            screen.push(None)
