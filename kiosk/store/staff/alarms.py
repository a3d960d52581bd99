"""Alarms and what people are told of them: an alarm's state, its messages before they go out, who has heard of what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.staff.alarm import Alarm, AlarmState, Seen, move
from kiosk.store.transaction import Reader, Tx

_ALARM = (
    "alarm_id, rule, subject, detail_ru, detail_en, urgent, state, seen_at, waited_s, gone_s, level, round, raised_at,"
    " told_at, acknowledged_at, acknowledged_by, cleared_at"
)
#: Names of the columns that a look or a person changes.
_CHANGING = (
    "detail_ru", "detail_en", "urgent", "state", "waited_s", "gone_s", "level", "round", "raised_at", "told_at",
    "acknowledged_at", "acknowledged_by", "cleared_at",
)  # fmt: skip
_PAST = 50


class AlarmMessage(msgspec.Struct, frozen=True):
    """`message_id` stays the same in every try; `tries` that were begun, `doubts` of them that may have arrived."""

    message_id: str
    channel: str
    kind: str
    urgent: bool
    title: str
    body: str
    created_at: datetime
    tries: int
    doubts: int
    error: str | None
    accepted_at: datetime | None
    gone: str | None


_MESSAGE = "message_id, channel, kind, urgent, title, body, created_at, tries, doubts, error, accepted_at, gone"
_WAITS = "accepted_at IS NULL AND gone IS NULL"


def read_standing(reader: Reader) -> list[Alarm]:
    """All whose cause is not known to be gone, those too that have not lasted yet; the oldest first."""
    return reader.all(Alarm, f"SELECT {_ALARM} FROM alarm WHERE state <> 'cleared' ORDER BY alarm_id")


def read_past(reader: Reader) -> list[Alarm]:
    """The last ones that are over, the latest first."""
    return reader.all(
        Alarm, f"SELECT {_ALARM} FROM alarm WHERE state = 'cleared' ORDER BY cleared_at DESC LIMIT ?", (_PAST,)
    )


def read(reader: Reader, alarm_id: int) -> Alarm | None:
    return reader.one(Alarm, f"SELECT {_ALARM} FROM alarm WHERE alarm_id = ?", (alarm_id,))


def begin(tx: Tx, seen: Seen, now: datetime, *, urgent: bool) -> Alarm:
    """Its cause is seen for the first time."""
    alarm_id = tx.insert(
        "alarm",
        rule=seen.rule,
        subject=seen.subject,
        detail_ru=seen.detail.ru,
        detail_en=seen.detail.en,
        urgent=int(urgent),
        state=AlarmState.PENDING,
        seen_at=rfc3339(now),
    )
    return tx.require(Alarm, f"SELECT {_ALARM} FROM alarm WHERE alarm_id = ?", (alarm_id,))


def drop(tx: Tx, alarm_id: int) -> None:
    """It has not lasted: there was no alarm."""
    tx.execute("DELETE FROM alarm WHERE alarm_id = ? AND state = 'pending'", (alarm_id,))


def save(tx: Tx, alarm: Alarm) -> None:
    """What a look or a person made of it, by the table of transitions."""
    values = {name: getattr(alarm, name) for name in _CHANGING}
    plain = {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}
    tx.execute(
        f"UPDATE alarm SET {', '.join(f'{name} = :{name}' for name in _CHANGING)} WHERE alarm_id = :alarm_id",
        {**plain, "urgent": int(alarm.urgent), "state": alarm.state.value, "alarm_id": alarm.alarm_id},
    )


def acknowledge(tx: Tx, alarm: Alarm, actor: str, now: datetime) -> None:
    """Somebody sees to it. Raises `ForbiddenChange`."""
    save(tx, move(alarm, AlarmState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=actor))
    withdraw(tx, alarm.alarm_id, "acknowledged")


class _MessageRow(msgspec.Struct, frozen=True):
    message_id: str


def withdraw(tx: Tx, alarm_id: int, why: str) -> None:
    """What is written about it is true no more: messages that have certainly not arrived do not go out, and what else
    they tell of is written anew at the next look. One that may have arrived is not sent again where nothing in it
    wants an answer."""
    rows = tx.all(
        _MessageRow,
        "SELECT message_id FROM alarm_notice JOIN alarm_message m USING (message_id) WHERE alarm_id = ?"
        " AND m.accepted_at IS NULL AND m.gone IS NULL AND m.doubts = 0",
        (alarm_id,),
    )
    for row in rows:
        _withhold(tx, row.message_id, why)
    tx.execute(
        f"UPDATE alarm_message SET gone = ? WHERE {_WAITS} AND doubts > 0 AND message_id IN"
        " (SELECT message_id FROM alarm_notice WHERE alarm_id = ?) AND NOT EXISTS (SELECT 1 FROM alarm_notice n"
        " JOIN alarm a USING (alarm_id) WHERE n.message_id = alarm_message.message_id AND a.state = 'raised')",
        (why, alarm_id),
    )


def withhold(tx: Tx, channel: str, *, doubtful: bool) -> None:
    """What of a channel is not urgent and waits is written anew when it may be told: after the night, or after what is
    urgent. `doubtful`: also what may have arrived; it is told again then, rather twice than at night."""
    rows = tx.all(
        _MessageRow,
        f"SELECT message_id FROM alarm_message WHERE channel = :channel AND {_WAITS} AND kind = 'alarms' AND urgent = 0"
        " AND (doubts = 0 OR :doubtful)",
        {"channel": channel, "doubtful": int(doubtful)},
    )
    for row in rows:
        _withhold(tx, row.message_id, "withheld")


def _withhold(tx: Tx, message_id: str, why: str) -> None:
    tx.execute("UPDATE alarm_message SET gone = ? WHERE message_id = ?", (why, message_id))
    tx.execute("UPDATE alarm_notice SET round = round - 1 + over, over = 0 WHERE message_id = ?", (message_id,))


# Whom to tell, and what of.


def read_due(reader: Reader, channel: str, level: int, *, urgent_only: bool) -> list[Alarm]:
    """What a channel of this level is to be told now: what it has not heard, or not often enough; and what is over of
    what it has heard."""
    names = ", ".join(f"a.{name.strip()}" for name in _ALARM.split(","))
    new = reader.all(
        Alarm,
        f"SELECT {names} FROM alarm a LEFT JOIN alarm_notice n ON n.alarm_id = a.alarm_id AND n.channel = :channel"
        " WHERE a.state <> 'cleared' AND a.state = 'raised' AND a.level >= :level AND a.round > ifnull(n.round, 0)"
        " AND (a.urgent = 1 OR :urgent_only = 0) ORDER BY a.alarm_id",
        {"channel": channel, "level": level, "urgent_only": int(urgent_only)},
    )
    if urgent_only:
        return new
    over = reader.all(
        Alarm,
        f"SELECT {names} FROM alarm_notice n JOIN alarm a USING (alarm_id)"
        " WHERE n.channel = :channel AND n.over = 0 AND n.round > 0 AND a.state = 'cleared' ORDER BY a.alarm_id",
        {"channel": channel},
    )
    return [*new, *over]


def count_lately(reader: Reader, channel: str, now: datetime, pause_s: float) -> tuple[int, int]:
    """Messages written for a channel in the last `pause_s`, and in the last hour; none that a clock which was set wrong
    has written for later."""
    counts = [
        reader.scalar(
            "SELECT count(*) FROM alarm_message WHERE channel = ? AND created_at > ? AND created_at <= ?"
            " AND kind = 'alarms' AND (gone IS NULL OR tries > 0)",
            (channel, rfc3339(now - timedelta(seconds=seconds)), rfc3339(now)),
        )
        for seconds in (pause_s, 3600)
    ]
    return int(counts[0]), int(counts[1])


def put(tx: Tx, message: AlarmMessage, alarms: Sequence[Alarm]) -> None:
    """A message that waits to be sent, and who has heard of what by it."""
    tx.insert(
        "alarm_message",
        message_id=message.message_id,
        channel=message.channel,
        kind=message.kind,
        urgent=int(message.urgent),
        title=message.title,
        body=message.body,
        created_at=rfc3339(message.created_at),
    )
    for alarm in alarms:
        tx.execute(
            "INSERT INTO alarm_notice VALUES (:alarm_id, :channel, :round, :over, :message_id)"
            " ON CONFLICT DO UPDATE SET round = excluded.round, over = excluded.over, message_id = excluded.message_id",
            {
                "alarm_id": alarm.alarm_id,
                "channel": message.channel,
                "round": alarm.round,
                "over": int(alarm.state is AlarmState.CLEARED),
                "message_id": message.message_id,
            },
        )


def failed_channels(reader: Reader, alarm_id: int) -> list[str]:
    """By which it is not told now: what a channel was given before has failed and waits, or its own message is given
    up."""
    rows = reader.all(
        _ChannelRow,
        f"SELECT channel FROM alarm_message WHERE {_WAITS} AND error IS NOT NULL AND kind = 'alarms'"
        " UNION SELECT n.channel FROM alarm_notice n JOIN alarm_message m USING (message_id)"
        " WHERE n.alarm_id = ? AND m.accepted_at IS NULL AND m.gone IS NOT NULL",
        (alarm_id,),
    )
    return [row.channel for row in rows]


class _ChannelRow(msgspec.Struct, frozen=True):
    channel: str


# On the way.


def read_waiting(reader: Reader, channel: str, limit: int) -> list[AlarmMessage]:
    """What of a channel is to be sent, what is urgent first; tests are sent by whoever asked for one."""
    return reader.all(
        AlarmMessage,
        f"SELECT {_MESSAGE} FROM alarm_message WHERE channel = ? AND {_WAITS} AND kind = 'alarms'"
        " ORDER BY urgent DESC, created_at, message_id LIMIT ?",
        (channel, limit),
    )


def note_try(tx: Tx, message_id: str) -> bool:
    """Before it goes out, in a commit of its own: from then on nobody knows whether it arrives. False: it is not to
    go out any more."""
    noted = tx.execute(
        f"UPDATE alarm_message SET tries = tries + 1, doubts = doubts + 1 WHERE message_id = ? AND {_WAITS}",
        (message_id,),
    )
    return noted.rowcount > 0


def mark_accepted(tx: Tx, message_id: str, now: datetime) -> None:
    """The channel has taken it: whoever reads it knows of its alarms."""
    moment = rfc3339(now)
    tx.execute(
        "UPDATE alarm_message SET accepted_at = ?, error = NULL, gone = NULL WHERE message_id = ?", (moment, message_id)
    )
    tx.execute(
        "UPDATE alarm SET told_at = ? WHERE told_at IS NULL AND state <> 'cleared' AND alarm_id IN"
        " (SELECT alarm_id FROM alarm_notice WHERE message_id = ?)",
        (moment, message_id),
    )


def mark_failed(tx: Tx, message_id: str, error: str, *, certain: bool) -> None:
    """It did not go through; `certain`: it has not arrived."""
    tx.execute(
        "UPDATE alarm_message SET error = ?, doubts = doubts - ? WHERE message_id = ?",
        (error, int(certain), message_id),
    )


def give_up(tx: Tx, message_id: str, why: str) -> None:
    tx.execute(f"UPDATE alarm_message SET gone = ?, error = ifnull(error, ?) WHERE message_id = ? AND {_WAITS}",
               (why, why, message_id))  # fmt: skip


def read_message(reader: Reader, message_id: str) -> AlarmMessage:
    """Raises `LookupError`."""
    return reader.require(AlarmMessage, f"SELECT {_MESSAGE} FROM alarm_message WHERE message_id = ?", (message_id,))


def last_of(reader: Reader, channel: str) -> AlarmMessage | None:
    """The channel's last word: of the latest message that was tried."""
    return reader.one(
        AlarmMessage,
        f"SELECT {_MESSAGE} FROM alarm_message WHERE channel = ? AND tries > 0 ORDER BY created_at DESC LIMIT 1",
        (channel,),
    )


def count_waiting(reader: Reader, channel: str) -> int:
    sql = f"SELECT count(*) FROM alarm_message WHERE channel = ? AND {_WAITS} AND kind = 'alarms'"
    return int(reader.scalar(sql, (channel,)))
