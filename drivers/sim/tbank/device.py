"""The bank behind `POST /v2/METHOD`: signed requests, bills with QR codes, and a guest who scans the code."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from drivers.sbp.tbank.messages import token_of
from drivers.sim.gateways.http import serving
from drivers.sim.qr_bank import SHARED_FAULTS, USUAL, QrBankDevice, QrRules, Words
from drivers.sim.site import HERE, Site
from drivers.sim.tbank import account as of
from drivers.sim.tbank.account import Account, Bill
from drivers.sim.world import World

__all__ = ["QrRules", "TbankDevice", "tbank"]
FAULTS: Mapping[str, tuple[str, ...]] = {**SHARED_FAULTS, "repeated": ("code",), "no_funds": ()}
_LEAST_KOPECKS, _MOST_KOPECKS = 1_000, 100_000_000
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(days=90)
_WORDS = Words(
    open=(of.NEW, of.SHOWN),
    moving=of.AUTHORIZING,
    paid=of.CONFIRMED,
    expired=of.EXPIRED,
    calls={"Init": "order", "Cancel": "cancel"},
)


class Refused(Exception):
    """`ErrorCode` and `Message` of the answer."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class TbankDevice(QrBankDevice):
    """`shop` of the rules is the only TerminalKey, `secret` the password of signatures."""

    account: Account

    def __init__(self, world: World, rules: QrRules) -> None:
        paths = [f"{base}/{{method}}" for base in ("", "/v2")]
        super().__init__([web.post(path, self._serve) for path in paths], rules, _WORDS)
        self.faults.known = dict(FAULTS)
        self.account = Account(world)
        self._answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "Init": self._init,
            "GetQr": self._get_qr,
            "GetState": self._get_state,
            "CheckOrder": self._check_order,
            "Cancel": self._cancel,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2"

    def state(self) -> dict[str, Any]:
        return {"port": self.port, "bills": self.account.bills()}

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method not in self._answers:
            return web.json_response({"error": "not_found"}, status=404)
        await self._delay()
        if self._strikes("lose_request", "of", method):
            return await self._hang_up(request)
        try:
            answer = self._answers[method](self._read(await request.read()))
        except Refused as refused:
            answer = {"Success": False, "ErrorCode": refused.code, "Message": refused.message}
        if self._strikes("lose_answer", "after", method):
            return await self._hang_up(request)
        return web.json_response({"Success": True, "ErrorCode": "0", **answer})

    def _read(self, raw: bytes) -> dict[str, Any]:
        body = _json(raw)
        if self._rules.shop not in ("", body.get("TerminalKey")):
            raise Refused("202", "Терминал заблокирован")
        if body.get("Token") != token_of(body, self._rules.secret):
            raise Refused("204", "Неверный токен. Проверьте пару TerminalKey/SecretKey")
        if self._is_busy():
            raise Refused("9999", "Внутренняя ошибка системы")
        self._set_clock()
        return body

    # The methods.

    def _init(self, body: dict[str, Any]) -> dict[str, Any]:
        order, amount = body.get("OrderId"), body.get("Amount")
        if not isinstance(order, str) or not 0 < len(order) <= 36 or not isinstance(amount, int):
            raise Refused("9", "Неверные параметры")
        if not _LEAST_KOPECKS <= amount <= _MOST_KOPECKS:
            raise Refused("3016", "Неверная сумма")
        due_at = self._due(body.get("RedirectDueDate"))
        if self.account.of_order(order):
            code = (self.faults.on("repeated") or {"code": "8"})["code"]
            raise Refused(str(code), "Заказ с таким order_id уже существует")
        return _told(self.account.open(order, amount, due_at, str(body.get("Description", ""))))

    def _due(self, text: Any) -> datetime:
        now = self.account.now
        if text is None:
            return now + timedelta(days=1)
        with contextlib.suppress(ValueError, TypeError):
            found = datetime.fromisoformat(text)
            if _SOONEST <= found - now <= _LATEST:
                return found
        raise Refused("3017", "Неверный срок действия")

    def _get_qr(self, body: dict[str, Any]) -> dict[str, Any]:
        bill = self._bill(body)
        if bill["state"] not in of.OPEN:
            raise Refused("8", "Неверный статус транзакции")
        known = bool(bill["qr"])
        bill = self.account.show(bill)
        if not known:
            self._scan_later(bill)
        return {"PaymentId": int(bill["id"]), "OrderId": bill["order"], "Data": bill["qr"]}

    def _get_state(self, body: dict[str, Any]) -> dict[str, Any]:
        return _told(self._settled(self._bill(body))) | self._odd()

    def _check_order(self, body: dict[str, Any]) -> dict[str, Any]:
        found = [self._settled(bill) for bill in self.account.of_order(str(body.get("OrderId")))]
        rows = [
            {"PaymentId": bill["id"], "Amount": bill["amount_kopecks"], "Status": bill["state"], "Success": True,
             "ErrorCode": "0", **({"RRN": bill["rrn"], "SbpPaymentId": bill["transfer"]} if "rrn" in bill else {})}
            for bill in found
        ]  # fmt: skip
        return {"OrderId": body.get("OrderId"), "Payments": rows}

    def _cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ends what is open, sends back what is paid."""
        bill = self._bill(body)
        if bill["qr"] and bill["state"] in (of.NEW, of.SHOWN) and self.faults.take("pay_during_cancel") is not None:
            bill = self.account.move(bill, of.CONFIRMED)
        if bill["state"] in (of.NEW, of.SHOWN):
            bill = self.account.move(bill, of.CANCELED)
        elif bill["state"] in (of.CONFIRMED, of.REFUNDING):  # each is carried out: SBP knows no key for a return
            if self.faults.on("no_funds") is not None:
                raise Refused("3002", "Недостаточно средств на счете магазина")
            later = self.faults.on("async_refunds") is not None
            bill = {**bill, "returns": bill.get("returns", 0) + 1}
            bill = self.account.move(bill, of.REFUNDING if later else of.REFUNDED)
        else:
            raise Refused("8", "Неверный статус транзакции")
        return _told(bill) | {"OriginalAmount": bill["amount_kopecks"], "NewAmount": 0}

    def _bill(self, body: dict[str, Any]) -> Bill:
        found = self.account.find(str(body.get("PaymentId")))
        if found is None:
            raise Refused("7", "Платёж не найден")
        return found

    def _odd(self) -> dict[str, Any]:
        odd = self.faults.on("odd_state")
        return {} if odd is None else {"Status": odd["word"]}

    def _settled(self, bill: Bill) -> Bill:
        """What was under way ends once the fault that holds it has."""
        if bill["state"] == of.AUTHORIZING and self.faults.on("in_transfer") is None:
            return self.account.move(bill, of.CONFIRMED)
        if bill["state"] == of.REFUNDING and self.faults.on("async_refunds") is None:
            return self.account.move(bill, of.REFUNDED)
        return bill

    def _reject(self, bill: Bill) -> None:
        self.account.move(bill, of.REJECTED)


def _json(raw: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(raw)
        if isinstance(found, dict):
            return found
    raise Refused("9", "Неверные параметры")


def _told(bill: Bill) -> dict[str, Any]:
    return {
        "PaymentId": bill["id"], "OrderId": bill["order"], "Amount": bill["amount_kopecks"], "Status": bill["state"],
    }  # fmt: skip


def tbank(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, rules: QrRules = USUAL, site: Site = HERE
) -> AbstractAsyncContextManager[TbankDevice]:
    """The bank for the length of the block; `port` 0 takes a free one."""
    world = World("tbank", state, ledger, site)
    return serving(TbankDevice(world, rules), world, port, control)
