"""What the reader remembers of its last operation and its day, and what its bank has done: the money of the simulated
world."""

from __future__ import annotations

import random
from typing import Any

from drivers.sim.world import World

Row = dict[str, Any]
_TERMINAL_ID, _MERCHANT_ID = "25201221", "9900000000"
CHARGED, VOIDED, REFUNDED = "charged", "voided", "refunded"
REVERSE, COMPLETE, FORGET = "reverse", "complete", "forget"


class Account:
    """`last`: the one receipt that can be copied. Transactions of the bank by RRN outlive the reader's day."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng

    @property
    def last(self) -> Row:
        """Empty before the first."""
        return dict(self._world.get("last", {}))

    @property
    def day(self) -> int:
        """Settlements so far."""
        return int(self._world.get("day", 0))

    def transactions(self) -> list[Row]:
        return [row for _, row in self._world.scan("bank:")]

    def begin(self, asked: Row) -> None:
        """Before the bank is asked, in non-volatile memory."""
        with self._world.change() as change:
            change.put("begun", asked)

    def charge(self, asked: Row, amount_kopecks: int) -> Row:
        """The bank's approval; the reader does not know of it yet."""
        rrn, auth = f"{self._rng.randrange(10**12):012d}", f"{self._rng.randrange(10**6):06d}"
        row = {"rrn": rrn, "auth": auth, "number": asked["number"], "amount_kopecks": amount_kopecks,
               "state": CHARGED, "day": self.day}  # fmt: skip
        with self._world.change() as change:
            change.put(f"bank:{rrn}", row)
            change.put("begun", {**asked, "rrn": rrn})
            change.effect(CHARGED, operation=_number(asked["number"]), amount_kopecks=amount_kopecks, rrn=rrn)
        return row

    def print_receipt(self, asked: Row, status: int, **known: Any) -> Row:
        """The operation is over, and its receipt the last one."""
        found = {**asked, "status": status, "tid": _TERMINAL_ID, "mid": _MERCHANT_ID, **known}
        with self._world.change() as change:
            change.put("last", found)
            change.delete("begun")
            if status != 1 and asked["operation"] == 1:
                change.effect("declined", operation=_number(asked["number"]), amount_kopecks=asked["amount_kopecks"])
        return found

    def drop(self) -> None:
        """Ended before any bank was asked: there is no receipt of it."""
        with self._world.change() as change:
            change.delete("begun")

    def find(self, rrn: str | None) -> Row | None:
        found: Row | None = self._world.get(f"bank:{rrn}")
        return found

    def give_back(self, row: Row, asked: Row, amount_kopecks: int, word: str) -> None:
        """Each time that it is asked for: the bank keeps no count of our numbers."""
        with self._world.change() as change:
            change.put(f"bank:{row['rrn']}", {**row, "state": word, "returns": row.get("returns", 0) + 1})
            of, by = _number(row["number"]), _number(asked["number"])
            change.effect(word, operation=of, by=by, amount_kopecks=amount_kopecks, rrn=row["rrn"])

    def settle(self, asked: Row) -> Row:
        """The day's sums; nothing of it can be voided any more."""
        rows = [row for row in self.transactions() if row["day"] == self.day and row["state"] == CHARGED]
        total = sum(row["amount_kopecks"] for row in rows)
        with self._world.change() as change:
            change.put("day", self.day + 1)
            change.effect("settled", operation=_number(asked["number"]), amount_kopecks=total, count=len(rows))
        return {"amount_kopecks": total, "count": len(rows)}

    def recover(self, habit: str) -> None:
        """At power-on: a sale that was cut off after its approval is undone at the bank, or completed, or forgotten, as
        the firmware has it."""
        begun = self._world.get("begun")
        if begun is None:
            return
        row = self.find(begun.get("rrn"))
        if row is None or row["state"] != CHARGED or habit == FORGET:
            self.drop()
        elif habit == COMPLETE:
            self.print_receipt(begun, 1, rrn=row["rrn"], auth=row["auth"], approved=row["amount_kopecks"])
        else:
            self.give_back(row, begun, row["amount_kopecks"], VOIDED)
            self.drop()

    def sell_for_another(self, number: int, time: str) -> None:
        """Somebody else's sale at this reader, whole."""
        asked = {"operation": 1, "number": str(number), "amount_kopecks": 100, "time": time}
        self.print_receipt(asked, 16)


def _number(told: str | None) -> int | str | None:
    """As the ledger has it; whatever was sent where it is none."""
    return int(told) if told is not None and told.isascii() and told.isdecimal() else told
