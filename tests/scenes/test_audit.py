"""The audit asks every book and names what does not fit; in a sound restaurant it finds nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from drivers.sim.shtrih.device import shtrih
from tests.restaurant import Files, Restaurant, restaurant, until
from tests.scenes.test_fiscal_day import bought
from tests.scenes.test_restore_and_registrars import use
from tests.scenes.test_several_registrars import with_a_spare


async def audit(place: Restaurant) -> dict[str, Any]:
    answer = await place.internal("GET", "/internal/audit")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    assert len(found.pop("journal_seal")) in (0, 64)  # tests/store/test_journal.py
    return found


async def lived(place: Restaurant) -> list[str]:
    """Orders of every fate: paid, declined, reversed, refunded."""
    guest = await place.guest()
    ids = [(await guest.order(("tea", 1)))["order_id"] for _ in range(4)]
    assert (await guest.pay(ids[0])).status == 200
    assert (await guest.pay(ids[1], token="tok_declined")).status == 402
    place.fiscal.faults.switch("refuse_tag", {"tag": 1192})
    assert (await guest.pay(ids[2])).status == 503
    place.fiscal.faults.switch("refuse_tag", on=False)
    await place.until_open()
    assert (await guest.pay(ids[3])).status == 200
    await guest.until_status(ids[3], "completed")
    await place.internal("POST", f"/internal/orders/{ids[3]}/refund", {"reason": "x"})
    await guest.until_status(ids[3], "refunded")
    await guest.until_status(ids[0], "completed")
    return ids


async def test_0_audit_of_a_sound_restaurant_finds_nothing(place: Restaurant) -> None:
    await lived(place)
    assert await audit(place) == {"checked_payments": 4, "mismatches": [], "skipped": [], "other_drives": 0}


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE payment SET step = 'declined' WHERE step = 'done'", "bank_disagrees"),
        ("UPDATE payment SET transaction_id = 'Tother' WHERE step = 'done'", "bank_disagrees"),
        ("UPDATE fiscal_intent SET document_number = 999 WHERE operation = 'sale'", "document_missing"),
        ("DELETE FROM event WHERE type = 'OrderPaidEvent'", "paid_order_without_event"),
        ("DELETE FROM event WHERE type = 'PaymentFailedEvent'", "gap_in_events"),
        ("UPDATE fiscal_intent SET total_kopecks = total_kopecks + 1", "settled_payment_without_receipt"),
        ("UPDATE payment SET taken_by = 'anna' WHERE step = 'declined'", "till_money_of_a_failed_payment"),
        ("UPDATE portion SET status = 'waiting' WHERE status = 'handed_out'", "portion_of_a_closed_order_in_work"),
    ],
)
async def test_0_audit_names_what_does_not_fit(place: Restaurant, damage: str, check: str) -> None:
    await lived(place)
    with sqlite3.connect(place.folder / "kiosk.db", timeout=10) as connection:
        connection.execute(damage)
    connection.close()
    assert check in {row["check"] for row in (await audit(place))["mismatches"]}


async def test_0_audit_says_which_book_could_not_be_asked(place: Restaurant) -> None:
    await lived(place)
    place.fiscal.faults.switch("off", on=True)
    skipped = (await audit(place))["skipped"]
    assert [row.partition(":")[0] for row in skipped] == ["fiscal"]


async def test_0_audit_counts_receipts_of_the_drive_before_and_asks_only_the_drive_at_hand(place: Restaurant) -> None:
    await lived(place)
    place.fiscal.faults.switch("link_lost", on=True)
    files = Files(state=place.folder / "second.state", ledger=place.folder / "fiscal.jsonl")
    await place.stack.enter_async_context(shtrih(place.folder / "fiscal.tty", **files, seed=7))

    async def taken_over() -> bool:
        taken = await place.internal("POST", "/internal/fiscal/replace-drive", {"reason": "срок"})
        return taken.status == 200 and bool(taken.body["done"])

    await until(taken_over)
    await place.until_open()
    guest = await place.guest()
    assert (await guest.pay((await guest.order(("tea", 1)))["order_id"])).status == 200
    found = await audit(place)
    assert (found["mismatches"], found["skipped"], found["other_drives"]) == ([], [], 2)


async def test_0_audit_names_a_receipt_in_the_drive_that_nobody_asked_for(place: Restaurant) -> None:
    await lived(place)
    (number, *_) = [row["fiscal_document_number"] for row in place.effects("fiscal", "receipt")]
    with sqlite3.connect(place.folder / "kiosk.db", timeout=10) as connection:
        connection.execute(
            "UPDATE fiscal_intent SET status = 'absent', document_number = NULL WHERE document_number = ?", (number,)
        )
    connection.close()
    unknown = [row for row in (await audit(place))["mismatches"] if row["check"] == "document_unknown"]
    assert [row["subject"].split()[1] for row in unknown] == [str(number)]


async def test_0_audit_asks_every_registrar_by_name_and_skips_a_silent_spare() -> None:
    async with restaurant() as place:
        spare = await with_a_spare(place)
        await place.restart()
        await place.until_open()
        guest = await place.guest()
        await bought(place, guest, "tea")
        await use(place, "spare")
        await bought(place, guest, "tea")
        await use(place, "till")
        sound = {"checked_payments": 2, "mismatches": [], "skipped": [], "other_drives": 0}
        assert await audit(place) == sound  # of the spare too

        spare.faults.switch("link_lost", on=True)
        silent = await audit(place)
        assert (silent["mismatches"], silent["other_drives"]) == ([], 1)
        assert [row.rpartition(":")[0] for row in silent["skipped"]] == ["fiscal:spare"]
        spare.faults.switch("link_lost", on=False)

        (receipt,) = place.effects("spare", "receipt")
        with sqlite3.connect(place.folder / "kiosk.db", timeout=10) as connection:
            asked = "UPDATE fiscal_intent SET document_number = 999 WHERE drive_number = ?"
            connection.execute(asked, (receipt["drive_number"],))
        connection.close()
        wrong = (await audit(place))["mismatches"]
        assert [(row["check"], row["detail"]) for row in wrong] == [
            ("document_missing", "999"),
            ("document_unknown", f"sale {receipt['total_kopecks']}"),
        ]
