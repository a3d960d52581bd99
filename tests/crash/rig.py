"""A kiosk that is killed and started again while its devices live on in processes of their own, and what people do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from kiosk.api.http.pages import shipped
from kiosk.catalogue import load_menu, load_notices, web_root
from kiosk.config import load
from kiosk.runtime.preparing import prepare_types
from kiosk.sinks.statistics import StatisticsSink
from kiosk.store.staff.stats import CONSUMER
from kiosk.wiring import Parts
from kiosk.wiring.preconditions import prepared
from tests.crash import tally
from tests.crash.calls import Answer, Asked, Gone, call, internal
from tests.crash.devices import DEVICES, EFFECTS, QR_BANK, READER, START_S, Devices
from tests.crash.lives import Bomb, KioskProcess, pause
from tests.databases.ready import lay_ready
from tests.restaurant import NOBODY, config_text, short_folder

__all__ = ["Answer", "Bomb", "Gone", "Purchase", "World", "call", "pause", "world"]

#: At the till nobody can know before the money whether it will be cash or a card.
_PAPER_FIRST = '\n[fiscal]\nreceipt = "before_payment"\nunpaid_per_visitor = 100\nunpaid_per_hour = 1000\n'
_SEVERAL_WAYS = """
[payment]
methods = {}
[terminal]
port = "{}"
[sbp]
driver = "{}"
url = "{}"
timeout_s = 1.0
poll_s = 0.05
"""
_TAKING = """
[terminal]
driver = "inpas"
refunds = "reader"
settle_at = ""
"""
#: For which ways to pay and devices this process has imported everything.
_READY: set[tuple[str | bool, ...]] = set()
_OVER = ("completed", "refunded", "cancelled")
_FREE_LIMITS = """
[auth]
limits = { logins_per_device_per_minute = 1000, resend_s = 0, sms_per_phone_per_hour = 99, sms_per_phone_per_day = 99, \
guest_sessions_per_minute = 1000 }
"""


@dataclass
class Purchase:
    """One customer's way: what was asked, so that it can be asked again after a crash."""

    token: str
    order_id: str
    amount_kopecks: int
    key: str
    card_token: str = "tok_ok"
    points: int = 0
    phone: str = ""
    answer: Answer | None = None
    refunds: int = 0  # how many staff has asked for
    item: str = "tea"
    notify: str = ""  # a guest's number, to be told what becomes of the order
    method: str = "token"
    quantity: int = 1

    @property
    def paid(self) -> bool:
        return self.answer is not None and self.answer.status == 200

    @property
    def given_up(self) -> bool:
        """Refused for good: the customer goes, or tries another card as another order."""
        if self.answer is None or self.answer.status in (200, 202):
            return False
        return self.answer.status == 402 or self.answer.code in (
            "bank_unavailable",
            "fiscal_unavailable",
            "ingredients_unavailable",
            "payment_method_unavailable",
            "bonus_exceeds_limit",  # they went into another order meanwhile
        )


@dataclass
class World:
    """Devices, one kiosk after another on the same database, and every purchase ever tried."""

    extra: str = ""
    variant: Callable[[], Parts] | None = None
    planted: str = ""
    effects: bool = False
    several_ways: bool = False  # a card reader, QR codes and the till besides tokens
    methods: tuple[str, ...] = ("token", READER, QR_BANK, "till")  # then; its devices are those that it needs
    reader: str = "vtk"  # or `inpas`, which takes the money at once
    paper_first: bool = False  # `[fiscal] receipt = "before_payment"`
    speed: float = 80.0
    bank: str = "bank"  # or `yookassa`, which holds
    qr_bank: str = "tbank"  # or `raif`
    also: tuple[str, ...] = ()  # devices of a simulated day: `push`, `broker`
    robot: str = ""  # `robot` or `complex2`, behind a line that somebody puts between
    mend: Callable[[World], None] | None = None  # what somebody does so that sales can open
    prepare: Callable[[Path], None] | None = None  # what stands in the devices' memories before they are switched on
    folder: Path = field(default_factory=short_folder)
    purchases: list[Purchase] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    mismatches: list[str] = field(default_factory=list)
    reserved: dict[str, int] = field(default_factory=dict)  # what is still held for orders that are over
    by_hand: set[str] = field(default_factory=set)  # refunds whose money staff has given back
    duty: str = ""  # the phone that alarms are sent to
    owed_s: float = 10.0  # how long messages and webhooks may be on their way at the end
    kills: int = 0
    scenarios: int = 0
    endings: list[int] = field(default_factory=list)
    found: int = 0
    _kiosk: KioskProcess | None = None

    def __post_init__(self) -> None:
        ways = [name for name in (READER, QR_BANK) if self.several_ways and name in self.methods]
        names = (*DEVICES, *(EFFECTS if self.effects else ()), *ways, *self.also)
        load_menu(None)  # every life's, which is forked from here
        load_notices(None)
        shipped(web_root())
        self.devices = Devices(
            self.folder,
            names,
            self.speed,
            robot=self.robot or "robot",
            bank=self.bank,
            reader=self.reader,
            qr_bank=self.qr_bank,
        )
        self._lay_database()
        if self.prepare is not None:
            self.prepare(self.folder)
        self.devices.start()
        urls, tail = self.devices.urls, ""
        if self.effects:
            tail = f'\n[[webhooks]]\nurl = "{urls["cloud"]}"\nsecret_file = "{self.devices.secret_file}"\n'
        extra = _FREE_LIMITS + self.extra
        if self.robot:
            extra += f'\n[robot]\nport = "{self.devices.robot_port}"\n'
        if self.bank != "bank":
            extra += f'\n[bank]\ndriver = "{self.bank}"\n'
        if self.several_ways:
            taking = self.reader == "inpas"
            reader = urls.get(READER, NOBODY) if taking else self.devices.line(READER)
            methods = json.dumps(self.methods)
            extra += _SEVERAL_WAYS.format(methods, reader, self.qr_bank, urls.get(QR_BANK, NOBODY))
            extra += _TAKING if taking else ""
        if self.paper_first:
            extra += _PAPER_FIRST
        text = config_text(self.folder, urls["bank"], extra, urls.get("sms", NOBODY))
        (self.folder / "config.toml").write_text(text + tail)
        self._get_ready(self.folder / "config.toml")
        if self.variant is not None and not self.planted:
            self.planted = self.variant.__name__.replace("_", " ")

    def _lay_database(self) -> None:
        lay_ready(self.folder / "kiosk.db")

    def _get_ready(self, config: Path) -> None:
        """What every life would import and prepare anew, which is forked from here: drivers and record types."""
        ways = (self.bank, self.reader, self.qr_bank, self.robot, self.several_ways)
        if ways not in _READY:
            _READY.add(ways)
            asyncio.run(prepared(load(config)))
            prepare_types()

    def live(self, bomb: Bomb = "", variant: Callable[[], Parts] | None = None) -> int | None:
        """End the last life, begin another; its port, or None when it died at start."""
        self.end_life()
        self._kiosk = KioskProcess(self.folder, bomb, variant or self.variant)
        return self._kiosk.port()

    def end_life(self) -> None:
        if self._kiosk is not None:
            self.kills += 1
            self.endings.append(self._kiosk.kill())
            self._kiosk = None

    def alive(self) -> int:
        """A life without a bomb; its port."""
        port = self.live()
        assert port is not None, "the kiosk died at start"
        return port

    @property
    def died(self) -> bool:
        return self._kiosk is None or self._kiosk.dead()

    # What people do.

    def wait_open(self, port: int) -> None:
        if self.mend is not None:
            self.mend(self)
        self.until(lambda: call(port, "GET", "/api/restaurant").body["sales"]["open"], "sales open")

    def sales(self, port: int) -> dict[str, Any]:
        found: dict[str, Any] = call(port, "GET", "/api/restaurant").body["sales"]
        return found

    def guest(self, port: int) -> str:
        return str(call(port, "POST", "/api/auth/guest").body["access_token"])

    def create(
        self, port: int, item: str = "tea", card_token: str = "tok_ok", quantity: int = 1, token: str = "", **more: Any
    ) -> Purchase:
        """An order that is not paid yet."""
        token = token or self.guest(port)
        body = {"items": [{"item_id": item, "quantity": quantity}], "service": "dine_in"}
        created = call(port, "POST", "/api/orders/create", body, token)
        assert created.status == 201, created
        order_id = created.body["order_id"]
        amount = created.body["amount_kopecks"] - 100 * more.get("points", 0)
        purchase = Purchase(
            token, order_id, amount, f"key-{order_id}", card_token, item=item, quantity=quantity, **more
        )
        self.purchases.append(purchase)
        return purchase

    def buy(self, port: int, item: str = "tea", card_token: str = "tok_ok", **more: Any) -> Purchase:
        """Someone orders and pays; `answer` stays None when the kiosk died on the way."""
        purchase = self.create(port, item, card_token, **more)
        self.pay(port, purchase)
        return purchase

    def begin_pay(self, port: int, purchase: Purchase) -> Asked:
        token = purchase.method == "token"
        body: dict[str, Any] = {"card_token": purchase.card_token} if token else {"method": purchase.method}
        if purchase.points:
            body["bonus_points"] = purchase.points
        if purchase.notify:
            body |= {"receipt_to": purchase.notify, "notify": True}
        path = f"/api/orders/{purchase.order_id}/payment"
        return Asked(port, "POST", path, body, purchase.token, purchase.key)

    def pay(self, port: int, purchase: Purchase) -> None:
        with contextlib.suppress(Gone):
            purchase.answer = self.begin_pay(port, purchase).answer()

    def staff(self, method: str, target: str, body: Any = None) -> Answer:
        return internal(self.folder / "k.sock", method, target, body)

    def ask_refund(self, purchase: Purchase, items: list[dict[str, Any]] | None = None) -> Answer:
        body = {"reason": "не понравилось"} | ({"items": items} if items else {})
        return self.staff("POST", f"/internal/orders/{purchase.order_id}/refund", body)

    def order(self, port: int, purchase: Purchase) -> dict[str, Any]:
        answer = call(port, "GET", f"/api/orders/{purchase.order_id}", token=purchase.token)
        assert answer.status == 200, f"order {purchase.order_id} is not to be seen: {answer}"
        found: dict[str, Any] = answer.body
        return found

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = START_S) -> Any:
        """What takes long is asked for less and less often: each question costs the two cores something."""
        began = time.monotonic()
        end = began + deadline_s
        while (now := time.monotonic()) < end:
            with contextlib.suppress(Gone):
                if found := condition():
                    return found
            if self.died:
                raise Gone(what)
            pause(self.asks_again_in_s(now - began))
        raise AssertionError(f"not within {deadline_s} s: {what}")

    def asks_again_in_s(self, waited_s: float) -> float:
        return min(0.005 + waited_s / 8, 0.1)

    def until_dead(self, deadline_s: float = START_S) -> bool:
        """Whether the bomb of this life went off in time."""
        end = time.monotonic() + deadline_s
        while not self.died and time.monotonic() < end:
            pause()
        return self.died

    # The end of the story.

    def settle(self, port: int, *, patient: bool = True, deadline_s: float = 60.0) -> None:
        """Every customer asks again until the order is over; then the books are read. A patient one, refused before
        money moved, tries again with the same key."""
        for purchase in self.purchases:
            what = f"order {purchase.order_id} ({purchase.card_token}) ends"
            self.until(partial(self.is_over, port, purchase, patient=patient), what, deadline_s)
        self.read_books(port)

    def is_over(self, port: int, purchase: Purchase, *, patient: bool) -> bool:
        if not purchase.paid and not (purchase.given_up and not self._tries_again(purchase, patient=patient)):
            self.pay(port, purchase)
        order = self.order(port, purchase)
        self.views[purchase.order_id] = order
        self._serve_at_till(order)
        refunded = len(order["refunds"]) >= purchase.refunds and all(r["status"] == "done" for r in order["refunds"])
        closed = order["status"] in _OVER or (order["status"] == "created" and purchase.given_up)
        return refunded and closed

    def _serve_at_till(self, order: dict[str, Any]) -> None:
        """A member of staff takes the money of whoever stands there with a code, after the receipt where that comes
        first."""
        show = (order["payment"] or {}).get("show")
        if show and show["kind"] == "till" and self.paper_first and not show.get("receipt_first"):
            self.staff("POST", f"/internal/till/{show['code']}/receipt", {"tender": "cash"})
        elif show and show["kind"] == "till":
            self.staff("POST", f"/internal/till/{show['code']}", {"tender": "cash", "given_kopecks": 1_000_000})

    def attempts(self) -> list[dict[str, Any]]:
        """Every attempt to pay as the books have it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/kiosk.db?mode=ro", uri=True)) as books:
            books.row_factory = sqlite3.Row
            sql = "SELECT order_id, method, step, amount_kopecks, operation, taken_by, tender FROM payment"
            return [dict(row) for row in books.execute(sql)]

    def _tries_again(self, purchase: Purchase, *, patient: bool) -> bool:
        assert purchase.answer is not None
        refunded = isinstance(purchase.answer.body, dict) and purchase.answer.body.get("refunded")
        return patient and purchase.card_token == "tok_ok" and purchase.answer.status == 503 and not refunded

    def read_books(self, port: int) -> None:
        """Events, statistics, points and the kiosk's own audit, once the consumers are through."""

        today = datetime.now(UTC).date()
        first, last = today - timedelta(days=1), today + timedelta(days=1)  # whatever the zone, and over midnight
        patience_s = 1.5 if self.planted else START_S

        def counted() -> bool:
            self.events = self.all_events()
            self.stats = self.staff("GET", f"/internal/stats?from={first}&to={last}").body
            told = Counter(event["type"] for event in self.events)
            wanted = {
                "orders_created": told["OrderCreatedEvent"],
                "orders": told["OrderPaidEvent"],
                "orders_completed": told["OrderCompletedEvent"],
                "refunded_kopecks": sum(refund["amount_kopecks"] for refund in self._refunds()),
            }
            return all(self.stats[name] == value for name, value in wanted.items())

        with contextlib.suppress(AssertionError):  # the judge says what they lack
            self.until(self._is_through, "the statistics have met every event")
        with contextlib.suppress(AssertionError):
            self.until(counted, "the statistics have caught up", patience_s)
        for purchase in self.purchases:
            if purchase.phone:
                self.points[purchase.phone] = call(port, "GET", "/api/me", token=purchase.token).body["bonus_points"]
        with contextlib.suppress(AssertionError):
            self.until(lambda: not self._read_reserved(), "no ingredient is held for an order that is over", patience_s)
        rows = self.staff("GET", "/internal/audit").body["mismatches"]
        self.mismatches = [f"audit {row['check']} {row['subject']}: {row['detail']}" for row in rows]

    def _is_through(self) -> bool:
        """Whether the statistics have met every event that they count: what is right before may be counted again."""
        self.events = self.all_events()
        met = [event["sequence"] for event in self.events if event["type"] in StatisticsSink.wants]
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/kiosk.db?mode=ro", uri=True)) as books:
            row = books.execute("SELECT sequence FROM cursor WHERE consumer = ?", (CONSUMER,)).fetchone()
        return not met or (row is not None and row[0] >= met[-1])

    def _refunds(self) -> list[dict[str, Any]]:
        """Those after payment, as the orders show them."""
        rows = [refund for view in self.views.values() for refund in view["refunds"]]
        return [refund for refund in rows if not refund["refund_id"].endswith("-void")]

    def _read_reserved(self) -> dict[str, int]:
        bins = self.staff("GET", "/internal/robotics/ingredients").body["bins"]
        self.reserved = {row["ingredient"]: row["reserved"] for row in bins if row["reserved"]}
        return self.reserved

    def all_events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["sequence"] if found else 0
            rows = self.staff("GET", f"/internal/events?after={after}").body["events"]
            if not rows:
                return found
            found += rows

    def events_so_far(self) -> list[dict[str, Any]]:
        """With those that were born after the books were read; those of the books where the kiosk has gone."""
        try:
            return self.all_events()
        except Gone:
            return self.events

    def tell(self, found: list[str]) -> None:
        """What a person needs to see of a failure: every ledger line of the orders it names."""
        for purchase in self.purchases:
            if any(purchase.order_id in line for line in found):
                for name in DEVICES:
                    rows = [row for row in self.devices.ledger(name) if row["order_id"] == purchase.order_id]
                    sys.stdout.write("".join(f"{row}\n" for row in rows))
                sys.stdout.write(f"{self.views.get(purchase.order_id)}\n")

    def close(self) -> None:
        self.end_life()
        self.devices.stop()
        tally.record(
            self.planted,
            scenarios=self.scenarios,
            kills=self.kills + self.devices.kills,
            orders=len(self.purchases),
            charges=sum(line["effect"] == "charged" for line in self.devices.ledger("bank")),
            documents=sum("receipt" in line["effect"] for line in self.devices.ledger("fiscal")),
            meals=sum(line["effect"] == "ready" for line in self.devices.ledger("robot")),
            violations=self.found,
        )
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def world(extra: str = "", variant: Callable[[], Parts] | None = None, **more: Any) -> Iterator[World]:
    found = World(extra, variant, **more)
    try:
        yield found
    finally:
        found.close()
