"""How long cooking really takes, as it was learned."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.domain.kitchen.pace import Learned, Pace
from kiosk.store import meta
from kiosk.store.transaction import Reader, Tx

_MARGIN = "promise_margin"


def keep(tx: Tx, rows: Iterable[Learned], margin: float) -> None:
    """In place of what was known of the same operation at the same station."""
    for row in rows:
        tx.execute(
            "INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?, ?)",
            (row.operation, row.station, row.seen, row.mean, row.spread),
        )
    meta.put(tx, _MARGIN, repr(margin))


def read(reader: Reader) -> Pace:
    """All that was learned; nothing in a new database."""
    rows = reader.all(Learned, "SELECT operation, station, seen, mean, spread FROM pace")
    margin = meta.read(reader, _MARGIN)
    return Pace({(row.operation, row.station): row for row in rows}, 1.0 if margin is None else float(margin))
