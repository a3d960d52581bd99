"""A backup put back that holds a refund or a fix without its receipt: the receipt is looked for, and stands once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_fiscal_day import bought
from tests.scenes.test_restore import backed_up, findings, put_back, settle_all
from tests.scenes.test_restore_and_registrars import use
from tests.scenes.test_several_registrars import with_a_spare
from tests.scenes.test_stuck import move, nothing_stuck

TAXES = '[[taxes]]\nvat = "20"\nvalid_from = 2019-01-02'
BACK = ("refund_receipt", "correction")


async def refunded(place: Restaurant, order_id: str) -> None:
    answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", {"reason": "остыл"})
    assert answer.status == 202, answer


async def refunded_twice(place: Restaurant, order_id: str) -> None:
    """Two receipts that differ in nothing but their numbers."""
    for _ in range(2):
        one = {"reason": "остыл", "items": [{"item_id": "tea", "quantity": 1}]}
        answer = await place.internal("POST", f"/internal/orders/{order_id}/refund", one)
        assert answer.status == 202, answer


async def fixed(place: Restaurant, order_id: str) -> None:
    answer = await place.internal("POST", "/internal/fiscal/correct", {"order_id": order_id, "reason": "ставка"})
    assert answer.status == 202, answer


async def waiting(place: Restaurant, kind: str) -> dict[str, Any]:
    """It has asked the registrar and got no answer, or one that only a person understands."""

    async def seen() -> dict[str, Any] | None:
        rows = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return next((row for row in rows if row["kind"] == kind and row["detail"]), None)

    row: dict[str, Any] = await until(seen)
    return row


async def owed(place: Restaurant, ask: Callable[[Restaurant, str], Awaitable[None]], kind: str) -> str:
    """An order whose refund or fix waits for the till, which is silent."""
    order_id: str = (await bought(place, await place.guest(), "tea", 2))["order_id"]
    text = (place.folder / "config.toml").read_text()
    (place.folder / "config.toml").write_text(text.replace('vat = "20"', 'vat = "10"'))
    await place.restart()
    await place.until_open()
    place.fiscal.faults.switch("off", on=True)
    await ask(place, order_id)
    await waiting(place, kind)
    return order_id


def printed(place: Restaurant) -> list[dict[str, Any]]:
    return [*place.effects("fiscal", *BACK), *place.effects("spare", *BACK)]


@pytest.mark.parametrize("where", ["till", "spare"])
@pytest.mark.parametrize(
    ("ask", "kind", "count"),
    [(refunded, "refund_pending", 1), (refunded_twice, "refund_pending", 2), (fixed, "correction_pending", 2)],
    ids=["refund", "two alike", "fix"],
)
async def test_receipt_of_a_refund_or_fix_that_was_printed_after_the_backup_is_not_printed_again(
    ask: Callable[[Restaurant, str], Awaitable[None]], kind: str, count: int, where: str
) -> None:
    async with restaurant(tail=TAXES, stuck_after_s=0.0) as place:
        await with_a_spare(place)
        await place.restart()
        await place.until_open()
        await use(place, "spare")
        await use(place, "till")
        await owed(place, ask, kind)
        await backed_up(place)
        if where == "spare":
            await use(place, "spare")
        else:
            place.fiscal.faults.switch("off", on=False)
        await until(lambda: len(printed(place)) == count)
        await nothing_stuck(place)
        place.fiscal.faults.switch("off", on=False)
        stands = printed(place)
        await put_back(place)
        await place.until_open()
        await nothing_stuck(place)
        assert printed(place) == stands
        assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_refund_that_a_lost_drive_may_have_printed_waits_for_a_person() -> None:
    async with restaurant(tail=TAXES, stuck_after_s=0.0) as place:
        before = (place.folder / "config.toml").read_text()
        await with_a_spare(place)
        await place.restart()
        await place.until_open()
        await use(place, "spare")
        await use(place, "till")
        await owed(place, refunded, "refund_pending")
        await backed_up(place)
        await use(place, "spare")
        (stands,) = await until(lambda: printed(place))
        place.fiscal.faults.switch("off", on=False)
        (place.folder / "config.toml").write_text(before)
        await put_back(place)
        await place.until_open()
        row = await waiting(place, "refund_pending")
        assert (row["detail"], row["moves"]) == ("foreign:drive_swapped", ["retry", "issue", "adopt"])
        named = {"document": stands["fiscal_document_number"], "drive": stands["drive_number"]}
        answer = await move(place, row["stuck_id"], "adopt", **named)
        assert answer.status == 200, answer
        await nothing_stuck(place)
        assert printed(place) == [stands]


async def test_refund_receipt_that_the_backup_knows_nothing_of_is_named() -> None:
    async with restaurant(stuck_after_s=0.0) as place:
        order_id = (await bought(place, await place.guest(), "tea"))["order_id"]
        await backed_up(place)
        await refunded(place, order_id)
        (receipt,) = await until(lambda: place.effects("fiscal", "refund_receipt"))
        await nothing_stuck(place)
        await put_back(place)
        (row,) = [row for row in await findings(place, 2) if row["kind"] == "finding"]
        assert f"refund receipt {receipt['fiscal_document_number']} on drive" in row["detail"]
        await settle_all(place, [row])
        await place.until_open()
