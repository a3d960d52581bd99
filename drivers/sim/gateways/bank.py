"""The bank as a device: accounts that remember, idempotency keys forgotten after 24 h, card tokens with a fate."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from drivers.sim.gateways.http import HttpSimulator, serving
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

_DECLINED = {"tok_declined": "do_not_honor", "tok_insufficient_funds": "insufficient_funds"}
_NEVER_S = 180.0  # longer than any client waits
_ANSWER_AFTER_S = {"tok_slow": 10.0, "tok_unknown": _NEVER_S}
_NOT_CHARGED = ("tok_500", "tok_lost")
_KEY_LIFETIME = timedelta(hours=24)


class BankDevice(HttpSimulator):
    """`POST /transactions`, `GET /transactions`, void and refund; a charge is committed before it is answered."""

    def __init__(self, world: World) -> None:
        super().__init__(
            [
                web.post("/transactions", self._charge),
                web.get("/transactions", self._find),
                web.post("/transactions/{id}/void", self._void),
                web.post("/transactions/{id}/refund", self._refund),
            ]
        )
        self._world = world
        self.faults.known = {**self.faults.known, "forget_keys": ()}

    def state(self) -> dict[str, Any]:
        return {"port": self.port, "transactions": [value for _, value in self._world.scan("transaction:")]}

    # The calls.

    async def _charge(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key", "")
        try:
            body = await request.json()
            order_id, amount, token = body["order_id"], body["amount_kopecks"], body["card_token"]
            if not key or not isinstance(amount, int) or amount <= 0 or body["currency"] != "RUB":
                raise ValueError
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "bad_request"}, status=400)
        await self._delay()
        known = self._known(key)
        if known is None:
            if token in _NOT_CHARGED:
                return await self._fail(request, token)
            known = self._decide(key, order_id, amount, token)
        await asyncio.sleep(_ANSWER_AFTER_S.get(token, 0))
        if self.faults.take("lose_answer") is not None:
            return await self._hang_up(request)
        return _answer(known, 201)

    def _decide(self, key: str, order_id: str, amount: int, token: str) -> dict[str, Any]:
        declined = _DECLINED.get(token)
        if not token.startswith("tok_"):
            declined = "invalid_token"
        transaction_id = f"T{secrets.token_hex(6)}"
        record: dict[str, Any] = {
            "transaction_id": transaction_id,
            "status": "declined" if declined else "approved",
            "reason": declined,
            "auth_code": f"{secrets.randbelow(1_000_000):06d}",
            "rrn": f"{secrets.randbelow(10**12):012d}",
            "card": {"brand": "mir", "last4": "4242"},
            "key": key,
            "order_id": order_id,
            "amount_kopecks": amount,
            "at": self._world.site.now().isoformat(),
        }
        with self._world.change() as change:
            change.put(f"transaction:{transaction_id}", record)
            change.put(f"key:{key}", {"transaction_id": transaction_id, "at": record["at"]})
            change.effect(
                "declined" if declined else "charged",
                key=key,
                transaction_id=transaction_id,
                amount_kopecks=amount,
                order_id=order_id,
            )
        return record

    def _known(self, key: str) -> dict[str, Any] | None:
        found = self._world.get(f"key:{key}")
        if self.faults.on("forget_keys") is not None:
            return None
        if found is None or self._world.site.now() - datetime.fromisoformat(found["at"]) > _KEY_LIFETIME:
            return None
        record: dict[str, Any] = self._world.get(f"transaction:{found['transaction_id']}")
        return record

    async def _find(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        if "since" in request.query:
            since = request.query["since"]
            rows = [value for _, value in self._world.scan("transaction:") if value["at"] >= since]
            return web.json_response({"transactions": rows})
        known = self._known(request.query.get("idempotency_key", ""))
        return web.json_response({"error": "not_found"}, status=404) if known is None else _answer(known, 200)

    async def _void(self, request: web.Request) -> web.StreamResponse:
        return await self._give_back(request, "voided")

    async def _refund(self, request: web.Request) -> web.StreamResponse:
        return await self._give_back(request, "refunded")

    async def _give_back(self, request: web.Request, effect: str) -> web.StreamResponse:
        """A key is carried out once; at most what was charged comes back."""
        await self._delay()
        key, transaction_id = request.headers.get("Idempotency-Key", ""), request.match_info["id"]
        record = self._world.get(f"transaction:{transaction_id}")
        if not key or record is None:
            return web.json_response({"error": "not_found"}, status=404)
        if self._world.get(f"key:{key}") is None or self.faults.on("forget_keys") is not None:
            amount = record["amount_kopecks"]
            if effect == "refunded":
                try:
                    amount = int(json.loads(await request.read())["amount_kopecks"])
                except (ValueError, KeyError, TypeError):
                    return web.json_response({"error": "bad_request"}, status=400)
            returned = record.get("returned_kopecks", 0)
            if record["status"] == "declined" or amount <= 0 or returned + amount > record["amount_kopecks"]:
                return web.json_response({"error": "refused"}, status=409)
            with self._world.change() as change:
                status = effect if returned + amount == record["amount_kopecks"] else record["status"]
                record |= {"status": status, "returned_kopecks": returned + amount}
                change.put(f"transaction:{transaction_id}", record)
                change.put(f"key:{key}", {"transaction_id": transaction_id, "at": self._world.site.now().isoformat()})
                change.effect(
                    effect,
                    key=key,
                    transaction_id=transaction_id,
                    amount_kopecks=amount,
                    order_id=record["order_id"],
                )
        if self.faults.take("lose_answer") is not None:
            return await self._hang_up(request)
        return web.json_response({"transaction_id": transaction_id, "status": effect}, status=200)

    async def _fail(self, request: web.Request, token: str) -> web.StreamResponse:
        """Not charged: an error, or no answer at all."""
        if _NOT_CHARGED.index(token) == 0:
            return web.json_response({"error": "internal"}, status=500)
        await asyncio.sleep(_NEVER_S)
        return await self._hang_up(request)


def _answer(record: dict[str, Any], approved_status: int) -> web.Response:
    if record["status"] == "declined":
        return web.json_response({"status": "declined", "reason": record["reason"]}, status=402)
    names = ("transaction_id", "status", "auth_code", "rrn", "card")
    return web.json_response({name: record[name] for name in names}, status=approved_status)


def bank(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[BankDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("bank", state, ledger, site)
    return serving(BankDevice(world), world, port, control)
