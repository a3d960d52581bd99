"""A quarter later: what no law asks for is gone, and orders, money back and the audit are as they were."""

from __future__ import annotations

from kiosk.flows.guards.retention import Retention
from kiosk.store.transaction import Reader
from tests.clocks import JumpingClock
from tests.restaurant import Restaurant, restaurant, until

QUARTER_S = 100 * 86_400


class Seen(Retention):
    """Known to its test."""

    last: Retention

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)  # type: ignore[arg-type]
        Seen.last = self


async def count(place: Restaurant, table: str) -> int:
    return int(await place.kiosk.database.read(Reader.scalar, f"SELECT count(*) FROM {table}"))


async def test_4_after_a_quarter_the_order_stands_and_its_events_and_keys_do_not() -> None:
    clock = JumpingClock()
    lasting = "[auth]\ntoken_lifetime_s = 2592000"
    async with restaurant(lasting, clock=clock, retention=Seen) as place:
        guest, idle = await place.guest(), await place.guest()
        order = await guest.order(("tea", 1))
        assert (await guest.pay(order["order_id"], key="k", receipt_to="+79160000001", notify=True)).status == 200
        await guest.until_status(order["order_id"], "completed")
        assert (await idle.call("GET", "/api/orders")).status == 200
        before = {table: await count(place, table) for table in ("session", "idempotency", "event", "guest_notice")}
        young = await Seen.last.look()
        assert not any(young.values()), young

        clock.jump(QUARTER_S)
        later = await place.guest()

        async def sold() -> bool:
            """Once yesterday's shift, closed in the meantime, stands in nobody's way."""
            await place.until_open()
            return (await later.pay((await later.order(("tea", 1)))["order_id"])).status == 200

        await until(sold)

        async def all_read() -> bool:
            slowest = await place.kiosk.database.read(Reader.scalar, "SELECT min(sequence) FROM cursor")
            return bool(slowest > before["event"])

        await until(all_read)
        gone = await Seen.last.look()
        assert gone["events"] == before["event"]
        assert gone["keys"] >= 1
        assert gone["guests"] == before["guest_notice"] == 1
        assert gone["sessions"] >= 1

        told = (await place.internal("GET", f"/internal/orders/{order['order_id']}")).body
        assert (told["status"], told["amount_kopecks"]) == ("completed", order["amount_kopecks"])
        assert told["receipt"]["fiscal_document_number"]
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
        await place.restart()
        await place.until_open()
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
        assert (await place.internal("POST", f"/internal/orders/{order['order_id']}/refund", {"reason": "x"})).status \
            == 202  # fmt: skip
        await until(lambda: refund_done(place, order["order_id"]))


async def refund_done(place: Restaurant, order_id: str) -> bool:
    return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "refunded")
