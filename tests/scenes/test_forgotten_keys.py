"""The bank forgets idempotency keys after a day (http.md#calls-to-others): then its own list says what happened."""

from __future__ import annotations

from tests.clocks import JumpingClock
from tests.restaurant import restaurant, until
from tests.scenes.test_stuck import move, nothing_stuck, stuck

DAY_S = 25 * 3600


async def test_3_3_charge_in_doubt_for_a_day_is_found_in_the_banks_list_and_not_made_again() -> None:
    clock = JumpingClock()
    async with restaurant("[payment]\nanswer_within_s = 0.2", clock=clock, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 1)))["order_id"]
        place.bank.faults.switch("lose_answer", on=True)
        place.bank.faults.switch("slow", {"seconds": 1.5})
        assert (await guest.pay(order_id)).status == 202
        await until(lambda: place.effects("bank", "charged"))
        place.bank.faults.switch("down", on=True)
        await stuck(place, "charge_unknown")
        clock.jump(DAY_S)
        place.bank.faults.switch("forget_keys", on=True)
        place.bank.faults.switch("slow", on=False)
        place.bank.faults.switch("down", on=False)

        async def cooked() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["status"] == "completed")

        await until(cooked)
        assert len(place.effects("bank", "charged")) == 1
        assert place.effects("bank", "voided", "refunded") == []
        assert len(place.effects("fiscal", "receipt", "correction")) == 1


async def test_refund_unanswered_for_a_day_is_found_in_the_banks_list_and_not_sent_again() -> None:
    clock = JumpingClock()
    async with restaurant(clock=clock, stuck_after_s=0.0) as place:
        guest = await place.guest()
        order_id = (await guest.order(("tea", 2)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await guest.until_status(order_id, "completed")
        place.bank.faults.switch("lose_answer", on=True)
        body = {"reason": "остыл", "items": [{"item_id": "tea", "quantity": 1}]}
        place.bank.faults.switch("slow", {"seconds": 1.5})
        assert (await place.internal("POST", f"/internal/orders/{order_id}/refund", body)).status == 202
        await until(lambda: place.effects("bank", "refunded"))
        place.bank.faults.switch("down", on=True)
        row = await stuck(place, "refund_pending")
        clock.jump(DAY_S)
        place.bank.faults.switch("forget_keys", on=True)
        place.bank.faults.switch("slow", on=False)
        place.bank.faults.switch("down", on=False)
        assert (await move(place, row["stuck_id"], "retry")).status in (200, 404)
        await nothing_stuck(place)
        assert len(place.effects("bank", "refunded")) == 1
        assert len(place.effects("fiscal", "refund_receipt")) == 1
