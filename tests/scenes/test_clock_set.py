"""Somebody sets the wall clock by hours, either way, while orders are under way: nobody waits or loses for it."""

from __future__ import annotations

import pytest

from tests.clocks import JumpingClock
from tests.restaurant import restaurant, until

HOURS_S = 3 * 3600


@pytest.mark.parametrize("ahead_s", [HOURS_S, -HOURS_S])
async def test_4_meal_on_the_stove_is_handed_out_though_the_clock_was_set(ahead_s: int) -> None:
    clock = JumpingClock()
    async with restaurant("[robot]\nlate_limit_s = 600", speed=20.0, clock=clock) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "cooking", "ready")
        clock.jump(ahead_s)

        async def over() -> str | None:
            status = str((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"])
            return status if status in ("completed", "refunded") else None

        assert await until(over) == "completed"
        assert place.effects("bank", "voided", "refunded") == []


async def test_3_3_card_that_was_not_charged_is_free_again_though_the_clock_was_set_back() -> None:
    clock = JumpingClock()
    async with restaurant("[payment]\nanswer_within_s = 0.2", clock=clock) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id, "tok_lost")).status == 202
        assert (await guest.call("POST", "/api/auth/logout")).status == 204  # nothing is sent again for one who left
        clock.jump(-HOURS_S)

        async def free_again() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "created")

        await until(free_again)
        assert place.effects("bank", "charged") == []


async def test_3_4_silent_registrar_holds_no_longer_though_the_clock_was_set_back() -> None:
    clock = JumpingClock()
    async with restaurant("[payment]\nanswer_within_s = 0.2\nhold_limit_s = 3", clock=clock) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("hold", on=True)
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.is_charging(order_id))
        place.fiscal.faults.switch("link_lost", on=True)
        place.bank.faults.switch("hold", on=False)

        async def stage(*wanted: str) -> bool:
            order = (await place.internal("GET", f"/internal/orders/{order_id}")).body
            return order["payment"]["stage"] in wanted

        await until(lambda: stage("receipt_delayed"))
        clock.jump(-HOURS_S)
        await until(lambda: stage("receipt_owed"))
        place.fiscal.faults.switch("link_lost", on=False)
        await until(lambda: stage("done"))
        assert len(place.effects("fiscal", "receipt", "correction")) == 1
