"""Days: `tests.crash.wildness.WildDay` as it is, and one in the proportions of a restaurant that sells, with power
cuts."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Sequence
from functools import partial

from kiosk.checkpoints import RETURN_POINTS
from kiosk.sinks.broker import topic_url
from kiosk.wiring import Parts
from tests.crash import rig, wildness
from tests.crash.bombs import AtPoint
from tests.crash.calls import Gone, call
from tests.crash.devices import READER
from tests.crash.lives import Bomb
from tests.crash.rig import Purchase, World
from tests.crash.wildness import WildDay
from tests.vopr.plants import Plant
from tests.vopr.restaurant import AtHandle, AtWrite
from tests.vopr.ways import TILL, TOKEN, TOPIC, Ways

_WILD_STEPS = 60
_ORDERS = (18, 26)
_STEPS_AN_ORDER = 8
#: What may happen, and how often.
Moves = dict[Callable[[], None], float]
_LATELY = 6  # of the purchases are looked at again
_BANK, _ROBOT = "bank", "robot"
_GIVEN_UP_S = 9.0  # by then a charge that the bank does not know is no longer waited for


class Wild(WildDay):
    """`most`: no step after that one."""

    power_cuts = 0

    def __init__(self, seed: int, variant: Callable[[], Parts] | None, most: int, world: Callable[..., World]) -> None:
        super().__init__(seed, variant, world=world)
        self._most = most
        self.steps = 0

    def play(self) -> None:
        self.run(min(_WILD_STEPS, self._most))
        self.steps = min(_WILD_STEPS, self._most)


class Day(Wild):
    """Until so many orders: each seed draws how many, how they are paid, and how often what happens."""

    def __init__(self, seed: int, plant: Plant, most: int, world: Callable[..., World], by: Ways) -> None:
        super().__init__(seed, plant.variant, most, world)
        self._ways = by
        self._strangers = 0
        self._tell(by)

    def play(self) -> None:
        self._sell(self._rng.randrange(*_ORDERS), self._weights())

    def _sell(self, orders: int, moves: Moves, first: Callable[[], None] | None = None) -> None:
        """Until so many orders in all; `first`: what is done before the doors open."""
        subject = self._rng.choice(self._ways.points())
        self._points = self._rng.sample(subject, min(3, len(subject)))
        if first is not None:
            self._live("")
            first()
        self._open_doors()
        most = min(self._most, orders * _STEPS_AN_ORDER)
        while len(self.place.purchases) < orders and self.steps < most:
            self.steps += 1
            (move,) = self._rng.choices(list(moves), list(moves.values()))
            rng, self._rng = self._rng, random.Random(self._rng.random())  # a step's draws do not move the next one's
            if self.place.died:
                self._live("")
            with contextlib.suppress(Gone):
                move()
            self._rng = rng

    def _endpoints(self) -> list[str]:
        return [*super()._endpoints(), *([topic_url(TOPIC)] if self._ways.broker else [])]

    def _weights(self) -> Moves:
        often = partial(self._rng.choice, (0.5, 1.0, 2.0))
        return {
            self._order: 12, self._refund: 2 * often(), self._kill: 0.5 * often(), self._kill_at: often(),
            self._cut_power: often(), self._fault: 1.5 * often(), self._mend_one: 5, self._unplug: 0.5 * often(),
            self._ask_code: 0.5, self._choose_push: 0.5 * often(), self._think_better: 2 * often(),
            self._wait: 8 * often(), self._ask_again: 6, self._cancel: 0.7 * often(), self._close_readers_day: 0.3,
            self._approve_late: 0.25, **({self._dawdle: 1.0} if self._ways.cells else {}),
        }  # fmt: skip

    def _kill_at(self) -> None:
        """Each day dies mostly at three points of one subject: money taken, money given back, what is told of it."""
        name = self._rng.choice(self._points)
        after_order = (partial(AtPoint, name, 1), partial(AtHandle, self._rng.randrange(1, 900)))
        bombs: tuple[Bomb, ...] = (name,) if name in RETURN_POINTS else (*after_order, name)
        self._live(self._rng.choice(bombs))
        if name in RETURN_POINTS:
            for purchase in self._several()[-3:]:
                self._give_back(purchase)
        self._ask_code()
        self._order()
        self._ask_again()

    # Ways to pay.

    def _create(self) -> Purchase:
        return self._by(super()._create(), self._ways.methods)

    def _by(self, purchase: Purchase, methods: Sequence[str]) -> Purchase:
        """Who pays otherwise than by a token has no bad one."""
        purchase.method = self._rng.choice(methods)
        if purchase.method != TOKEN:
            purchase.card_token = "tok_ok"
        return purchase

    def _waiting(self) -> list[Purchase]:
        """Whoever stands before the reader, a code or the till, as far as anybody has heard."""
        lately = self.place.purchases[-_LATELY:]
        return [purchase for purchase in lately if purchase.method != TOKEN and not purchase.paid]

    def _ask_again(self) -> None:
        """They look at their screens, and staff take the money of those with a code. Whose order is not to be seen any
        more hears of it at the end of the day too."""
        if self._port is None:
            return
        for purchase in self._waiting():
            with contextlib.suppress(AssertionError):
                self.place.is_over(self._port, purchase, patient=True)

    def _cancel(self) -> None:
        """One of them thinks better of it, or has no money with them."""
        waiting = self._waiting()
        if self._port is None or not waiting:
            return
        purchase = self._rng.choice(waiting)
        code = self._code_of(self._port, purchase) if purchase.method == TILL else None
        if code is not None and self._rng.random() < 0.5:
            answer = self.place.staff("DELETE", f"/internal/till/{code}")
        else:
            answer = call(self._port, "DELETE", f"/api/orders/{purchase.order_id}/payment", token=purchase.token)
        self._tell("cancel", purchase.order_id, purchase.method, answer.status)

    def _code_of(self, port: int, purchase: Purchase) -> str | None:
        """At the till, while it is good."""
        seen = call(port, "GET", f"/api/orders/{purchase.order_id}", token=purchase.token)
        payment = (seen.body.get("payment") if seen.status == 200 else None) or {}
        code: str | None = (payment.get("show") or {}).get("code")
        return code

    def _close_readers_day(self) -> None:
        if READER in self._ways.methods and self._ways.reader == "inpas":
            self._tell("reader's day", self.place.staff("POST", "/internal/terminal/settle").status)

    def _dawdle(self) -> None:
        """Guests are in no hurry: what has come to a cell that several portions share lies there together."""
        if self._port is None or _ROBOT in self._unplugged:
            return
        self._wait_open(5)
        with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
            purchase = self._by(self.place.create(self._port, "tea", "tok_ok", 3), self._ways.methods)
            self.place.devices.fault(_ROBOT, "nobody_comes")
            self._on.append((_ROBOT, "nobody_comes", {}))
            self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
            self._tell("order", purchase.order_id, "is in no hurry")
            rig.pause(self._rng.uniform(0.3, 1.2))

    def _think_better(self) -> None:
        """Somebody has paid for several pieces and gives one back while they are cooked."""
        if self._port is None:
            return
        self._wait_open(5)
        with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
            purchase = self.place.create(self._port, self._rng.choice(wildness.ITEMS), "tok_ok", 3)
            self._by(purchase, self._ways.parts_go_back_by() or self._ways.methods)
            self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
            self._tell("order", purchase.order_id, "of three")
            rig.pause(self._rng.uniform(0.1, 0.6))
            self._give_back(purchase)

    def _several(self) -> list[Purchase]:
        return [purchase for purchase in self.place.purchases if purchase.quantity > 1]

    def _give_back(self, purchase: Purchase) -> None:
        answer = self.place.ask_refund(purchase, [{"item_id": purchase.item, "quantity": 1}])
        purchase.refunds += answer.status == 202
        self._tell("refund", purchase.order_id, "a piece of several", answer.status)

    def _ask_code(self) -> None:
        """Somebody signs in, gets a code, and thinks better of it."""
        if self._port is not None:
            self._strangers += 1
            answer = call(self._port, "POST", "/api/auth/quick-auth", {"phone": f"+7903{self._strangers:07d}"})
            self._tell("code", answer.status)

    def _choose_push(self) -> None:
        """A customer's device is told where notifications go, or that it wants none."""
        token = next((purchase.token for purchase in self.place.purchases if purchase.phone), None)
        if self._port is not None and token is not None:
            address = self._rng.choice(("phone-1", "phone-2", "phone-3", ""))
            answer = call(self._port, "PUT", "/api/me/push", {"address": address}, token=token)
            self._tell("push to", address or "nobody", answer.status)

    def _cut_power(self) -> None:
        """The next life's machine stops before one of its writes or flushes; mostly it loses what was not flushed."""
        bomb = partial(AtWrite, self._rng.randrange(5, 600), power=self._rng.random() < 0.7)
        self._tell("power cut", bomb)
        self._live(bomb)
        self._order()

    # The devices.

    def _approve_late(self) -> None:
        """A charge is held up on its way to the bank until the kiosk has given its key up, and arrives then."""
        if self._port is None or TOKEN not in self._ways.methods or self._ways.bank != _BANK:
            return
        self._wait_open(5)
        with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
            purchase = self.place.create(self._port, self._rng.choice(wildness.ITEMS), "tok_lost", method=TOKEN)
            self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
            self._tell("order", purchase.order_id, "is charged late")
            self.place.until(lambda: self._is_given_up(purchase), "nobody waits for it", _GIVEN_UP_S)
            charge = {"order_id": purchase.order_id, "amount_kopecks": purchase.amount_kopecks, "currency": "RUB"}
            port = int(self.place.devices.urls[_BANK].rpartition(":")[2])
            key = f"{purchase.order_id}:1"
            call(port, "POST", "/transactions", charge | {"card_token": "tok_ok"}, key=key)

    def _is_given_up(self, purchase: Purchase) -> bool:
        rows = [row["step"] for row in self.place.attempts() if row["order_id"] == purchase.order_id]
        return rows == ["abandoned"]

    def _fault(self) -> None:
        device, fault, members = self._rng.choice(self._rng.choice(self._ways.faults()))
        if device not in self._unplugged:
            self._tell("fault", device, fault)
            self.place.devices.fault(device, fault, **members)
            self._on.append((device, fault, members))

    def _unplug(self) -> None:
        device = self._rng.choice(self.place.devices.names)
        if device not in self._unplugged:
            self._take_power(device)

    def _take_power(self, device: str) -> None:
        """Its faults are gone with it."""
        self._tell("unplug", device)
        self.place.devices.kill(device)
        self._on = [row for row in self._on if row[0] != device]
        self._unplugged.append(device)
