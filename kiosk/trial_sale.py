"""A sale for a trial and its refund, by the calls that a screen and staff make (`kiosk check --sale`).

It is a real one: money, a receipt, a refund receipt. The dish is given back at once; where the robot has begun it by
then, it is cooked and stands in its cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from kiosk.clock import SystemClock
from kiosk.domain.ordering.order import OrderStatus

_CARD = "tok_ok"  # which the simulated bank takes
_LOOK_S = 0.5
_OPEN_WITHIN_S = 30.0  # what a robot takes to stand up, and a shift to be opened
_PAID_WITHIN_S = 180.0
_BACK_WITHIN_S = 60.0
_REASON = "trial sale"
#: (status, answer) of a call at the staff's socket.
Staff = Callable[[str, str, dict[str, Any] | None], Awaitable[tuple[int, Any]]]


class NoSale(Exception):
    """Where it ended, in a sentence."""


class TrialSale:
    """`url`: the public door; `say` takes a line for each step. A token can be had in a demo only (`tokens`): elsewhere
    the guest pays at the reader, by a code or at the till."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, staff: Staff, say: Callable[[str], None], *, tokens: bool
    ) -> None:
        self._url = url
        self._tokens = tokens
        self._session = session
        self._staff = staff
        self._say = say
        self._token = ""

    async def run(self, method: str) -> None:
        """Raises `NoSale`."""
        if method == "token" and not self._tokens:
            raise NoSale("a card's token comes from the bridge of the screen: name another way to pay")
        await self._until_open()
        self._token = (await self._call("POST", "/api/auth/guest", {}))["access_token"]
        dish = await self._cheapest()
        wanted = {"items": [{"item_id": dish["id"], "quantity": 1}], "service": "take_away"}
        order = await self._call("POST", "/api/orders/create", wanted)
        self._say(f"order {order['number']}: {dish['name']}, {order['amount_kopecks'] / 100:.2f} RUB")
        await self._pay(order["order_id"], method)
        await self._give_back(order["order_id"], order["number"])

    async def _until_open(self) -> None:
        """Devices that are just starting are waited for."""
        sales = {}
        for _ in range(round(_OPEN_WITHIN_S / _LOOK_S)):
            sales = (await self._call("GET", "/api/restaurant"))["sales"]
            if sales["open"]:
                return
            await SystemClock().sleep(_LOOK_S)
        raise NoSale(f"sales are closed ({sales.get('reason')}): kiosk status")

    async def _cheapest(self) -> dict[str, Any]:
        menu = await self._call("GET", "/api/menu/categories")
        dishes = [dish for category in menu["categories"] for dish in category["items"]]
        plain = [
            dish for dish in dishes if dish["available"] and not any(group["min"] for group in dish["modifier_groups"])
        ]
        if not plain:
            raise NoSale("no dish is on sale: kiosk status")
        found: dict[str, Any] = min(plain, key=lambda dish: dish["price_kopecks"])
        return found

    async def _pay(self, order_id: str, method: str) -> None:
        body = {"method": method, **({"card_token": _CARD} if method == "token" else {})}
        answer = await self._call("POST", f"/api/orders/{order_id}/payment", body)
        if show := answer.get("show"):
            self._say(" ".join(str(word) for word in ("pay now:", *show.values()) if word is not None))
        order = await self._until(order_id, lambda order: order["status"] != "paying", _PAID_WITHIN_S)
        receipt = order["receipt"]
        if receipt is None:
            payment = order["payment"] or {}
            raise NoSale(f"not paid: {payment.get('failure')} {payment.get('reason')}")
        self._say(
            f"paid, receipt {receipt['fiscal_document_number']} of drive {receipt['fiscal_drive_number']},"
            f" sign {receipt['fiscal_sign']}"
        )

    async def _give_back(self, order_id: str, number: str) -> None:
        status, answer = await self._staff("POST", f"/internal/orders/{order_id}/refund", {"reason": _REASON})
        if status >= 400:
            raise NoSale(f"the refund was refused ({answer.get('code')}): kiosk refund {number} --reason R")
        order = await self._until(order_id, _is_back, _BACK_WITHIN_S)
        self._say(f"given back, order {number} is {order['status']}")

    async def _until(self, order_id: str, over: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(within_s):
                while True:
                    order: dict[str, Any] = await self._call("GET", f"/api/orders/{order_id}")
                    if over(order):
                        return order
                    await SystemClock().sleep(_LOOK_S)
        except TimeoutError as error:
            raise NoSale(f"not over within {within_s:g} s: kiosk order {order_id}, kiosk stuck") from error

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Idempotency-Key": f"{path}:1"} if path.endswith("/payment") else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            async with self._session.request(method, f"{self._url}{path}", json=body, headers=headers) as response:
                answer = await response.json(content_type=None)
                if response.status >= 400:
                    raise NoSale(f"{path}: {answer.get('code')} {answer.get('detail', '')}".rstrip())
                return answer
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoSale(f"{path}: {type(error).__name__} {error}") from error


def _is_back(order: dict[str, Any]) -> bool:
    done = [refund["status"] == "done" for refund in order["refunds"]]
    return order["status"] == OrderStatus.REFUNDED and bool(done) and all(done)
