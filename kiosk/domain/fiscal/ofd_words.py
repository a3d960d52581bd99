"""How documents get to the operator of fiscal data, in words for the technician: the way, the queue, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.domain.text import Text

NO_ADDRESS = "no_ofd_address"
CARRIED_BY_REGISTER = "carried_by_register"
CARRIED_BY_HOST = "carried_by_host"
HOST_CANNOT_CARRY = "host_cannot_carry"

WAYS: Mapping[str, Text] = {
    "device": Text("передаёт касса", "carried by the register"),
    "host": Text("передаёт киоск", "carried by the kiosk"),
    "external": Text("передаёт другая программа", "carried by another program"),
}
#: Where the settings and the register contradict each other.
CONTRADICTIONS: Mapping[str, Text] = {
    NO_ADDRESS: Text("в кассе нет адреса или порта ОФД", "the register has no address or port of the operator"),
    CARRIED_BY_REGISTER: Text(
        "в настройках передаёт киоск, касса настроена передавать сама",
        "the settings let the kiosk carry, the register is set to its own network",
    ),
    CARRIED_BY_HOST: Text(
        "в настройках передаёт касса, касса ждёт программу",
        "the settings let the register carry, the register waits for a program",
    ),
    HOST_CANNOT_CARRY: Text(
        "прошивка кассы не отдаёт документы программе", "the register's firmware hands out no documents"
    ),
}
#: By device and code of the last try.
_FAILURES: Mapping[str, Text] = {
    "ofd:no_connection": Text("нет соединения с ОФД", "no connection to the operator"),
    "ofd:silent": Text("ОФД не отвечает", "the operator does not answer"),
    "ofd:closed_early": Text("ОФД обрывает связь", "the operator hangs up"),
    "ofd:no_ticket": Text("ОФД отвечает не квитанцией", "the operator answers no ticket"),
    "ofd:other_drive": Text("ОФД прислал квитанцию чужого накопителя", "the operator sent another drive's ticket"),
    "fiscal:ofd_message_refused": Text("накопитель не принял квитанцию ОФД", "the drive refused the operator's ticket"),
    "fiscal:ticket_without_effect": Text("квитанция ОФД ничего не изменила", "the operator's ticket changed nothing"),
    "fiscal:no_document_offered": Text("касса не отдаёт документы", "the register hands out no document"),
    "fiscal:unreadable_message": Text("касса отдаёт испорченный документ", "the register hands out a broken document"),
    "fiscal:no_ticket_wanted": Text("касса не принимает квитанцию ОФД", "the register takes no ticket"),
    "fiscal:answer_lost": Text("ответ кассы потерян", "the register's answer is lost"),
    f"fiscal:{NO_ADDRESS}": CONTRADICTIONS[NO_ADDRESS],
}
_OTHER = {
    "ofd": Text("ОФД не принимает документы", "the operator takes no documents"),
    "fiscal": Text("касса не отвечает", "the register does not answer"),
}


@dataclass(frozen=True, slots=True)
class Queue:
    """Moments are local wall time, naive, as the drive has it."""

    unsent: int
    oldest_at: datetime | None
    last_ticket_at: datetime | None
    now: datetime


def failure_words(device: str, code: str) -> Text:
    return _FAILURES.get(f"{device}:{code}") or _OTHER.get(device) or _OTHER["fiscal"]


def ofd_words(way: str, queue: Queue, wrong: Text | None) -> Text:
    """One line: the way, how many wait and for how long, the last ticket, what is wrong."""
    parts = [WAYS[way], Text(f"не передано: {queue.unsent}", f"unsent: {queue.unsent}")]
    if queue.unsent and queue.oldest_at is not None:
        age = _age(queue.now - queue.oldest_at)
        parts.append(Text(f"старейший ждёт {age.ru}", f"the oldest waits {age.en}"))
    if queue.last_ticket_at is not None:
        at = f"{queue.last_ticket_at:%d.%m %H:%M}"
        parts.append(Text(f"квитанция {at}", f"last ticket {at}"))
    if wrong is not None:
        parts.append(wrong)
    return Text(" · ".join(part.ru for part in parts), " · ".join(part.en for part in parts))


def _age(age: timedelta) -> Text:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 60:
        return Text(f"{minutes} мин", f"{minutes} min")
    if minutes < 48 * 60:
        return Text(f"{minutes // 60} ч", f"{minutes // 60} h")
    return Text(f"{minutes // (24 * 60)} дн.", f"{minutes // (24 * 60)} days")
