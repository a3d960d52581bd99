"""Of each portion of an order, of whatever year: what it was made of, by which chart, when, and how warm it stood."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.lots import label_of
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.text import Text
from kiosk.store.ordering import orders
from kiosk.store.stock import records
from kiosk.store.transaction import Reader


class UsedView(msgspec.Struct, frozen=True):
    """So much of a lot, in `unit`; `lot` empty: nobody named it; `bin` 0: nobody knows where it came from; `until`: as
    its package says it, `expires_at` the moment of it."""

    attempt: int
    ingredient: str
    name: Text
    unit: str
    bin: int
    lot: str
    amount: int
    until: str | None
    expires_at: str | None
    at: str


class RecordedPortionView(msgspec.Struct, frozen=True):
    """`chart`: the fingerprint of the process chart it was sold by; moments and temperatures of the last attempt, null
    where they did not come or nothing measures; `cold_s`: the longest time it stood colder than its chart wants;
    `lots` of every attempt."""

    portion_id: int
    item_id: str
    name: Text
    status: str
    attempt: int
    chart: str
    chart_revision: int
    accepted_at: str | None
    begun_at: str | None
    ready_at: str | None
    fetched_at: str | None
    cell: int | None
    lowest_c: float | None
    highest_c: float | None
    cold_s: float | None
    lots: list[UsedView]


class PortionRecords:
    def __init__(self, menu: CurrentMenu, zone: ZoneInfo) -> None:
        self._menu = menu
        self._zone = zone

    def of_order(self, reader: Reader, order_id: str) -> list[RecordedPortionView]:
        """Of each portion of one order, in the database or in an archive."""
        names = {line.item_id: Text(line.name_ru, line.name_en) for line in orders.lines(reader, order_id)}
        used = records.read_lots(reader, order_id)
        return [self._portion(row, names, used) for row in records.read_records(reader, order_id)]

    def _portion(
        self, row: records.PortionRecordRow, names: dict[str, Text], used: list[records.PortionLotRow]
    ) -> RecordedPortionView:
        return RecordedPortionView(
            portion_id=row.portion_id,
            item_id=row.item_id,
            name=names.get(row.item_id, Text(row.item_id, row.item_id)),
            status=row.status,
            attempt=row.attempt,
            chart=row.chart,
            chart_revision=row.chart_revision,
            accepted_at=_moment(row.accepted_at),
            begun_at=_moment(row.begun_at),
            ready_at=_moment(row.ready_at),
            fetched_at=_moment(row.fetched_at),
            cell=row.cell,
            lowest_c=row.lowest_c,
            highest_c=row.highest_c,
            cold_s=row.cold_s,
            lots=[self._used(lot) for lot in used if lot.portion_id == row.portion_id],
        )

    def _used(self, row: records.PortionLotRow) -> UsedView:
        """An ingredient that the menu has no more keeps its code."""
        known = self._menu.now.ingredients.get(row.ingredient)
        name = Text(row.ingredient, row.ingredient) if known is None else known.name
        until = None if row.expires_at is None else label_of(row.expires_at, self._zone)
        unit = "" if known is None else known.unit
        return UsedView(
            attempt=row.attempt,
            ingredient=row.ingredient,
            name=name,
            unit=unit,
            bin=row.bin,
            lot=row.name,
            amount=row.amount,
            until=until,
            expires_at=_moment(row.expires_at),
            at=rfc3339(row.at),
        )


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
