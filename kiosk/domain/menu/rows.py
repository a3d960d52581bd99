"""What all rows of a menu share: they are read strictly, and a menu that must not be sold is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

MAX_PRICE_KOPECKS = 10_000_000


class MenuError(ValueError):
    """A menu that must not be sold; the text names the place."""


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class HasId(Protocol):
    """Anything a customer picks by its id."""

    @property
    def id(self) -> str: ...


def check_wanted(wanted: Sequence[str], chosen: Iterable[HasId]) -> None:
    """Every wish was met, none stands twice. Raises `MenuError`."""
    if len(set(wanted)) != len(wanted) or not set(wanted) <= {one.id for one in chosen}:
        raise MenuError("an option is unknown to this item or stands twice")
