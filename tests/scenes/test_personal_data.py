"""A person asks which data of theirs is kept, for a copy, and for its end (152-FZ articles 14, 20, 21):
what the consent promises is done, in every file, also after a backup of earlier days was put back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.store.keep import personal
from kiosk.store.transaction import Reader
from tests.command import journal, kiosk, ok
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_restore import backed_up, put_back
from tests.scenes.test_signing_in import FREE, PHONE, code_of, confirm, quick, signed_in

ADDRESS, OTHER = "guest@example.com", "+79160000001"
PUSH = "push-address-of-a-phone"
TOLD: dict[str, Any] = {"receipt_to": PHONE, "notify": True}


async def eaten(guest: Customer, **more: Any) -> str:
    order_id: str = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id, **more)).status == 200
    await guest.until_status(order_id, "completed")
    return order_id


async def about(place: Restaurant, act: str, contact: str = PHONE, **more: str) -> Any:
    return await place.internal("POST", f"/internal/customers/{act}", {"contact": contact, **more})


async def until_idle(place: Restaurant, contact: str = PHONE) -> None:
    """Nothing of theirs is under way: notices are out, the books of the order are closed."""

    async def idle() -> bool:
        found = await about(place, "find", contact)
        return found.status == 200 and found.body["in_use"] is None

    await until(idle)


def read_in(folder: Path, text: str) -> list[str]:
    """Files of the kiosk in which it can be read; what simulated devices keep is theirs."""
    wanted = text.removeprefix("+").encode()
    ours = (path for path in folder.iterdir() if path.name.startswith("kiosk"))
    return sorted(path.name for path in ours if wanted in path.read_bytes())


async def known(place: Restaurant) -> tuple[Customer, list[str]]:
    """A customer with points, two orders, another as a guest; one to an address."""
    customer = await signed_in(place)
    orders = [await eaten(customer, receipt_to=ADDRESS), await eaten(await place.guest(), **TOLD)]
    assert (await customer.call("PUT", "/api/me/push", {"address": PUSH})).status == 204
    await until_idle(place)
    return customer, orders


async def test_a_person_sees_all_that_is_kept_of_them(place: Restaurant) -> None:
    _, orders = await known(place)
    found = (await about(place, "find", "8 (916) 123-45-67")).body
    assert (found["contact_masked"][-2:], found["orders"], found["in_use"]) == ("67", 2, None)
    assert found["customer"]["bonus_points"] > 0
    told = (await about(place, "export")).body
    assert {row["order_id"] for row in told["orders"]} == set(orders)
    assert all(row["dishes"] and row["receipts"] for row in told["orders"])
    assert [row["receipt_to"] for row in told["orders"]] == [[PHONE], [ADDRESS]]
    assert (told["contact"], told["push_address"], told["skipped"]) == (PHONE, PUSH, [])
    assert [row["kind"] for row in told["points"]] == ["accrual"]
    assert told["one_time_codes"][0]["used_at"]
    [row] = (await place.internal("GET", "/internal/customers")).body["customers"]
    assert row == found["customer"]
    assert PHONE not in str(row)


async def test_the_end_of_it_leaves_no_number_in_any_file_and_every_receipt_where_it_was(place: Restaurant) -> None:
    customer, orders = await known(place)
    assert read_in(place.folder, PHONE)
    receipts = [(await place.internal("GET", f"/internal/orders/{order}")).body["receipt"] for order in orders]
    erased = await about(place, "erase")
    assert erased.body == {"found": True, "orders": 2, "still_in": []}
    assert {text: read_in(place.folder, text) for text in (PHONE, ADDRESS, PUSH)} == {PHONE: [], ADDRESS: [], PUSH: []}
    assert receipts == [(await place.internal("GET", f"/internal/orders/{order}")).body["receipt"] for order in orders]
    assert all(receipts)
    assert_problem(await customer.call("GET", "/api/me"), 401, "unauthorized")
    assert_problem(await about(place, "find"), 404, "not_found")
    assert (await about(place, "erase")).body["found"] is False
    assert (await place.internal("GET", "/internal/audit")).body["mismatches"] == []
    pending = (await quick(place)).body["temporary_token"]  # the code before it is in the same ledger
    answer = await confirm(place, await code_of(place, PHONE, pending), temporary_token=pending)
    again = Customer(place, answer.body["access_token"])
    assert (await again.call("GET", "/api/me")).body["bonus_points"] == 0


async def test_a_refund_after_the_end_is_given_and_told_to_nobody(place: Restaurant) -> None:
    _, orders = await known(place)
    told = len(place.ledger("sms"))
    assert (await about(place, "erase")).body["found"]
    answer = await place.internal("POST", f"/internal/orders/{orders[0]}/refund", {"reason": "hair"})
    assert answer.status in (200, 202), answer

    async def refunded() -> bool:
        order = (await place.internal("GET", f"/internal/orders/{orders[0]}")).body
        return [row["status"] for row in order["refunds"]] == ["done"]

    await until(refunded)

    def read_to_its_end(reader: Reader) -> bool:
        """By whoever writes the messages."""
        behind = "SELECT (SELECT max(sequence) FROM event) - sequence FROM cursor WHERE consumer = 'notifications'"
        return bool(reader.scalar(behind) == 0)

    await until(lambda: place.kiosk.database.read(read_to_its_end))

    def waiting(reader: Reader) -> int:
        return int(reader.scalar("SELECT count(*) FROM message WHERE address <> ''"))

    assert await place.kiosk.database.read(waiting) == 0
    assert (len(place.ledger("sms")), place.ledger("push")) == (told, [])


async def test_nothing_is_left_that_a_number_could_be_tried_against(place: Restaurant) -> None:
    await known(place)

    def fingerprints(reader: Reader) -> list[str]:
        sql = "SELECT fingerprint FROM payment UNION ALL SELECT fingerprint FROM idempotency"
        return [reader.scalar(f"{sql} LIMIT 1 OFFSET ?", (n,)) for n in range(9)]

    assert any(await place.kiosk.database.read(fingerprints))
    await about(place, "erase")
    assert not any(await place.kiosk.database.read(fingerprints))


async def test_who_comes_back_after_the_end_is_not_erased_by_a_backup_made_since() -> None:
    async with restaurant(FREE) as place:
        await known(place)
        assert (await about(place, "erase")).body["found"]
        pending = (await quick(place)).body["temporary_token"]
        answer = await confirm(place, await code_of(place, PHONE, pending), temporary_token=pending)
        await eaten(Customer(place, answer.body["access_token"]))
        await until_idle(place)
        await backed_up(place)
        await put_back(place)

        async def gone_through() -> bool:
            return not await place.kiosk.database.read(personal.erases_again)

        await until(gone_through)
        assert (await about(place, "find")).body["customer"]["bonus_points"] > 0


async def test_nothing_goes_while_an_order_is_under_way_and_all_once_it_is_over() -> None:
    async with restaurant(FREE, speed=0.001) as place:
        customer = await signed_in(place)
        order = await customer.order(("udon-chicken", 1))
        assert (await customer.pay(order["order_id"])).status == 200
        refused = await about(place, "erase")
        assert_problem(refused, 409, "personal_data_in_use")
        assert refused.body["number"] == order["number"]
        assert (await about(place, "find")).body["in_use"] == order["number"]
        assert (await customer.call("GET", "/api/me")).status == 200


async def test_what_is_anothers_in_an_order_of_a_guest_is_not_handed_over(place: Restaurant) -> None:
    guest = await place.guest()
    order_id = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id, "tok_declined", receipt_to=ADDRESS)).status == 402
    assert (await guest.pay(order_id, receipt_to=PHONE)).status == 200
    await guest.until_status(order_id, "completed")
    await until_idle(place)
    [order] = (await about(place, "export")).body["orders"]
    assert order["receipt_to"] == [PHONE]


async def test_an_address_of_a_receipt_is_found_and_erased_too(place: Restaurant) -> None:
    """In whatever letters it was typed (RFC 1035 2.3.3)."""
    await eaten(await place.guest(), receipt_to=ADDRESS.title())
    await until_idle(place, ADDRESS)
    found = (await about(place, "find", ADDRESS)).body
    assert (found["contact_masked"], found["customer"], found["orders"]) == ("g•••@example.com", None, 1)
    assert (await about(place, "erase", ADDRESS)).body == {"found": True, "orders": 1, "still_in": []}
    assert read_in(place.folder, ADDRESS) == read_in(place.folder, ADDRESS.title()) == []


@pytest.mark.parametrize("contact", ["abc", "8916", "a b@example.com", "@", "+7916123456789012345"])
async def test_what_is_no_number_and_no_address_is_refused(place: Restaurant, contact: str) -> None:
    for act in ("find", "export", "erase"):
        assert_problem(await about(place, act, contact), 422, "invalid_request")


async def test_a_blocked_number_signs_in_no_more_until_it_may_again() -> None:
    async with restaurant(FREE) as place:
        customer = await signed_in(place)
        pending = await Customer(place, (await quick(place)).body["access_token"]).call("GET", "/api/orders")
        code = await code_of(place, PHONE, pending.body["temporary_token"])
        blocked = (await about(place, "block", reason="chargebacks")).body["customer"]
        assert (blocked["blocked_reason"], bool(blocked["blocked_at"])) == ("chargebacks", True)
        assert_problem(await quick(place), 403, "number_blocked")
        assert_problem(await confirm(place, code), 404, "no_pending_confirmation")
        assert_problem(await customer.call("GET", "/api/me"), 401, "unauthorized")
        assert_problem(await about(place, "erase"), 409, "customer_blocked")  # the block would go with the number
        assert (await about(place, "unblock")).body["customer"]["blocked_at"] is None
        assert (await quick(place)).status == 200
        assert_problem(await about(place, "block", OTHER, reason="x"), 404, "not_found")


async def test_a_backup_of_earlier_days_that_is_put_back_forgets_them_again() -> None:
    async with restaurant(FREE) as place:
        await known(place)
        stranger = await signed_in(place, OTHER)
        await eaten(stranger)
        await until_idle(place, OTHER)
        await backed_up(place)
        assert (await about(place, "erase")).body["still_in"] == []
        await put_back(place)

        async def forgotten() -> bool:
            found = await about(place, "find")
            return bool(found.status == 404)

        await until(forgotten)

        async def ended() -> bool:
            return not await place.kiosk.database.read(personal.erases_again)

        await until(ended)
        assert (await about(place, "find", OTHER)).status == 200
        assert (await about(place, "erase")).body == {"found": False, "orders": 0, "still_in": []}


async def test_free_space_of_an_older_file_is_told_and_written_anew_by_the_next_start(place: Restaurant) -> None:
    with closing(sqlite3.connect(place.folder / "kiosk.db", isolation_level=None)) as older:
        older.execute("PRAGMA secure_delete=0")
        older.execute("CREATE TABLE of_old AS SELECT ? AS phone", (PHONE,))
        older.execute("DROP TABLE of_old")
    assert (await about(place, "erase")).body["still_in"] == ["kiosk.db"]
    await place.kiosk.stop()
    await place.restart()
    assert read_in(place.folder, PHONE) == []
    assert (await about(place, "erase")).body["still_in"] == []


async def test_the_command_does_the_same(place: Restaurant) -> None:
    await eaten(await signed_in(place))
    await until_idle(place)
    assert [row["phone_masked"][-2:] for row in (await ok(place, "customers"))["customers"]] == [PHONE[-2:]]
    assert (await ok(place, "customers", "show", PHONE))["orders"] == 1
    blocked = await ok(place, "customers", "block", PHONE, "--reason", "chargebacks")
    assert blocked["customer"]["blocked_reason"] == "chargebacks"
    assert (await ok(place, "customers", "unblock", PHONE))["customer"]["blocked_at"] is None
    assert len((await ok(place, "customers", "export", PHONE))["orders"]) == 1
    assert (await kiosk(place, "customers", "erase", "12")).code != 0
    assert (await ok(place, "customers", "erase", PHONE))["found"] is True
    assert read_in(place.folder, PHONE) == []
    acts = [action for _, action, _ in journal(place) if action.startswith("customer_")]
    assert acts == ["customer_block", "customer_unblock", "customer_export", "customer_erase"]
