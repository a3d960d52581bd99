"""Prices from a moment on: what a dish, a combo or an option costs then, and which prices there will ever be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar, cast

import msgspec

from kiosk.domain.menu.rows import MenuError, Place, Strict
from kiosk.domain.text import Text

#: Of one row, and moments at which any price of a menu changes: each is checked.
MOST_OF_ROW, MOST_MOMENTS = 12, 60
#: As RFC 3339 has days and times of one; ISO 8601 knows more ways, weeks (`2026-W01`) among them.
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)
_YEARS = range(2000, 2100)


class DatedPrice(Strict, frozen=True):
    """`from` is a day (`2026-12-01`, its first moment) or a time of one (`2026-12-01T18:00`), in the restaurant's own
    time."""

    from_: str = msgspec.field(name="from")
    price_kopecks: int

    @property
    def local(self) -> datetime:
        """By the clocks of the restaurant, without a zone. Raises `ValueError`."""
        found = datetime.fromisoformat(self.from_)
        if _WRITTEN.fullmatch(self.from_) is None or found.year not in _YEARS:
            raise ValueError("a day like 2026-12-01 or a time like 2026-12-01T18:00, without a zone")
        return found


class Priced(Protocol):
    """A row of the menu that costs something."""

    @property
    def price_kopecks(self) -> int: ...

    @property
    def prices(self) -> Sequence[DatedPrice]: ...


Row = TypeVar("Row", bound=Priced)
#: Whether a moment by the restaurant's clocks has come.
HasCome = Callable[[datetime], bool]


def price_of(row: Priced, has_come: HasCome) -> int:
    """The last that has begun."""
    begun = [price.price_kopecks for price in row.prices if has_come(price.local)]
    return begun[-1] if begun else row.price_kopecks


def priced(row: Row, has_come: HasCome) -> Row:
    """The row as it is sold then."""
    price_kopecks = price_of(row, has_come)
    if price_kopecks == row.price_kopecks:
        return row
    return cast(Row, msgspec.structs.replace(cast(msgspec.Struct, row), price_kopecks=price_kopecks))


def moments(rows: Iterable[Priced]) -> tuple[datetime, ...]:
    """When any of their prices changes, in order."""
    return tuple(sorted({price.local for row in rows for price in row.prices}))


def check_prices(where: Place, row: Priced) -> None:
    """Moments that are none, or not in their order. Raises `MenuError`."""
    if len(row.prices) > MOST_OF_ROW:
        count = len(row.prices)
        raise where.wrong(
            "prices", f"цен не больше {MOST_OF_ROW}, а не {count}", f"prices: at most {MOST_OF_ROW}, not {count}"
        )
    before: datetime | None = None
    for price in row.prices:
        begins = _begins(where, price)
        if before is not None and begins <= before:
            ru = f"{price.from_} не позже предыдущей цены"
            raise where.wrong("prices", ru, f"prices: from {price.from_} does not come after the one before it")
        before = begins


def _begins(where: Place, price: DatedPrice) -> datetime:
    try:
        return price.local
    except ValueError as error:
        shown = repr(price.from_[:40])
        ru = f"{shown}: нужен день 2026-12-01 или время 2026-12-01T18:00, без часового пояса"
        raise where.wrong("prices", ru, f"prices: from {shown}: {error}") from error


def check_moments(found: Sequence[datetime]) -> None:
    """Raises `MenuError`."""
    if (count := len(found)) > MOST_MOMENTS:
        en = f"prices: at most {MOST_MOMENTS} moments at which any of them changes, not {count}"
        raise MenuError(en, Text(f"моментов, когда меняются цены, не больше {MOST_MOMENTS}, а не {count}", en))
