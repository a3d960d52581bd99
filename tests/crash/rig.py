"""A kiosk process that is killed and started again while its devices live on in processes of their own.

The kiosk is forked from this process, which has everything imported: a start costs a fraction of a second. A variant of
the saga with a planted bug is chosen by name, in the child.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.checkpoints import VARIABLE, Checkpoints
from kiosk.config import load
from kiosk.wiring import Parts, run
from tests.restaurant import FAST_FISCAL, FAST_ROBOT, config_text, ledger, short_folder

START_S = 15.0


@dataclass
class Devices:
    """The simulated devices, each a process that outlives the kiosk."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    bank_url: str = ""

    def start(self, speed: float = 80.0) -> None:
        self._spawn("fiscal", "shtrih", "--link", str(self.folder / "fiscal.tty"))
        self._spawn("robot", "robot", "--link", str(self.folder / "robot.tty"), "--speed", str(speed), "--seed", "1")
        self._spawn("bank", "bank", "--port", "0")
        for process in self.processes:
            assert process.stdout is not None
            ready, _, _ = select.select([process.stdout], [], [], START_S)
            assert ready, "a simulated device did not start"
            where = process.stdout.readline().split()
            assert where[:1] == ["ready"], where
            if where[1].startswith("http"):
                self.bank_url = where[1]

    def _spawn(self, name: str, device: str, *more: str) -> None:
        files = [f"--state={self.folder}/{name}.state", f"--ledger={self.folder}/{name}.jsonl"]
        control = f"--control={self.folder}/{name}.sock"
        command = [sys.executable, "-m", "drivers.sim", device, *more, *files, control]
        self.processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))

    def fault(self, name: str, fault: str, on: bool = True, **parameters: Any) -> None:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(START_S)
            channel.connect(str(self.folder / f"{name}.sock"))
            channel.sendall(json.dumps({"fault": fault, "on": on, **parameters}).encode() + b"\n")
            assert json.loads(channel.makefile().readline()) == {"ok": True}

    def ledger(self, name: str) -> list[dict[str, Any]]:
        return ledger(self.folder / f"{name}.jsonl")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(START_S)
            if process.stdout is not None:
                process.stdout.close()


class KioskProcess:
    """One life of the kiosk."""

    def __init__(self, folder: Path, crash_at: str = "", variant: Callable[[], Parts] | None = None) -> None:
        self._folder = folder
        self._port_file = folder / "port"
        self._port_file.unlink(missing_ok=True)
        self.pid = os.fork()
        if self.pid == 0:
            self._live(crash_at, variant or Parts)

    def _live(self, crash_at: str, variant: Callable[[], Parts]) -> None:
        """The child: never returns."""
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            parts = variant()
            parts.checkpoint = Checkpoints({VARIABLE: crash_at})
            parts.fiscal_timeouts, parts.robot_timings, parts.inquiry_every_s = FAST_FISCAL, FAST_ROBOT, 0.2
            staged = self._port_file.with_suffix(".new")

            def started(kiosk: Any) -> None:
                staged.write_text(str(kiosk.public_port))
                staged.rename(self._port_file)

            asyncio.set_event_loop_policy(None)
            code = asyncio.run(run(load(self._folder / "config.toml"), parts, started))
        except BaseException:  # noqa: BLE001 - the child must end here, whatever it was
            traceback.print_exc()
            code = 70
        os._exit(code)

    def dead(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def port(self) -> int | None:
        """Its port once it listens; None when it died before."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self._port_file.exists():
                return int(self._port_file.read_text())
            if self.dead():
                return None
            _pause()
        raise AssertionError("the kiosk did not start")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _pause() -> None:
    """One look a few milliseconds later; a kernel wait, since there is no event to wait for across processes."""
    select.select([], [], [], 0.005)


@dataclass
class Answer:
    status: int
    body: Any


class Gone(Exception):
    """The kiosk died before it answered."""


def call(port: int, method: str, path: str, body: Any = None, token: str = "", key: str = "") -> Answer:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with urllib.request.urlopen(request, timeout=START_S) as response:
            return Answer(response.status, json.loads(response.read() or b"null"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, json.loads(error.read()))
    except (OSError, urllib.error.URLError) as error:
        raise Gone from error


@dataclass
class Purchase:
    """One customer's way: what was asked, so that it can be asked again after a crash."""

    token: str
    order_id: str
    amount_kopecks: int
    key: str
    card_token: str = "tok_ok"
    answer: Answer | None = None


class World:
    """Devices, one kiosk after another on the same database, and every purchase ever tried."""

    def __init__(self, extra: str = "", variant: Callable[[], Parts] | None = None) -> None:
        self.folder = short_folder()
        self.devices = Devices(self.folder)
        self.devices.start()
        (self.folder / "config.toml").write_text(config_text(self.folder, self.devices.bank_url, extra))
        self.variant = variant
        self.purchases: list[Purchase] = []
        self.kills = 0
        self._kiosk: KioskProcess | None = None

    def live(self, crash_at: str = "", variant: Callable[[], Parts] | None = None) -> int | None:
        """End the last life, begin another; its port, or None when it died at start."""
        self.end_life()
        self._kiosk = KioskProcess(self.folder, crash_at, variant or self.variant)
        return self._kiosk.port()

    def end_life(self) -> None:
        if self._kiosk is not None:
            self.kills += 1
            self._kiosk.kill()
            self._kiosk = None

    @property
    def died(self) -> bool:
        return self._kiosk is None or self._kiosk.dead()

    def wait_open(self, port: int) -> None:
        self.until(lambda: call(port, "GET", "/api/restaurant").body["sales"]["open"], "sales open")

    def buy(self, port: int, item: str = "tea", card_token: str = "tok_ok") -> Purchase:
        """A guest orders and pays; `answer` stays None when the kiosk died on the way."""
        token = call(port, "POST", "/api/auth/guest").body["access_token"]
        body = {"items": [{"item_id": item, "quantity": 1}], "service": "dine_in"}
        created = call(port, "POST", "/api/orders/create", body, token)
        assert created.status == 201, created
        order_id = created.body["order_id"]
        purchase = Purchase(token, order_id, created.body["amount_kopecks"], f"key-{order_id}", card_token)
        self.purchases.append(purchase)
        self.pay(port, purchase)
        return purchase

    def pay(self, port: int, purchase: Purchase) -> None:
        with contextlib.suppress(Gone):
            purchase.answer = call(
                port,
                "POST",
                f"/api/orders/{purchase.order_id}/payment",
                {"card_token": purchase.card_token},
                purchase.token,
                purchase.key,
            )

    def order(self, port: int, purchase: Purchase) -> dict[str, Any]:
        found: dict[str, Any] = call(port, "GET", f"/api/orders/{purchase.order_id}", token=purchase.token).body
        return found

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = START_S) -> Any:
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            with contextlib.suppress(Gone):
                if found := condition():
                    return found
            if self.died:
                raise Gone(what)
            _pause()
        raise AssertionError(f"not within {deadline_s} s: {what}")

    def close(self) -> None:
        self.end_life()
        self.devices.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def violations(self) -> list[str]:
        """What the ledgers say against the promise: one charge, one receipt, one meal for each paid order."""
        found = []
        bank, fiscal, robot = (self.devices.ledger(name) for name in ("bank", "fiscal", "robot"))
        for purchase in self.purchases:
            order_id = purchase.order_id
            mine = [line for line in bank if line["order_id"] == order_id]
            returned = {line["transaction_id"] for line in mine if line["effect"] in ("voided", "refunded")}
            charges = [line for line in mine if line["effect"] == "charged" and line["transaction_id"] not in returned]
            paid = purchase.answer is not None and purchase.answer.status == 200
            found += _count(order_id, "charge", len(charges), paid)
            if paid and charges and charges[0]["amount_kopecks"] != purchase.amount_kopecks:
                found.append(f"{order_id}: charged {charges[0]['amount_kopecks']}")
            started = [line for line in robot if line["effect"] == "started" and line["order_id"] == order_id]
            found += _count(order_id, "meal", len(started), paid)
        receipts = [line for line in fiscal if line["effect"] == "receipt"]
        paid_purchases = [p for p in self.purchases if p.answer is not None and p.answer.status == 200]
        documents = [line["fiscal_document_number"] for line in receipts]
        answered = [p.answer.body["receipt"]["fiscal_document_number"] for p in paid_purchases if p.answer]
        if sorted(documents) != sorted(answered):
            found.append(f"receipts {documents} against answers {answered}")
        return found


def _count(order_id: str, what: str, number: int, paid: bool) -> list[str]:
    wanted = 1 if paid else 0
    return [] if number == wanted else [f"{order_id}: {number} {what}s instead of {wanted}"]


@contextlib.contextmanager
def world(extra: str = "", variant: Callable[[], Parts] | None = None) -> Iterator[World]:
    found = World(extra, variant)
    try:
        yield found
    finally:
        found.close()
