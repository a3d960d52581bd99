"""The order's path with an ATOL registrar, over its line and behind the vendor's web server."""

from __future__ import annotations

import pytest

from tests.restaurant import restaurant, until

DRIVERS = ("atol", "atol-web")
CLOSE = {"atol": "4A", "atol-web": "sell"}


@pytest.mark.parametrize("driver", DRIVERS)
async def test_3_4_an_order_is_paid_printed_answered_and_cooked(driver: str) -> None:
    async with restaurant(registrar=driver) as place:
        guest = await place.guest()
        created = await guest.order(("udon-chicken", 1), ("tea", 2))
        paid = await guest.pay(created["order_id"])
        assert (paid.status, paid.body.get("status")) == (200, "paid"), paid
        (charge,) = place.effects("bank", "charged")
        (receipt,) = place.effects("fiscal", "receipt")
        answered = paid.body["receipt"]
        assert receipt["fiscal_document_number"] == answered["fiscal_document_number"]
        assert receipt["fiscal_sign"] == int(answered["fiscal_sign"])
        assert receipt["drive_number"] == answered["fiscal_drive_number"]
        assert receipt["total_kopecks"] == charge["amount_kopecks"] == created["amount_kopecks"]
        assert receipt["order_id"] == charge["order_id"] == created["order_id"]
        roubles = f"{created['amount_kopecks'] / 100:.2f}"
        for piece in (f"&s={roubles}&", f"&fn={receipt['drive_number']}&", f"&fp={receipt['fiscal_sign']}&n=1"):
            assert piece in answered["qr"]
        await guest.until_status(created["order_id"], "completed")
        assert len(place.effects("robot", "started")) == 3


@pytest.mark.parametrize("driver", DRIVERS)
async def test_3_4_a_lost_answer_of_the_registrar_still_gives_one_document(driver: str) -> None:
    async with restaurant(registrar=driver) as place:
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        place.fiscal.faults.switch("lose_answer", {"after": CLOSE[driver]})
        paid = await guest.pay(created["order_id"])
        assert paid.status == 200, paid
        (receipt,) = place.effects("fiscal", "receipt")
        assert receipt["fiscal_document_number"] == paid.body["receipt"]["fiscal_document_number"]
        assert len(place.effects("bank", "charged")) == 1
        await guest.until_status(created["order_id"], "completed")


@pytest.mark.parametrize("driver", DRIVERS)
async def test_3_4_without_paper_sales_pause_and_nothing_is_charged(driver: str) -> None:
    async with restaurant(registrar=driver) as place:
        place.fiscal.faults.switch("paper_out", on=True)
        await place.until_paused("fiscal_no_paper")
        place.fiscal.faults.switch("paper_out", on=False)
        await place.until_open()
        assert place.effects("bank", "charged") == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_refund_gets_its_own_document(driver: str) -> None:
    async with restaurant(registrar=driver) as place:
        guest = await place.guest()
        created = await guest.order(("tea", 1))
        assert (await guest.pay(created["order_id"])).status == 200
        refunded = await place.internal("POST", f"/internal/orders/{created['order_id']}/refund", {"reason": "cold"})
        assert refunded.status in (200, 202), refunded
        (document,) = await until(lambda: place.effects("fiscal", "refund_receipt"))
        assert document["total_kopecks"] == created["amount_kopecks"]
