"""Whatever is refilled, sold, spilled, thrown away, recalled and cut short, the lots come to the robot's levels.

Nothing is negative, what expires first goes first, nothing is begun with a lot that is recalled or past its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.kitchen.lots import in_order, lot_key, sums, unfit
from kiosk.store.ordering import orders
from kiosk.store.stock import lots, recalls
from kiosk.store.transaction import Tx
from tests.clocks import START
from tests.databases.ready import ready_in_memory
from tests.store import rows

RICE, TAKES, CAPACITY = "rice", 150, 3000
NAMES = ("A-1", "Б 2", "c/3")
#: Where a life ends within an act, if it does: before the robot was told, after it.
CUTS = ("", "", "meant", "set")


@dataclass
class Shop:
    """The books, and two bins of rice at a robot."""

    tx: Tx
    levels: dict[int, int] = field(default_factory=lambda: {1: 600, 2: 450})
    now: datetime = START
    sold: int = 0

    def settle(self) -> None:
        """As the kitchen's loop does."""
        for act in lots.read_acts(self.tx):
            lots.settle(self.tx, act.bin, self.levels[act.bin], self.now)
        over = [lot.lot_id for lot in lots.read_lots(self.tx) if lot.expired_at is None and lot.is_over(self.now)]
        lots.mark_expired(self.tx, over, self.now)
        lots.level(self.tx, {number: (RICE, level) for number, level in self.levels.items()}, self.now)

    def act(self, number: int, after: int, cut: str, **more: Any) -> None:
        before = self.levels[number]
        act = lots.Act(
            bin=number, ingredient=RICE, level_before=before, level_after=after,
            held_before=lots.held_in(self.tx, number), actor="a", at=self.now,
            **{"name": "", "expires_at": None, "lot_id": None, "reason": "", **more},
        )  # fmt: skip
        lots.intend(self.tx, act)
        if cut != "meant":
            self.levels[number] = after
        if not cut:
            lots.carry_out(self.tx, number, self.now)

    def refill(self, number: int, after: int, name: str, hours: int, cut: str) -> None:
        more = after > self.levels[number] and recalls.standing(self.tx, name) is None
        expires_at = self.now + timedelta(hours=hours) if more and hours else None
        self.act(number, after, cut, name=name if more else "", expires_at=expires_at)

    def write_off(self, n: int, amount: int, cut: str) -> None:
        standing = lots.read_lots(self.tx)
        if standing:
            lot = standing[n % len(standing)]
            taken = min(amount, lot.remaining)
            self.act(lot.bin, max(0, self.levels[lot.bin] - taken), cut, lot_id=lot.lot_id, name=lot.name, reason="x")

    def sell(self) -> None:
        """A portion, where nothing forbids it and the robot has the food; told twice, as after a kill."""
        standing = lots.read_lots(self.tx)
        if RICE in unfit(standing, self.now) or sum(self.levels.values()) < TAKES:
            return
        self.sold += 1
        order_id = f"ORDER{self.sold}"
        if self.sold == 1:
            rows.sell(self.tx, order_id)
        else:
            orders.add(self.tx, msgspec.structs.replace(rows.order(order_id), number=order_id), [rows.order_line()])
        portion_id = orders.portions(self.tx, order_id)[0].portion_id
        left = TAKES
        for number in sorted(self.levels):
            taken = min(left, self.levels[number])
            self.levels[number] -= taken
            left -= taken
        assert self.spend(portion_id)
        assert not self.spend(portion_id)
        used = self.tx.execute(
            "SELECT lot_id, bin, amount FROM portion_lot WHERE portion_id = ? AND ingredient = ?", (portion_id, RICE)
        ).fetchall()
        assert sum(amount for _, _, amount in used) == TAKES
        by_id = {lot.lot_id: lot for lot in standing}
        for number in {number for _, number, _ in used}:
            ordered = [lot for lot in in_order(standing) if lot.bin == number and lot.remaining]
            mine = [by_id[lot_id] for lot_id, of, _ in used if of == number]
            assert {lot.lot_id for lot in mine} == {lot.lot_id for lot in ordered[: len(mine)]}
        assert not any(by_id[lot_id].recalled or by_id[lot_id].is_over(self.now) for lot_id, _, _ in used if lot_id)

    def spend(self, portion_id: int) -> bool:
        return lots.spend(self.tx, portion_id, 1, self.now)

    def spill(self, number: int, amount: int) -> None:
        self.levels[number] = max(0, min(CAPACITY, self.levels[number] + amount))

    def check(self) -> None:
        standing = lots.read_lots(self.tx)
        assert {number: sums(standing).get(number, 0) for number in self.levels} == self.levels
        assert all(lot.remaining >= 0 and lot.missing >= 0 for lot in standing)
        assert lots.read_acts(self.tx) == []


class Unrecorded(Shop):
    """Planted: a portion's food is recorded nowhere."""

    def spend(self, portion_id: int) -> bool:
        known = super().spend(portion_id)
        self.tx.execute("UPDATE portion_lot SET amount = 0 WHERE portion_id = ?", (portion_id,))
        return known


class LastInFirstOut(Shop):
    """Planted: what came last is used first."""

    def spend(self, portion_id: int) -> bool:
        newest = max(lot.lot_id for lot in lots.read_lots(self.tx) if lot.bin == 1)
        known = super().spend(portion_id)
        self.tx.execute("UPDATE portion_lot SET lot_id = ? WHERE portion_id = ? AND bin = 1", (newest, portion_id))
        return known


def fresh(kind: type[Shop] = Shop) -> Iterator[Shop]:
    connection = ready_in_memory()
    yield kind(Tx(connection))
    connection.close()


BIN, AMOUNT = st.sampled_from([1, 2]), st.integers(0, CAPACITY)
ACTS = st.one_of(
    st.tuples(st.just("refill"), BIN, AMOUNT, st.sampled_from(NAMES), st.integers(0, 9), st.sampled_from(CUTS)),
    st.tuples(st.just("write_off"), st.integers(0, 9), st.integers(1, CAPACITY), st.sampled_from(CUTS)),
    st.tuples(st.just("sell")),
    st.tuples(st.just("sell")),
    st.tuples(st.just("spill"), BIN, st.integers(-200, 200)),
    st.tuples(st.just("recall"), st.sampled_from(NAMES)),
    st.tuples(st.just("lift"), st.sampled_from(NAMES)),
    st.tuples(st.just("passes"), st.integers(-3, 5)),
)


def run(acts: list[tuple[Any, ...]], kind: type[Shop] = Shop) -> None:
    for shop in fresh(kind):
        shop.settle()
        shop.check()
        for name, *words in acts:
            if name == "recall":
                recalls.recall(shop.tx, words[0], "a", "x", shop.now)
            elif name == "lift":
                recalls.lift(shop.tx, words[0], "a", "x", shop.now)
            elif name == "passes":
                shop.now += timedelta(hours=words[0])
            else:
                getattr(shop, name)(*words)
            shop.settle()
            shop.check()


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_4_lots_come_to_the_levels_whatever_happens(acts: list[tuple[Any, ...]]) -> None:
    run(acts)


def test_4_planted_bug_that_spends_without_a_record_is_caught() -> None:
    with pytest.raises(AssertionError):
        run([("sell",)], Unrecorded)


def test_4_planted_bug_that_uses_what_came_last_is_caught() -> None:
    acts = [("refill", 1, 2000, "A-1", 9, ""), ("refill", 1, 3000, "Б 2", 0, ""), ("sell",)]
    run(acts)
    with pytest.raises(AssertionError):
        run(acts, LastInFirstOut)


def test_4_what_nobody_recorded_is_of_the_lot_that_expires_first() -> None:
    """A scale that gives a little more than was booked makes no food that keeps for ever."""
    for shop in fresh():
        shop.settle()
        shop.refill(1, 0, "", 0, "")
        shop.refill(1, 1000, "A-1", 5, "")
        shop.settle()
        shop.spill(1, 200)
        shop.settle()
        (lot,) = [lot for lot in lots.read_lots(shop.tx) if lot.bin == 1]
        assert (lot.name, lot.remaining) == ("A-1", 1200)


def test_4_bin_that_was_told_as_empty_for_a_moment_has_its_lots_back() -> None:
    for shop in fresh():
        shop.refill(1, 1600, "A-1", 5, "")
        shop.settle()
        before = [(lot.name, lot.remaining) for lot in lots.read_lots(shop.tx)]
        level = shop.levels[1]
        for told in (0, level):
            shop.levels[1] = told
            shop.settle()
        assert [(lot.name, lot.remaining) for lot in lots.read_lots(shop.tx)] == before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ПАРТИЯ 12/Б", "  партия  12/б ", True),
        ("ＡＢ１２", "ab12", True),
        ("Straße", "STRASSE", True),
        ("12", "012", False),
        ("А1", "A1", False),  # Cyrillic and Latin: nobody guesses
    ],
)
def test_4_two_spellings_of_one_print_are_one_lot(one: str, other: str, same: bool) -> None:
    assert (lot_key(one) == lot_key(other)) is same
