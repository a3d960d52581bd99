"""Seed order 6, what a manager looks at besides: payments, minutes, visits, dishes not to be had, tables, the mail."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.mail.smtp import SmtpAccess, SmtpServer
from drivers.sim.smtp.device import SmtpDevice, smtp
from kiosk.checkpoints import LETTER_POINTS
from kiosk.domain.staff.figures import LEAST_MINUTES
from kiosk.domain.text import Text
from kiosk.flows.staff.reports.day_letters import MOST_DOUBTS, DayLetters
from kiosk.flows.staff.reports.statistics import Reports
from kiosk.store.database import Database
from kiosk.store.staff import day_counts, report_letters, stats
from kiosk.store.transaction import Reader, Tx
from tests.clocks import ManualClock, SleeplessClock
from tests.restaurant import Restaurant, ledger, restaurant, until
from tests.scenes.test_statistics import read, until_counted

MOSCOW = ZoneInfo("Europe/Moscow")


async def staff_of(place: Restaurant) -> dict[str, str]:
    pin = (place.folder / "service.pin").read_text()
    token = (await place.call("POST", "/api/service/session", {"pin": pin})).body["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def test_6_payments_services_minutes_and_visits_are_counted_and_told_in_words() -> None:
    async with restaurant() as place:
        guest = await place.guest()
        declined = await guest.order(("tea", 1))
        assert (await guest.pay(declined["order_id"], "tok_declined")).status == 402
        assert (await guest.pay(declined["order_id"])).status == 200
        away = await guest.order(("tea", 2), service="take_away")
        assert (await guest.pay(away["order_id"])).status == 200
        for order in (declined, away):
            await guest.until_status(order["order_id"], "ready", "completed")
        for reached, left_at in (("paid", "done"), ("cart", "menu"), ("cart", "menu")):
            visit = {"reached": reached, "left_at": left_at, "terminal_id": "kiosk-1"}
            assert (await place.call("POST", "/api/visits", visit)).status == 204
        for odd in ({"reached": "elsewhere"}, {"left_at": "attract"}, {"terminal_id": "kiosk-9"}, {"session_id": "x"}):
            assert (await place.call("POST", "/api/visits", {**visit, **odd})).code == "invalid_request", odd
        answers = [await place.call("POST", "/api/visits", visit) for _ in range(58)]
        assert {answer.status for answer in answers[:-1]} == {204}
        assert answers[-1].code == "too_many_requests"
        await place.kiosk.flows.sold_out.look()
        assert (await place.internal("POST", "/internal/stop-list", {"item_id": "cola", "stopped": True})).status == 200
        await place.kiosk.flows.sold_out.look()
        body = await until_counted(place, orders=2)
        await until(ready(place, 2))
        body = await read(place)
        services = {row["service"]: (row["orders"], row["revenue_kopecks"]) for row in body["services"]}
        assert services == {"dine_in": (1, declined["amount_kopecks"]), "take_away": (1, away["amount_kopecks"])}
        (way,) = body["payments"]
        assert (way["method"], way["attempts"], way["approved"], way["approval_rate"]) == ("token", 3, 2, 0.6667)
        (refusal,) = body["refusals"]
        assert (refusal["code"], refusal["attempts"]) == ("payment_declined", 1)
        assert (body["minutes"]["orders"], body["minutes"]["kept_share"]) == (2, 1.0)
        assert body["minutes"]["promised_p50"] >= 1
        assert [(row["step"], row["visits"]) for row in body["funnel"]][2:] == [
            ("cart", 60), ("ordered", 1), ("paying", 1), ("paid", 1),
        ]  # fmt: skip
        assert body["left"] == [{"screen": "menu", "visits": 59}]
        assert body["open_minutes"] == 2
        (gone,) = body["sold_out"]
        assert (gone["item_id"], gone["reason"], gone["minutes"], gone["lost_kopecks"]) == ("cola", "stopped", 1, None)
        assert body["before"]["orders"] == 0
        staff = await staff_of(place)
        tables = (await place.call("GET", "/api/service/stats/tables", **staff)).body["tables"]
        named = {row["id"]: row for row in tables}
        assert named["left"]["rows"] == [["меню", 59]]
        english = await place.call("GET", "/api/service/stats/tables", **staff, **{"Accept-Language": "en"})
        assert {row["id"]: row for row in english.body["tables"]}["left"]["rows"] == [["menu", 59]]
        files = {}
        for kind in ("csv", "xlsx"):
            async with place.client.get(
                f"http://127.0.0.1:{place.kiosk.public_port}/api/service/stats/{kind}", headers=staff
            ) as answer:
                assert answer.headers["Content-Disposition"].endswith(f'.{kind}"')
                files[kind] = await answer.read()
        assert "Чёрный чай,3" in files["csv"].decode("utf-8-sig")
        with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as book:
            assert "Чёрный чай" in book.read("xl/worksheets/sheet3.xml").decode()


def ready(place: Restaurant, orders: int) -> Any:
    async def there() -> bool:
        minutes = (await read(place))["minutes"]
        return bool(minutes["orders"] == orders)

    return there


# Without the process.


def sold(tx: Tx, hour: str, orders: int, kopecks: int) -> None:
    stats.count(tx, hour, orders_paid=orders, revenue_kopecks=kopecks)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = await Database.open(tmp_path / "kiosk.db", lambda reason: None)
    yield found
    await found.close()


async def test_6_today_is_held_against_the_same_hours_a_week_before_and_lost_roubles_by_what_is_usual(
    database: Database,
) -> None:
    clock = ManualClock(datetime(2026, 11, 30, 9, 30, tzinfo=UTC))  # 12:30 in Moscow
    for hour, orders in (("2026-11-23T12", 3), ("2026-11-23T13", 50), ("2026-11-30T11", 6)):
        await database.write(sold, hour, orders, orders * 100)
    await database.write(stats.count_dish, "2026-11-29", "soup", "Суп", 10, 60_000)
    await database.write(
        stats.count_dish, "2026-11-02", "soup", "Суп", 90, 900_000
    )  # sales of days that nobody watched
    await database.write(day_counts.count_open, "2026-11-29", LEAST_MINUTES, [])
    await database.write(day_counts.count_open, "2026-11-30", 30, [("soup", "sold_out")])
    reports = Reports(database, MOSCOW, clock)
    view = await reports.stats(reports.today(), reports.today())
    assert view.before is not None
    assert (view.orders, view.before.orders, view.before.until) == (6, 3, "13:00")
    (soup,) = view.sold_out
    assert (soup.minutes, soup.lost_kopecks) == (30, 30 * 60_000 // LEAST_MINUTES)
    week = await reports.stats(reports.today() - timedelta(days=7), reports.today() - timedelta(days=1))
    assert (week.orders, week.sold_out, week.before is not None and week.before.until) == (53, [], "")


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[SmtpDevice]:
    async with smtp(0, state=tmp_path / "smtp.state", ledger=tmp_path / "smtp.jsonl") as found:
        yield found


def letters_of(
    database: Database, mail: SmtpDevice, checkpoint: Any = lambda name: None, kind: type[DayLetters] = DayLetters
) -> DayLetters:
    access = SmtpAccess(host="127.0.0.1", port=mail.port, encryption="none", sender="kiosk@kiosk.invalid")
    called = Text("Огонёк", "Ogonyok")
    return kind(database, SmtpServer(access, 2.0), SleeplessClock(), checkpoint, restaurant=called, language="ru")


class _Killed(BaseException):
    """The process is gone."""


async def run_until(letters: DayLetters, done: Any) -> None:
    running = asyncio.create_task(letters.run())
    try:
        await until(done)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, _Killed):
            await running


def waits(database: Database, count: int) -> Any:
    async def there() -> bool:
        return len(await database.read(report_letters.read_waiting)) == count

    return there


async def write_report(database: Database, *to: str) -> None:
    """Yesterday's, as the night writes it; twice, as a start after it would."""
    clock = ManualClock(datetime(2026, 11, 30, 1, 0, tzinfo=UTC))
    await database.write(sold, "2026-11-29T12", 2, 123_450)
    for _ in range(2):
        writing = asyncio.create_task(Reports(database, MOSCOW, clock, letters_to=to).write_reports())
        await clock.until_asleep()
        writing.cancel()


async def test_6_the_day_goes_by_mail_once_to_each_with_its_figures_and_tables(
    database: Database, mail: SmtpDevice, tmp_path: Path
) -> None:
    await write_report(database, "a@example.com", "b@example.com")
    await run_until(letters_of(database, mail), waits(database, 0))
    await run_until(letters_of(database, mail), waits(database, 0))  # the next start has nothing to send
    first, second = ledger(tmp_path / "smtp.jsonl")
    assert (first["to"], second["to"]) == ("a@example.com", "b@example.com")
    assert first["subject"] == "Огонёк: отчёт за 2026-11-29"
    assert "выручка, ₽: 1234.50" in first["text"]
    assert set(first["attachments"]) == {"kiosk-2026-11-29.csv", "kiosk-2026-11-29.xlsx"}
    assert first["message_id"] != second["message_id"]


@pytest.mark.parametrize("point", LETTER_POINTS)
async def test_6_killed_around_a_letter_it_goes_again_under_its_own_name_and_is_not_lost(
    database: Database, mail: SmtpDevice, tmp_path: Path, point: str
) -> None:
    await write_report(database, "a@example.com")

    def die(name: str) -> None:
        if name == point:
            raise _Killed

    with pytest.raises(_Killed):
        await letters_of(database, mail, die).send_waiting()
    await run_until(letters_of(database, mail), waits(database, 0))
    ids = [line["message_id"] for line in ledger(tmp_path / "smtp.jsonl")]
    assert (len(ids), len(set(ids))) == ({"letter.noted": 1, "letter.sent": 2}[point], 1)


@pytest.mark.parametrize(("fault", "most"), [("lose_answer", 2), ("refuse", 0), ("busy", 1), ("down", 1)])
async def test_6_a_letter_nobody_confirms_goes_again_and_a_refused_one_does_not(
    database: Database, mail: SmtpDevice, tmp_path: Path, fault: str, most: int
) -> None:
    await write_report(database, "a@example.com")
    mail.faults.switch(fault)
    letters = letters_of(database, mail)
    await letters.send_waiting()
    mail.faults.switch(fault, on=False)
    await run_until(letters, waits(database, 0))
    assert len(ledger(tmp_path / "smtp.jsonl")) == most
    gone = await database.read(Reader.scalar, "SELECT gone FROM report_letter")
    assert gone == ("refused" if fault == "refuse" else None)


async def test_6_a_letter_in_doubt_is_not_sent_without_end(
    database: Database, mail: SmtpDevice, tmp_path: Path
) -> None:
    await write_report(database, "a@example.com")
    letters = letters_of(database, mail)
    for _ in range(MOST_DOUBTS + 2):
        mail.faults.switch("lose_answer")
        await letters.send_waiting()
    assert len(ledger(tmp_path / "smtp.jsonl")) == MOST_DOUBTS
    assert await database.read(Reader.scalar, "SELECT gone FROM report_letter") == "doubtful"


class Hasty(DayLetters):
    """Planted: the books say sent before the letter goes."""

    async def _send(self, row: report_letters.LetterRow) -> None:
        await self._db.write(report_letters.mark_sent, row, datetime(2026, 11, 30, tzinfo=UTC))
        await super()._send(row)


async def test_a_planted_word_before_the_letter_loses_it(database: Database, mail: SmtpDevice, tmp_path: Path) -> None:
    await write_report(database, "a@example.com")

    def die(_: str) -> None:
        raise _Killed

    with pytest.raises(_Killed):
        await letters_of(database, mail, die, Hasty).send_waiting()
    await run_until(letters_of(database, mail), waits(database, 0))
    assert ledger(tmp_path / "smtp.jsonl") == []
