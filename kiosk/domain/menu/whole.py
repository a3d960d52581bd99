"""A menu as somebody publishes it by hand, as a whole: of a file, or as `kiosk menu export` wrote it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.domain.menu.bundle import Bundle


class WholeMenu(Bundle, frozen=True, kw_only=True):
    """`revision`: the one that it was written upon; null: the last that was published as a whole. `merge`: what was
    published since then is taken over, where no place is changed by both."""

    revision: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None
    merge: bool = False

    @property
    def bundle(self) -> Bundle:
        return Bundle(menu=self.menu, charts=self.charts)
