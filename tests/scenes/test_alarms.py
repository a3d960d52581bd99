"""A person is called: raised, sent, acknowledged, cleared; others where nobody answers; nobody twice for nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from drivers.sim.smtp.device import SmtpDevice, smtp
from tests.clocks import JumpingClock, PassingClock
from tests.receiver import new_secret
from tests.restaurant import FAST_LOOKS, Restaurant, ledger, restaurant, until
from tests.scenes.test_refusals import assert_problem

PHONE, MAIL = "+79161234567", "ira@example.com"
CLOSED = "Продажи стоят: Касса временно не работает"
QUICK = """
[alarms]
hold_s = 0.3
pause_s = 0.05
[alarms.rules]
sales_closed = { after_s = 0.2 }
registrar_off = { after_s = 0.2 }
page_silent = { after_s = 0.0 }
bin_low = { off = true }
disk = { off = true }
"""
#: Looks are taken by whoever waits: none while the kiosk starts, which on a busy machine lasts, and would be an alarm.
LOOKS = replace(FAST_LOOKS, alarms_s=3600.0)
BY_SMS = f'[[alarms.to]]\nname = "duty"\nchannel = "sms"\naddress = "{PHONE}"\n'
BY_SMS_THEN_MAIL = f'{BY_SMS}[[alarms.to]]\nname = "owner"\nchannel = "email"\naddress = "{MAIL}"\nlevel = 2\n'


def texts(place: Restaurant, to: str = PHONE) -> list[str]:
    """What the gateway has sent to a phone of staff, in order."""
    return [line["text"] for line in place.effects("sms", "sent") if line["to"] == to]


async def looks(place: Restaurant, times: int) -> None:
    """So many looks of the alarms have been taken."""
    watch = place.kiosk._alarms.watch  # noqa: SLF001 - nothing outside tells of a look that found nothing
    for _ in range(times):
        await watch.look()


async def until_looked(place: Restaurant, condition: Callable[[], Awaitable[Any] | Any]) -> Any:
    """Until it is true, looking for alarms all the time."""

    async def there() -> Any:
        await looks(place, 1)
        found = condition()
        return await found if asyncio.iscoroutine(found) else found

    return await until(there)


async def until_texts(place: Restaurant, count: int, to: str = PHONE) -> list[str]:
    def there() -> list[str] | None:
        found = texts(place, to)
        return found if len(found) >= count else None

    found: list[str] = await until_looked(place, there)
    return found


async def alarms(place: Restaurant) -> dict[str, Any]:
    found: dict[str, Any] = (await place.internal("GET", "/internal/alarms")).body
    return found


async def until_standing(place: Restaurant, rule: str, *states: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        rows = [row for row in (await alarms(place))["alarms"] if row["rule"] == rule]
        return next((row for row in rows if not states or row["state"] in states), None)

    found: dict[str, Any] = await until_looked(place, there)
    return found


async def until_over(place: Restaurant, rule: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        return next((row for row in (await alarms(place))["past"] if row["rule"] == rule), None)

    found: dict[str, Any] = await until_looked(place, there)
    return found


async def acknowledge(place: Restaurant, alarm_id: int) -> int:
    return (await place.internal("POST", f"/internal/alarms/{alarm_id}/acknowledge")).status


def paper(place: Restaurant, *, out: bool) -> None:
    """The registrar's roll: without it nothing is sold."""
    place.fiscal.faults.switch("paper_out", on=out)


def watched(extra: str = QUICK, **changes: Any) -> AbstractAsyncContextManager[Restaurant]:
    """A restaurant whose alarms are looked for by those who wait (`until_looked`)."""
    return restaurant(extra, **{"periods": LOOKS, **changes})


@asynccontextmanager
async def with_mail(
    folder: Path, tail: str = BY_SMS_THEN_MAIL, **changes: Any
) -> AsyncIterator[tuple[Restaurant, SmtpDevice]]:
    async with smtp(0, state=folder / "smtp.state", ledger=folder / "smtp.jsonl") as mail:
        settings = f'[alarms.email]\nhost = "127.0.0.1"\nport = {mail.port}\nencryption = "none"\ntimeout_s = 1.0\n'
        extra = changes.pop("extra", QUICK) + settings
        async with watched(extra, tail=tail, **changes) as place:
            yield place, mail


async def test_alarm_is_raised_sent_acknowledged_and_cleared() -> None:
    async with watched(tail=BY_SMS) as place:
        paper(place, out=True)
        (first,) = await until_texts(place, 1)
        row = await until_standing(place, "sales_closed", "raised")
        assert first.startswith(f"Огонёк: {CLOSED}\n{CLOSED}. В кассе нет бумаги: вставьте рулон.")
        assert f"kiosk alarms ack {row['alarm_id']}" in first
        assert row["told_at"]
        assert await acknowledge(place, row["alarm_id"]) == 200
        assert await acknowledge(place, row["alarm_id"]) == 200, "twice is once"
        row = await until_standing(place, "sales_closed", "acknowledged")
        assert row["acknowledged_by"]
        paper(place, out=False)
        over = await until_over(place, "sales_closed")
        assert over["alarm_id"] == row["alarm_id"]
        assert (await until_texts(place, 2))[1] == f"Огонёк: тревога снята\nПрошло: {CLOSED}."
        assert len(texts(place)) == 2
        again = await place.internal("POST", f"/internal/alarms/{row['alarm_id']}/acknowledge")
        assert_problem(again, 409, "order_state")
        for odd in ("0", "999", "x"):
            assert_problem(await place.internal("POST", f"/internal/alarms/{odd}/acknowledge"), 404, "not_found")


async def test_what_has_not_lasted_calls_nobody() -> None:
    async with watched(QUICK.replace("after_s = 0.2", "after_s = 600.0"), tail=BY_SMS) as place:
        paper(place, out=True)
        await place.until_paused("fiscal_no_paper")
        await looks(place, 3)
        paper(place, out=False)
        await place.until_open()
        await looks(place, 3)
        assert (await alarms(place))["alarms"] == (await alarms(place))["past"] == []
        assert texts(place) == []


async def test_cause_that_comes_and_goes_is_one_alarm_and_one_message() -> None:
    async with watched(QUICK.replace("hold_s = 0.3", "hold_s = 600"), tail=BY_SMS) as place:
        for _ in range(3):
            paper(place, out=True)
            await place.until_paused("fiscal_no_paper")
            await until_texts(place, 1)
            paper(place, out=False)
            await place.until_open()
            await looks(place, 2)
        assert len(texts(place)) == 1
        assert len((await alarms(place))["alarms"]) == 1


async def test_others_are_called_where_nobody_answers_and_all_again_until_somebody_does(tmp_path: Path) -> None:
    clock = PassingClock()
    async with with_mail(tmp_path, clock=clock) as (place, _):
        place.fiscal.faults.switch("link_lost")  # whose clock nobody compares then
        await until_texts(place, 1)
        assert ledger(tmp_path / "smtp.jsonl") == []
        clock.jump(901)  # `escalate_s` has passed
        (letter,) = await until_looked(place, lambda: ledger(tmp_path / "smtp.jsonl"))
        assert (letter["to"], letter["subject"]) == (MAIL, "Огонёк: Касса молчит")
        await until_texts(place, 2)
        clock.jump(3601)  # and `repeat_s`
        await until_looked(place, lambda: len(ledger(tmp_path / "smtp.jsonl")) == 2)
        await until_texts(place, 3)
        row = await until_standing(place, "registrar_off", "raised")
        assert await acknowledge(place, row["alarm_id"]) == 200
        clock.jump(3601)
        await looks(place, 3)
        assert (len(texts(place)), len(ledger(tmp_path / "smtp.jsonl"))) == (3, 2)


async def test_channel_that_is_away_is_shown_the_next_is_tried_at_once_and_it_is_told_later(tmp_path: Path) -> None:
    async with with_mail(tmp_path) as (place, _):
        place.sms.faults.switch("down")
        paper(place, out=True)
        (letter,) = await until_looked(place, lambda: ledger(tmp_path / "smtp.jsonl"))
        assert letter["to"] == MAIL

        async def shown() -> str | None:
            checks = (await place.internal("GET", "/internal/status")).body["checks"]
            reason: str | None = checks.get("alarm:duty", {}).get("reason")
            return reason

        assert await until_looked(place, shown) == "alarm_channel_away"
        place.sms.faults.switch("down", on=False)
        assert len(await until_texts(place, 1)) == 1

        async def well_again() -> bool:
            return await shown() is None

        await until_looked(place, well_again)


async def test_with_every_channel_away_the_alarm_stands_and_is_told_once_one_is_back(tmp_path: Path) -> None:
    async with with_mail(tmp_path) as (place, mail):
        place.sms.faults.switch("down")
        mail.faults.switch("busy")
        paper(place, out=True)
        row = await until_standing(place, "sales_closed", "raised")
        await until_looked(place, lambda: mail.state()["tries"] >= 2)
        assert row["told_at"] is None
        assert (await place.call("GET", "/api/restaurant")).body["staff_knows"] is False
        mail.faults.switch("busy", on=False)
        await until_looked(place, lambda: ledger(tmp_path / "smtp.jsonl"))

        async def known() -> bool:
            return bool((await place.call("GET", "/api/restaurant")).body["staff_knows"])

        await until_looked(place, known)


async def test_staff_who_was_away_is_not_told_of_what_is_over_meanwhile() -> None:
    async with watched(tail=BY_SMS) as place:
        place.sms.faults.switch("down")
        paper(place, out=True)
        await until_standing(place, "sales_closed", "raised")
        paper(place, out=False)
        await until_over(place, "sales_closed")
        place.sms.faults.switch("down", on=False)

        async def nothing_waits() -> bool:
            return not sum(row["waiting"] for row in (await alarms(place))["channels"])

        await looks(place, 3)
        await until_looked(place, nothing_waits)
        # A try that was on its way in that very moment might have arrived: then it is told that it is over, no more.
        assert not [text for text in texts(place) if "вставьте рулон" in text]


def around_now(minutes: int) -> str:
    """Hours that began so many minutes ago, in the restaurant's time."""
    begun = datetime.now(UTC) + timedelta(hours=3, minutes=-minutes)
    return f"{begun:%H:%M}-{begun + timedelta(hours=2):%H:%M}"


async def test_in_quiet_hours_only_what_is_urgent_wakes_somebody() -> None:
    clock = PassingClock()
    quiet = QUICK.replace("[alarms]", f'[alarms]\nquiet = "{around_now(1)}"')
    async with watched(quiet, tail=BY_SMS, clock=clock) as place:
        assert (await place.call("POST", "/api/heartbeat", {"screen": "menu"})).status in (200, 204)
        clock.jump(20)
        await until_standing(place, "page_silent", "raised")
        await looks(place, 3)
        assert texts(place) == []
        paper(place, out=True)
        (urgent,) = await until_texts(place, 1)
        assert "Экран" not in urgent
        clock.jump(7200)  # morning
        told = await until_texts(place, 2)
        assert any("Экран гостя молчит" in text for text in told[1:])


@pytest.mark.parametrize("ahead_s", [10 * 3600, -10 * 3600])
async def test_clock_that_is_set_calls_nobody_and_silences_nobody(tmp_path: Path, ahead_s: int) -> None:
    clock = JumpingClock()
    extra = QUICK + "clock = { off = true }\ndocuments_unsent = { off = true }\ndrive_expiring = { off = true }\n"
    async with with_mail(tmp_path, extra=extra, clock=clock) as (place, _):
        paper(place, out=True)
        await until_texts(place, 1)
        clock.jump(ahead_s)
        await looks(place, 5)
        assert (len(texts(place)), ledger(tmp_path / "smtp.jsonl")) == (1, [])
        paper(place, out=False)
        assert f"Прошло: {CLOSED}." in (await until_texts(place, 2))[1]


async def test_alarm_outlives_a_restart_and_is_not_told_again() -> None:
    async with watched(tail=BY_SMS) as place:
        paper(place, out=True)
        await until_texts(place, 1)
        row = await until_standing(place, "sales_closed", "raised")
        await place.restart()
        await place.until_paused("fiscal_no_paper")
        await looks(place, 3)
        again = await until_standing(place, "sales_closed", "raised")
        assert (again["alarm_id"], len(texts(place))) == (row["alarm_id"], 1)
        paper(place, out=False)
        await until_over(place, "sales_closed")
        assert len(await until_texts(place, 2)) == 2


async def test_storm_is_held_within_the_budget_of_an_hour() -> None:
    few = QUICK.replace("[alarms]", "[alarms]\nper_hour = 1").replace("hold_s = 0.3", "hold_s = 0.05")
    async with watched(few, tail=BY_SMS) as place:

        async def is_over() -> bool:
            return not (await alarms(place))["alarms"]

        for _ in range(2):
            paper(place, out=True)
            await until_standing(place, "sales_closed", "raised")
            await until_texts(place, 1)
            paper(place, out=False)
            await until_looked(place, is_over)
        await looks(place, 3)
        assert len(texts(place)) == 1


async def test_guest_is_told_that_staff_knows_only_where_somebody_was_reached() -> None:
    async with watched(tail=BY_SMS) as place:

        async def knows() -> bool | None:
            found: bool | None = (await place.call("GET", "/api/restaurant")).body["staff_knows"]
            return found

        assert await knows() is None
        assert (await place.internal("POST", "/internal/sales/pause")).status == 200
        assert await knows() is None, "staff itself has paused: nobody is needed"
        assert (await place.internal("POST", "/internal/sales/resume")).status == 200
        place.sms.faults.switch("hold")
        paper(place, out=True)
        await place.until_paused("fiscal_no_paper")
        row = await until_standing(place, "sales_closed", "raised")
        assert await knows() is False, "the message is on its way, and nobody has it"
        assert await acknowledge(place, row["alarm_id"]) == 200

        async def acknowledged() -> bool:
            return bool(await knows())

        await until_looked(place, acknowledged)
        place.sms.faults.switch("hold", on=False)


async def test_page_of_staff_that_shows_the_alarm_is_somebody_who_knows() -> None:
    async with watched() as place:
        pin = (place.folder / "service.pin").read_text()
        token = (await place.call("POST", "/api/service/session", {"pin": pin})).body["access_token"]
        paper(place, out=True)
        await until_standing(place, "sales_closed", "raised")
        assert (await place.call("GET", "/api/restaurant")).body["staff_knows"] is False
        shown = await place.call("GET", "/api/service/alarms", Authorization=f"Bearer {token}")
        assert [row["rule"] for row in shown.body["alarms"]] == ["sales_closed"]
        assert (await place.call("GET", "/api/restaurant")).body["staff_knows"] is True


@asynccontextmanager
async def messenger() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody's own receiver of requests."""
    seen: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        seen.append({"path": request.path, "headers": dict(request.headers), "json": await request.json()})
        return web.Response(status=200)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


async def test_every_channel_has_a_test_that_tells_what_became_of_it(tmp_path: Path) -> None:
    (tmp_path / "bot").write_text("123:abc")
    (tmp_path / "hook").write_text(new_secret())
    async with messenger() as (url, seen):
        tail = f"""{BY_SMS_THEN_MAIL}
[[alarms.to]]
name = "phone"
channel = "push"
address = "device-1"
language = "en"
[[alarms.to]]
name = "chat"
channel = "http"
address = "{url}/bot{{secret}}/send"
body = '{{"chat_id": 7, "text": "{{text}}"}}'
secret_file = "{tmp_path}/bot"
[[alarms.to]]
name = "cloud"
channel = "webhook"
address = "{url}/hook"
secret_file = "{tmp_path}/hook"
"""
        async with with_mail(tmp_path, tail) as (place, mail):
            for name in ("duty", "owner", "phone", "chat", "cloud"):
                told = await place.internal("POST", f"/internal/alarm-channels/{name}/test")
                assert (told.status, told.body["name"], told.body["word"]) == (200, name, "accepted"), told
            assert len(texts(place)) == len(ledger(tmp_path / "smtp.jsonl")) == 1
            assert place.effects("push", "sent")[0]["title"] == "Огонёк: a test of this channel"
            chat, cloud = seen
            assert chat["path"] == "/bot123:abc/send"
            assert chat["json"]["chat_id"] == 7
            assert "проверка канала\nЭто проверка" in chat["json"]["text"]
            assert cloud["headers"]["webhook-signature"].startswith("v1,")
            assert cloud["json"]["data"]["test"] is True
            mail.faults.switch("refuse")
            refused = await place.internal("POST", "/internal/alarm-channels/owner/test")
            assert refused.body["word"] == "refused"
            unknown = await place.internal("POST", "/internal/alarm-channels/nobody/test")
            assert_problem(unknown, 404, "not_found")


async def test_no_number_of_staff_stands_in_the_books_or_an_answer() -> None:
    async with watched(tail=BY_SMS) as place:
        paper(place, out=True)
        await until_texts(place, 1)
        answer = await alarms(place)
        database = sqlite3.connect(place.folder / "kiosk.db")
        stored = database.execute("SELECT * FROM alarm_message").fetchall()
        database.close()
    assert stored
    assert PHONE not in str(answer)
    assert PHONE not in str(stored)
