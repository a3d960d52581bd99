"""The reader's side of VTK: it obeys messages, waits for a card, asks its bank, and answers a repeated number with what
became of it (protocols/vtk.md#rules)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.sim.faults import Faults
from drivers.sim.vtk.account import APPROVED, ASKED, Account
from drivers.terminal.vtk.messages import ABR, CON, DAT, DIS, DSC, FIN, IDL, STA, VRP, Message, decimal
from drivers.terminal.vtk.online import BLOCK, Destination, State
from drivers.terminal.vtk.tlv import Field, Tag

#: Where `power_cut` strikes.
BEFORE_BANK, AFTER_BANK, AFTER_STORE = "before_bank", "after_bank", "after_store"
KEEP, AUTOCANCEL, AUTOFINAL = "keep", "autocancel", "autofinal"
_GENERAL_REFUSAL, _NO_CARD, _CUSTOMER_CANCELLED = "005", "909", "017"
_PLACE = bytes((0,))
_GREETING = b"HELLO BANK"  # what it sends through the kiosk where it goes online that way


@dataclass(frozen=True, slots=True)
class ReaderRules:
    """`tap_s`: when the simulated customer shows a card. The other two are told to the kiosk."""

    tap_s: float = 1.0
    keepalive_s: int = 10
    operation_s: int = 120


class Reader:
    """Messages in by `take`, out by `send`; needs a running event loop for the card and the bank. `now_s`: the time by
    which silence is measured."""

    def __init__(
        self,
        account: Account,
        faults: Faults,
        rules: ReaderRules,
        send: Callable[[Message], None],
        cut: Callable[[], None],
        now_s: Callable[[], float],
    ) -> None:
        self._account = account
        self._faults = faults
        self._rules = rules
        self._send = send
        self._cut = cut
        self._loop = asyncio.get_running_loop()
        self._now_s = now_s
        self._active = False  # until the first IDL
        self._selling = False
        self._heard_s = 0.0
        self._pending: dict[str, Any] | None = None  # the sale that has no answer yet
        self._at_bank = self._refused = False
        self._timers: list[asyncio.TimerHandle] = []
        account.recover()

    @property
    def waits_for_card(self) -> bool:
        return self._pending is not None and not self._at_bank

    def take(self, message: Message) -> None:
        now = self._now_s()
        if now - self._heard_s > 3 * self._rules.keepalive_s + 8:
            self._active = self._selling = False
        self._heard_s = now
        if message.name == IDL:
            self._take_idle(message)
        elif self._active:
            self._take_active(message)

    def _take_active(self, message: Message) -> None:
        if message.name == DIS:
            self._selling = False
            self._answer(DIS)
        elif message.name == VRP and self._selling:
            self._take_sale(message)
        elif message.name == FIN:
            self._take_end(message)
        elif message.name == ABR:
            self._take_abort()
        elif message.name in (CON, DAT, DSC):
            self._go_on_online(message)

    def _take_idle(self, message: Message) -> None:
        self._active = self._selling = True
        habit = self._faults.on("on_idl_after_approval")
        wanted = KEEP if habit is None else habit["do"]
        if wanted != KEEP and self._account.sale.get("state") == APPROVED:
            self._account.end(capture=wanted == AUTOFINAL)
        asked = message.get(Tag.SYSTEM) is not None
        self._answer(IDL, *((Tag.SYSTEM, self._standing()),) if asked else ())

    def _standing(self) -> bytes:
        if self._faults.on("not_ready") is not None:
            return b"STATE=3;NOT_READY,DESCRIPTION=OUT_OF_SERVICE"
        return b"STATE=1;READY,DESCRIPTION=IN_SERVICE"

    def _answer(self, name: str, *more: Field) -> None:
        told = (decimal(Tag.KEEPALIVE, self._rules.keepalive_s), decimal(Tag.TIMEOUT, self._rules.operation_s))
        self._send(Message(name, (decimal(Tag.OPERATION, self._account.operation), *told, *more)))

    # A sale.

    def _take_sale(self, message: Message) -> None:
        operation, amount = message.operation, message.amount_kopecks
        if operation is None or not amount or self._pending is not None:
            return
        if operation == self._account.operation:
            self._tell(self._account.sale)
            return
        product = message.text(Tag.PRODUCT_NAME)
        sale: dict[str, Any] = {"operation": operation, "amount_kopecks": amount, "product": product,
                                "state": ASKED, "finished_kopecks": 0}  # fmt: skip
        if self._faults.on("stores_late") is None:
            self._account.ask(operation, amount, product)
        self._pending = sale
        self._later(self._rules.operation_s, lambda: self._decline(_NO_CARD))
        if self._faults.on("nobody_taps") is None:
            self._later(self._rules.tap_s, self.tap)

    def tap(self, *, refused: bool = False) -> None:
        """A card is shown; one that its bank refuses, where that is wanted."""
        if not self.waits_for_card:
            return
        self._at_bank, self._refused = True, refused
        self._send(Message(STA))
        if self._strikes(BEFORE_BANK):
            return
        online = self._faults.on("online")
        if online is not None:
            to = Destination(_PLACE[0], str(online["host"]), int(online["port"]))
            self._send(Message(CON, ((Tag.DESTINATION, to.encode(State.NONE)),)))
            return
        slow = self._faults.on("slow")
        self._later(0.0 if slow is None else float(slow["seconds"]), self._ask_bank)

    def _ask_bank(self) -> None:
        sale = self._pending
        if sale is None:
            return
        if self._refused or self._faults.on("decline") is not None:
            self._decline(_GENERAL_REFUSAL)
            return
        partial = self._faults.on("partial")
        approved = int(sale["amount_kopecks"]) if partial is None else int(partial["kopecks"])
        self._account.hold(sale, approved)
        if self._strikes(AFTER_BANK):
            return
        stored = self._account.store_approval(sale, approved)
        if self._strikes(AFTER_STORE):
            return
        self._forget()
        self._tell(stored)

    def _decline(self, code: str) -> None:
        if self._pending is not None:
            declined = self._account.decline(self._pending, code)
            self._forget()
            self._tell(declined)

    def _tell(self, sale: dict[str, Any]) -> None:
        """The answer of a sale, now or at its repetition."""
        if sale["state"] == ASKED:
            return
        fields = (decimal(Tag.OPERATION, int(sale["operation"])), decimal(Tag.AMOUNT, int(sale["approved_kopecks"])))
        self._send(Message(VRP, (*fields, (Tag.SLIP, self._account.slip(sale).encode()))))

    def _take_abort(self) -> None:
        habit = self._faults.on("abr")
        if self.waits_for_card and (habit is None or habit["do"] == "honoured"):
            self._decline(_CUSTOMER_CANCELLED)

    def _take_end(self, message: Message) -> None:
        """A repeated end is answered with the first one's outcome; a part of the sum is refused."""
        operation, amount, sale = message.operation, message.amount_kopecks, self._account.sale
        if operation is None or amount is None or operation != sale.get("operation") or self._pending is not None:
            return
        if sale["state"] == APPROVED and amount in (0, sale["approved_kopecks"]):
            sale = self._account.end(capture=amount > 0)
        fields = (decimal(Tag.OPERATION, operation), decimal(Tag.AMOUNT, int(sale["finished_kopecks"])))
        self._send(Message(FIN, fields))

    # Its bank through the kiosk.

    def _go_on_online(self, message: Message) -> None:
        """Connect, say a greeting, wait for an answer, hang up: then the bank is asked as ever."""
        if message.name == CON:
            data = message.get(Tag.DESTINATION) or b""
            if len(data) < 8 or data[7] != State.ESTABLISHED:
                self._decline("091")  # issuer unavailable
                return
            count = str(len(_GREETING)).encode()
            self._send(
                Message(DAT, ((Tag.DESTINATION, _PLACE), (Tag.COUNTER, count), (Tag.CONFIRMED_DATA, _GREETING[:BLOCK])))
            )
        elif message.name == DAT and message.get(Tag.DATA) is not None:
            self._send(Message(DSC, ((Tag.DESTINATION, _PLACE),)))
        elif message.name == DSC:
            self._ask_bank()

    # Power and time.

    def power_off(self) -> None:
        """What only the working memory held is gone."""
        self._forget()

    def _strikes(self, point: str) -> bool:
        cut = self._faults.on("power_cut")
        if cut is None or cut["at"] != point:
            return False
        self._faults.take("power_cut")
        self._cut()
        return True

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, call))

    def _forget(self) -> None:
        self._pending, self._at_bank = None, False
        while self._timers:
            self._timers.pop().cancel()
