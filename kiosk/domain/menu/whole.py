"""A menu as somebody publishes it by hand, as a whole: of a file, or as `kiosk menu export` wrote it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.domain.menu.bundle import Bundle

_Number = Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class WholeMenu(Bundle, frozen=True, kw_only=True):
    """`revision`: the one that it was exported of; null: it is a file that people keep, whose last edition was
    published. `over`: the revision that it is written upon, or replaces, whatever is known else. `merge`: what was
    published since then is taken over, where no place is changed by both."""

    revision: _Number | None = None
    over: _Number | None = None
    merge: bool = False

    @property
    def bundle(self) -> Bundle:
        return Bundle(menu=self.menu, charts=self.charts)
