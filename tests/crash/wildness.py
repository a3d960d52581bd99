"""A seeded random day: orders of every kind, staff, faults, kills of everything; then all is mended and judged."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from kiosk.checkpoints import EFFECT_POINTS, POINTS, RETURN_POINTS
from kiosk.clock import SystemClock
from kiosk.wiring import Parts
from tests.crash.bombs import AtHandle, AtPoint
from tests.crash.calls import Asked, Gone, call
from tests.crash.customers import sign_in
from tests.crash.judging import SOLD, violations
from tests.crash.rig import Bomb, Purchase, World, pause

PHONE = "+79161234567"
_CARDS = ["tok_ok"] * 10 + ["tok_declined", "tok_insufficient_funds", "tok_unknown", "tok_lost", "tok_500"]
ITEMS = ("tea", "cola", "udon-chicken", "ice-cream")
#: Each with the members it needs; all of them pass when they are switched off again.
FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("fiscal", "paper_out", {}), ("fiscal", "cover_open", {}), ("fiscal", "off", {}), ("fiscal", "link_lost", {}),
    ("fiscal", "noise", {"rate": 0.01}), ("fiscal", "refuse_tag", {"tag": 1192}),
    ("fiscal", "lose_answer", {"after": "FF45"}), ("fiscal", "lose_answer", {"after": "FF46"}),
    ("fiscal", "slow", {"seconds": 0.3}),
    ("robot", "off", {}), ("robot", "link_lost", {}), ("robot", "noise", {"rate": 0.01}),
    ("robot", "jam", {"station": 7}), ("robot", "cells_full", {}), ("robot", "bin_empty", {"bin": 24}),
    ("robot", "door_open", {}), ("robot", "estop", {}),
    ("robot", "power_cut", {"at": "before_store"}), ("robot", "power_cut", {"at": "after_store"}),
    ("robot", "power_cut", {"at": "after_ack"}),
    ("bank", "down", {}), ("bank", "slow", {"seconds": 0.7}), ("bank", "lose_answer", {}),
    ("sms", "down", {}), ("sms", "lose_answer", {}),
)  # fmt: skip


class JumpedClock(SystemClock):
    """Somebody has set the wall clock."""

    def __init__(self, jump_s: float) -> None:
        self.jump = timedelta(seconds=jump_s)

    def now(self) -> datetime:
        return super().now() + self.jump


class WildDay:
    """`run(steps)`, then `mend()`; everything that is chosen comes from the seed. `dies_at`: a point where its lives
    mostly die."""

    def __init__(
        self,
        seed: int,
        variant: Callable[[], Parts] | None = None,
        dies_at: str = "",
        world: Callable[..., World] = World,
    ) -> None:
        self._dies_at = dies_at
        self._rng = random.Random(seed)
        self._variant = variant or Parts
        self.place = world(effects=True, speed=200.0, variant=variant, owed_s=45.0)
        self._asked: list[tuple[Purchase, Asked]] = []
        self._on: list[tuple[str, str, dict[str, Any]]] = []
        self._unplugged: list[str] = []
        self._jumped_s = 0.0
        self._port: int | None = None
        self.story: list[str] = []

    def run(self, steps: int) -> None:
        moves = {
            self._order: 10, self._refund: 3, self._kill: 4, self._kill_at: 5, self._fault: 4, self._mend_one: 4,
            self._unplug: 2, self._wait: 8,
        }  # fmt: skip
        if self._dies_at:
            moves[self._kill_at] = 20
        self._open_doors()
        for move in self._rng.choices(list(moves), list(moves.values()), k=steps):
            rng, self._rng = self._rng, random.Random(self._rng.random())  # a step's draws do not move the next one's
            if self.place.died:
                self._live("")
            with contextlib.suppress(Gone):
                move()
            self._rng = rng

    def _open_doors(self) -> None:
        """Every day begins with somebody who is served: what follows happens to a restaurant that sells."""
        self._live("")
        assert self._port is not None, "the kiosk does not start"
        self.place.wait_open(self._port)
        purchase = self.place.create(self._port)
        self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
        self._tell("doors", purchase.order_id)

    def sold(self) -> int:
        """Orders that were sold, as the books show them after `mend`."""
        return sum(view["status"] in SOLD for view in self.place.views.values())

    def mend(self, deadline_s: float = 60.0, least: int = 1) -> list[str]:
        """Everything works again; the last life brings each order to its end. What was broken until then, and that
        fewer than `least` orders were sold."""
        place = self.place
        while self._on:
            self._mend_one()
        while self._unplugged:
            self._plug_in()
        self._hear_answers()
        try:
            port = place.live(variant=self._parts())
            assert port is not None, "the kiosk does not start"
            place.until(lambda: place.staff("POST", "/internal/robot/acknowledge").status == 204, "the robot answers")
            # A technician who has mended the line does not wait for the end of the back-off.
            for url in self._endpoints():
                place.staff("POST", "/internal/webhooks/enable", {"url": url})
            place.settle(port, deadline_s=deadline_s)
        except (AssertionError, Gone) as error:
            place.found += 1
            return [f"{error!r}; stuck: {self._stuck()}"]
        few = [f"the day sold {self.sold()} orders"] if self.sold() < least else []
        return [*violations(place), *few]

    def _endpoints(self) -> list[str]:
        """Where events go."""
        return [self.place.devices.urls["cloud"]]

    def _stuck(self) -> Any:
        try:
            return self.place.staff("GET", "/internal/stuck").body
        except Gone:
            return "the process does not live"

    # Lives.

    def _parts(self) -> Callable[[], Parts]:
        return partial(_jumped, self._variant, self._jumped_s)

    def _live(self, bomb: Bomb) -> None:
        self._hear_answers()
        # Once, forward, by less than the 300 s a webhook's receiver allows; set back, tokens would be of the future.
        if not self._jumped_s and self._rng.random() < 0.15:
            self._jumped_s = 150.0
        self._tell("life", bomb, self._jumped_s)
        self._port = self.place.live(bomb, self._parts())
        self._wait_open(2)

    def _wait_open(self, deadline_s: float) -> None:
        """People come back to a screen that sells again; nobody waits for one behind which something is broken."""
        if self._port is not None and not self._on and not self._unplugged:
            with contextlib.suppress(Gone, AssertionError):
                self.place.until(self._is_open, "sales open", deadline_s)

    def _is_open(self) -> bool:
        assert self._port is not None
        return bool(call(self._port, "GET", "/api/restaurant").body["sales"]["open"])

    def _hear_answers(self) -> None:
        """A dead kiosk answers nobody; whoever was answered before it died keeps the answer."""
        self.place.end_life()
        for purchase, asked in self._asked:
            with contextlib.suppress(Gone):
                purchase.answer = asked.answer()
        self._asked.clear()

    def _kill(self) -> None:
        self._tell("kill")
        self._live("")

    def _kill_at(self) -> None:
        """The next life dies by itself, anywhere; an order makes sure that it has something to do."""
        name = self._dies_at or self._rng.choice((*POINTS, *EFFECT_POINTS, *RETURN_POINTS))
        bombs: tuple[Bomb, ...] = (partial(AtPoint, name, 1), partial(AtHandle, self._rng.randrange(1, 900)), name)
        self._live(bombs[0] if self._dies_at else self._rng.choice(bombs))
        self._order()

    # People.

    def _order(self) -> None:
        """One to three people at once; nobody waits for the answer here, and nobody comes to a kiosk that died at its
        start."""
        if self._port is None:
            return
        self._wait_open(5)
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            with contextlib.suppress(AssertionError):  # sales are paused: the screen says so
                purchase = self._create()
                self._asked.append((purchase, self.place.begin_pay(self._port, purchase)))
                self._tell("order", purchase.order_id, purchase.card_token, purchase.points)

    def _create(self) -> Purchase:
        assert self._port is not None
        item, card, quantity = (
            self._rng.choice(ITEMS),
            self._rng.choice(_CARDS),
            self._rng.choice((1, 1, 2)),
        )
        if self._rng.random() < 0.6:
            return self.place.create(self._port, item, card, quantity)
        known = [purchase.token for purchase in self.place.purchases if purchase.phone]
        if not known and any(device == "sms" for device, _, _ in self._on):
            return self.place.create(self._port, item, card, quantity)
        token = known[0] if known else sign_in(self.place, self._port, PHONE)
        me = call(self._port, "GET", "/api/me", token=token)
        assert me.status == 200, f"a customer is not known any more: {me}"
        points = min(self._rng.choice((0, 3, 9)), max(0, me.body["bonus_points"]))
        return self.place.create(self._port, item, card, quantity, token, phone=PHONE, points=points)

    def _refund(self) -> None:
        """Staff gives an order back, or one piece of it."""
        if self.place.purchases:
            purchase, whole = self._rng.choice(self.place.purchases), self._rng.random() < 0.5
            answer = self.place.ask_refund(purchase, None if whole else [{"item_id": purchase.item, "quantity": 1}])
            purchase.refunds += answer.status == 202
            self._tell("refund", purchase.order_id, "whole" if whole else "a piece", answer.status)

    # The devices.

    def _fault(self) -> None:
        device, fault, members = self._rng.choice(FAULTS)
        if device not in self._unplugged:
            self._tell("fault", device, fault)
            self.place.devices.fault(device, fault, **members)
            self._on.append((device, fault, members))

    def _mend_one(self) -> None:
        if self._unplugged:
            self._plug_in()
        elif self._on:
            device, fault, members = self._on.pop(0)
            self._tell("mend", device, fault)
            self.place.devices.fault(device, fault, on=False, **members)
            if fault == "estop":
                self._acknowledge()

    def _acknowledge(self) -> None:
        """A person on site has looked; refused while the robot is silent."""
        with contextlib.suppress(Gone):
            self._tell("acknowledge", self.place.staff("POST", "/internal/robot/acknowledge").status)

    def _unplug(self) -> None:
        """A device loses power; its faults are gone with it."""
        device = self._rng.choice(("bank", "fiscal", "robot", "sms", "cloud"))
        if device not in self._unplugged:
            self._tell("unplug", device)
            self.place.devices.kill(device)
            self._on = [row for row in self._on if row[0] != device]
            self._unplugged.append(device)

    def _plug_in(self) -> None:
        device = self._unplugged.pop(0)
        self._tell("plug in", device)
        self.place.devices.restart(device)

    def _wait(self) -> None:
        pause(self._rng.choice((0.05, 0.2, 0.6)))

    def _tell(self, *words: object) -> None:
        self.story.append(" ".join(str(word) for word in words))


def _jumped(variant: Callable[[], Parts], jump_s: float) -> Parts:
    parts = variant()
    if jump_s:
        parts.clock = JumpedClock(jump_s)
    return parts
