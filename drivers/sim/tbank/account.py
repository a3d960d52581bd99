"""What the bank remembers of its bills, and the money that moved by them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from drivers.sim.world import Change, World

NEW, SHOWN, AUTHORIZING = "NEW", "FORM_SHOWED", "AUTHORIZING"
CONFIRMED, REJECTED, CANCELED, EXPIRED = "CONFIRMED", "REJECTED", "CANCELED", "DEADLINE_EXPIRED"
REFUNDING, REFUNDED = "ASYNC_REFUNDING", "REFUNDED"
OPEN = (NEW, SHOWN, AUTHORIZING)
_EFFECTS: Mapping[str, str] = {
    CONFIRMED: "charged",
    REFUNDED: "refunded",
    **dict.fromkeys((REJECTED, CANCELED, EXPIRED), "declined"),
}
Bill = dict[str, Any]


class Account:
    """Bills by the bank's number; the bank's clock is `ahead` of everybody's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = timedelta(0)

    @property
    def now(self) -> datetime:
        return self._world.site.now() + self.ahead

    def bills(self) -> list[Bill]:
        return [self.look(bill["id"]) for _, bill in self._world.scan("bill:")]

    def of_order(self, order: str) -> list[Bill]:
        return [bill for bill in self.bills() if bill["order"] == order]

    def open(self, order: str, amount_kopecks: int, due_at: datetime, text: str) -> Bill:
        number = int(self._world.get("numbers", 3_000_000_000)) + 1
        bill: Bill = {"id": str(number), "order": order, "amount_kopecks": amount_kopecks, "text": text, "state": NEW,
                      "due_at": due_at.isoformat(), "qr": "", "asked_at": self.now.isoformat()}  # fmt: skip
        with self._world.change() as change:
            change.put("numbers", number)
            change.put(_key(bill), bill)
        return bill

    def find(self, bank_id: str) -> Bill | None:
        return None if self._world.get(f"bill:{bank_id}") is None else self.look(bank_id)

    def look(self, bank_id: str) -> Bill:
        """As it stands now: whose day has passed is not to be paid any more."""
        bill: Bill = self._world.get(f"bill:{bank_id}")
        if bill["state"] in (NEW, SHOWN) and self.now >= datetime.fromisoformat(bill["due_at"]):
            return self.move(bill, EXPIRED)
        return bill

    def show(self, bill: Bill) -> Bill:
        """Its code is asked for: again the same."""
        if bill["qr"]:
            return bill
        name, check = secrets.token_hex(15).upper(), secrets.token_hex(2).upper()
        qr = f"https://qr.nspk.ru/AD{name}?type=02&bank=100000000004&sum={bill['amount_kopecks']}&cur=RUB&crc={check}"
        return self.move({**bill, "qr": qr}, bill["state"])

    def move(self, bill: Bill, state: str) -> Bill:
        """The state, and what it means in money, in one change."""
        found = {**bill, "state": state}
        if state == CONFIRMED:
            found |= {"rrn": f"{secrets.randbelow(10**12):012d}", "transfer": f"B{secrets.token_hex(15).upper()}"}
        with self._world.change() as change:
            change.put(_key(bill), found)
            if state in _EFFECTS and state != bill["state"]:
                for _ in range(found.get("returns", 1) if state == REFUNDED else 1):
                    _tell(change, _EFFECTS[state], found)
        return found


def _key(bill: Bill) -> str:
    return f"bill:{bill['id']}"


def _tell(change: Change, effect: str, bill: Bill) -> None:
    """`key` is the order's name as it came; an attempt's number follows the order's own id."""
    order_id, _, attempt = bill["order"].rpartition("-")
    change.effect(
        effect,
        operation=bill["id"],
        key=bill["order"],
        order_id=order_id if attempt.isdigit() else bill["order"],
        amount_kopecks=bill["amount_kopecks"],
        **({"reason": bill["state"]} if effect == "declined" else {}),
    )
