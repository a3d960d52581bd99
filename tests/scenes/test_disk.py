"""A disk that runs full stops sales before money moves, and lets them go on when there is room again."""

from __future__ import annotations

import os

from tests.restaurant import Restaurant, restaurant

MEGABYTE = 1024 * 1024
MOST_MB = 16 * 1024 * 1024
"""The largest floor that the settings take: no disk here has as much free."""


def set_floor(place: Restaurant, floor_mb: int) -> None:
    file = place.folder / "config.toml"
    kept = [line for line in file.read_text().splitlines() if not line.startswith("free_floor_mb")]
    file.write_text("\n".join(kept).replace("[database]", f"[database]\nfree_floor_mb = {floor_mb}"))


async def test_3_full_disk_refuses_new_orders_and_payments_before_money_moves() -> None:
    async with restaurant("[database]\nfree_floor_mb = 1") as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        set_floor(place, MOST_MB)
        await place.restart()
        await place.until_paused("disk")
        refused = await guest.pay(order_id, key="k")
        assert (refused.status, refused.code, refused.body["reason"]) == (503, "sales_paused", "disk")
        body = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
        assert (await guest.call("POST", "/api/orders/create", body)).body["reason"] == "disk"
        assert place.effects("bank", "charged") == []
        assert {"device": "disk", "code": "disk"}.items() <= (await place.events())[-1]["data"].items()
        set_floor(place, 1)
        await place.restart()
        await place.until_open()
        assert (await guest.pay(order_id, key="k")).status == 200


async def test_3_disk_that_fills_between_two_looks_refuses_the_very_next_payment() -> None:
    async with restaurant("[database]\nfree_floor_mb = 1\nreserve_mb = 1") as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        set_floor(place, place.kiosk.flows.disk_guard.free_bytes // MEGABYTE - 512)  # others fill and free the disk too
        await place.restart()
        await place.until_open()
        with (place.folder / "filler").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1536 * MEGABYTE)
            refused = await guest.pay(order_id, key="k")
        assert (refused.status, refused.code, refused.body["reason"]) == (503, "sales_paused", "disk")
        assert place.effects("bank", "charged") == []
