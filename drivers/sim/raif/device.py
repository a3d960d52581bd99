"""The bank behind its REST API: codes, orders that are paid by them, refunds by part, and a guest who scans."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from drivers.sim.gateways.http import serving
from drivers.sim.qr_bank import SHARED_FAULTS, USUAL, QrBankDevice, QrRules, Words
from drivers.sim.raif import account as of
from drivers.sim.raif.account import Account, Bill, Refund
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

FAULTS: Mapping[str, tuple[str, ...]] = {
    **SHARED_FAULTS,
    "repeated": ("code",),
    "cancels_in_transfer": (),
    "decline_refunds": (),
}
_WORDS = Words(open=(of.NEW,), moving=of.MOVING, paid=of.PAID, expired=of.EXPIRED)
_SHOP = "sbpMerchantId"
_LONGEST_NAME, _LONGEST_SHOWN = 40, 140
_Members = dict[str, Any]


class Refused(Exception):
    """`code` and `message` of an answer with this status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": message}


class RaifDevice(QrBankDevice):
    """`shop` of the rules is the only sbpMerchantId, `secret` the only key."""

    account: Account

    def __init__(self, world: World, rules: QrRules) -> None:
        order = "/payment/v1/orders"
        calls: list[tuple[str, str, str, Callable[[web.Request, _Members], _Members]]] = [
            ("POST", "/sbp/v2/qrs", "link", self._link),
            ("GET", "/sbp/v2/qrs/{qr}", "code", self._code),
            ("GET", "/sbp/v1/qr/{qr}/payment-info", "payment-info", self._payment_info),
            ("POST", order, "order", self._order),
            ("GET", order + "/{order}", "status", self._status),
            ("DELETE", order + "/{order}", "cancel", self._cancel),
            ("POST", "/payments/v1/orders/{order}/refunds/{refund}", "refund", self._refund),
            ("GET", "/payments/v1/orders/{order}/refunds/{refund}", "refund-status", self._refund_status),
        ]
        routes = [web.route(method, f"/api{path}", self._serving(name, answer)) for method, path, name, answer in calls]
        super().__init__(routes, rules, _WORDS)
        self.faults.known = dict(FAULTS)
        self.account = Account(world)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def state(self) -> dict[str, Any]:
        bills = self.account.bills()
        return {"port": self.port, "bills": bills, "refunds": [r for b in bills for r in self.account.refunds(b["id"])]}

    def _serving(
        self, name: str, answer: Callable[[web.Request, _Members], _Members]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            await self._delay()
            if self._strikes("lose_request", "of", name):
                return await self._hang_up(request)
            if self._is_busy():
                return web.Response(status=503, text="<html>Service Unavailable</html>", content_type="text/html")
            self._set_clock()
            status = 200
            try:
                self._require_key(request)
                told = answer(request, _json(await request.read()) if request.method == "POST" else {})
            except Refused as refused:
                status, told = refused.status, refused.body
            if self._strikes("lose_answer", "after", name):
                return await self._hang_up(request)
            return web.json_response(told, status=status)

        return serve

    def _require_key(self, request: web.Request) -> None:
        if self._rules.secret and request.headers.get("Authorization") != f"Bearer {self._rules.secret}":
            raise Refused("UNAUTHORIZED", "Неверный ключ", 401)

    # Codes.

    def _link(self, _: web.Request, body: _Members) -> _Members:
        if body.get("qrType") != "QRVariable":
            raise Refused("ERROR.INVALID_REQUEST", "Передан некорректный тип QR")
        if _SHOP not in body:
            raise Refused("ERROR.SBP_MERCHANT_ID_IS_MISSING", "SbpMerchantId партнера не указан")
        if self._rules.shop not in ("", body[_SHOP]):
            raise Refused("ERROR.MERCHANT_NOT_REGISTERED", f"Партнер с ID {body[_SHOP]} не зарегистрирован")
        return {"code": "SUCCESS", **_told_code(self.account.new_code())}

    def _code(self, request: web.Request, _: _Members) -> _Members:
        code = self.account.code(request.match_info["qr"])
        if code is None:
            raise Refused("ERROR.NOT_FOUND", "QR-код не найден у данного партнера")
        bill = self.account.of_code(code["id"])
        return {**_told_code(code), "qrStatus": "INACTIVE" if bill is None else _word(bill)}

    def _payment_info(self, request: web.Request, _: _Members) -> _Members:
        bill = self.account.of_code(request.match_info["qr"])
        if bill is None:
            raise Refused("ERROR.NOT_FOUND", "QR не был оплачен")
        bill = self._settled(bill)
        words = {of.PAID: "SUCCESS", of.MOVING: "IN_PROGRESS"}
        moving = "IN_PROGRESS" if bill.get("moving") else "NO_INFO"
        status = words.get(bill["state"], "DECLINED" if bill.get("declined") else moving)
        paid = {"transactionId": bill["transaction"]} if "transaction" in bill else {}
        return {
            "code": "SUCCESS", "amount": bill["amount_kopecks"] / 100, "currency": "RUB", "order": bill["id"],
            "paymentStatus": status, "qrId": bill["qr_id"], "createDate": bill["asked_at"], **paid,
        }  # fmt: skip

    # Orders.

    def _order(self, _: web.Request, body: _Members) -> _Members:
        name = body.get("id")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise Refused("ERROR.INVALID_ORDER", "В номере заказа поддерживаются A-z09_-.")
        code = self.account.code(str((body.get("qr") or {}).get("id")))
        if code is None:
            raise Refused("ERROR.NOT_FOUND", "QR-код не найден у данного партнера")
        if len(str(body["qr"].get("additionalInfo", ""))) > _LONGEST_SHOWN:
            raise Refused("ERROR.INVALID_REQUEST", "Слишком длинная дополнительная информация")
        amount, due_at = _kopecks(body.get("amount")), self._due(body.get("expirationDate"))
        if self.account.find(name) is not None:
            told = (self.faults.on("repeated") or {"code": "ERROR.INVALID_REQUEST"})["code"]
            raise Refused(str(told), f"Заказ с идентификатором {name} уже существует")
        bill = self.account.open(name, amount, due_at, code, str(body.get("comment", "")))
        self._scan_later(bill)
        return self._told(bill)

    def _due(self, text: Any) -> datetime:
        with contextlib.suppress(ValueError, TypeError):
            found = datetime.fromisoformat(text)
            if found > self.account.now:
                return found
        raise Refused("ERROR.QR_EXPIRATION_DATE_NOT_VALID", "Неверная дата истечения QR-кода")

    def _status(self, request: web.Request, _: _Members) -> _Members:
        return self._told(self._settled(self._bill(request)))

    def _cancel(self, request: web.Request, _: _Members) -> _Members:
        """Ends what is open; money is never sent back by it."""
        bill = self._bill(request)
        if bill["state"] == of.NEW and self.faults.take("pay_during_cancel") is not None:
            bill = self.account.move(bill, of.PAID)
        if bill["state"] == of.MOVING and self.faults.on("cancels_in_transfer") is not None:
            bill = {**bill, "moving": True}
        elif bill["state"] == of.MOVING:
            raise Refused("ERROR.INVALID_REQUEST", "Заказ оплачивается")
        elif bill["state"] != of.NEW:
            told = f"Заказ с идентификатором {bill['id']} имеет статус {bill['state']}"
            raise Refused("ORDER_HAS_FINAL_STATUS", told)
        return self._told(self.account.move(bill, of.CANCELLED))

    def _bill(self, request: web.Request) -> Bill:
        name = request.match_info["order"]
        found = self.account.find(name)
        if found is None:
            raise Refused("ORDER_NOT_FOUND", f"Заказ с идентификатором {name} не найден", 404)
        return found

    def _settled(self, bill: Bill) -> Bill:
        """What was under way ends once the fault that holds it has."""
        moving = bill["state"] == of.MOVING or (bill["state"] == of.CANCELLED and bill.get("moving"))
        if moving and self.faults.on("in_transfer") is None:
            return self.account.move({**bill, "moving": False}, of.PAID)
        return bill

    def _told(self, bill: Bill) -> _Members:
        odd = self.faults.on("odd_state")
        word = _word(bill) if odd is None else odd["word"]
        return {
            "id": bill["id"], "amount": bill["amount_kopecks"] / 100, "comment": bill["text"],
            "status": {"value": word, "date": bill["changed_at"]}, "expirationDate": bill["due_at"],
            "qr": {"id": bill["qr_id"]},
        }  # fmt: skip

    # Refunds.

    def _refund(self, request: web.Request, body: _Members) -> _Members:
        """It is on its way at first. One of a name that is known is carried out once more."""
        bill, name, amount = self._bill(request), request.match_info["refund"], _kopecks(body.get("amount"))
        if bill["state"] != of.PAID:
            raise Refused("ERROR.NOT_FOUND", "Заказ не был оплачен")
        if amount > self.account.left_kopecks(bill, name):
            raise Refused("ERROR.REFUND_INSUFFICIENT_FUNDS", "Сумма возврата больше суммы остатка по платежу")
        return _told_refund(self.account.give_back(bill, name, amount, of.IN_PROGRESS))

    def _refund_status(self, request: web.Request, _: _Members) -> _Members:
        bill, name = self._bill(request), request.match_info["refund"]
        found = self.account.refund(bill["id"], name)
        if found is None:
            raise Refused("ERROR.REFUND_NOT_FOUND", f"Возврат с refundId {name} не найден", 404)
        if found["state"] == of.IN_PROGRESS and self.faults.on("async_refunds") is None:
            state = of.COMPLETED if self.faults.on("decline_refunds") is None else of.DECLINED
            found = self.account.give_back(bill, name, found["amount_kopecks"], state)
        return _told_refund(found)

    def _reject(self, bill: Bill) -> None:
        """The payer's bank refuses; the order may be paid by another one."""
        self.account.move({**bill, "declined": True}, of.NEW)


def _word(bill: Bill) -> str:
    return of.NEW if bill["state"] == of.MOVING else str(bill["state"])


def _told_code(code: dict[str, str]) -> _Members:
    name = code["id"]
    return {"qrId": name, "payload": code["payload"], "qrUrl": f"https://pay.raif.ru/api/sbp/v1/qr/{name}/image"}


def _told_refund(refund: Refund) -> _Members:
    return {"code": "SUCCESS", "amount": refund["amount_kopecks"] / 100, "refundStatus": refund["state"]}


def _kopecks(amount: Any) -> int:
    """Of a number in roubles, as it was written."""
    if not isinstance(amount, Decimal) or amount <= 0 or amount != round(amount, 2):
        raise Refused("ERROR.INVALID_REQUEST", "Передана некорректная сумма платежа")
    return int(amount * 100)


def _json(raw: bytes) -> _Members:
    with contextlib.suppress(ValueError):
        found = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        if isinstance(found, dict):
            return found
    raise Refused("ERROR.INVALID_REQUEST", "Не передан обязательный параметр")


def raif(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, rules: QrRules = USUAL, site: Site = HERE
) -> AbstractAsyncContextManager[RaifDevice]:
    """The bank for the length of the block; `port` 0 takes a free one."""
    world = World("raif", state, ledger, site)
    return serving(RaifDevice(world, rules), world, port, control)
