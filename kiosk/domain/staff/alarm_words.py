"""The words of the alarms: of each rule what has happened and what to do, and of a message what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from kiosk.domain.reasons import POWER, words_of
from kiosk.domain.staff.alarm import Alarm, AlarmState
from kiosk.domain.staff.alarm_rules import OF_SALES
from kiosk.domain.text import Text

NOTHING_MORE = Text("", "")

TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "sales_closed": Text("Продажи стоят", "Sales are closed"),
        "money_held": Text("Ждёт решения", "Waits for a decision"),
        "registrar_off": Text("Касса молчит", "The registrar is silent"),
        "drive_expiring": Text("Кончается фискальный накопитель", "The fiscal drive is about to end"),
        "documents_unsent": Text("Документы не уходят в ОФД", "Documents do not reach the tax operator"),
        "robot_held": Text("Робот остановлен", "The robot is stopped"),
        "device_off": Text("Не работает устройство", "A device is out of order"),
        "bin_low": Text("Кончается продукт", "An ingredient is running out"),
        "lot_expiring": Text("Кончается срок годности", "Food is about to be past its time"),
        "lot_unfit": Text("Продукт нельзя продавать", "Food that must not be sold"),
        "upkeep_due": Text("Пора обслужить станцию", "A station needs people"),
        "food_forgotten": Text("Еда забыта в ячейке", "Food is forgotten in a cell"),
        "food_unsafe": Text("Продукт вне температуры", "Food beyond its temperature"),
        "disk": Text("Мало места на диске", "The disk is almost full"),
        "copy_late": Text("Нет свежей копии базы", "No fresh copy of the database"),
        "menu_behind": Text("Продаётся не новейшее меню", "The menu on sale is not the newest"),
        "clock": Text("Часы кассы врут", "The registrar's clock is off"),
        "webhook_suspended": Text("События не доходят", "Events do not arrive"),
        "page_silent": Text("Экран гостя молчит", "A guest's screen is silent"),
        "on_battery": Text("Питание от батареи", "On battery"),
        "pin_guessed": Text("Подбирают PIN персонала", "Somebody guesses the staff's PIN"),
    }
)
_REMEDIES: Mapping[str, Text] = MappingProxyType(
    {
        "money_held": Text("Решите на /service или kiosk stuck", "Decide at /service or by kiosk stuck"),
        "registrar_off": Text("Питание, кабель, порт", "Power, cable, port"),
        "drive_expiring": Text("Закажите и замените накопитель", "Order another drive and put it in"),
        "documents_unsent": Text("Проверьте сеть кассы, docs/ofd.md", "Check the registrar's network, docs/ofd.md"),
        "device_off": Text("Осмотрите его, kiosk devices", "Look at it, kiosk devices"),
        "bin_low": Text("Пополните бункер, затем kiosk stock refill", "Fill the bin, then kiosk stock refill"),
        "lot_expiring": Text("Используйте или замените, kiosk stock lots", "Use it or replace it, kiosk stock lots"),
        "lot_unfit": Text("Выньте и спишите, kiosk stock lots", "Take it out and write it off, kiosk stock lots"),
        "upkeep_due": Text("Сделайте и подтвердите, kiosk upkeep", "Do it and say so, kiosk upkeep"),
        "food_forgotten": Text("Выдайте или спишите, kiosk cells", "Hand it out or write it off, kiosk cells"),
        "food_unsafe": Text("Осмотрите продукт и холод, kiosk stuck", "Look at food and fridge, then kiosk stuck"),
        "disk": words_of("disk").technician,
        "copy_late": Text("Осмотрите второй диск, kiosk status", "Look at the second disk, kiosk status"),
        "menu_behind": Text("Что не так, скажет kiosk devices", "kiosk devices says what is wrong"),
        "clock": Text(
            "Закройте смену: часы встанут сами, kiosk shift close", "Close the shift: it is set then, kiosk shift close"
        ),
        "webhook_suspended": Text("Проверьте приёмник, kiosk webhooks", "Look at the receiver, kiosk webhooks"),
        "page_silent": Text("Включите экран, перезапустите браузер", "Switch the screen on, restart the browser"),
        "pin_guessed": words_of("pin_guessed").technician,
        "on_battery": words_of(POWER).technician,
    }
)


def title_of(alarm: Alarm) -> Text:
    """What has happened; of a pause its reason is the remedy's."""
    title, detail = TITLES[alarm.rule], alarm.detail
    return Text(_joined(title.ru, detail.ru), _joined(title.en, detail.en))


def remedy_of(alarm: Alarm) -> Text:
    """What to do about it: by the reason that nothing is sold where it is one."""
    if alarm.rule in OF_SALES and alarm.rule not in _REMEDIES:
        return words_of(alarm.subject).technician
    return _REMEDIES[alarm.rule]


def _joined(title: str, detail: str) -> str:
    return f"{title}: {detail}" if detail else title


class Told(msgspec.Struct, frozen=True):
    """A message: its first line, and all of it."""

    title: str
    body: str


#: An SMS of ten parts in UCS-2, its title and the break after it too; what does not fit is counted, and stands at
#: `/service`.
_LONGEST, _LONGEST_TITLE = 670, 120
_GONE = Text("Прошло", "Over")
_TEST = Text("проверка канала", "a test of this channel")
_TEST_BODY = Text(
    "Это проверка: тревоги киоска будут приходить сюда.", "This is a test: the kiosk's alarms will come here."
)
_MORE = Text("и ещё {}: /service", "and {} more: /service")
_ALARMS = Text("тревоги: {}", "alarms: {}")
_OVER = Text("тревога снята", "an alarm is over")
_ANSWER = Text("Вижу: kiosk alarms ack {}", "I see to it: kiosk alarms ack {}")


def message_of(alarms: Sequence[Alarm], language: str, restaurant: str) -> Told:
    """One message about all of them, what is urgent first, what is over last."""
    ordered = sorted(alarms, key=lambda alarm: (alarm.state is AlarmState.CLEARED, not alarm.urgent, alarm.alarm_id))
    lines = [_line(alarm, language) for alarm in ordered]
    standing = [alarm for alarm in ordered if alarm.state is not AlarmState.CLEARED]
    answer = [_ANSWER.into(language).format(standing[0].alarm_id)] if len(standing) == 1 else []
    if len(standing) > 1:
        head = _ALARMS.into(language).format(len(standing))
    else:
        head = title_of(standing[0]).into(language) if standing else _OVER.into(language)
    title = f"{restaurant}: {head}"[:_LONGEST_TITLE]
    left = _LONGEST - len(title) - sum(len(line) + 1 for line in answer)
    return Told(title, "\n".join([*_fitting(lines, left, _MORE.into(language)), *answer]))


def _fitting(lines: Sequence[str], left: int, more: str) -> list[str]:
    """As many as `left` characters hold, each with its break, and how many more there are."""
    kept: list[str] = []
    for n, line in enumerate(lines):
        rest = more.format(len(lines) - n - 1)
        needed = len(line) + 1 + (len(rest) + 1 if n < len(lines) - 1 else 0)
        if kept and needed > left:
            return [*kept, more.format(len(lines) - n)]
        kept.append(line[: left - 1])
        left -= len(kept[-1]) + 1
    return kept


def _line(alarm: Alarm, language: str) -> str:
    title = title_of(alarm).into(language)
    if alarm.state is AlarmState.CLEARED:
        return f"{_GONE.into(language)}: {title}."
    return f"{title}. {remedy_of(alarm).into(language)}."


def test_message(language: str, restaurant: str) -> Told:
    return Told(f"{restaurant}: {_TEST.into(language)}", _TEST_BODY.into(language))
