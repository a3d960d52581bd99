"""kill -9 while a bin is given another level, while food is taken from its lots, while one is recalled.

The lots come to the robot's levels, no food is taken or put in twice, and a recall that was answered stands. Planted
twins are caught."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from drivers.robot.port import Job
from kiosk.checkpoints import LOT_POINTS
from kiosk.domain.kitchen.state import StockBin
from kiosk.flows.stock.bins import BinCommands
from kiosk.kitchen.lots import LotKeeper
from kiosk.store.stock import lots
from kiosk.store.transaction import Tx
from kiosk.wiring import Parts
from tests.crash.bombs import AtPoint
from tests.crash.devices import START_S
from tests.crash.judging import judged
from tests.crash.rig import Bomb, Purchase, World
from tests.crash.sweeping import struck
from tests.samples import part

_TEA = "tea"
_NAMES = "L{}"


class _ToldFirst(BinCommands):
    """The robot is told before it is written what is meant."""

    async def _carry_out(self, act: lots.Act) -> None:
        await self._robot.set_bin(act.bin, act.level_after)
        self._cp("bin.set")
        await self._db.write(lots.intend, act)
        await self._db.write(lots.carry_out, act.bin, self._clock.now())


class _RecordedApart(LotKeeper):
    """What a portion was made of is written before it is taken out of the lots."""

    async def look(self, bins: Collection[StockBin], jobs: Iterable[Job]) -> None:
        known = list(jobs)
        for job in known:
            if job.food_spent and await self._db.write(_record, job.job_id, job.attempt, self._clock.now()):
                self._cp("lots.spent")
                await self._db.write(_take_out, job.job_id, job.attempt, -1)
        await super().look(bins, known)


def _record(tx: Tx, portion_id: int, attempt: int, now: datetime) -> bool:
    recorded = lots.spend(tx, portion_id, attempt, now)
    if recorded:
        _take_out(tx, portion_id, attempt, 1)
    return recorded


def _take_out(tx: Tx, portion_id: int, attempt: int, sign: int) -> None:
    sql = "SELECT lot_id, amount FROM portion_lot WHERE portion_id = ? AND attempt = ?"
    for lot_id, amount in tx.execute(sql, (portion_id, attempt)).fetchall():
        tx.execute("UPDATE lot SET remaining = remaining + ? WHERE lot_id = ?", (sign * amount, lot_id))
    tx.touched.add(lots.TOPIC)


def told_first() -> Parts:
    return Parts(bin_commands=_ToldFirst)


def recorded_apart() -> Parts:
    return Parts(lot_keeper=_RecordedApart)


def bin_of_tea(place: World) -> dict[str, Any]:
    rows = place.staff("GET", "/internal/robotics/ingredients").body["bins"]
    found: dict[str, Any] = next(row for row in rows if row["ingredient"] == _TEA)
    return found


def tend(place: World, port: int) -> Purchase:
    """Staff empties a bin, fills it with a new lot, throws some of it away; a guest eats of it; then it is recalled."""
    name, number = _NAMES.format(place.scenarios), bin_of_tea(place)["bin"]
    path = "/internal/stock/refill"
    place.until(lambda: is_level(place), "lots are level")
    place.staff("POST", path, {"bin": number, "amount": 500})
    place.staff("POST", path, {"bin": number, "amount": 3000, "lot": name, "expires_at": "2035-01-01"})
    place.until(lambda: _lot(place, name) and bin_of_tea(place)["level"] == 3000, "the lot is there")
    place.staff("POST", f"/internal/stock/lots/{_lot(place, name)['lot_id']}/write-off", {"amount": 200, "reason": "x"})
    place.until(lambda: bin_of_tea(place)["level"] == 2800 and is_level(place), "it was thrown away")
    purchase = place.buy(port)
    place.until(lambda: place.order(port, purchase)["status"] == "completed", "it is eaten")
    place.staff("POST", "/internal/stock/recall", {"lot": name, "reason": "x"})
    return purchase


def _lot(place: World, name: str) -> dict[str, Any]:
    rows = place.staff("GET", "/internal/stock/lots").body["lots"]
    return next((row for row in rows if row["lot"] == name), {})


def is_level(place: World) -> bool:
    """The lots of every bin come to what the robot tells of it."""
    bins = place.staff("GET", "/internal/robotics/ingredients").body["bins"]
    held = {row["bin"]: 0 for row in bins}
    for lot in place.staff("GET", "/internal/stock/lots").body["lots"]:
        held[lot["bin"]] += lot["remaining"]
    return bool(bins) and held == {row["bin"]: row["level"] for row in bins}


def lift_all(place: World) -> list[str]:
    """The recalls that stand, taken back so that guests who ask again get their tea."""
    place.alive()
    names = [row["lot"] for row in place.staff("GET", "/internal/stock/lots").body["recalls"]]
    for name in names:
        place.staff("POST", "/internal/stock/lift", {"lot": name, "reason": "x"})
    return names


def of_lots(place: World) -> Iterator[str]:
    """What is wrong with the lots, once all is over and tea alone was sold."""
    yield from of_stock(place)
    with contextlib.closing(sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)) as books:
        odd = "SELECT portion_id FROM portion_lot GROUP BY portion_id, attempt, ingredient HAVING sum(amount) <> 300"
        yield from (f"portion {row[0]} has another amount than its chart" for row in books.execute(odd))


def of_stock(place: World) -> Iterator[str]:
    """Whether each lot is accounted for, whatever was sold."""
    with contextlib.suppress(AssertionError):
        place.until(lambda: is_level(place), "lots are level", 5.0 if place.planted else START_S)
    if not is_level(place):
        yield "the lots are not what the robot has"
    with contextlib.closing(sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)) as books:
        eaten = "(SELECT ifnull(sum(c.amount), 0) FROM portion_lot c WHERE c.lot_id = l.lot_id)"
        gone = "(SELECT ifnull(sum(e.amount), 0) FROM lot_entry e WHERE e.lot_id = l.lot_id AND e.kind = 'written_off')"
        sql = f"SELECT l.name, l.bin, l.amount, l.remaining, l.missing, {eaten}, {gone} FROM lot l"
        for name, number, amount, remaining, missing, used, thrown in books.execute(sql):
            if amount != remaining + missing + used + thrown:
                yield f"lot {name!r} of bin {number}: {amount} came, known are {(remaining, missing, used, thrown)}"
        for (left,) in books.execute("SELECT count(*) FROM bin_act"):
            if left:
                yield f"{left} acts are not settled"


def at(name: str, n: int = 1) -> Bomb:
    return partial(AtPoint, name, n, start=name)


#: Each act in turn, and the refill, the second of its kind, and the write-off, the third.
_BOMBS = [
    *(at(name, n) for name in ("bin.meant", "bin.set", "bin.done") for n in (1, 2, 3)),
    at("lots.spent"),
    at("lot.recalled"),
]


def test_4_killed_while_bins_are_filled_and_emptied_no_food_is_counted_twice() -> None:
    with contextlib.closing(World()) as place:
        assert struck(place, at("lots.levelled"), tend, within_s=20.0)
        for bomb in part(_BOMBS, 5, of="lots"):
            assert struck(place, bomb, tend, within_s=20.0), bomb
            lift_all(place)
        assert judged(place) == []
        assert [*of_lots(place)] == []
    assert {name for name in LOT_POINTS if not name.startswith("bin.")} == {
        "lots.spent", "lots.levelled", "lots.expired", "lot.recalled",
    }  # fmt: skip


def test_4_killed_after_it_was_recalled_a_lot_is_so_in_the_next_life() -> None:
    with contextlib.closing(World()) as place:
        assert struck(place, at("lot.recalled"), tend, within_s=20.0)
        assert lift_all(place) == [_NAMES.format(1)]
        assert judged(place) == []


@pytest.mark.parametrize(("variant", "bomb"), [(told_first, at("bin.set", 2)), (recorded_apart, at("lots.spent"))])
def test_4_planted_bug_around_lots_is_caught(variant: Callable[[], Parts], bomb: Bomb) -> None:
    with contextlib.closing(World("", variant)) as place:
        assert struck(place, bomb, tend, within_s=20.0)
        judged(place)
        caught = [*of_lots(place)]
        place.found += len(caught)
        assert caught != []


@pytest.mark.parametrize("variant", [told_first, recorded_apart])
def test_4_planted_bug_around_lots_is_none_without_a_kill(variant: Callable[[], Parts]) -> None:
    with contextlib.closing(World("", variant)) as place:
        port = place.alive()
        place.wait_open(port)
        tend(place, port)
        place.settle(port)
        assert [*of_lots(place)] == []
