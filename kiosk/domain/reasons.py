"""Why nothing is sold, or not this dish: one list, each word with a sentence for the guest and one for the technician.

A guest is told what it means for the meal, a technician what is the matter and what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kiosk.domain.text import Text

STARTING = "starting"
STAFF = "staff"
QUEUE_TOO_LONG = "queue_too_long"
CELLS_FULL = "cells_full"
CELL_FAULT = "cell_fault"
COMPLEX_DIFFERS = "complex_differs"
TOO_WARM, TOO_COLD = "too_warm", "too_cold"
UPKEEP_DUE, UPKEEP_NEAR = "upkeep_due", "upkeep_near"
LOT_EXPIRED, LOT_EXPIRING, LOT_RECALLED = "lot_expired", "lot_expiring", "lot_recalled"
BANK_DOWN, BANK_REFUSES = "bank_down", "bank_refuses"
TERMINAL_DOWN, TERMINAL_REFUSES = "terminal_down", "terminal_refuses"
TERMINAL_BUSY, TERMINAL_UNSETTLED = "terminal_busy", "terminal_unsettled"
TERMINAL_SETTLING = "terminal_settling"
SETTLEMENT_FAILED, SETTLEMENT_WAITS = "settlement_failed", "settlement_waits"
PAPER_SPENT = "paper_spent"
SBP_DOWN, SBP_REFUSES = "sbp_down", "sbp_refuses"
FISCAL_REFUSES = "fiscal_refuses"
SMS_DOWN, SMS_REFUSES = "sms_down", "sms_refuses"
PIN_GUESSED = "pin_guessed"
DISK, BOOKS = "disk", "books"
POWER, UPS_WORN = "power", "ups_worn"
UPS_TROUBLE = frozenset({UPS_WORN, "ups_offline", "ups_refused", "ups_no_data"})
ARCHIVE = "archive_broken"
MENU_OLDER = "menu_older"
TAX_OF_NO_DISH = "tax_of_no_dish"
MENU_CLOUD_DOWN, MENU_CLOUD_REFUSED = "menu_cloud_down", "menu_cloud_refused"
STANDBY_LATE, BACKUP_LATE = "standby_late", "backup_late"
STANDBY_SAME_DISK = "standby_same_disk"
SHIFT_CLOSING = "fiscal_shift_closing"
# Of a dish:
SOLD_OUT = "sold_out"
STOPPED = "stopped"
STATION_DOWN = "station_down"
ROBOT_OFFLINE = "robot_offline"
NOT_ON_MENU, NOT_AT_THIS_HOUR = "not_on_menu", "not_at_this_hour"
#: Reasons of a pause that end without staff: a guest is sent to nobody for them.
NOBODY_NEEDED = frozenset(
    {STARTING, STAFF, QUEUE_TOO_LONG, CELLS_FULL, SHIFT_CLOSING, TERMINAL_BUSY, TERMINAL_SETTLING, POWER}
    | {"closed", "closing_soon"}
)
ITEM_REASONS = (
    SOLD_OUT,
    STOPPED,
    STATION_DOWN,
    LOT_EXPIRED,
    LOT_RECALLED,
    ROBOT_OFFLINE,
    NOT_ON_MENU,
    NOT_AT_THIS_HOUR,
)


class Words(msgspec.Struct, frozen=True):
    guest: Text
    technician: Text


#: For a technician; the manuals have a line for each of them.
HINTS: Mapping[str, Text] = {
    STARTING: Text(
        "Запуск: ждём ответа устройств, kiosk devices", "Starting: devices have not answered yet, kiosk devices"
    ),
    STAFF: Text("Пауза включена вручную: kiosk resume", "Paused by hand: kiosk resume"),
    "closed": Text(
        "Не рабочие часы: [restaurant] hours, часы и праздники меню",
        "Outside opening hours: [restaurant] hours, hours and holidays of the menu",
    ),
    "closing_soon": Text(
        "До закрытия не успеть приготовить: [restaurant] hours", "Would be ready after closing: [restaurant] hours"
    ),
    QUEUE_TOO_LONG: Text(
        "Очередь длиннее [robot] max_promise_s: откроется сама",
        "The queue is beyond [robot] max_promise_s: it opens by itself",
    ),
    CELLS_FULL: Text(
        "Все ячейки заняты: выдайте или спишите еду, kiosk cells",
        "Every cell is taken: hand out or write off, kiosk cells",
    ),
    CELL_FAULT: Text(
        "Ячейка выдачи неисправна: осмотрите её, kiosk cells", "A pick-up cell is faulty: look at it, kiosk cells"
    ),
    BANK_DOWN: Text(
        "Банк не отвечает: сеть, адрес [bank] url; проверяется каждые 2 с",
        "The bank does not answer: network, [bank] url; asked every 2 s",
    ),
    BANK_REFUSES: Text(
        "Банк отказывает (401, 403): ключ [bank] merchant_key_file, договор; проверяется каждые 15 с",
        "The bank refuses (401, 403): [bank] merchant_key_file, the contract; asked every 15 s",
    ),
    TERMINAL_DOWN: Text(
        "Терминал молчит: питание, кабель, [terminal] port; проверяется каждые 2 с",
        "The card reader is silent: power, cable, [terminal] port; asked every 2 s",
    ),
    TERMINAL_REFUSES: Text(
        "Терминал не принимает карты: посмотрите на его экран; проверяется каждые 15 с",
        "The card reader takes no cards: look at its screen; asked every 15 s",
    ),
    TERMINAL_BUSY: Text("Терминал занят оплатой другого заказа", "The card reader works for another order"),
    TERMINAL_UNSETTLED: Text(
        "Прошлая операция терминала не выяснена: kiosk stuck",
        "The card reader's last operation is not settled: kiosk stuck",
    ),
    TERMINAL_SETTLING: Text("Терминал сверяет итоги дня с банком", "The card reader settles its day with the bank"),
    SETTLEMENT_FAILED: Text(
        "Сверка итогов терминала не прошла: связь терминала с банком; повторится сама, сейчас: kiosk terminal settle",
        "The card reader's settlement failed: its way to the bank; tried again by itself, now: kiosk terminal settle",
    ),
    SETTLEMENT_WAITS: Text(
        "Сверка итогов терминала ждёт: есть неоконченная оплата, возврат или чек, kiosk stuck",
        "The card reader's settlement waits for a payment, a refund or a receipt under way, kiosk stuck",
    ),
    SBP_DOWN: Text(
        "Банк с оплатой по QR не отвечает: сеть, [sbp] url; проверяется каждые 2 с",
        "The bank of QR payments does not answer: network, [sbp] url; asked every 2 s",
    ),
    SBP_REFUSES: Text(
        "Банк с оплатой по QR отказывает: [sbp] terminal_key, password_file, договор; проверяется каждые 15 с",
        "The bank of QR payments refuses: [sbp] terminal_key, password_file, the contract; asked every 15 s",
    ),
    PAPER_SPENT: Text(
        "За час напечатано слишком много чеков, которые никто не оплатил: [fiscal] unpaid_per_visitor, unpaid_per_hour",
        "Too many receipts that nobody paid were printed within the hour: [fiscal] unpaid_per_visitor, unpaid_per_hour",
    ),
    "till_no_codes": Text("Слишком много ждут оплаты на кассе", "Too many wait to pay at the till"),
    PIN_GUESSED: Text(
        "Кто-то подбирает PIN персонала: журнал назовёт имена и адреса; смените PIN, если его могли увидеть",
        "Somebody guesses the staff's PIN: the journal has names and addresses; change it if it may have been seen",
    ),
    POWER: Text(
        "Питание от батареи ИБП: продажи откроются сами, когда вернётся сеть; машина выключится до её конца",
        "On the battery of the UPS: sales open by themselves with the mains; the machine goes down before it is empty",
    ),
    "ups_offline": Text(
        "ИБП не отвечает, продажи идут: upsd, [power] ups", "The UPS does not answer, sales go on: upsd, [power] ups"
    ),
    "ups_no_data": Text(
        "upsd потерял ИБП, продажи идут: кабель ИБП, upsdrvctl",
        "upsd has lost the UPS, sales go on: its cable, upsdrvctl",
    ),
    "ups_refused": Text(
        "upsd отказывает, продажи идут: имя ИБП в [power] ups, upsd.users",
        "upsd refuses, sales go on: the name in [power] ups, upsd.users",
    ),
    UPS_WORN: Text("Батарея ИБП изношена: замените", "The battery of the UPS is worn: replace it"),
    STANDBY_LATE: Text(
        "Запасная копия отстаёт, продажи идут: второй диск, [standby] folder",
        "The standby copy is behind, sales go on: the second disk, [standby] folder",
    ),
    STANDBY_SAME_DISK: Text(
        "Запасная копия на диске самой базы и погибнет с ним: подключите второй диск, [standby] folder",
        "The standby copy is on the database's own disk and lost with it: mount the second disk, [standby] folder",
    ),
    BACKUP_LATE: Text(
        "Нет свежей резервной копии, продажи идут: второй диск, [standby] folder",
        "No backup of late, sales go on: the second disk, [standby] folder",
    ),
    DISK: Text("Мало места на диске: освободите его", "The disk is almost full: make room"),
    BOOKS: Text(
        "Сверка после восстановления: ждём банк и кассу, kiosk stuck; повреждён файл: kiosk restore FILE",
        "Reconciling after a restore: waits for bank and registrar, kiosk stuck; a damaged file: kiosk restore FILE",
    ),
    ARCHIVE: Text(
        "Продажи идут, заказы этого года остаются в базе: верните файл архива рядом с базой; потерян навсегда: положите"
        " вместо него пустой файл",
        "Sales go on, the orders of that year stay in the database: put the archive's file back beside it; lost for"
        " good: put an empty file in its place",
    ),
    MENU_OLDER: Text(
        "Новое меню не подходит этому комплексу, продаётся прежнее: kiosk menu",
        "The newest menu does not fit this complex, an earlier one is sold: kiosk menu",
    ),
    TAX_OF_NO_DISH: Text(
        "Ставка НДС для блюда, которого в меню нет: поправьте [[taxes]] или код блюда",
        "A VAT rate of a dish that the menu does not have: mend [[taxes]] or the dish's code",
    ),
    MENU_CLOUD_DOWN: Text(
        "Облако с меню не отвечает, продаётся прежнее: сеть, [menu] url",
        "The cloud of the menu does not answer, the last one is sold: network, [menu] url",
    ),
    MENU_CLOUD_REFUSED: Text(
        "Меню из облака не принято, продаётся прежнее: kiosk devices назовёт причину",
        "The cloud's menu was not taken, the last one is sold: kiosk devices names the cause",
    ),
    SHIFT_CLOSING: Text("Смена закрывается, минута", "The shift is being closed, a minute"),
    "fiscal_offline": Text("Касса молчит: питание, кабель, порт", "The registrar is silent: power, cable, port"),
    "fiscal_no_paper": Text("В кассе нет бумаги: вставьте рулон", "No paper in the registrar: put in a roll"),
    "fiscal_cover_open": Text("Открыта крышка кассы", "The registrar's cover is open"),
    "fiscal_shift_closed": Text("Смена закрыта: kiosk shift open", "The shift is closed: kiosk shift open"),
    "fiscal_shift_over_24h": Text("Смена старше 24 ч: kiosk shift close", "The shift is over 24 h: kiosk shift close"),
    "fiscal_document_open": Text("В кассе открыт чужой документ", "A document stands open in the registrar"),
    "fiscal_drive_swapped": Text(
        "Другой фискальный накопитель: kiosk fiscal replace-drive", "Another fiscal drive: kiosk fiscal replace-drive"
    ),
    "fiscal_drive_went_back": Text(
        "Накопитель моложе книг: тот ли это аппарат?", "The drive is younger than the books: is it the right device?"
    ),
    "fiscal_registration_mismatch": Text(
        "Регистрация кассы не сходится с настройками: kiosk events", "The registration differs from the configuration"
    ),
    "fiscal_clock_wrong": Text(
        "Часы кассы врут больше 5 минут: будут поставлены при закрытой смене",
        "The registrar's clock is off by over 5 minutes: it is set once the shift is closed",
    ),
    "fiscal_unsent_29_days": Text(
        "29 дней без связи с ОФД: проверьте связь кассы", "29 days of unsent documents: check the registrar's network"
    ),
    "fiscal_drive_full": Text("Накопитель заполнен: замените", "The fiscal drive is full: replace it"),
    "fiscal_drive_expired": Text("Срок накопителя вышел: замените", "The fiscal drive has expired: replace it"),
    "fiscal_drive_failure": Text("Накопитель неисправен: замените", "The fiscal drive has failed: replace it"),
    "fiscal_not_fiscalised": Text("Касса не зарегистрирована", "The registrar is not registered"),
    "fiscal_ofd_store_full": Text(
        "Очередь в ОФД переполнена: проверьте связь кассы",
        "The queue for the tax operator is full: check the registrar's network",
    ),
    "fiscal_ofd_wait_expired": Text(
        "30 дней без квитанций ОФД, накопитель не печатает: наладьте передачу, docs/ofd.md",
        "30 days without the operator's tickets, the drive registers nothing: mend the way, docs/ofd.md",
    ),
    "ofd_unsent_24h": Text(
        "Документы не уходят в ОФД больше суток: проверьте передачу, docs/ofd.md",
        "Documents have not reached the tax operator for over a day: check the way, docs/ofd.md",
    ),
    "ofd_unsent_72h": Text(
        "Документы не уходят в ОФД больше трёх суток; на 30-е сутки накопитель заблокируется, docs/ofd.md",
        "Documents have not reached the tax operator for three days; after 30 the drive blocks, docs/ofd.md",
    ),
    "ofd_no_ofd_address": Text(
        "В кассе нет адреса или порта ОФД (Штрих-М: таблица 19), docs/ofd.md",
        "The register has no address or port of the tax operator (Shtrih-M: table 19), docs/ofd.md",
    ),
    "ofd_carried_by_register": Text(
        '[fiscal] ofd = "host", а касса настроена передавать сама (Штрих-М: таблица 21 поле 2), docs/ofd.md',
        '[fiscal] ofd = "host", but the register is set to its own network (table 21 field 2), docs/ofd.md',
    ),
    "ofd_carried_by_host": Text(
        '[fiscal] ofd = "device", а касса ждёт программу (Штрих-М: таблица 21 поле 2), docs/ofd.md',
        '[fiscal] ofd = "device", but the register waits for a program (table 21 field 2), docs/ofd.md',
    ),
    "ofd_host_cannot_carry": Text(
        '[fiscal] ofd = "host", а прошивка кассы не отдаёт документы: обновите её, docs/ofd.md',
        '[fiscal] ofd = "host", but the firmware hands out no documents: update it, docs/ofd.md',
    ),
    "fiscal_printer_fault": Text(
        "Неисправен принтер или отрезчик кассы: осмотрите, затем kiosk shift report",
        "The registrar's printer or cutter has failed: look at it, then kiosk shift report",
    ),
    "fiscal_locked": Text(
        "Касса заблокирована налоговым паролем", "The registrar is locked by a tax inspector's password"
    ),
    "fiscal_confirm_date": Text("Касса ждёт подтверждения даты", "The registrar waits for its date to be confirmed"),
    "fiscal_tech_reset": Text(
        "Касса после технического обнуления: сервис", "The registrar was reset: call its service"
    ),
    "fiscal_test_run": Text("Касса печатает тест: остановите его", "The registrar prints its test: stop it"),
    "fiscal_busy": Text("Касса занята: подождите минуту", "The registrar is busy: wait a minute"),
    SOLD_OUT: Text("Не хватает продукта: kiosk stock", "An ingredient has run out: kiosk stock"),
    STOPPED: Text("В стоп-листе: kiosk stop-list", "On the stop list: kiosk stop-list"),
    STATION_DOWN: Text(
        "Станция робота неисправна или застряла: осмотрите её, kiosk devices",
        "A station of the robot is faulty or jammed: look at it, kiosk devices",
    ),
    COMPLEX_DIFFERS: Text(
        "Комплекс не таков, как описан в [robot] complex: поправьте файл или комплекс и перезапустите",
        "The complex is not as [robot] complex describes it: mend the file or the complex, and start again",
    ),
    TOO_WARM: Text(
        "Слишком тепло слишком долго, блюда сняты: осмотрите продукты и холодильник, затем kiosk stuck",
        "Too warm for too long, its dishes are off sale: look at the food and the fridge, then kiosk stuck",
    ),
    TOO_COLD: Text(
        "Слишком холодно слишком долго, блюда сняты: осмотрите, затем kiosk stuck",
        "Too cold for too long, its dishes are off sale: look, then kiosk stuck",
    ),
    UPKEEP_DUE: Text(
        "Пора сделать, блюда станции сняты: сделайте и подтвердите, kiosk upkeep",
        "Due, the station's dishes are off sale: do it and say so, kiosk upkeep",
    ),
    UPKEEP_NEAR: Text("Скоро пора сделать: kiosk upkeep", "Due soon: kiosk upkeep"),
    LOT_EXPIRED: Text(
        "Срок годности вышел или кончается, блюда сняты: выньте и спишите, kiosk stock lots",
        "Past its time or about to be, its dishes are off sale: take it out and write it off, kiosk stock lots",
    ),
    LOT_EXPIRING: Text(
        "Срок годности скоро кончится: kiosk stock lots", "It will soon be past its time: kiosk stock lots"
    ),
    LOT_RECALLED: Text(
        "Партия отозвана, блюда сняты: выньте и спишите, kiosk stock lots",
        "The lot is recalled, its dishes are off sale: take it out and write it off, kiosk stock lots",
    ),
    NOT_ON_MENU: Text("Этого больше нет в меню", "No longer on the menu"),
    NOT_AT_THIS_HOUR: Text("Вне времени блюда: dayparts в меню", "Outside its hours: dayparts of the menu"),
    FISCAL_REFUSES: Text(
        "Касса отказывает в чеке: [fiscal] order_tag, ставки, регистрация; проверяется каждые 15 с",
        "The registrar refuses receipts: [fiscal] order_tag, rates, registration; tried every 15 s",
    ),
    SMS_DOWN: Text("SMS-шлюз не отвечает: сеть, [sms] url", "The SMS gateway does not answer: network, [sms] url"),
    SMS_REFUSES: Text(
        "SMS-шлюз отказывает (401, 403): ключ [sms] key_file, баланс",
        "The SMS gateway refuses (401, 403): [sms] key_file, the balance",
    ),
    ROBOT_OFFLINE: Text("Робот молчит: питание, кабель, порт", "The robot is silent: power, cable, port"),
    "robot_estop": Text(
        "Аварийная остановка: осмотрите, отпустите кнопку, затем kiosk robot acknowledge",
        "Emergency stop: look, release the button, then kiosk robot acknowledge",
    ),
    "robot_store_fault": Text("Память робота неисправна: сервис", "The robot's memory is faulty: call its service"),
    "robot_held": Text(
        "Робот приостановлен (Held): устраните причину, затем продолжите на пульте комплекса",
        "The robot is held: remove the cause, then go on at the complex's own panel",
    ),
    "robot_suspended": Text(
        "Робот ждёт внешней причины (Suspended): дверца, ячейки, kiosk devices",
        "The robot is suspended: door, cells, kiosk devices",
    ),
}
#: Where no exact word is known: by the part that fails.
_GENERAL: Mapping[str, Text] = {
    "fiscal": Text("Касса: kiosk devices, kiosk shift", "The registrar: kiosk devices, kiosk shift"),
    "robot": Text("Робот: kiosk devices", "The robot: kiosk devices"),
    "bank": Text("Банк: kiosk devices", "The bank: kiosk devices"),
    "terminal": Text("Терминал: kiosk devices", "The card reader: kiosk devices"),
    "settlement": Text("Сверка итогов терминала: kiosk terminal", "The reader's settlement: kiosk terminal"),
    "sbp": Text("Оплата по QR: kiosk devices", "QR payments: kiosk devices"),
    "menu": Text("Меню: kiosk menu", "The menu: kiosk menu"),
    "sms": Text("SMS-шлюз: kiosk devices", "The SMS gateway: kiosk devices"),
    "messages": Text("Шлюз не принял сообщения: они ждут", "The gateway did not take messages: they wait"),
    "alarm": Text(
        "Тревоги по этому каналу не уходят: kiosk alarms", "Alarms do not go out by this channel: kiosk alarms"
    ),
    "webhook": Text("Вебхук не принимает события: kiosk webhooks", "The webhook takes no events: kiosk webhooks"),
    "traces": Text(
        "Сборщик трасс их не принимает, продажам это всё равно", "The collector takes no traces: sales do not mind"
    ),
    "ofd": Text("Передача в ОФД: docs/ofd.md", "The way to the tax operator: docs/ofd.md"),
    "broker": Text("Брокер не принимает события: kiosk webhooks", "The broker takes no events: kiosk webhooks"),
}
#: What a guest is told: by the word, else by its first part.
_GUEST: Mapping[str, Text] = {
    STARTING: Text("Кухня включается, осталось совсем немного.", "The kitchen is starting up, just a moment."),
    STAFF: Text("Сотрудники поставили продажи на паузу.", "Our staff have paused sales."),
    "closed": Text("Сейчас мы закрыты.", "We are closed now."),
    "closing_soon": Text(
        "Мы скоро закрываемся и уже не успеем приготовить.", "We close soon and could not cook in time."
    ),
    QUEUE_TOO_LONG: Text(
        "Очень много заказов, ждать пришлось бы слишком долго.", "So many orders that the wait would be too long."
    ),
    CELLS_FULL: Text(
        "Все ячейки выдачи заняты. Откроемся, как только заберут готовые заказы.",
        "Every pick-up cell is taken. We go on as soon as ready orders are fetched.",
    ),
    POWER: Text(
        "Нет электричества. Откроемся, как только оно вернётся.", "The power is out. We go on as soon as it is back."
    ),
    "robot": Text("Робот сейчас не готовит.", "The robot is not cooking now."),
    "fiscal": Text("Касса временно не работает.", "The till is out of order for now."),
    "bank": Text("Оплата картой временно не работает.", "Card payment is out of order for now."),
    "terminal": Text("Терминал для карт временно не работает.", "The card reader is out of order for now."),
    TERMINAL_BUSY: Text(
        "Терминал занят другим гостем, подождите немного.", "The card reader serves another guest, a moment please."
    ),
    TERMINAL_SETTLING: Text(
        "Терминал сверяет итоги дня, это займёт несколько минут.", "The card reader closes its day, a few minutes."
    ),
    PAPER_SPENT: Text(
        "Чек здесь печатают до оплаты, и неоплаченных чеков уже слишком много. Заплатите другим способом или позже.",
        "Receipts are printed before payment here, and too many were not paid. Pay another way, or later.",
    ),
    "sbp": Text("Оплата по QR временно не работает.", "QR payment is out of order for now."),
    "till": Text("На кассе сейчас не платят.", "The till takes no payments now."),
    "sms": Text(
        "SMS сейчас не доходят. Закажите без номера.", "Text messages do not get through. Order without a number."
    ),
    SOLD_OUT: Text("Закончилось", "Sold out"),
    LOT_EXPIRED: Text("Закончилось", "Sold out"),
    LOT_RECALLED: Text("Закончилось", "Sold out"),
    STOPPED: Text("Нет сегодня", "Not today"),
    STATION_DOWN: Text("Пока не готовим", "Not cooking now"),
    ROBOT_OFFLINE: Text("Робот сейчас не готовит.", "The robot is not cooking now."),
    NOT_ON_MENU: Text("Этого больше нет в меню", "No longer on the menu"),
    NOT_AT_THIS_HOUR: Text("Сейчас не готовим, в другое время", "Not at this hour"),
}
_OTHER = Words(
    Text("Небольшая техническая пауза.", "A short technical break."),
    Text("Причина: kiosk status, kiosk devices", "The cause: kiosk status, kiosk devices"),
)


def words_of(reason: str) -> Words:
    """The two sentences of a reason; a word nobody knows gets those of its first part, else the general ones."""
    part = reason.split("_", 1)[0]
    guest = _GUEST.get(reason) or _GUEST.get(part) or _OTHER.guest
    return Words(guest, hint_of(reason) or _OTHER.technician)


def hint_of(reason: str) -> Text | None:
    """What a technician should do about a reason; None where the word says it all."""
    return HINTS.get(reason) or _GENERAL.get(reason.split("_", 1)[0])
