"""The record of a portion: by which chart it was cooked, of which lots, when, and how warm it stood."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.store.transaction import Reader


class PortionRecordRow(msgspec.Struct, frozen=True):
    """`chart`: its fingerprint as it was sold; moments and temperatures are those of the last attempt, null where they
    did not come or nothing measures."""

    portion_id: int
    item_id: str
    status: str
    attempt: int
    chart: str
    chart_revision: int
    accepted_at: datetime | None
    begun_at: datetime | None
    ready_at: datetime | None
    fetched_at: datetime | None
    cell: int | None
    lowest_c: float | None
    highest_c: float | None
    cold_s: float | None


def read_records(reader: Reader, order_id: str) -> list[PortionRecordRow]:
    return reader.all(
        PortionRecordRow,
        "SELECT p.portion_id, i.item_id, p.status, p.attempt, i.chart_fingerprint AS chart,"
        " c.revision AS chart_revision, p.accepted_at,"
        " p.cooking_at AS begun_at, p.ready_at, p.fetched_at, p.cell, p.lowest_c, p.highest_c, p.cold_s"
        " FROM portion p JOIN order_item i ON i.order_id = p.order_id AND i.line = p.line"
        " JOIN chart c ON c.fingerprint = i.chart_fingerprint WHERE p.order_id = ? ORDER BY p.portion_id",
        (order_id,),
    )


class PortionLotRow(msgspec.Struct, frozen=True):
    """What one ingredient of a portion was made of."""

    portion_id: int
    attempt: int
    ingredient: str
    bin: int
    name: str
    expires_at: datetime | None
    amount: int
    at: datetime


def read_lots(reader: Reader, order_id: str) -> list[PortionLotRow]:
    return reader.all(
        PortionLotRow,
        "SELECT c.portion_id, c.attempt, c.ingredient, c.bin, c.name, c.expires_at, c.amount, c.at FROM portion p"
        " JOIN portion_lot c ON c.portion_id = p.portion_id WHERE p.order_id = ?"
        " ORDER BY c.portion_id, c.attempt, c.ingredient, c.lot_id",
        (order_id,),
    )
