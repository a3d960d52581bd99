"""A backup put back where several registrars print: a receipt is looked for in each, and stands once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_restore import backed_up, eaten, findings, put_back, settle_all
from tests.scenes.test_several_registrars import with_a_spare
from tests.scenes.test_stuck import move


async def use(place: Restaurant, name: str) -> None:
    answer = await place.internal("POST", "/internal/fiscal/use", {"name": name})
    assert answer.status == 200, answer
    await place.until_open()


async def owed(place: Restaurant) -> str:
    """An order that is charged and cooked while its registrar is silent."""
    guest = await place.guest()
    order_id: str = (await guest.order(("tea", 1)))["order_id"]
    place.bank.faults.switch("hold", on=True)
    payment_saga = asyncio.create_task(guest.pay(order_id))
    await until(lambda: place.is_charging(order_id))
    place.fiscal.faults.switch("off", on=True)
    place.bank.faults.switch("hold", on=False)
    assert (await payment_saga).status in (200, 202)

    async def released() -> bool:
        return bool((await place.internal("GET", f"/internal/orders/{order_id}")).body["receipt_unknown"])

    await until(released)
    return order_id


async def receipt_of(place: Restaurant, order_id: str) -> dict[str, Any]:
    async def told() -> Any:
        return (await place.internal("GET", f"/internal/orders/{order_id}")).body["receipt"]

    found: dict[str, Any] = await until(told)
    return found


async def test_receipt_of_a_spare_that_the_backup_does_not_know_is_found_once_the_spare_answers() -> None:
    async with restaurant() as place:
        spare = await with_a_spare(place)
        await place.restart()
        await place.until_open()
        await eaten(place, "tea")
        await backed_up(place)
        await use(place, "spare")
        (lost,) = await eaten(place, "udon-chicken")
        spare.faults.switch("link_lost", on=True)
        await put_back(place)

        async def waits() -> bool:
            told = (await place.internal("GET", "/internal/devices")).body.get("own", {})
            return "waits for registrar spare" in told.get("books", "")

        await until(waits)
        spare.faults.switch("link_lost", on=False)
        (row,) = await findings(place, 1)
        (receipt,) = place.effects("spare", "receipt")
        assert row["order_id"] == lost
        assert f"its receipt is document {receipt['fiscal_document_number']} of drive" in row["detail"]
        await settle_all(place, [row])
        await place.until_open()


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "taken out of the settings"])
async def test_receipt_owed_at_the_backup_and_printed_by_the_spare_is_not_printed_again(configured: bool) -> None:
    extra = "[bank]\ntimeout_s = 60\nabandon_after_s = 120\n[payment]\nhold_limit_s = 0.5\nanswer_within_s = 0.5"
    async with restaurant(extra, stuck_after_s=0.0) as place:
        before = (place.folder / "config.toml").read_text()
        await with_a_spare(place)
        await place.restart()
        await place.until_open()
        await use(place, "spare")
        await use(place, "till")
        order_id = await owed(place)
        await backed_up(place)
        await use(place, "spare")
        await until(lambda: place.effects("spare", "receipt"))
        stands = await receipt_of(place, order_id)
        place.fiscal.faults.switch("off", on=False)
        if not configured:
            (place.folder / "config.toml").write_text(before)
        await put_back(place)
        if not configured:
            await tell(place, order_id, stands)
        found = await receipt_of(place, order_id)
        assert found["fiscal_document_number"] == stands["fiscal_document_number"]
        assert found["fiscal_drive_number"] == stands["fiscal_drive_number"]
        await place.until_open()
        await eaten(place, "tea")
        assert len(place.effects("spare", "receipt")) == len(place.effects("fiscal", "receipt")) == 1
        assert [row["order_id"] for row in place.effects("spare", "receipt")] == [order_id]


async def tell(place: Restaurant, order_id: str, stands: dict[str, Any]) -> None:
    """The drive is gone with the spare: a person reads the paper."""

    async def in_doubt() -> dict[str, Any] | None:
        rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return next((row for row in rows if row["order_id"] == order_id and "foreign" in row["detail"]), None)

    row = await until(in_doubt)
    assert place.effects("fiscal", "receipt") == []
    named = {"document": stands["fiscal_document_number"], "drive": stands["fiscal_drive_number"]}
    answer = await move(place, row["stuck_id"], "adopt", **named)
    assert answer.status == 200, answer
