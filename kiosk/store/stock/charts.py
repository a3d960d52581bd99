"""Process charts as they were sold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from kiosk.domain.menu.chart import Chart
from kiosk.store.transaction import Reader, Tx

JOB_EPOCH = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def keep(tx: Tx, charts: Iterable[Chart]) -> None:
    """Every chart that may be sold."""
    for chart in charts:
        tx.execute(
            "INSERT INTO chart VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (chart.fingerprint, chart.code, chart.revision, msgspec.json.encode(chart).decode()),
        )


def prepare(tx: Tx, charts: Iterable[Chart], now: datetime) -> None:
    """At start: keep the charts; in a new database let job ids begin at the seconds since 2026, so that the robot never
    sees an old id again."""
    keep(tx, charts)
    if tx.scalar("SELECT 1 FROM sqlite_sequence WHERE name = 'portion'") is None:
        start = int((now - JOB_EPOCH).total_seconds())
        tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('portion', ?)", (start,))


_CHART = "SELECT fingerprint, body FROM chart WHERE fingerprint = ?"
_ORDERED = (
    "SELECT fingerprint, body FROM chart WHERE fingerprint IN (SELECT i.chart_fingerprint FROM orders o"
    " JOIN order_item i ON i.order_id = o.order_id"
    " WHERE o.status IN ('created', 'paying', 'paid', 'cooking', 'ready'))"
)


class ChartRow(msgspec.Struct, frozen=True):
    fingerprint: str
    body: str


def read(reader: Reader, fingerprints: Iterable[str]) -> dict[str, Chart]:
    """Those that were sold, as they were then, by fingerprint."""
    found = (reader.one(ChartRow, _CHART, (name,)) for name in fingerprints)
    return _by_fingerprint(row for row in found if row is not None)


def read_ordered(reader: Reader) -> dict[str, Chart]:
    """Those of orders that are not over: they may be of an earlier menu."""
    return _by_fingerprint(reader.all(ChartRow, _ORDERED))


def _by_fingerprint(rows: Iterable[ChartRow]) -> dict[str, Chart]:
    return {row.fingerprint: msgspec.json.decode(row.body, type=Chart) for row in rows}
