"""DualConnector behind `POST /`: one operation at a time, carried to its end also when nobody listens any more; power,
faults and the customer with the card."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import web

from drivers.sim.faults import NO_PARAMETERS, Faults
from drivers.sim.gateways.http import FAULTS as HTTP_FAULTS
from drivers.sim.gateways.http import HttpSimulator, serving
from drivers.sim.inpas.account import CHARGED, COMPLETE, FORGET, REFUNDED, REVERSE, VOIDED, Account, Row
from drivers.sim.inpas.xml import RequestError, read_request, write_answer, write_error
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

__all__ = ["FAULTS", "InpasDevice", "InpasRules", "inpas"]

_SALE, _VOID, _TEST, _REFUND, _EMERGENCY, _SETTLEMENT, _CUSTOM = 1, 4, 26, 29, 53, 59, 63
_UNDEFINED, _OK, _CANCELLED, _REFUSED, _NO_CONNECTION, _ABORTED = 0, 1, 13, 16, 34, 53
_REQUEST_ERROR, _CONNECTION_ERROR = 4, 13
BEFORE_BANK, AFTER_BANK, AFTER_STORE = "before_bank", "after_bank", "after_store"

# `tap`, `refuse_card`, `red_button` and `unplug` are people at the screen: a card is shown now, the reader's own cancel
# is pressed, its USB cable is out for a moment. `after_power_cut` is a habit of the firmware.
FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **HTTP_FAULTS,
        "tap": (),
        "refuse_card": (),
        "red_button": (),
        "unplug": (),
        "off": (),
        "nobody_taps": (),
        "decline": (),
        "partial": ("kopecks",),
        "errorcode": ("code",),
        "errorcode_after": ("code",),
        "undefined": (),
        "no_connection": (),
        "cancel_offline": (),
        "cp1251": (),
        "bare_ids": (),
        "doubled_field": (),
        "other_copy": (),
        "no_copy": (),
        "foreign_sale": (),
        "power_cut": ("at",),
        "after_power_cut": ("do",),
        "no_void": (),
        "refuse_return": (),
        "refuse_settlement": (),
    }
)
_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "power_cut": ("at", (BEFORE_BANK, AFTER_BANK, AFTER_STORE)),
        "after_power_cut": ("do", (REVERSE, COMPLETE, FORGET)),
    }
)
_AT_ONCE = ("tap", "refuse_card", "red_button", "unplug", "foreign_sale")
_UNPLUGGED_S = 2.0
_TEXTS = {_OK: "ОДОБРЕНО", _REFUSED: "ОТКАЗАНО", _ABORTED: "ОПЕРАЦИЯ ПРЕРВАНА", _NO_CONNECTION: "НЕТ СВЯЗИ",
          _CANCELLED: "ОПЕРАЦИЯ ОТМЕНЕНА", _UNDEFINED: "НЕ ОПРЕДЕЛЕНО"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InpasRules:
    """`tap_s`: so long after it was asked for a customer shows a card; `reboot_s`: so long the reader starts."""

    tap_s: float = 1.0
    reboot_s: float = 0.2


_USUAL = InpasRules()


class PowerCut(Exception):
    """The reader has lost power in the middle of an operation."""


class InpasDevice(HttpSimulator):
    """The service stays up when the reader behind it loses power or its cable; then it answers errorcode 13."""

    def __init__(self, world: World, rules: InpasRules, seed: int | None) -> None:
        super().__init__([web.post("/", self._serve)])
        self.faults: Faults = _CheckedFaults(dict(FAULTS), self._fault_changed)
        self._world = world
        self._rules = rules
        self.account = Account(world, random.Random(seed))
        self.account.recover(REVERSE)
        self._turn = asyncio.Lock()
        self._card: asyncio.Future[str] | None = None
        self._working: set[asyncio.Task[bytes]] = set()
        self._unreachable_until = 0.0
        self.heard: list[int] = []  # operations, since the start

    def state(self) -> dict[str, Any]:
        return {
            "port": self.port,
            "last": self.account.last,
            "day": self.account.day,
            "transactions": self.account.transactions(),
            "waits_for_card": self._card is not None,
        }

    async def stop(self) -> None:
        """A power cut for the reader too: what was begun is found at the next start."""
        for task in self._working:
            task.cancel()
        await super().stop()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        await self._delay()
        try:
            fields, timeout_s = read_request(body)
            asked = self._asked(fields)
        except RequestError as error:
            return self._xml(self._error(_REQUEST_ERROR, f"REQUEST_ERROR {error}"))
        self.heard.append(asked["operation"])
        work = asyncio.get_running_loop().create_task(self._work(asked, fields, timeout_s or 180.0))
        self._working.add(work)
        work.add_done_callback(self._working.discard)
        answer = await asyncio.shield(work)  # also when whoever asked has gone
        if self._is_lost(asked["operation"]):
            return await self._hang_up(request)
        return self._xml(answer)

    def _is_lost(self, operation: int) -> bool:
        """The next answer that is none to a question; `after`: of this operation."""
        lose = self.faults.on("lose_answer")
        if lose is None or operation in (_TEST, _CUSTOM) or str(lose.get("after", operation)) != str(operation):
            return False
        return self.faults.take("lose_answer") is not None

    def _asked(self, fields: dict[int, str]) -> Row:
        try:
            operation = int(fields[25])
            amount = int(fields.get(0, "0"))
        except (KeyError, ValueError) as error:
            raise RequestError(f"fields 25 and 00: {error}") from error
        if operation in (_SALE, _VOID, _REFUND, _EMERGENCY) and amount <= 0:
            raise RequestError("field 00")
        return {"operation": operation, "number": fields.get(26), "amount_kopecks": amount, "time": fields.get(21)}

    async def _work(self, asked: Row, fields: dict[int, str], timeout_s: float) -> bytes:
        async with self._turn:
            if (early := self.faults.take("errorcode")) is not None:
                return self._error(int(early["code"]), _told(int(early["code"])))
            if not self._reachable:
                return self._error(_CONNECTION_ERROR, _told(_CONNECTION_ERROR))
            try:
                answer = await self._carry_out(asked, fields, timeout_s)
            except PowerCut:
                return self._error(_CONNECTION_ERROR, _told(_CONNECTION_ERROR))
            if asked["operation"] not in (_CUSTOM, _TEST):
                if (late := self.faults.take("errorcode_after")) is not None:
                    return self._error(int(late["code"]), _told(int(late["code"])))
                if self.faults.take("undefined") is not None:
                    answer = {39: _UNDEFINED, 19: _TEXTS[_UNDEFINED]}
            return self._answer(answer)

    @property
    def _reachable(self) -> bool:
        return self.faults.on("off") is None and asyncio.get_running_loop().time() >= self._unreachable_until

    async def _carry_out(self, asked: Row, fields: dict[int, str], timeout_s: float) -> dict[int, object]:
        match asked["operation"]:
            case 1:
                return await self._sell(asked, timeout_s)
            case 4 | 29:
                return self._give_back(asked, fields)
            case 53:
                return self._cancel(asked)
            case 59:
                return self._settle(asked)
            case 26:
                return {25: _TEST, 39: _OK, 19: _TEXTS[_OK]}
            case 63 if (fields.get(65), fields.get(64)) == ("22", "1"):
                return self._copy()
            case _:
                return {39: _REFUSED, 19: "НЕИЗВЕСТНАЯ ОПЕРАЦИЯ"}

    # Sale.

    async def _sell(self, asked: Row, timeout_s: float) -> dict[int, object]:
        self.account.begin(asked)
        word = await self._until_card(timeout_s)
        if word == "cut":
            self.account.drop()  # no bank was asked
            raise PowerCut
        if word == "aborted":
            self.account.drop()
            return {25: _SALE, 26: asked["number"], 39: _ABORTED, 19: _TEXTS[_ABORTED]}
        self._cut_power(BEFORE_BANK)
        if self.faults.take("no_connection") is not None:
            self.account.drop()
            return {25: _SALE, 26: asked["number"], 39: _NO_CONNECTION, 19: _TEXTS[_NO_CONNECTION]}
        if word == "refused" or self.faults.on("decline") is not None:
            return _receipt(self.account.print_receipt(asked, _REFUSED, code="005"))
        part = self.faults.on("partial")
        approved = min(int(part["kopecks"]), asked["amount_kopecks"]) if part else asked["amount_kopecks"]
        row = self.account.charge(asked, approved)
        self._cut_power(AFTER_BANK)
        found = self.account.print_receipt(asked, _OK, rrn=row["rrn"], auth=row["auth"], approved=approved)
        self._cut_power(AFTER_STORE)
        return _receipt(found)

    async def _until_card(self, timeout_s: float) -> str:
        loop = asyncio.get_running_loop()
        self._card = loop.create_future()
        if self.faults.on("nobody_taps") is None:
            loop.call_later(self._rules.tap_s, self._shown, self._card, "tapped")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._card
        except TimeoutError:
            return "aborted"
        finally:
            self._card = None

    @staticmethod
    def _shown(card: asyncio.Future[str], word: str) -> None:
        if not card.done():
            card.set_result(word)

    def _cut_power(self, at: str) -> None:
        cut = self.faults.on("power_cut")
        if cut is None or cut["at"] != at:
            return
        self.faults.take("power_cut")
        self._unreachable_until = asyncio.get_running_loop().time() + self._rules.reboot_s
        self.account.recover((self.faults.on("after_power_cut") or {"do": REVERSE})["do"])
        raise PowerCut

    # What is given back, and the day's end.

    def _give_back(self, asked: Row, fields: dict[int, str]) -> dict[int, object]:
        row = self.account.find(fields.get(14))
        void = asked["operation"] == _VOID
        kept = (CHARGED,) if void else (CHARGED, REFUNDED)  # a refund is carried out as often as it is asked for
        refused = row is None or row["state"] not in kept or asked["amount_kopecks"] != row["amount_kopecks"]
        if row is not None and void:
            settled = row["day"] != self.account.day or self.faults.on("no_void") is not None
            refused |= settled or fields.get(34) != "1" or fields.get(13) != row["auth"]
        if row is None or refused or self.faults.on("refuse_return") is not None:
            return _receipt(self.account.print_receipt(asked, _REFUSED, code="012"))
        self.account.give_back(row, asked, row["amount_kopecks"], VOIDED if void else REFUNDED)
        return _receipt(self.account.print_receipt(asked, _OK, rrn=row["rrn"], approved=row["amount_kopecks"]))

    def _cancel(self, asked: Row) -> dict[int, object]:
        """Of the last operation alone, and only where it was approved: by the number of its request."""
        last = self.account.last
        row = self.account.find(last.get("rrn"))
        mine = last.get("operation") == _SALE and last.get("number") == asked["number"] and last.get("status") == _OK
        if not mine or row is None or row["state"] != CHARGED or asked["amount_kopecks"] != row["amount_kopecks"]:
            return {25: _EMERGENCY, 26: asked["number"], 39: _REFUSED, 19: _TEXTS[_REFUSED]}
        if self.faults.take("cancel_offline") is not None:
            return {25: _EMERGENCY, 26: asked["number"], 39: _NO_CONNECTION, 19: _TEXTS[_NO_CONNECTION]}
        self.account.give_back(row, asked, row["amount_kopecks"], VOIDED)
        return _receipt(self.account.print_receipt(asked, _CANCELLED, rrn=row["rrn"], approved=row["amount_kopecks"]))

    def _settle(self, asked: Row) -> dict[int, object]:
        if self.faults.on("refuse_settlement") is not None:
            return _receipt(self.account.print_receipt(asked, _NO_CONNECTION))
        sums = self.account.settle(asked)
        slip = f"0xDF^^ИТОГИ СОВПАЛИ {sums['count']} / {sums['amount_kopecks'] / 100:.2f}~"
        return _receipt(self.account.print_receipt(asked, _OK, slip=slip, approved=sums["amount_kopecks"]))

    def _copy(self) -> dict[int, object]:
        """`other_copy` with `after`: only where the last operation is this one."""
        last = self.account.last
        if not last or self.faults.on("no_copy") is not None:
            return {39: _REFUSED, 19: "НЕТ ЧЕКА"}
        other = self.faults.on("other_copy")
        if other is not None and str(other.get("after", last["operation"])) == str(last["operation"]):
            last = {**last, "number": "900001", "amount_kopecks": 100, "approved": 100}
        return _receipt(last)

    # The wire.

    @property
    def _encoding(self) -> str:
        return "windows-1251" if self.faults.on("cp1251") is not None else "UTF-8"

    def _answer(self, fields: dict[int, object]) -> bytes:
        found = write_answer(fields, encoding=self._encoding, bare=self.faults.on("bare_ids") is not None)
        if self.faults.take("doubled_field") is not None:
            found = found.replace(b"</response>", b'<field id="39">16</field></response>')
        return found

    def _error(self, code: int, description: str) -> bytes:
        return write_error(code, description, encoding=self._encoding)

    @staticmethod
    def _xml(body: bytes) -> web.Response:
        return web.Response(body=body, content_type="text/xml")

    # People, and the fault that was switched.

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name == "off" and on:
            self._end_waiting("cut")
        elif name == "nobody_taps" and not on:
            self._end_waiting("tapped")
        elif name not in _AT_ONCE:
            super()._fault_changed(name, on=on)
        elif on:
            self.faults.take(name)
            self._happens(name)

    def _happens(self, name: str) -> None:
        if name == "unplug":
            self._unreachable_until = asyncio.get_running_loop().time() + _UNPLUGGED_S
            self._end_waiting("cut")
        elif name == "foreign_sale":
            local = self._world.site.now() + timedelta(hours=3)
            number = int(self.account.last.get("number") or 0) + 1
            self.account.sell_for_another(number, local.strftime("%Y%m%d%H%M%S"))
        else:
            self._end_waiting({"tap": "tapped", "refuse_card": "refused", "red_button": "aborted"}[name])

    def _end_waiting(self, word: str) -> None:
        if self._card is not None:
            self._shown(self._card, word)


class _CheckedFaults(Faults):
    """Refuses values a fault cannot have."""

    def switch(self, name: str, parameters: Mapping[str, Any] = NO_PARAMETERS, *, on: bool = True) -> None:
        if on and name in _CHOICES:
            word, choices = _CHOICES[name]
            if parameters.get(word) not in choices:
                raise ValueError(f"fault {name!r}: {word} is one of {', '.join(choices)}")
        if on and name in ("errorcode", "errorcode_after", "partial"):
            word = FAULTS[name][0]
            if not isinstance(parameters.get(word), int):
                raise ValueError(f"fault {name!r}: {word} is a whole number")
        super().switch(name, parameters, on=on)


def _receipt(last: Row) -> dict[int, object]:
    """The fields of an operation's receipt, at once and as a copy."""
    status = int(last["status"])
    card = {10: "************4242", 11: "2912"} if last["operation"] in (_SALE, _EMERGENCY) else {}
    amount = last.get("approved", last["amount_kopecks"]) or None
    return {
        0: amount, 4: 643, **card, 13: last.get("auth"), 14: last.get("rrn"), 15: last.get("code", "000"),
        19: _TEXTS.get(status, ""), 21: last["time"], 25: last["operation"], 26: last["number"], 27: last["tid"],
        28: last["mid"], 39: status, 90: last.get("slip", f"0xDF^^{_TEXTS.get(status, '')}~"),
    }  # fmt: skip


def _told(code: int) -> str:
    return {_REQUEST_ERROR: "REQUEST_ERROR", _CONNECTION_ERROR: "Connection error"}.get(code, "error")


def inpas(
    port: int,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    rules: InpasRules = _USUAL,
    site: Site = HERE,
) -> AbstractAsyncContextManager[InpasDevice]:
    """The service for the length of the block; `port` 0 takes a free one."""
    world = World("inpas", state, ledger, site)
    return serving(InpasDevice(world, rules, seed), world, port, control)
