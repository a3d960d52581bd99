"""Lots in the bins: what came, what each portion was made of, what was recalled.

The robot's level says how much is in a bin, and is the one truth of it: it weighs or counts what is there, also after a
kill, a spill, or a refill at its own panel. The lots say of what. Every change of either brings the lots to the level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.lots import Lot, drawn, in_order, lot_key
from kiosk.store.transaction import Reader, Tx

#: What commits that change any of this are published with.
TOPIC = "lots"
UNKNOWN = 0
_IN_BIN = "remaining + missing > 0"  # to the letter, the condition of an index
_RECALLED = (
    "EXISTS (SELECT 1 FROM lot_recall r WHERE r.name_key = lot.name_key AND r.lifted_at IS NULL"
    " AND lot.name_key <> '') AS recalled"
)
_LOT = f"lot_id, bin, ingredient, name, expires_at, arrived_at, amount, remaining, missing, expired_at, {_RECALLED}"
_TAINTED = (
    "SELECT DISTINCT c.portion_id FROM lot_recall r CROSS JOIN lot l ON l.name_key = r.name_key AND l.name_key <> ''"
    " CROSS JOIN portion_lot c ON c.lot_id = l.lot_id CROSS JOIN portion p ON p.portion_id = c.portion_id"
    " AND p.attempt = c.attempt WHERE r.lifted_at IS NULL AND p.status IN ('queued', 'cooking', 'ready')"
)


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A bin that is being given another level: by a refill (`lot_id` null), of a lot where one is named, or because so
    much of the lot `lot_id` was taken out. `held_before`: what the lots came to then."""

    bin: int
    ingredient: str
    level_before: int
    level_after: int
    held_before: int
    name: str
    expires_at: datetime | None
    lot_id: int | None
    reason: str
    actor: str
    at: datetime


class Stock(msgspec.Struct, frozen=True):
    """`tainted`: portions in work that hold food of a recalled lot; `acts`: levels that a person is giving to bins, or
    was when the process died."""

    lots: list[Lot]
    tainted: frozenset[int]
    acts: list[Act]


class _PortionId(msgspec.Struct, frozen=True):
    portion_id: int


def read_stock(reader: Reader) -> Stock:
    """All that lies in the bins, and what of it is in portions that may still be eaten."""
    tainted = frozenset(row.portion_id for row in reader.all(_PortionId, _TAINTED))
    return Stock(read_lots(reader), tainted, read_acts(reader))


def read_lots(reader: Reader) -> list[Lot]:
    return reader.all(Lot, f"SELECT {_LOT} FROM lot WHERE {_IN_BIN} ORDER BY bin, lot_id")


def _of_bin(reader: Reader, bin_number: int) -> list[Lot]:
    return reader.all(Lot, f"SELECT {_LOT} FROM lot WHERE {_IN_BIN} AND bin = ? ORDER BY lot_id", (bin_number,))


def read_named(reader: Reader, name: str) -> list[Lot]:
    """Of one lot what lies in the bins."""
    sql = f"SELECT {_LOT} FROM lot WHERE name_key = ? AND name_key <> '' AND {_IN_BIN} ORDER BY lot_id"
    return reader.all(Lot, sql, (lot_key(name),))


def get(reader: Reader, lot_id: int) -> Lot | None:
    return reader.one(Lot, f"SELECT {_LOT} FROM lot WHERE lot_id = ?", (lot_id,))


def is_tainted(reader: Reader, portion_id: int) -> bool:
    """Whether a portion holds food of a lot that is recalled."""
    return (
        reader.scalar(
            "SELECT 1 FROM portion p JOIN portion_lot c ON c.portion_id = p.portion_id AND c.attempt = p.attempt"
            " JOIN lot l ON l.lot_id = c.lot_id JOIN lot_recall r ON r.name_key = l.name_key AND r.lifted_at IS NULL"
            " WHERE p.portion_id = ? AND l.name_key <> ''",
            (portion_id,),
        )
        is not None
    )


def _add(
    tx: Tx, bin_number: int, ingredient: str, name: str, expires_at: datetime | None, amount: int, now: datetime
) -> int:
    return tx.insert(
        "lot",
        bin=bin_number,
        ingredient=ingredient,
        name=name,
        name_key=lot_key(name),
        expires_at=None if expires_at is None else rfc3339(expires_at),
        arrived_at=rfc3339(now),
        amount=amount,
        remaining=amount,
    )


def _enter(tx: Tx, lot_id: int, kind: str, amount: int, actor: str, reason: str, now: datetime) -> None:
    tx.insert("lot_entry", lot_id=lot_id, at=rfc3339(now), kind=kind, amount=amount, actor=actor, reason=reason)


# What cooking takes.


class _FormulaRow(msgspec.Struct, frozen=True):
    formula: dict[str, int]


def spend(tx: Tx, portion_id: int, attempt: int, now: datetime) -> bool:
    """The robot has taken the food of this attempt: out of the lots, and into the portion's record; once, however often
    it is told. False where it was so already, or the portion is not ours."""
    asked = "SELECT 1 FROM portion_lot WHERE portion_id = ? AND attempt = ?"
    row = tx.one(
        _FormulaRow,
        "SELECT i.formula AS 'formula:json' FROM portion p JOIN order_item i ON i.order_id = p.order_id"
        " AND i.line = p.line WHERE p.portion_id = ?",
        (portion_id,),
    )
    if row is None or tx.scalar(asked, (portion_id, attempt)) is not None:
        return False
    tx.touched.add(TOPIC)
    standing = read_lots(tx)
    for ingredient, amount in row.formula.items():
        if amount > 0:
            _spend_one(tx, (portion_id, attempt), ingredient, amount, standing, now)
    return True


def _spend_one(
    tx: Tx, portion: tuple[int, int], ingredient: str, amount: int, standing: Iterable[Lot], now: datetime
) -> None:
    """Of several bins in their order, as the robot takes it; what no lot holds is of nobody knows what."""
    left = amount
    mine = [lot for lot in standing if lot.ingredient == ingredient]
    for bin_number in sorted({lot.bin for lot in mine}):
        for lot, taken in drawn([lot for lot in mine if lot.bin == bin_number], left):
            left -= taken
            tx.execute("UPDATE lot SET remaining = remaining - ? WHERE lot_id = ?", (taken, lot.lot_id))
            _record(tx, portion, ingredient, lot, taken, now)
    if left:
        _record(tx, portion, ingredient, None, left, now)


def _record(tx: Tx, portion: tuple[int, int], ingredient: str, lot: Lot | None, amount: int, now: datetime) -> None:
    expires_at = None if lot is None or lot.expires_at is None else rfc3339(lot.expires_at)
    tx.insert(
        "portion_lot",
        portion_id=portion[0],
        attempt=portion[1],
        ingredient=ingredient,
        lot_id=UNKNOWN if lot is None else lot.lot_id,
        bin=0 if lot is None else lot.bin,
        name="" if lot is None else lot.name,
        expires_at=expires_at,
        amount=amount,
        at=rfc3339(now),
    )


# What the robot's levels say.


def level(tx: Tx, levels: Mapping[int, tuple[str, int]], now: datetime) -> None:
    """Bring the lots of these bins to what the robot tells of each: (ingredient, level)."""
    tx.touched.add(TOPIC)
    for bin_number, (ingredient, amount) in levels.items():
        standing = _of_bin(tx, bin_number)
        more = amount - sum(lot.remaining for lot in standing)
        if more < 0:
            for lot, gone in drawn(standing, -more):
                sql = "UPDATE lot SET remaining = remaining - ?, missing = missing + ? WHERE lot_id = ?"
                tx.execute(sql, (gone, gone, lot.lot_id))
        elif more > 0:
            _find(tx, bin_number, ingredient, standing, more, now)


def _find(tx: Tx, bin_number: int, ingredient: str, standing: Iterable[Lot], amount: int, now: datetime) -> None:
    """More is there than was recorded: what was missing first; the rest is taken to be of the lot that expires first,
    so that nothing is used for longer than it may be. Where the bin never had one it is a lot that nobody named."""
    left = amount
    ordered = in_order(standing)
    for lot in ordered:
        back = min(left, lot.missing)
        if back:
            tx.execute(
                "UPDATE lot SET remaining = remaining + ?, missing = missing - ? WHERE lot_id = ?",
                (back, back, lot.lot_id),
            )
            left -= back
    if not left:
        return
    sql = "SELECT lot_id FROM lot WHERE bin = ? AND ingredient = ? ORDER BY lot_id DESC LIMIT 1"
    lot_id = ordered[0].lot_id if ordered else tx.scalar(sql, (bin_number, ingredient))
    if lot_id is None:
        _add(tx, bin_number, ingredient, "", None, left, now)
    else:
        tx.execute("UPDATE lot SET remaining = remaining + ? WHERE lot_id = ?", (left, lot_id))


def mark_expired(tx: Tx, lot_ids: Iterable[int], now: datetime) -> None:
    """They were seen past their time: a clock that is set back makes nothing fit to eat."""
    tx.touched.add(TOPIC)
    for lot_id in lot_ids:
        tx.execute("UPDATE lot SET expired_at = ? WHERE lot_id = ? AND expired_at IS NULL", (rfc3339(now), lot_id))


# What people do.


def journalled(act: Act) -> tuple[str, str]:
    """Action and detail of its line in the journal."""
    if act.lot_id is not None:
        return "write_off_lot", f"{act.bin} {act.level_before - act.level_after} {act.name} {act.reason}".rstrip()
    return "refill", f"{act.bin} {act.level_after} {act.name}".rstrip()


def read_acts(reader: Reader) -> list[Act]:
    """Those whose end is not written down."""
    columns = ", ".join(Act.__struct_fields__)
    return reader.all(Act, f"SELECT {columns} FROM bin_act ORDER BY bin")


def held_in(reader: Reader, bin_number: int) -> int:
    """What the lots of a bin come to."""
    return sum(lot.remaining for lot in _of_bin(reader, bin_number))


def intend(tx: Tx, act: Act) -> None:
    """Before the robot is told; in place of an earlier one whose end nobody knows."""
    values = {name: rfc3339(v) if isinstance(v, datetime) else v for name, v in msgspec.structs.asdict(act).items()}
    forget(tx, act.bin)
    tx.insert("bin_act", **values)


def forget(tx: Tx, bin_number: int) -> None:
    """The robot did not do it."""
    tx.touched.add(TOPIC)
    tx.execute("DELETE FROM bin_act WHERE bin = ?", (bin_number,))


def carry_out(tx: Tx, bin_number: int, now: datetime) -> Act | None:
    """The robot has the new level: the lots become what it holds. None where that is written already."""
    act = next((row for row in read_acts(tx) if row.bin == bin_number), None)
    if act is None:
        return None
    forget(tx, bin_number)
    added = act.level_after - act.level_before
    if act.lot_id is not None:
        _take_out(tx, act, -added, now)
        return act
    tx.execute(f"UPDATE lot SET missing = 0 WHERE {_IN_BIN} AND bin = ?", (bin_number,))
    if added > 0:
        lot_id = _add(tx, bin_number, act.ingredient, act.name, act.expires_at, added, now)
        _enter(tx, lot_id, "received", added, act.actor, "", now)
    else:
        for lot, gone in drawn(_of_bin(tx, bin_number), -added):
            tx.execute("UPDATE lot SET remaining = remaining - ? WHERE lot_id = ?", (gone, lot.lot_id))
            _enter(tx, lot.lot_id, "written_off", gone, act.actor, act.reason, now)
    return act


def _take_out(tx: Tx, act: Act, amount: int, now: datetime) -> None:
    """Of the lot that was named; what it no longer holds was cooked meanwhile, and is brought to the level later."""
    lot = get(tx, act.lot_id or UNKNOWN)
    gone = 0 if lot is None else min(amount, lot.remaining)
    tx.execute("UPDATE lot SET remaining = remaining - ?, missing = 0 WHERE lot_id = ?", (gone, act.lot_id))
    _enter(tx, act.lot_id or UNKNOWN, "written_off", gone, act.actor, act.reason, now)


def settle(tx: Tx, bin_number: int, level_now: int, now: datetime) -> Act | None:
    """Nobody knows whether the robot did what was intended: its level tells, less what was cooked since. None where it
    did not."""
    act = next((row for row in read_acts(tx) if row.bin == bin_number), None)
    if act is None:
        return None
    cooked = act.held_before - held_in(tx, bin_number)
    done, undone = act.level_after - cooked, act.level_before - cooked
    if min(abs(level_now - done), abs(level_now - act.level_after)) <= abs(level_now - undone):
        return carry_out(tx, bin_number, now)
    forget(tx, bin_number)
    return None


def relabel(tx: Tx, lot_id: int, expires_at: datetime, actor: str, reason: str, now: datetime) -> None:
    """A person has read the package again: it is of that date, and past its time no more, if it was."""
    tx.touched.add(TOPIC)
    tx.execute("UPDATE lot SET expires_at = ?, expired_at = NULL WHERE lot_id = ?", (rfc3339(expires_at), lot_id))
    _enter(tx, lot_id, "relabelled", 0, actor, reason, now)
