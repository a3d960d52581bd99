"""A backup put back does not know what happened since: nothing is charged, printed or cooked again because of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from kiosk.clock import SystemClock
from kiosk.domain.errors import DatabaseBroken, DatabaseInUse
from kiosk.store.file.opening import inspect
from kiosk.store.transaction import Reader
from kiosk.wiring import restore
from tests.clocks import START
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_stuck import move, nothing_stuck


async def backed_up(place: Restaurant) -> None:
    answer = await place.internal("POST", "/internal/backup", {"file": str(place.folder / "backup.db")})
    assert answer.status == 200, answer


async def put_back(place: Restaurant) -> None:
    """Stop, restore, start: as a technician does it."""
    await place.kiosk.stop()
    kept = restore(place.folder / "kiosk.db", place.folder / "backup.db", "tester", SystemClock().now())
    assert kept is not None
    assert inspect(kept).startswith("version")
    await place.restart()


async def eaten(place: Restaurant, *dishes: str) -> list[str]:
    """Guests who order, pay, and take their food; the ids of the orders."""
    found = []
    for dish in dishes:
        guest = await place.guest()
        order_id = (await guest.order((dish, 1)))["order_id"]
        assert (await guest.pay(order_id)).status in (200, 202)  # some of these places answer after half a second
        await guest.until_status(order_id, "completed")
        found.append(order_id)
    return found


async def findings(place: Restaurant, count: int) -> list[dict[str, Any]]:
    async def all_there() -> list[dict[str, Any]] | None:
        rows: list[dict[str, Any]] = (await place.internal("GET", "/internal/stuck")).body["stuck"]
        return rows if len(rows) >= count else None

    rows: list[dict[str, Any]] = await until(all_there)
    assert len(rows) == count, rows
    return rows


async def settle_all(place: Restaurant, rows: list[dict[str, Any]], wanted: str = "accept") -> None:
    for row in rows:
        answer = await move(place, row["stuck_id"], wanted)
        assert answer.status == 200, answer


async def may_not_pay(place: Restaurant, reason: str) -> None:
    body = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
    refused = await (await place.guest()).call("POST", "/api/orders/create", body)
    assert (refused.status, refused.code, refused.body["reason"]) == (503, "sales_paused", reason)


async def test_restored_backup_names_every_sale_it_lost_and_sells_again_once_each_is_settled() -> None:
    async with restaurant() as place:
        await eaten(place, "tea")
        await backed_up(place)
        lost = await eaten(place, "tea", "udon-chicken")
        before = {name: place.ledger(name) for name in ("bank", "fiscal", "robot")}
        await put_back(place)
        rows = await findings(place, 2)
        assert {row["order_id"] for row in rows} == set(lost)
        assert all("its receipt is document" in row["detail"] for row in rows)
        await place.until_paused("books")
        await may_not_pay(place, "books")
        await settle_all(place, rows)
        await place.until_open()
        assert {name: place.ledger(name) for name in before} == before  # nothing happened again
        await eaten(place, "tea")
        audit = (await place.internal("GET", "/internal/audit")).body
        assert audit["mismatches"] == []
        sequences = [event["sequence"] for event in await place.events()]
        assert sequences == sorted(set(sequences))
        assert max(sequences) - min(sequences) > 1_000_000  # numbers a receiver knows are not used again


async def test_restored_backup_gives_back_a_charge_without_a_receipt() -> None:
    async with restaurant() as place:
        await backed_up(place)
        await eaten(place, "tea")
        body = {"order_id": "LOST", "amount_kopecks": 9900, "currency": "RUB", "card_token": "tok_ok"}
        headers = {"Idempotency-Key": "LOST:1"}
        async with place.client.post(f"{place.bank.url}/transactions", json=body, headers=headers) as charged:
            transaction_id = (await charged.json())["transaction_id"]
        await put_back(place)
        rows = await findings(place, 2)
        (alone,) = [row for row in rows if row["order_id"] == "LOST"]
        assert (alone["money"], alone["moves"]) == ("charged", ["accept", "refund"])
        await settle_all(place, [alone], "refund")
        await settle_all(place, [row for row in rows if row is not alone])
        await nothing_stuck(place)
        await place.until_open()
        (voided,) = place.effects("bank", "voided", "refunded")
        assert voided["transaction_id"] == transaction_id


async def test_restored_backup_asks_about_meals_it_believes_uncooked() -> None:
    async with restaurant(speed=0.05) as place:
        guest = await place.guest()
        order_id = (await guest.order(("udon-chicken", 1)))["order_id"]
        assert (await guest.pay(order_id)).status == 200
        await backed_up(place)
        await put_back(place)
        await place.until_open()
        (row,) = await findings(place, 1)
        assert (row["kind"], row["detail"]) == ("portion_lost", "restored")
        assert row["moves"] == ["retry", "refund", "accept"]
        await settle_all(place, [row])
        order = (await place.internal("GET", f"/internal/orders/{order_id}")).body

        async def completed() -> bool:
            order = (await place.internal("GET", f"/internal/orders/{order_id}")).body
            return bool(order["status"] == "completed")

        await until(completed)
        assert order["refunds"] == []
        assert len(place.effects("robot", "started")) <= 1


async def test_restored_backup_waits_for_a_silent_bank() -> None:
    async with restaurant() as place:
        await backed_up(place)
        place.bank.faults.switch("down", on=True)
        await put_back(place)
        await place.until_paused("books")
        place.bank.faults.switch("down", on=False)
        await place.until_open()
        await eaten(place, "tea")


async def test_restore_refuses_a_running_kiosk_and_what_is_no_backup(place: Restaurant) -> None:
    await backed_up(place)
    database, backup = place.folder / "kiosk.db", place.folder / "backup.db"
    with pytest.raises(DatabaseBroken, match="in use"):
        restore(database, backup, "tester", START)
    (place.folder / "text.db").write_text("no database" * 1000)
    other = place.folder / "other" / "kiosk.db"
    with pytest.raises(DatabaseBroken, match="not a database"):
        restore(other, place.folder / "text.db", "tester", START)
    with pytest.raises(DatabaseBroken, match="no such file"):
        restore(other, place.folder / "none.db", "tester", START)
    (place.folder / "empty.db").touch()
    with pytest.raises(DatabaseBroken, match="no database of a kiosk"):
        restore(other, place.folder / "empty.db", "tester", START)
    damaged = place.folder / "damaged.db"
    shutil.copy(backup, damaged)
    with damaged.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    with pytest.raises(DatabaseBroken):
        restore(other, damaged, "tester", START)
    assert not other.exists()
    assert restore(other, backup, "tester", START) is None
    assert inspect(other).startswith("version")


HOSTILE = {
    "trigger": "CREATE TRIGGER extra AFTER INSERT ON journal BEGIN DELETE FROM bonus_entry; END",
    "view": "CREATE VIEW extra AS SELECT * FROM customer",
    "table": "CREATE TABLE extra (a)",
    "missing": "DROP TABLE journal",
    "changed": "ALTER TABLE journal ADD COLUMN more TEXT",
}
IMPOSSIBLE = {
    "time": "UPDATE orders SET created_at = 'yesterday'",
    "year": "UPDATE payment SET charged_at = '9999-12-31T23:59:59.999Z'",
    "naive time": "UPDATE event SET at = '2026-11-29T10:00:00'",
    "step": "UPDATE payment SET step = 'finished'",
    "status": "UPDATE portion SET status = 'eaten'",
    "number": "UPDATE event SET sequence = 9223372036854775807 WHERE sequence = (SELECT max(sequence) FROM event)",
    "sequence": "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    "sequence of another kind": "UPDATE sqlite_sequence SET seq = 'x'",
    "serial": "UPDATE meta SET value = '1e9' WHERE key = 'ticket_serial'",
    "moment of what was forgotten": "INSERT INTO meta VALUES ('forgotten_up_to:event', 'tomorrow')",
    "kopecks": "UPDATE payment SET amount_kopecks = 9000000000000000000",
    "moment without _at": "UPDATE payment SET bank_unknown_since = 'yesterday'",
    "fault since": "INSERT INTO device_fault VALUES ('bank', 'x', 'yesterday')",
    "step of a timeline": "UPDATE timeline SET status = 'eaten'",
    "language": "INSERT INTO guest_notice SELECT order_id, '+79161234567', 'xx' FROM orders LIMIT 1",
    "statistics of a day": "INSERT INTO stat_report VALUES ('2020-11-28', '{}', '2026-11-29T00:00:00.000Z')",
    "report of a shift": (
        "INSERT INTO fiscal_report (kind, drive_number, shift, at, actor, body)"
        " VALUES ('z', '1', 1, '2026-11-29T00:00:00.000Z', 'x', '[')"
    ),
    "report of another kind": (
        "INSERT INTO fiscal_report (kind, drive_number, shift, at, actor, body)"
        " VALUES ('x', '1', 1, '2026-11-29T00:00:00.000Z', 'x', '{}')"
    ),
    "stored answer": "INSERT INTO idempotency VALUES ('s', 'c', 'k', 'f', 'o', NULL, 200, 'x', '2026-11-29T00:00:00Z')",
    "status of an answer": (
        "INSERT INTO idempotency VALUES ('s', 'c', 'k', 'f', 'o', NULL, 70000, '{}', '2026-11-29T00:00:00Z')"
    ),
    "text without measure": (
        "INSERT INTO journal (at, actor, action, detail)"
        " VALUES ('2026-11-29T00:00:00.000Z', 'x', 'x', CAST(zeroblob(70000) AS TEXT) || 'x')"
    ),
    "long text": (
        "INSERT INTO journal (at, actor, action, detail)"
        " VALUES ('2026-11-29T00:00:00.000Z', 'x', 'x', replace(hex(zeroblob(40000)), '00', 'xx'))"
    ),
    "document": "INSERT INTO meta VALUES ('looked_through:1', 'many')",
    "job of no register": "UPDATE portion SET portion_id = 4294967296",
    "job after the last": "UPDATE sqlite_sequence SET seq = 4294967290 WHERE name = 'portion'",
    "recipe of no register": "UPDATE order_item SET recipe = 65536",
    "sign of no drive": "UPDATE fiscal_intent SET fiscal_sign = 4294967296",
    "fewer tries than none": (
        "INSERT INTO message (client_id, channel, address, title, body, created_at, tries, next_at) VALUES"
        " ('x', 'sms', '+79991234567', '', 'x', '2026-11-29T00:00:00.000Z', -9, '2026-11-29T00:00:00.000Z')"
    ),
    "promise of no time": "UPDATE orders SET ready_in_s = 999999999999999",
    "neither yes nor no": "UPDATE portion SET released = 2",
    "neither yes nor no, of a session": "UPDATE session SET verified = -1",
    "event": "UPDATE event SET data = '['",
    "formula": """UPDATE order_item SET formula = '{"noodles": "many"}'""",
    "answer": "UPDATE payment SET answer = '{}'",
    "bytes": "UPDATE orders SET number = CAST(x'c328' AS TEXT)",
    "zero": "UPDATE session SET terminal_id = CAST(x'6b00' AS TEXT)",
    "orphan": "PRAGMA foreign_keys = 0; DELETE FROM session",
    "check": "PRAGMA ignore_check_constraints = 1; UPDATE payment SET amount_kopecks = -1",
    "statistics": (
        "PRAGMA writable_schema = 1; INSERT INTO sqlite_master VALUES"
        " ('table', 'sqlite_stat_x', 'sqlite_stat_x', 0, 'CREATE TABLE sqlite_stat_x (a)')"
    ),
}


async def test_restore_refuses_a_file_with_what_no_kiosk_wrote(place: Restaurant) -> None:
    await eaten(place, "tea")
    await backed_up(place)
    await place.kiosk.stop()
    books = place.folder / "kiosk.db"
    before, taken = books.read_bytes(), []
    for name, change in (HOSTILE | IMPOSSIBLE).items():
        file = Path(shutil.copy(place.folder / "backup.db", place.folder / "changed.db"))
        hostile = sqlite3.connect(file)
        hostile.executescript(change)
        hostile.commit()
        hostile.close()
        with contextlib.suppress(DatabaseBroken):
            restore(books, file, "tester", START)
            taken.append(name)
    assert taken == []
    assert books.read_bytes() == before
    assert restore(books, place.folder / "backup.db", "tester", START) is not None
    await place.restart()


async def test_restore_says_of_the_file_it_was_given_what_is_wrong_with_it(place: Restaurant) -> None:
    await backed_up(place)
    await place.kiosk.stop()
    books, file = place.folder / "kiosk.db", place.folder / "changed.db"
    for change in ("UPDATE meta SET value = 'x' WHERE 0; DROP INDEX orders_unpaid", IMPOSSIBLE["long text"]):
        shutil.copy(place.folder / "backup.db", file)
        with contextlib.closing(sqlite3.connect(file)) as hostile:
            hostile.executescript(change)
        with pytest.raises(DatabaseBroken) as caught:
            restore(books, file, "tester", START)
        assert str(caught.value).startswith(str(file))
        assert len(str(caught.value)) < 500
    held = sqlite3.connect(file, isolation_level=None)
    held.execute("PRAGMA locking_mode = EXCLUSIVE")
    held.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBroken, match=r"changed\.db"):
        restore(books, file, "tester", START)
    held.close()
    assert not list(place.folder.glob("*.restoring"))
    await place.restart()


CONTRADICTIONS = (
    "UPDATE orders SET status = 'paying'; UPDATE payment SET step = 'charging', answer = NULL",
    "UPDATE orders SET status = 'cancelled'; UPDATE payment SET step = 'charged'",
)


@pytest.mark.parametrize("planted", CONTRADICTIONS, ids=["paying and eaten", "cancelled and charged"])
async def test_order_whose_states_contradict_each_other_is_a_finding_and_the_house_goes_on(planted: str) -> None:
    async with restaurant(unpaid_for_s=1.0) as place:
        (order_id,) = await eaten(place, "tea")
        await backed_up(place)
        with contextlib.closing(sqlite3.connect(place.folder / "backup.db")) as hostile:
            hostile.executescript(planted)
        await put_back(place)

        async def contradictions() -> list[dict[str, Any]]:
            return [row for row in await stuck(place) if "contradict each other" in row["detail"]]

        (row,) = await until(contradictions)
        assert row["order_id"] == order_id
        assert not place.kiosk.tasks.failed.done()
        await settle_all(place, [row for row in await stuck(place) if row["kind"] == "finding"])
        await place.until_open()
        await eaten(place, "tea")
        left = (await (await place.guest()).order(("tea", 1)))["order_id"]

        async def expired() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{left}")).body["status"] == "cancelled")

        await until(expired)  # the one before it could not be cancelled, and stopped nobody
        assert not place.kiosk.tasks.failed.done()


async def stuck(place: Restaurant) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await place.internal("GET", "/internal/stuck")).body["stuck"]
    return rows


async def test_lock_of_a_restore_is_the_services_and_no_link(place: Restaurant) -> None:
    await backed_up(place)
    folder = place.folder / "elsewhere"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    restore(folder / "kiosk.db", place.folder / "backup.db", "tester", START)
    owners = {found.stat().st_uid for found in folder.iterdir()}
    assert owners == {folder.stat().st_uid}
    (folder / "kiosk.db.lock").unlink()
    (folder / "kiosk.db.lock").symlink_to(place.folder / "made")
    with pytest.raises(DatabaseInUse, match="cannot be opened"):
        restore(folder / "kiosk.db", place.folder / "backup.db", "tester", START)
    assert not (place.folder / "made").exists()


async def test_books_are_nobody_elses_to_read_and_what_was_open_is_closed(place: Restaurant) -> None:
    path = place.folder / "kiosk.db"
    await place.kiosk.stop()
    path.chmod(0o644)
    await place.restart()
    for found in path.parent.glob(f"{path.name}*"):
        assert found.stat().st_mode & 0o077 == 0, found
    await backed_up(place)
    await place.kiosk.stop()
    restore(path, place.folder / "backup.db", "tester", START)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_uid == path.parent.stat().st_uid
    await place.restart()


async def test_3_3_token_of_a_card_is_forgotten_once_its_charge_is_settled(place: Restaurant) -> None:
    guest = await place.guest()
    for token, status in (("tok_ok", 200), ("tok_declined", 402)):
        order_id = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(order_id, token)).status == status
    assert await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM payment WHERE card_token <> ''") == 0
    assert await place.kiosk.database.read(Reader.scalar, "SELECT count(*) FROM payment") == 2
