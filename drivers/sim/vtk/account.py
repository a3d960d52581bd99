"""What a reader remembers of its last operation, and what its bank has done: the money of the simulated world."""

from __future__ import annotations

import random
from typing import Any

from drivers.sim.world import Change, World

ASKED, APPROVED, DECLINED, CAPTURED, RELEASED = "asked", "approved", "declined", "captured", "released"
_TERMINAL_ID, _MERCHANT_ID = "25201221", "9900000000"


class Account:
    """One operation deep, as the protocol has it. The bank's own record of an operation outlives the reader's."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng

    @property
    def operation(self) -> int:
        """The number of the last sale; 0 before the first."""
        return int(self._world.get("operation", 0))

    @property
    def sale(self) -> dict[str, Any]:
        """The last sale; empty before the first."""
        return dict(self._world.get("sale", {}))

    def ask(self, operation: int, amount_kopecks: int, product: str) -> None:
        """The number is stored before the bank is asked."""
        with self._world.change() as change:
            change.put("operation", operation)
            change.put("sale", {"operation": operation, "amount_kopecks": amount_kopecks, "product": product,
                                "state": ASKED, "finished_kopecks": 0})  # fmt: skip

    def hold(self, sale: dict[str, Any], approved_kopecks: int) -> None:
        """The bank's approval; the reader does not know of it yet."""
        with self._world.change() as change:
            change.put(_bank_key(sale), {"amount_kopecks": approved_kopecks, "state": APPROVED})
            self._effect(change, "held", sale, approved_kopecks)

    def store_approval(self, sale: dict[str, Any], approved_kopecks: int) -> dict[str, Any]:
        rrn, auth = f"{self._rng.randrange(10**12):012d}", f"{self._rng.randrange(10**6):06d}"
        found = {**sale, "state": APPROVED, "approved_kopecks": approved_kopecks, "rrn": rrn, "auth": auth}
        self._store(found)
        return found

    def decline(self, sale: dict[str, Any], code: str) -> dict[str, Any]:
        found = {**sale, "state": DECLINED, "approved_kopecks": 0, "code": code}
        with self._world.change() as change:
            change.put("operation", sale["operation"])
            change.put("sale", found)
            self._effect(change, "declined", sale, int(sale["amount_kopecks"]))
        return found

    def end(self, *, capture: bool) -> dict[str, Any]:
        """The held money of the last sale is taken or let go, once."""
        sale = self.sale
        amount = int(sale["approved_kopecks"])
        ended = {**sale, "state": CAPTURED if capture else RELEASED, "finished_kopecks": amount if capture else 0}
        with self._world.change() as change:
            change.put("sale", ended)
            change.put(_bank_key(sale), {"amount_kopecks": amount, "state": ended["state"]})
            self._effect(change, ended["state"], sale, amount)
        return ended

    def recover(self) -> None:
        """At power-on: a sale that was cut off is undone at the bank, where it had got so far."""
        sale = self.sale
        if sale.get("state") != ASKED:
            return
        at_bank = self._world.get(_bank_key(sale))
        if at_bank is None:
            self.decline(sale, "909")
            return
        with self._world.change() as change:
            change.put("sale", {**sale, "state": DECLINED, "approved_kopecks": 0, "code": "909"})
            change.put(_bank_key(sale), {**at_bank, "state": RELEASED})
            self._effect(change, RELEASED, sale, int(at_bank["amount_kopecks"]))

    def take_from_another(self) -> None:
        """Somebody else's sale at this reader, whole: the number moves on."""
        operation = self.operation + 1
        with self._world.change() as change:
            change.put("operation", operation)
            change.put("sale", {"operation": operation, "amount_kopecks": 100, "product": "", "state": DECLINED,
                                "approved_kopecks": 0, "finished_kopecks": 0, "code": "909"})  # fmt: skip

    def slip(self, sale: dict[str, Any]) -> str:
        """The banking receipt of a sale that has its answer."""
        amount = int(sale["amount_kopecks"])
        lines = [
            "ACTION:SALE",
            f"TOTAL:{amount // 100}.{amount % 100:02d}",
            f"RESULT:{'DECLINED' if sale['state'] == DECLINED else 'APPROVED'}",
            "CARD:MIR",
            "PAN:************4242",
            f"TERMINAL:{_TERMINAL_ID}",
            f"MERCHANT:{_MERCHANT_ID}",
        ]
        if "rrn" in sale:
            lines += [f"AUTH ID:{sale['auth']}", f"RRN:{sale['rrn']}", f"ERN:{sale['operation']}"]
        return "\n".join([*lines, f"RESPONSE CODE:{sale.get('code', '000')}"])

    def _store(self, sale: dict[str, Any]) -> None:
        with self._world.change() as change:
            change.put("operation", sale["operation"])
            change.put("sale", sale)

    def _effect(self, change: Change, effect: str, sale: dict[str, Any], amount_kopecks: int) -> None:
        change.effect(effect, operation=sale["operation"], amount_kopecks=amount_kopecks, product=sale["product"])


def _bank_key(sale: dict[str, Any]) -> str:
    return f"bank:{sale['operation']}:{sale['amount_kopecks']}"
