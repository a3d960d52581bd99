"""What the bank remembers: codes, the orders they are paid by, refunds, and the money that moved."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from drivers.sim.world import Change, World

NEW, PAID, CANCELLED, EXPIRED = "NEW", "PAID", "CANCELLED", "EXPIRED"
#: An order that is being paid; the bank calls it new.
MOVING = "MOVING"
IN_PROGRESS, COMPLETED, DECLINED = "IN_PROGRESS", "COMPLETED", "DECLINED"
Bill = dict[str, Any]
Refund = dict[str, Any]


class Account:
    """An order's `id` is the shop's own; the bank's clock is `ahead` of everybody's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = timedelta(0)

    @property
    def now(self) -> datetime:
        return self._world.site.now() + self.ahead

    # Codes.

    def new_code(self) -> dict[str, str]:
        name, check = f"AD{secrets.token_hex(15).upper()}", secrets.token_hex(2).upper()
        code = {"id": name, "payload": f"https://qr.nspk.ru/{name}?type=03&bank=100000000007&crc={check}"}
        with self._world.change() as change:
            change.put(f"code:{name}", code)
        return code

    def code(self, qr_id: str) -> dict[str, str] | None:
        found: dict[str, str] | None = self._world.get(f"code:{qr_id}")
        return found

    def of_code(self, qr_id: str) -> Bill | None:
        """The newest order that it is paid by."""
        return next((bill for bill in reversed(self.bills()) if bill["qr_id"] == qr_id), None)

    # Orders.

    def bills(self) -> list[Bill]:
        found = [self.look(bill["id"]) for _, bill in self._world.scan("bill:")]
        return sorted(found, key=lambda bill: int(bill["number"]))

    def open(self, name: str, amount_kopecks: int, due_at: datetime, code: dict[str, str], text: str) -> Bill:
        number = int(self._world.get("numbers", 0)) + 1
        bill: Bill = {"id": name, "number": number, "amount_kopecks": amount_kopecks, "text": text, "state": NEW,
                      "due_at": due_at.isoformat(), "qr_id": code["id"], "qr": code["payload"],
                      "asked_at": self.now.isoformat(), "changed_at": self.now.isoformat()}  # fmt: skip
        with self._world.change() as change:
            change.put("numbers", number)
            change.put(f"bill:{name}", bill)
        return bill

    def find(self, name: str) -> Bill | None:
        return None if self._world.get(f"bill:{name}") is None else self.look(name)

    def look(self, bank_id: str) -> Bill:
        """As it stands now: whose day has passed is not to be paid any more."""
        bill: Bill = self._world.get(f"bill:{bank_id}")
        if bill["state"] == NEW and self.now >= datetime.fromisoformat(bill["due_at"]):
            return self.move(bill, EXPIRED)
        return bill

    def move(self, bill: Bill, state: str) -> Bill:
        """The state, and what it means in money, in one change."""
        found = {**bill, "state": state, "changed_at": self.now.isoformat()}
        if state == PAID:
            found |= {"transaction": secrets.randbelow(10**9) + 1}
        effect = {PAID: "charged", CANCELLED: "declined", EXPIRED: "declined"}.get(state)
        with self._world.change() as change:
            change.put(f"bill:{bill['id']}", found)
            if effect is not None and state != bill["state"]:
                _tell(change, effect, found, bill["id"], bill["amount_kopecks"])
        return found

    # Refunds.

    def refunds(self, name: str) -> list[Refund]:
        return [refund for _, refund in self._world.scan(f"refund:{name}/")]

    def refund(self, name: str, refund_id: str) -> Refund | None:
        found: Refund | None = self._world.get(f"refund:{name}/{refund_id}")
        return found

    def left_kopecks(self, bill: Bill, refund_id: str) -> int:
        """What of its money is still here, beside what went back under this name."""
        others = [row for row in self.refunds(bill["id"]) if row["id"] != refund_id and row["state"] != DECLINED]
        return int(bill["amount_kopecks"]) - sum(int(row["amount_kopecks"]) for row in others)

    def give_back(self, bill: Bill, refund_id: str, amount_kopecks: int, state: str) -> Refund:
        """One that was there already is carried out again: whoever repeats a name is the cause of it."""
        refund: Refund = {"id": refund_id, "order": bill["id"], "amount_kopecks": amount_kopecks, "state": state}
        with self._world.change() as change:
            change.put(f"refund:{bill['id']}/{refund_id}", refund)
            if state == COMPLETED:
                _tell(change, "refunded", bill, f"{bill['id']}/{refund_id}", amount_kopecks)
        return refund


def _tell(change: Change, effect: str, bill: Bill, operation: str, amount_kopecks: int) -> None:
    """`key` is the order's name as it came; an attempt's number follows the order's own id."""
    order_id, _, attempt = bill["id"].rpartition("-")
    change.effect(
        effect,
        operation=operation,
        key=bill["id"],
        order_id=order_id if attempt.isdigit() else bill["id"],
        amount_kopecks=amount_kopecks,
        **({"reason": bill["state"]} if effect == "declined" else {}),
    )
