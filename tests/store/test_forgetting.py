"""The loop that forgets: between payments, in steps with a rest, and over a year the file stays as it is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.clock import rfc3339
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.staff.retention import Keep
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.retention import Retention
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.identity import sessions
from kiosk.store.keep import retention
from kiosk.store.keep.archives import Archives
from kiosk.store.keep.retention import Step, Term
from kiosk.store.transaction import Reader, Tx
from tests.clocks import START, ManualClock, SleeplessClock
from tests.store.aged import CONSUMERS, HOOK, SHORT_LIVED, ago

_VISITS_A_DAY = 12


def forgetting(database: Database, clock: ManualClock, **changes: object) -> Retention:
    wanted = {"under_way": lambda: False, "rules": retention.RULES, **changes}
    archive = OrderArchive(database, Archives(database.path), ZoneInfo("Europe/Moscow"), Readiness(()), clock)
    given = {"consumers": CONSUMERS, "configured": (HOOK,), **wanted}
    return Retention(database, Keep(), archive, clock, **given)  # type: ignore[arg-type]


def visits(tx: Tx, wanted: list[tuple[int, int]]) -> None:
    for day, n in wanted:
        visit(tx, day, n)


def visit(tx: Tx, day: int, n: int) -> None:
    """A guest who looks and goes, with all that is written for one; everybody has read its events."""
    now, ident = START + timedelta(days=day, minutes=n), f"{day}-{n}"
    at, later = rfc3339(now), rfc3339(now + timedelta(minutes=15))
    sessions.add(tx, ident, "kiosk-1", None, now, now + timedelta(minutes=15))
    tx.insert("idempotency", session_id=ident, call="create", key="k", fingerprint="f", order_id=ident, status=201,
              body="{}" * 300, created_at=at)  # fmt: skip
    tx.insert("one_time_code", code_id=ident, phone=ident, salt=b"s", hash=b"h", attempts_left=3, created_at=at,
              expires_at=later)  # fmt: skip
    tx.insert("one_time_code_try", code_id=ident, place="a", tries=1)
    tx.insert("customer", customer_id=ident, phone=ident, created_at=at)
    tx.insert("message", client_id=ident, channel="sms", address="", title="", body="", created_at=at, next_at=at,
              sent_at=at)  # fmt: skip
    journal.add(tx, "manager", "stop_list", "tea", now)
    for kind in ("OrderCreatedEvent", "OrderCancelledEvent"):
        tx.insert("event", event_id=f"{ident}{kind}", type=kind, order_id=ident, at=at, data="{}" * 200)


def read_all(tx: Tx) -> None:
    last = tx.scalar("SELECT max(sequence) FROM event")
    for consumer in CONSUMERS:
        tx.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (consumer, last))
    tx.execute("INSERT OR REPLACE INTO endpoint (url, sequence, state) VALUES (?, ?, 'active')", (HOOK, last))


def sizes(reader: Reader) -> dict[str, int]:
    return {table: reader.scalar(f"SELECT count(*) FROM {table}") for table in SHORT_LIVED}


async def test_over_a_year_short_lived_rows_and_the_file_stay_bounded(database: Database) -> None:
    clock = SleeplessClock()
    loop = forgetting(database, clock)
    pages: list[int] = []

    def days(tx: Tx, first: int) -> None:
        for day in range(first, first + 10):
            for n in range(_VISITS_A_DAY):
                visit(tx, day, n)
        read_all(tx)

    for first in range(0, 370, 10):
        await database.write(days, first)
        clock.advance((START + timedelta(days=first + 10) - clock.now()).total_seconds())
        await loop.look()
        pages.append(await database.read(Reader.scalar, "PRAGMA page_count"))
    found, keep = await database.read(sizes), Keep()
    most = {
        "session": keep.sessions_days, "idempotency": keep.keys_days, "one_time_code": keep.codes_days,
        "one_time_code_try": keep.codes_days, "customer": keep.unconfirmed_days, "message": keep.messages_days,
        "journal": keep.journal_days, "event": 2 * keep.events_days, "guest_notice": 0,
    }  # fmt: skip
    assert {table: found[table] <= (most[table] + 1) * _VISITS_A_DAY for table in most} == dict.fromkeys(most, True)
    assert found["event"] >= 2 * (keep.events_days - 1) * _VISITS_A_DAY
    quarter, journal = pages[len(pages) // 3], 370 * _VISITS_A_DAY // 20  # pages; its lines stay for a year
    assert pages[-1] <= 1.1 * quarter + journal


async def test_without_it_the_file_grows(database: Database) -> None:
    """What the year above is held against: the same rows, and no rule."""
    await database.write(visits, [(day, n) for day in range(370) for n in range(_VISITS_A_DAY)])
    loop = forgetting(database, SleeplessClock(), rules={})
    assert await loop.look() == {"orders": 0, "pages": 0}
    assert min(size for table, size in (await database.read(sizes)).items() if table != "guest_notice") >= 4000


async def test_while_somebody_pays_nothing_is_done(database: Database) -> None:
    clock, payment_saga = ManualClock(), True
    await database.write(visit, -500, 0)
    loop = asyncio.create_task(forgetting(database, clock, under_way=lambda: payment_saga).look())
    for _ in range(50):
        await clock.until_asleep()
        clock.advance(1.0)
    await clock.until_asleep()
    assert (await database.read(sizes))["session"] == 1
    payment_saga = False
    while not loop.done():
        sleeping = asyncio.ensure_future(clock.until_asleep())
        await asyncio.wait({loop, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()
        clock.advance(1.0)
    assert (await loop)["sessions"] == 1
    assert (await database.read(sizes))["session"] == 0


async def test_each_step_is_a_transaction_of_few_rows_with_a_rest_before_it(database: Database) -> None:
    def old(tx: Tx) -> None:
        for n in range(250):
            visit(tx, -500, n)
        read_all(tx)

    await database.write(old)
    clock = SleeplessClock()
    changed: list[int] = []

    def counted(tx: Tx, at: Term) -> Step:
        before = tx.scalar("SELECT total_changes()")
        step = rule(tx, at)
        changed.append(tx.scalar("SELECT total_changes()") - before)
        return step

    for name in retention.RULES:
        rule = retention.RULES[name]
        await forgetting(database, clock, rules={name: counted}).look()
    assert len(clock.asked_s) == len(changed) + len(retention.RULES)
    assert min(clock.asked_s) > 0
    assert 100 <= max(changed) <= 201
    assert len(changed) >= 3 * 7


async def test_nothing_moves_before_a_minute_has_passed_and_then_every_hour(database: Database) -> None:
    clock, looked = ManualClock(), []

    def rule(tx: Tx, at: Term) -> Step:
        looked.append(at.now)
        return Step(0, more=False)

    run = asyncio.create_task(forgetting(database, clock, rules={"one": rule}).run())
    await clock.until_asleep()
    clock.advance(59)
    await clock.until_asleep()
    assert looked == []
    for pause_s in (1, 0.2, 0.2, 3600, 0.2):
        clock.advance(pause_s)
        await clock.until_asleep()
    assert [(moment - START).total_seconds() // 60 for moment in looked] == [1, 61]
    run.cancel()
    await asyncio.wait({run})


async def test_the_process_may_die_between_any_two_steps(tmp_path: Path) -> None:
    """Cancelled at each rest in turn and taken up by the next process, it ends the same."""
    path, left = tmp_path / "kiosk.db", 1
    for number in range(8):
        database = await Database.open(path, print)
        if number == 0:
            await database.write(visits, [(-500, n) for n in range(120)])
            await database.write(read_all)
        clock = ManualClock()
        loop = asyncio.create_task(forgetting(database, clock).look())
        for _ in range(number):
            await clock.until_asleep()
            clock.advance(1.0)
        await clock.until_asleep()
        loop.cancel()
        await asyncio.wait({loop})
        await database.close()
    database = await Database.open(path, print)
    await forgetting(database, SleeplessClock()).look()
    found = await database.read(sizes)
    await database.close()
    assert found == {**dict.fromkeys(SHORT_LIVED, 0), "event": left}
    assert ago(0) == rfc3339(START)
