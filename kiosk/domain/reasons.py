"""Why nothing is sold, in words for whoever is called: what is the matter and what to do about it.

The customer's page has its own, by the first part of the reason (`web/js/texts.mjs`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.text import Text

_HINTS: Mapping[str, Text] = {
    "sales_paused_by_staff": Text("Пауза включена вручную: kiosk resume", "Paused by hand: kiosk resume"),
    "disk_full": Text("Мало места на диске: освободите его", "The disk is almost full: make room"),
    "books_need_a_person": Text("Расхождения после восстановления: kiosk stuck", "Restored books differ: kiosk stuck"),
    "reconciling": Text(
        "Сверка после восстановления: ждём банк и кассу", "Reconciling after a restore: waiting for bank and registrar"
    ),
    "shift_closing": Text("Смена закрывается, минута", "The shift is being closed, a minute"),
    "fiscal_starting": Text("Касса ещё не ответила", "The registrar has not answered yet"),
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
    "robot_starting": Text("Робот ещё не ответил", "The robot has not answered yet"),
    "robot_offline": Text("Робот молчит: питание, кабель, порт", "The robot is silent: power, cable, port"),
    "robot_estop": Text(
        "Аварийная остановка: осмотрите, отпустите кнопку, затем kiosk robot acknowledge",
        "Emergency stop: look, release the button, then kiosk robot acknowledge",
    ),
    "robot_store_fault": Text("Память робота неисправна: сервис", "The robot's memory is faulty: call its service"),
}
#: Where no exact word is known: by the part that fails.
_GENERAL: Mapping[str, Text] = {
    "fiscal": Text("Касса: kiosk devices, kiosk shift", "The registrar: kiosk devices, kiosk shift"),
    "robot": Text("Робот: kiosk devices", "The robot: kiosk devices"),
    "reconciling": _HINTS["reconciling"],
}


def hint_of(reason: str) -> Text | None:
    """What a technician should do about a reason; None where the word says it all."""
    return _HINTS.get(reason) or _GENERAL.get(reason.split("_", 1)[0])
