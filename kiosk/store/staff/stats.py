"""Aggregates by hour, and by day with dish, combo and option, kept by the counting sink; reports read them alone."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kiosk.store.transaction import Reader, Tx

CONSUMER = "statistics"


class HourRow(msgspec.Struct, frozen=True):
    """`hour` is local: `2026-11-22T14`."""

    hour: str
    orders_created: int
    orders_paid: int
    orders_completed: int
    orders_refunded: int
    revenue_kopecks: int
    refunded_kopecks: int
    bonus_spent: int
    bonus_earned: int = 0
    bonus_returned: int = 0
    bonus_taken_back: int = 0


class DishRow(msgspec.Struct, frozen=True):
    """`revenue_share`: of all dishes' prices of the period, 0…1."""

    item_id: str
    name: str
    quantity: int
    revenue_kopecks: int
    revenue_share: float = 0.0


class ComboRow(msgspec.Struct, frozen=True):
    """A combo's money is in its dishes too: `revenue_share` is how much of theirs came as combos."""

    combo_id: str
    name: str
    quantity: int
    revenue_kopecks: int
    revenue_share: float


class OptionRow(msgspec.Struct, frozen=True):
    """`revenue_kopecks`: what the option added to the prices of its dishes; 0 of one that costs nothing."""

    option_id: str
    name: str
    quantity: int
    revenue_kopecks: int
    revenue_share: float


class PromiseRow(msgspec.Struct, frozen=True):
    """Of the orders that were ready on a day (`2026-11-22`): seconds of an order on average, as promised when it was
    paid and as it was; `coverage`: how many of them were ready in time, 0…1."""

    day: str
    orders: int
    promised_s: int
    actual_s: int
    coverage: float


class _KeptRow(msgspec.Struct, frozen=True):
    orders: int
    kept: int


class Choices(StrEnum):
    COMBO = "combo"
    OPTION = "option"


#: Of a period's rows of one dish or choice.
_SUMS = (
    "max(name) AS name, sum(quantity) AS quantity, sum(revenue_kopecks) AS revenue_kopecks,"
    " round(ifnull(1.0 * sum(revenue_kopecks) / (SELECT nullif(sum(revenue_kopecks), 0) FROM stat_dish"
    " WHERE day BETWEEN :first AND :last), 0.0), 4) AS revenue_share"
)
_CHOICES = (
    f"SELECT choice_id AS {{name}}, {_SUMS} FROM stat_choice WHERE kind = :kind AND day BETWEEN :first AND :last"
    " GROUP BY choice_id ORDER BY revenue_kopecks DESC, quantity DESC, choice_id"
)
_COUNTS = tuple(name for name in HourRow.__struct_fields__ if name != "hour")


def count(tx: Tx, hour: str, **amounts: int) -> None:
    """Add to an hour's numbers."""
    unknown = amounts.keys() - set(_COUNTS)
    if unknown:
        raise ValueError(f"no such number: {sorted(unknown)}")
    tx.execute("INSERT INTO stat_hour (hour) VALUES (?) ON CONFLICT DO NOTHING", (hour,))
    assignments = ", ".join(f"{name} = {name} + :{name}" for name in amounts)
    tx.execute(f"UPDATE stat_hour SET {assignments} WHERE hour = :hour", {**amounts, "hour": hour})


def count_dish(tx: Tx, day: str, item_id: str, name: str, quantity: int, revenue_kopecks: int) -> None:
    """Adds sold portions and their money to a day (`2026-11-22`) of a dish."""
    tx.execute(
        "INSERT INTO stat_dish VALUES (?, ?, ?, ?, ?) ON CONFLICT (day, item_id) DO UPDATE SET"
        " quantity = quantity + excluded.quantity, revenue_kopecks = revenue_kopecks + excluded.revenue_kopecks,"
        " name = excluded.name",
        (day, item_id, name, quantity, revenue_kopecks),
    )


def count_choice(
    tx: Tx, day: str, kind: Choices, choice_id: str, name: str, quantity: int, revenue_kopecks: int
) -> None:
    """Adds to a day of a combo or an option."""
    tx.execute(
        "INSERT INTO stat_choice VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (day, kind, choice_id) DO UPDATE SET"
        " quantity = quantity + excluded.quantity, revenue_kopecks = revenue_kopecks + excluded.revenue_kopecks,"
        " name = excluded.name",
        (day, kind.value, choice_id, name, quantity, revenue_kopecks),
    )


def count_promise(tx: Tx, day: str, promised_s: int, actual_s: int) -> None:
    """Adds an order that was ready on a day."""
    tx.execute(
        "INSERT INTO stat_promise VALUES (?, 1, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET orders = orders + 1,"
        " kept = kept + excluded.kept, promised_s = promised_s + excluded.promised_s,"
        " actual_s = actual_s + excluded.actual_s",
        (day, int(actual_s <= promised_s), promised_s, actual_s),
    )


def read_promises(reader: Reader, first: str, last: str) -> list[PromiseRow]:
    """Days from `first` to `last`."""
    return reader.all(
        PromiseRow,
        "SELECT day, orders, promised_s / orders AS promised_s, actual_s / orders AS actual_s,"
        " round(1.0 * kept / orders, 4) AS coverage FROM stat_promise WHERE day BETWEEN ? AND ? ORDER BY day",
        (first, last),
    )


def read_kept(reader: Reader, first: str, last: str) -> tuple[int, int]:
    """Orders that were ready on the days from `first` to `last`, and those of them in time."""
    sums = "SELECT ifnull(sum(orders), 0) AS orders, ifnull(sum(kept), 0) AS kept FROM stat_promise"
    row = reader.require(_KeptRow, f"{sums} WHERE day BETWEEN ? AND ?", (first, last))
    return row.orders, row.kept


def read_hours(reader: Reader, first: str, last: str, *, by_day: bool = False) -> list[HourRow]:
    """Hours from `first` up to and without `last`, or their days (`2026-11-22`) in the same shape."""
    sums = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS)
    return reader.all(
        HourRow,
        f"SELECT substr(hour, 1, ?) AS hour, {sums} FROM stat_hour WHERE hour >= ? AND hour < ? GROUP BY 1 ORDER BY 1",
        (10 if by_day else 13, first, last),
    )


def read_dishes(reader: Reader, first: str, last: str) -> list[DishRow]:
    """Dishes of the days from `first` to `last`, by revenue, greatest first."""
    return reader.all(
        DishRow,
        f"SELECT item_id, {_SUMS} FROM stat_dish WHERE day BETWEEN :first AND :last GROUP BY item_id"
        " ORDER BY revenue_kopecks DESC, item_id",
        {"first": first, "last": last},
    )


def read_combos(reader: Reader, first: str, last: str) -> list[ComboRow]:
    """By revenue, greatest first."""
    return reader.all(ComboRow, _CHOICES.format(name="combo_id"), _chosen(Choices.COMBO, first, last))


def read_options(reader: Reader, first: str, last: str) -> list[OptionRow]:
    """By revenue, greatest first, those that cost nothing by how often they were chosen."""
    return reader.all(OptionRow, _CHOICES.format(name="option_id"), _chosen(Choices.OPTION, first, last))


def _chosen(kind: Choices, first: str, last: str) -> dict[str, str]:
    return {"kind": kind.value, "first": first, "last": last}


def store_report(tx: Tx, day: str, body: bytes, at: str) -> None:
    """Keeps the JSON of a day that is over, in place of an earlier one."""
    tx.execute("INSERT OR REPLACE INTO stat_report VALUES (?, ?, ?)", (day, body.decode(), at))


def read_report(reader: Reader, day: str) -> str | None:
    """The JSON kept of a day that is over."""
    found: str | None = reader.scalar("SELECT body FROM stat_report WHERE day = ?", (day,))
    return found


def has_report(reader: Reader, day: str) -> bool:
    """Whether the day (`2026-11-22`) was closed already."""
    return reader.scalar("SELECT 1 FROM stat_report WHERE day = ?", (day,)) is not None
