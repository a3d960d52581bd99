"""YooKassa as a device: payments in one or two stages, keys that are carried out once, tokens with a fate."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from drivers.sim.gateways import http
from drivers.sim.gateways.http import HttpSimulator, serving
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

_DECLINED = {"tok_declined": "general_decline", "tok_insufficient_funds": "insufficient_funds"}
_NEVER_S = 180.0  # longer than any client waits
_ANSWER_AFTER_S = {"tok_slow": 10.0, "tok_unknown": _NEVER_S}
_NOT_CHARGED = ("tok_500", "tok_lost")
_KEY_LIFETIME = timedelta(hours=24)
#: Besides what every device behind HTTP has.
FAULTS: Mapping[str, tuple[str, ...]] = {
    "end_holds": ("reason",),
    "end_at_capture": ("reason",),
    "refuse_captures": (),
    "refuse_charges": ("status",),
    "cancel_refunds": (),
}
HELD, PAID, CANCELED = "waiting_for_capture", "succeeded", "canceled"
Row = dict[str, Any]


class _Refused(Exception):
    """`status`, `code` and `parameter` of the answer."""

    def __init__(self, status: int, code: str, parameter: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.parameter = parameter


class YooKassaDevice(HttpSimulator):
    """A change is committed before it is answered."""

    def __init__(self, world: World) -> None:
        super().__init__(
            [
                web.post("/payments", self._pay),
                web.get("/payments", self._list),
                web.get("/payments/{id}", self._show),
                web.post("/payments/{id}/{change:capture|cancel}", self._change),
                web.post("/refunds", self._refund),
            ],
            {**http.FAULTS, **FAULTS},
        )
        self._world = world

    def state(self) -> dict[str, Any]:
        return {"port": self.port, "payments": self._rows()}

    def _rows(self) -> list[Row]:
        return [value for _, value in self._world.scan("payment:")]

    # The calls.

    async def _pay(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        if (told := self.faults.on("refuse_charges")) is not None:
            return _error(int(told["status"]), "invalid_request", "The shop takes no tokens")
        try:
            key = _key(request)
            body = await request.json()
            known = self._of_key(key)
            token, amount = body["payment_token"], body["amount"]
            if known is None and token in _NOT_CHARGED:
                return await self._fail(request, token)
            row = known or self._decide(key, body, token, amount)
        except _Refused as refused:
            return _error(refused.status, refused.code, parameter=refused.parameter)
        except (ValueError, KeyError, TypeError):
            return _error(400, "invalid_request")
        await asyncio.sleep(_ANSWER_AFTER_S.get(token, 0))
        return await self._answered(request, row)

    def _decide(self, key: str, body: Row, token: str, amount: Row) -> Row:
        if not token.startswith("tok_"):
            raise _Refused(400, "invalid_request", "payment_token")
        if amount["currency"] != "RUB" or float(amount["value"]) <= 0:
            raise _Refused(400, "invalid_request")
        row: Row = {
            "id": f"2d{secrets.token_hex(17)}", "status": PAID if body.get("capture") else HELD, "amount": amount,
            "refunded_amount": {"value": "0.00", "currency": "RUB"}, "metadata": body.get("metadata", {}),
            "created_at": self._world.site.now().isoformat(), "test": True,
            "payment_method": {"type": "bank_card", "card": {"last4": "4242", "card_type": "Mir"}},
            "authorization_details": {"rrn": f"{secrets.randbelow(10**12):012d}", "auth_code": "123456"},
        }  # fmt: skip
        effect = "charged" if body.get("capture") else "held"
        if token in _DECLINED:
            row |= {"status": CANCELED, "cancellation_details": {"party": "yoo_money", "reason": _DECLINED[token]}}
            effect = "declined"
        elif token == "tok_3ds":  # noqa: S105  # a card whose bank wants to see the guest
            row |= {
                "status": "pending",
                "confirmation": {"type": "redirect", "confirmation_url": "https://3ds.example"},
            }
            effect = ""
        self._store(row, key, effect)
        return row

    async def _list(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        since, limit = request.query.get("created_at.gte", ""), int(request.query.get("limit", "10"))
        moment = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
        rows = [row for row in self._rows() if datetime.fromisoformat(row["created_at"]) >= moment]
        rows.sort(key=lambda row: row["created_at"], reverse=True)
        start = int(request.query.get("cursor", "0"))
        more = {"next_cursor": str(start + limit)} if len(rows) > start + limit else {}
        return web.json_response({"type": "list", "items": rows[start : start + limit], **more})

    async def _show(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        row = self._world.get(f"payment:{request.match_info['id']}")
        return _error(404, "not_found") if row is None else web.json_response(row)

    async def _change(self, request: web.Request) -> web.StreamResponse:
        """`capture` and `cancel`, of what is held alone."""
        await self._delay()
        try:
            key, row = _key(request), self._world.get(f"payment:{request.match_info['id']}")
            known = self._of_key(key)
            if known is None:
                capture = request.match_info["change"] == "capture"
                if row is not None and capture:
                    row = self._before_capture(row)
                if row is None or row["status"] != HELD:
                    raise _Refused(400, "invalid_request")
                known = self._end(row, key, capture=capture)
        except _Refused as refused:
            return _error(refused.status, refused.code)
        return await self._answered(request, known)

    def _fault_changed(self, name: str, *, on: bool) -> None:
        """`end_holds`: what is held just now ends by the bank's own will, with this reason."""
        if name != "end_holds":
            super()._fault_changed(name, on=on)
        elif on:
            reason = (self.faults.take(name) or {}).get("reason")
            for row in self._rows():
                if row["status"] == HELD:
                    self._let_go(row, reason)

    def _before_capture(self, row: Row) -> Row:
        """`end_at_capture`: the bank has let the money go; `refuse_captures`: it will not take it, and holds it."""
        if self.faults.on("refuse_captures") is not None:
            raise _Refused(400, "invalid_request")
        told = self.faults.on("end_at_capture")
        return row if told is None or row["status"] != HELD else self._let_go(row, told.get("reason"))

    def _let_go(self, row: Row, reason: object) -> Row:
        details = {"party": "yoo_money", "reason": reason or "expired_on_capture"}
        ended = row | {"status": CANCELED, "cancellation_details": details}
        self._store(ended, f"ended-{row['id']}", "released")
        return ended

    def _end(self, row: Row, key: str, *, capture: bool) -> Row:
        cancelled = {"status": CANCELED,
                     "cancellation_details": {"party": "merchant", "reason": "canceled_by_merchant"}}  # fmt: skip
        found = row | ({"status": PAID} if capture else cancelled)
        self._store(found, key, "captured" if capture else "released")
        return found

    async def _refund(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        try:
            key, body = _key(request), await request.json()
            known = self._of_key(key) or self._give_back(key, body["payment_id"], _kopecks(body["amount"]))
        except (ValueError, KeyError, TypeError):
            return _error(400, "invalid_request")
        except _Refused as refused:
            return _error(refused.status, refused.code)
        return await self._answered(request, known)

    def _give_back(self, key: str, payment_id: str, kopecks: int) -> Row:
        row = self._world.get(f"payment:{payment_id}")
        back = 0 if row is None else _kopecks(row["refunded_amount"]) + kopecks
        if row is None or row["status"] != PAID or kopecks <= 0 or back > _kopecks(row["amount"]):
            raise _Refused(400, "invalid_request")
        if self.faults.on("cancel_refunds") is not None:
            over = {"id": f"2e{secrets.token_hex(17)}", "status": CANCELED, "payment_id": payment_id}
            self._store(row, key, "", answer=over)
            return over
        row["refunded_amount"]["value"] = f"{back // 100}.{back % 100:02d}"
        refund = {"id": f"2e{secrets.token_hex(17)}", "status": PAID, "payment_id": payment_id}
        self._store(row, key, "refunded", answer=refund, kopecks=kopecks)
        return refund

    def _store(self, row: Row, key: str, effect: str, *, answer: Row | None = None, kopecks: int | None = None) -> None:
        told = row["metadata"]
        with self._world.change() as change:
            change.put(f"payment:{row['id']}", row)
            change.put(f"key:{key}", {"answer": answer or row, "at": self._world.site.now().isoformat()})
            if effect:
                change.effect(effect, key=key, operation=row["id"], transaction_id=row["id"],
                              order_id=told.get("order_id"),
                              amount_kopecks=_kopecks(row["amount"]) if kopecks is None else kopecks)  # fmt: skip

    def _of_key(self, key: str) -> Row | None:
        found = self._world.get(f"key:{key}")
        if found is None or self._world.site.now() - datetime.fromisoformat(found["at"]) > _KEY_LIFETIME:
            return None
        answer: Row = found["answer"]
        return answer

    async def _answered(self, request: web.Request, row: Row) -> web.StreamResponse:
        if self.faults.take("lose_answer") is not None:
            return await self._hang_up(request)
        return web.json_response(row)

    async def _fail(self, request: web.Request, token: str) -> web.StreamResponse:
        """Not charged: an error, or no answer at all."""
        if _NOT_CHARGED.index(token) == 0:
            return _error(500, "internal_server_error")
        await asyncio.sleep(_NEVER_S)
        return await self._hang_up(request)


def _key(request: web.Request) -> str:
    key = request.headers.get("Idempotence-Key", "")
    if not 0 < len(key) <= 64 or not request.headers.get("Authorization", "").startswith("Basic "):
        raise _Refused(400, "invalid_request")
    return key


def _kopecks(amount: Row) -> int:
    return round(float(amount["value"]) * 100)


def _error(status: int, code: str, description: str = "", parameter: str = "") -> web.Response:
    more = {"description": description, "parameter": parameter}
    told = {"type": "error", "id": secrets.token_hex(8), "code": code, **{k: v for k, v in more.items() if v}}
    return web.json_response(told, status=status)


def yookassa(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[YooKassaDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("yookassa", state, ledger, site)
    return serving(YooKassaDevice(world), world, port, control)
