"""What simulated banks of QR payments share: the guest with the phone, faults that a call sets off, a clock that is
ahead. How a bank writes and what it remembers is its own."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from aiohttp import web

from drivers.sim.gateways.http import FAULTS as HTTP_FAULTS
from drivers.sim.gateways.http import HttpSimulator

Bill = dict[str, Any]
#: What somebody does at once; each names a bill by `id`, or means the newest that is open.
AT_ONCE = ("pay", "reject", "expire")
SHARED_FAULTS: Mapping[str, tuple[str, ...]] = {
    **HTTP_FAULTS,
    "lose_answer": ("after",),
    "lose_request": ("of",),
    "try_later": ("times",),
    "odd_state": ("word",),
    "clock_ahead": ("seconds",),
    **dict.fromkeys(("nobody_pays", "in_transfer", "async_refunds", "pay_during_cancel", *AT_ONCE), ()),
}


@dataclass(frozen=True, slots=True)
class QrRules:
    """`pays_after_s`: so long after its code was given out a guest pays a bill. `shop`: the only one that is taken,
    empty: any; `secret`: what it proves itself by."""

    pays_after_s: float = 1.0
    shop: str = ""
    secret: str = ""


USUAL = QrRules()


class Account(Protocol):
    """A bill has at least `id`, `state` and `qr`, the code once it was given out."""

    ahead: timedelta

    def bills(self) -> list[Bill]: ...

    def look(self, bank_id: str) -> Bill: ...

    def move(self, bill: Bill, state: str) -> Bill: ...


@dataclass(frozen=True, slots=True)
class Words:
    """The bank's words for a bill that is open, one whose money is under way, and its ends; `calls`: by its word for a
    call what that is called at every bank."""

    open: tuple[str, ...]
    moving: str
    paid: str
    expired: str
    calls: Mapping[str, str] = field(default_factory=dict)


class QrBankDevice(HttpSimulator, ABC):
    """A bill is committed before it is answered; a guest pays what is shown, unless `nobody_pays`."""

    account: Account

    def __init__(self, routes: Iterable[web.RouteDef], rules: QrRules, words: Words) -> None:
        super().__init__(routes)
        self._rules = rules
        self._words = words
        self._phones: list[asyncio.TimerHandle] = []

    async def start(self, port: int) -> None:
        await super().start(port)
        for bill in self.account.bills():  # whoever scanned before a power cut still has the phone in hand
            self._scan_later(bill)

    async def stop(self) -> None:
        for phone in self._phones:
            phone.cancel()
        await super().stop()

    def _strikes(self, fault: str, member: str, call: str) -> bool:
        """Calls that every bank has go by `order` and `cancel` too."""
        found = self.faults.on(fault)
        named = found is not None and found[member] in (call, self._words.calls.get(call))
        return named and self.faults.take(fault) is not None

    def _is_busy(self) -> bool:
        """So many calls are put off."""
        later = self.faults.on("try_later")
        if later is not None:
            left = int(later["times"]) - 1
            self.faults.switch("try_later", {"times": left}, on=left > 0)
        return later is not None

    def _set_clock(self) -> None:
        ahead = self.faults.on("clock_ahead")
        self.account.ahead = timedelta(seconds=0 if ahead is None else float(ahead["seconds"]))

    # The guest with the phone.

    def _scan_later(self, bill: Bill) -> None:
        if bill["qr"] and bill["state"] in (*self._words.open, self._words.moving):
            loop = asyncio.get_running_loop()
            self._phones.append(loop.call_later(self._rules.pays_after_s, self._scan, bill["id"]))

    def _scan(self, bank_id: str) -> None:
        """The payer's own bank does not care whether this one answers the shop."""
        if self.faults.on("nobody_pays") is None:
            self._pay(self.account.look(bank_id))

    def _pay(self, bill: Bill) -> None:
        if bill["state"] not in self._words.open:
            return
        slow = self.faults.on("in_transfer") is not None
        self.account.move(bill, self._words.moving if slow else self._words.paid)

    @abstractmethod
    def _reject(self, bill: Bill) -> None:
        """The payer's bank refuses."""

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "nobody_pays" and not on:  # whoever stands there takes out the phone
            for bill in self.account.bills():
                self._scan_later(bill)
        elif name not in AT_ONCE:
            super()._fault_changed(name, on=on)
        elif on:
            wanted = (self.faults.take(name) or {}).get("id")
            shown = [bill for bill in self.account.bills() if bill["qr"] and bill["state"] in self._words.open]
            for bill in [bill for bill in shown if wanted in (None, bill["id"])][-1:]:
                self._does(name, bill)

    def _does(self, name: str, bill: Bill) -> None:
        if name == "pay":
            self._pay(bill)
        elif name == "reject":
            self._reject(bill)
        else:
            self.account.move(bill, self._words.expired)
