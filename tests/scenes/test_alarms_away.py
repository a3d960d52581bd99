"""Alarms and channels that are away for longer than a moment: what waits is told later, and not at night."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from drivers.sim.gateways.http import held_port
from kiosk.domain.staff.alarm import Alarm, AlarmState
from kiosk.domain.staff.alarm_words import message_of
from tests.clocks import PassingClock
from tests.restaurant import Restaurant
from tests.scenes.test_alarms import (
    BY_SMS,
    CLOSED,
    QUICK,
    around_now,
    looks,
    paper,
    texts,
    until_looked,
    until_standing,
    watched,
)

_LONGEST_SMS = 670


def messages(place: Restaurant) -> list[tuple[int, str | None]]:
    """(tries, why it is given up) of each message so far, without those whose cause was over before they went: where
    hours pass at once, a registrar may seem silent for a moment."""
    books = sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True)
    try:
        sql = "SELECT tries, gone FROM alarm_message WHERE kind = 'alarms' ORDER BY created_at"
        return [row for row in books.execute(sql) if row[1] not in ("withheld", "over")]
    finally:
        books.close()


async def test_messenger_that_is_away_for_minutes_is_tried_until_it_is_back() -> None:
    clock = PassingClock()
    with held_port(0) as held:  # nobody listens there
        url = f"http://127.0.0.1:{held.getsockname()[1]}/send"
        row = f"""[[alarms.to]]\nchannel = "http"\naddress = "{url}"\nbody = '{{"text": "{{text}}"}}'\n"""
        async with watched(tail=row, clock=clock) as place:
            paper(place, out=True)
            for tries in range(1, 6):

                def tried(least: int = tries) -> bool:
                    if any(count >= least or gone for count, gone in messages(place)):
                        return True
                    clock.jump(61)
                    place.kiosk._alarms.sender.wake()  # noqa: SLF001 - the pause is over by the clock
                    return False

                await until_looked(place, tried)
                assert {gone for _, gone in messages(place)} == {None}, "given up, though the connection was refused"


async def test_what_may_wait_is_not_sent_in_quiet_hours_by_a_channel_that_comes_back_then() -> None:
    clock = PassingClock()
    quiet = QUICK.replace("[alarms]", f'[alarms]\nquiet = "{around_now(-30)}"')  # in half an hour, for two hours
    async with watched(quiet, tail=BY_SMS, clock=clock) as place:
        place.sms.faults.switch("down")
        assert (await place.call("POST", "/api/heartbeat", {"screen": "menu"})).status in (200, 204)
        clock.jump(20)
        await until_standing(place, "page_silent", "raised")
        await until_looked(place, lambda: any(tries for tries, _ in messages(place)))
        clock.jump(45 * 60)  # night
        await looks(place, 3)  # a look comes each few seconds, and hours do not pass at once
        place.sms.faults.switch("down", on=False)
        before = [tries for tries, _ in messages(place)]
        place.kiosk._alarms.sender.wake()  # noqa: SLF001 - the pause is over by the clock
        await until_looked(place, lambda: texts(place) or [tries for tries, _ in messages(place)] == before)
        await looks(place, 3)
        paper(place, out=True)  # what is urgent comes through, and shows that the channel is back
        await until_looked(place, lambda: any(CLOSED in text for text in texts(place)))
        assert not any("Экран" in text for text in texts(place)), "somebody was woken for a screen"


def test_message_about_one_that_stands_and_several_that_are_over_fits_an_sms() -> None:
    def row(n: int, rule: str, state: AlarmState, detail: str) -> Alarm:
        return Alarm(
            alarm_id=n,
            rule=rule,
            subject=str(n),
            detail_ru=detail,
            detail_en=detail,
            urgent=False,
            state=state,
            seen_at=datetime(2026, 11, 30, tzinfo=UTC),
        )

    detail = "Соус «Терияки с кунжутом и имбирём», бункер 12, порций 1"
    over = [row(n, "bin_low", AlarmState.CLEARED, detail) for n in range(1, 20)]
    stands = row(94910, "device_off", AlarmState.RAISED, "терминал у входа, связь пропала, касса 2")
    told = message_of([stands, *over], "ru", "Ресторан «Огонёк» на Большой Никитской")
    assert len(f"{told.title}\n{told.body}") <= _LONGEST_SMS
