"""More than a year later: the order has moved to its year's archive, and is read, audited and given back as ever."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import cli
from tests.clocks import JumpingClock
from tests.command import kiosk, ok
from tests.restaurant import Customer, Restaurant, restaurant, until
from tests.scenes.test_forgetting import Seen, count

LATER_S = 410 * 86_400
LASTING = "[auth]\ntoken_lifetime_s = 86400"


@pytest.fixture
async def years_later() -> AsyncIterator[tuple[Restaurant, dict[str, Any], JumpingClock]]:
    """An order of a guest, and one of today; everything was read by everybody, and what had its time has moved."""
    clock = JumpingClock()
    async with restaurant(LASTING, clock=clock, retention=Seen) as place:
        guest = await place.guest()
        old = await guest.order(("tea", 2))
        paid = await guest.pay(old["order_id"])
        assert paid.status == 200
        await guest.until_status(old["order_id"], "completed")
        old["receipt"] = paid.body["receipt"]
        await closed_shift(place)
        clock.jump(LATER_S)
        await place.restart()
        await place.until_open()
        await sold(place, await place.guest())
        await all_read(place)
        assert (await Seen.last.look())["orders"] == 1
        assert await count(place, "orders") == 1
        yield place, old, clock


async def closed_shift(place: Restaurant) -> None:
    assert (await place.internal("POST", "/internal/shift/close")).status == 200


async def sold(place: Restaurant, guest: Customer) -> str:
    order = await guest.order(("tea", 1))
    assert (await guest.pay(order["order_id"])).status == 200
    await guest.until_status(order["order_id"], "completed")
    return str(order["order_id"])


async def all_read(place: Restaurant) -> None:
    async def read() -> bool:
        def behind(reader: Any) -> int:
            sql = "SELECT (SELECT max(sequence) FROM event) - (SELECT min(sequence) FROM cursor)"
            return int(reader.scalar(sql))

        return not await place.kiosk.database.read(behind)

    await until(read)


Later = tuple[Restaurant, dict[str, Any], JumpingClock]


async def test_5_order_of_a_past_year_is_shown_given_back_by_its_receipt_and_moves_again(years_later: Later) -> None:
    place, old, clock = years_later
    shown = await ok(place, "order", old["order_id"])
    assert (shown["status"], shown["amount_kopecks"]) == ("completed", old["amount_kopecks"])
    assert shown["receipt"]["fiscal_document_number"] == old["receipt"]["fiscal_document_number"]
    assert [row["status"] for row in shown["timeline"]][-1] == "completed"
    answer = await place.internal("PUT", f"/internal/orders/{old['order_id']}/status", {"status": "cancelled"})
    assert (answer.status, answer.body["order_status"]) == (409, "completed")
    assert (await place.internal("GET", "/internal/orders/0000000000000000")).status == 404
    sign = old["receipt"]["fiscal_sign"]
    answer = await place.internal(
        "POST", f"/internal/orders/{sign}/refund", {"reason": "x", "items": [{"item_id": "tea", "quantity": 1}]}
    )
    assert answer.status == 202, answer

    async def given_back() -> bool:
        shown = (await place.internal("GET", f"/internal/orders/{old['order_id']}")).body
        return [row["status"] for row in shown["refunds"]] == ["done"]

    await until(given_back)
    assert await count(place, "orders") == 2
    assert len(place.effects("bank", "refunded", "voided")) == 1
    audit = (await place.internal("GET", "/internal/audit")).body
    assert audit["mismatches"] == []
    await all_read(place)
    assert (await Seen.last.look())["orders"] == 0, "a refund is news for a month"
    clock.jump(40 * 86_400)
    await place.restart()
    await place.until_open()
    await sold(place, await place.guest())
    await all_read(place)
    assert (await Seen.last.look())["orders"] == 1
    shown = await ok(place, "order", old["order_id"])
    assert [row["status"] for row in shown["refunds"]] == ["done"]


async def test_0_audit_of_past_days_reads_the_archives_and_counts_each_order_once(years_later: Later) -> None:
    place = years_later[0]
    then = datetime.now(UTC).date()
    days = ("--from", str(then - timedelta(days=1)), "--to", str(then + timedelta(days=1)))
    assert await ok(place, "audit", *days) == {
        "checked_payments": 1, "mismatches": [], "skipped": [], "other_drives": 0, "journal_seal": "",
    }  # fmt: skip
    (file,) = place.folder.glob("kiosk-*.db")
    with closing(sqlite3.connect(file)) as archive, archive:
        archive.execute("UPDATE payment SET transaction_id = NULL")
    done = await kiosk(place, "audit", *days, "--json")
    assert done.code == cli.BAD
    assert [row["check"] for row in done.json["mismatches"]] == ["settled_payment_without_transaction"]
    today = str((datetime.now(UTC) + timedelta(seconds=LATER_S)).date())
    assert (await ok(place, "audit", "--from", today))["mismatches"] == []
    assert (await place.internal("GET", "/internal/audit?from=2026-02-01&to=2026-01-01")).status == 422


async def test_5_dishes_of_a_past_years_day_stand_in_its_journal_and_who_cannot_read_them_says_so(
    years_later: Later,
) -> None:
    place, old, _ = years_later
    (ready_at, *_) = (row["ready_at"] for row in (await ok(place, "order", old["order_id"]))["record"])
    zone = ZoneInfo(place.kiosk.config.restaurant.timezone)
    day = str(datetime.fromisoformat(ready_at).astimezone(zone).date())
    told = await ok(place, "cells", "journal", "--on", day)
    assert [row["order_id"] for row in told["entries"]] == [old["order_id"]] * 2
    assert told["unread"] == []
    (file,) = place.folder.glob("kiosk-*.db")
    file.rename(place.folder / "aside")
    told = await ok(place, "cells", "journal", "--on", day)
    assert told["entries"] == []
    assert [text.partition(":")[0] for text in told["unread"]] == [file.name]
    (place.folder / "aside").rename(file)
    assert len((await ok(place, "cells", "journal", "--on", day))["entries"]) == 2


async def test_0_an_archive_that_is_missing_closes_nothing_and_is_told_everywhere(years_later: Later) -> None:
    place, old, _ = years_later
    (file,) = place.folder.glob("kiosk-*.db")
    status = await ok(place, "status")
    assert [(row["file"], row["removable"]) for row in status["archives"]] == [(str(file), False)]
    assert f"{file}, " in (await kiosk(place, "check")).out
    copied = place.folder / "copy.db"
    assert (await ok(place, "backup", str(copied)))["not_in_it"] == [str(file)]
    copied.unlink()
    assert (await ok(place, "backup", str(copied), "--year", file.stem[-4:]))["bytes"] == file.stat().st_size
    assert [path.stat().st_mode & 0o777 for path in (copied, file)] == [0o600, 0o600]
    assert (await place.internal("POST", "/internal/backup", {"file": f"{copied}2", "year": 2001})).status == 503
    file.rename(place.folder / "aside")
    await Seen.last.look()
    status = await ok(place, "status")
    assert status["sales"]["open"]
    assert status["checks"]["archive"]["reason"] == "archive_broken"
    assert file.name in status["says"]["archive"]
    assert file.name in (await kiosk(place, "status")).out
    lost = await kiosk(place, "order", old["order_id"])
    assert lost.code == cli.BAD
    assert file.name in lost.err
    assert (await place.internal("GET", "/internal/orders/0000000000000000")).body["code"] == "archive_broken"
    await sold(place, await place.guest())
    (place.folder / "aside").rename(file)
    await Seen.last.look()
    assert (await ok(place, "status"))["checks"]["archive"]["ok"]
    assert (await ok(place, "order", old["order_id"]))["status"] == "completed"
    await place.kiosk.stop()
    told = (await kiosk(place, "check")).out
    assert f"ok   archive        {file.name}: version" in told
    file.unlink()
    assert f"BAD  archive        {file.name}: the file is missing" in (await kiosk(place, "check")).out
