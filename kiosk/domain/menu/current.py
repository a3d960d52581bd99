"""The menu that is sold by now: one object with one writer, one immutable `Menu` at a time, replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.menu.menu import Menu


class CurrentMenu:
    """Holds the menu. `publish` is the one place where it changes, on the loop: whoever has taken `now` keeps it, and
    so prices and shows by one menu. What is derived of it is derived anew where `now` is another."""

    def __init__(self, menu: Menu, revision: int = 0) -> None:
        self._menu = menu
        self._revision = revision
        self._told: list[Callable[[Menu], None]] = []

    @property
    def now(self) -> Menu:
        return self._menu

    @property
    def revision(self) -> int:
        """Its number among those of this restaurant; 0 where it is kept nowhere."""
        return self._revision

    def publish(self, menu: Menu, revision: int) -> None:
        """Replaces the menu; whoever asked to be told is told before this returns."""
        self._menu, self._revision = menu, revision
        for tell in self._told:
            tell(menu)

    def when_published(self, tell: Callable[[Menu], None]) -> None:
        """Call `tell` with each new menu, on the loop."""
        self._told.append(tell)
