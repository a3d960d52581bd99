"""A period's figures as tables, in a language: what a spreadsheet, a letter and its attachment are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kiosk.domain.staff.spreadsheet import Cell, Table
from kiosk.domain.staff.statistics_words import COLUMNS, KEPT, NOTES, OUTSTANDING, SUMS, TABLES, told
from kiosk.flows.staff.reports.statistics import Before, StatsView

_MONEY = "_kopecks"


class TablesView(msgspec.Struct, frozen=True):
    """`tables`: made of `stats`, in the language that was asked for."""

    stats: StatsView
    tables: list[Table]


def tables_of(view: StatsView, language: str) -> list[Table]:
    """Those with something in them; money in roubles, shares in per cent."""
    return [table for table in _all(view, language) if table.rows]


def _all(view: StatsView, language: str) -> Iterator[Table]:
    def table(name: str, columns: str, rows: Iterable[Sequence[Cell]]) -> Table:
        named = [COLUMNS[column].into(language) for column in columns.split()]
        told_rows = [[_told(cell, language) for cell in row] for row in rows]
        note = NOTES[name].into(language) if name in NOTES else ""
        return Table(name, TABLES[name].into(language), named, told_rows, note)

    sold = "name quantity revenue share"
    yield Table(
        "sums",
        f"{TABLES['sums'].into(language)} {view.first_day} {view.last_day}",
        [COLUMNS[name].into(language) for name in ("figure", "value", "before", "change")],
        sums_of(view, language),
    )
    yield table(
        "hours",
        "time orders revenue",
        ((row.hour, row.orders_paid, _roubles(row.revenue_kopecks)) for row in view.hours),
    )
    for name, dishes in (("dishes", view.dishes), ("combos", view.combos), ("options", view.options)):
        yield table(
            name,
            sold,
            ((d.name, d.quantity, _roubles(d.revenue_kopecks), _percent(d.revenue_share)) for d in dishes),
        )
    yield table(
        "services",
        "service orders revenue",
        ((row.service, row.orders, _roubles(row.revenue_kopecks)) for row in view.services),
    )
    yield table(
        "payments",
        "method attempts approved declined rate",
        ((p.method, p.attempts, p.approved, p.declined, _percent(p.approval_rate)) for p in view.payments),
    )
    yield table(
        "refusals", "method code reason attempts", ((r.method, r.code, r.reason, r.attempts) for r in view.refusals)
    )
    yield table("minutes", "figure median p95", _minutes(view))
    yield table(
        "promises",
        "day orders promised actual kept",
        (
            (p.day, p.orders, round(p.promised_s / 60, 1), round(p.actual_s / 60, 1), _percent(p.coverage))
            for p in view.promises
        ),
    )
    yield table(
        "funnel", "step visits share stayed", ((s.step, s.visits, _percent(s.share), s.left) for s in view.funnel)
    )
    yield table("left", "screen visits", ((row.screen, row.visits) for row in view.left))
    screens = view.visits if len(view.visits) > 1 else []
    yield table("visits", "terminal visits paid", ((row.terminal_id, row.visits, row.paid) for row in screens))
    yield table(
        "sold_out",
        "name reason minutes lost",
        ((s.name, s.reason, s.minutes, _roubles(s.lost_kopecks)) for s in view.sold_out),
    )
    yield table(
        "refunds",
        "reason person count amount",
        ((r.reason, _person(r.person), r.count, _roubles(r.amount_kopecks)) for r in view.refunds),
    )


def sums_of(view: StatsView, language: str) -> list[list[Cell]]:
    """Figure, value, of the period before, change in per cent; null where there was nothing before."""
    rows: list[list[Cell]] = [
        [words.into(language), _figure(view, name), _figure(view.before, name), change(view, name)]
        for name, words in SUMS.items()
    ]
    kept = None if view.minutes is None else _percent(view.minutes.kept_share)
    rows.append([OUTSTANDING.into(language), view.bonus_outstanding, None, None])
    if kept is not None:
        rows.append([KEPT.into(language), kept, None, None])
    return rows


def change(view: StatsView, name: str) -> float | None:
    """In per cent of the period before; null where that was nought or is not known."""
    before = 0 if view.before is None else getattr(view.before, name)
    return round(100 * (getattr(view, name) - before) / before, 1) if before else None


def _figure(of: StatsView | Before | None, name: str) -> Cell:
    value: int | None = None if of is None else getattr(of, name)
    return _roubles(value) if name.endswith(_MONEY) else value


def _minutes(view: StatsView) -> Iterator[Sequence[Cell]]:
    found = view.minutes
    if found is not None and found.orders:
        yield "promised", found.promised_p50, found.promised_p95
        yield "actual", found.actual_p50, found.actual_p95


def _told(cell: Cell, language: str) -> Cell:
    return told(cell, language) if isinstance(cell, str) else cell


def _person(actor: str) -> str:
    """The name alone: of `person:12:Anna`, of `pin:Anna`, of `peer:root`."""
    kind, _, rest = actor.partition(":")
    return rest.partition(":")[2] if kind == "person" else rest or actor


def _roubles(kopecks: int | None) -> float | None:
    return None if kopecks is None else kopecks / 100


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
