"""The menu that is sold by now: one object with one writer, one immutable `Menu` at a time, replaced as a whole."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.domain.menu.menu import Menu


class CurrentMenu:
    """Holds the menu. It changes on the loop, when another is published and when the hour makes it another: whoever
    has taken `now` keeps it, and so prices and shows by one menu. What is derived of it is derived anew where `now` is
    another."""

    def __init__(self, menu: Menu, revision: int = 0, of_now: Callable[[Menu], Menu] = lambda whole: whole) -> None:
        """`of_now`: what a menu is at this instant."""
        self._whole = menu
        self._of_now = of_now
        self._menu = of_now(menu)
        self._revision = revision
        self._told: list[Callable[[Menu], None]] = []

    @property
    def now(self) -> Menu:
        return self._menu

    @property
    def whole(self) -> Menu:
        """As it was built, at no instant: with every price there will be."""
        return self._whole

    @property
    def revision(self) -> int:
        """Its number among those of this restaurant; 0 where it is kept nowhere."""
        return self._revision

    def publish(self, menu: Menu, revision: int) -> None:
        """Replaces the menu; whoever asked to be told is told before this returns."""
        self._whole, self._revision = menu, revision
        self._replace(self._of_now(menu))

    def turn(self) -> None:
        """Looks at the clock: prices and dayparts may have changed, forward or back."""
        menu = self._of_now(self._whole)
        if menu.state != self._menu.state:
            self._replace(menu)

    def _replace(self, menu: Menu) -> None:
        self._menu = menu
        for tell in self._told:
            tell(menu)

    def when_published(self, tell: Callable[[Menu], None]) -> None:
        """Call `tell` with each new menu, on the loop."""
        self._told.append(tell)
