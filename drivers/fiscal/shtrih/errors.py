"""Stable words and Russian texts of the registrar's error codes (shtrih.md#errors)."""

from __future__ import annotations

from types import MappingProxyType

# Codes 01-20h come from the fiscal drive (ФН), the rest from the register itself.
_TABLE: dict[int, tuple[str, str]] = {
    0x00: ("ok", "Ошибок нет"),
    0x01: ("drive_unknown_command", "ФН: неизвестная команда или неверный формат"),
    0x02: ("drive_wrong_state", "ФН: неверное состояние"),
    0x03: ("drive_failure", "ФН: отказ"),
    0x04: ("drive_crypto_failure", "ФН: отказ криптографического сопроцессора"),
    0x05: ("drive_expired", "ФН: истёк срок эксплуатации"),
    0x06: ("drive_full", "ФН: архив переполнен"),
    0x07: ("drive_bad_time", "ФН: неверные дата или время"),
    0x08: ("drive_no_data", "ФН: нет запрошенных данных"),
    0x09: ("drive_bad_value", "ФН: неверное значение параметра"),
    0x10: ("tlv_too_big", "ФН: превышен размер TLV-данных"),
    0x11: ("no_ofd_transport", "ФН: нет транспортного соединения с ОФД"),
    0x12: ("drive_resource_out", "ФН: исчерпан ресурс"),
    0x14: ("ofd_store_full", "ФН: исчерпан ресурс хранения документов для ОФД"),
    0x15: ("ofd_wait_expired", "ФН: исчерпан ресурс ожидания передачи в ОФД"),
    0x16: ("shift_over_24h", "ФН: смена длится более 24 часов"),
    0x17: ("drive_time_gap", "ФН: неверная разница во времени между документами"),
    0x20: ("ofd_message_refused", "ФН: сообщение ОФД не принято"),
    0x2F: ("drive_timeout", "ФН не ответил за отведённое время"),
    0x30: ("drive_no_answer", "ФН не отвечает"),
    0x31: ("drive_bad_format", "Неверный формат ответа ФН"),
    0x32: ("drive_bad_crc", "Неверная контрольная сумма ответа ФН"),
    0x33: ("bad_parameters", "Некорректные параметры в команде"),
    0x34: ("no_data", "Нет данных"),
    0x35: ("bad_for_settings", "Некорректный параметр при данных настройках"),
    0x36: ("bad_for_model", "Некорректные параметры для данной модели"),
    0x37: ("unsupported_command", "Команда не поддерживается"),
    0x38: ("rom_failure", "Ошибка в ПЗУ"),
    0x39: ("internal_error", "Внутренняя ошибка ПО"),
    0x3A: ("surcharge_overflow", "Переполнение накопления по надбавкам в смене"),
    0x3C: ("shift_open", "Смена открыта, операция невозможна"),
    0x3D: ("shift_not_open", "Смена не открыта, операция невозможна"),
    0x3E: ("section_overflow", "Переполнение накопления по секциям"),
    0x3F: ("discount_overflow", "Переполнение накопления по скидкам"),
    0x40: ("discount_range", "Переполнение диапазона скидок"),
    0x41: ("cash_range", "Переполнение диапазона оплаты наличными"),
    0x42: ("payment_2_range", "Переполнение диапазона оплаты типом 2"),
    0x43: ("payment_3_range", "Переполнение диапазона оплаты типом 3"),
    0x44: ("payment_4_range", "Переполнение диапазона оплаты типом 4"),
    0x45: ("payments_below_total", "Сумма всех видов оплаты меньше итога чека"),
    0x46: ("not_enough_cash", "Не хватает наличности в кассе"),
    0x47: ("tax_overflow", "Переполнение накопления по налогам"),
    0x48: ("total_overflow", "Переполнение итога чека"),
    0x49: ("wrong_receipt_type", "Операция невозможна в открытом чеке данного типа"),
    0x4A: ("receipt_open", "Открыт чек, операция невозможна"),
    0x4B: ("receipt_buffer_full", "Буфер чека переполнен"),
    0x4D: ("cashless_over_total", "Безналичная оплата больше суммы чека"),
    0x4E: ("shift_over_24h", "Смена превысила 24 часа"),
    0x4F: ("wrong_password", "Неверный пароль"),
    0x50: ("printing_previous", "Идёт печать результатов предыдущей команды"),
    0x51: ("cash_total_overflow", "Переполнение накоплений наличными в смене"),
    0x52: ("payment_2_overflow", "Переполнение накоплений по типу оплаты 2 в смене"),
    0x53: ("payment_3_overflow", "Переполнение накоплений по типу оплаты 3 в смене"),
    0x54: ("payment_4_overflow", "Переполнение накоплений по типу оплаты 4 в смене"),
    0x55: ("receipt_closed", "Чек закрыт, операция невозможна"),
    0x56: ("nothing_to_repeat", "Нет документа для повтора"),
    0x58: ("waits_continue", "Ожидание команды продолжения печати"),
    0x59: ("other_operator", "Документ открыт другим оператором"),
    0x5A: ("discount_over_receipt", "Скидка превышает накопления в чеке"),
    0x5B: ("surcharge_range", "Переполнение диапазона надбавок"),
    0x5C: ("low_voltage", "Понижено напряжение 24 В"),
    0x5D: ("no_such_table", "Таблица не определена"),
    0x5E: ("invalid_operation", "Неверная операция"),
    0x5F: ("negative_total", "Отрицательный итог чека"),
    0x60: ("multiplication_overflow", "Переполнение при умножении"),
    0x61: ("price_range", "Переполнение диапазона цены"),
    0x62: ("quantity_range", "Переполнение диапазона количества"),
    0x63: ("department_range", "Переполнение диапазона отдела"),
    0x65: ("no_money_in_section", "Не хватает денег в секции"),
    0x6A: ("i2c_power", "Ошибка питания при обмене по I²C"),
    0x6B: ("no_receipt_paper", "Нет чековой ленты"),
    0x6D: ("tax_underflow", "Не хватает денег по налогу"),
    0x71: ("cutter_failure", "Ошибка отрезчика"),
    0x72: ("wrong_submode", "Команда не поддерживается в данном подрежиме"),
    0x73: ("wrong_mode", "Команда не поддерживается в данном режиме"),
    0x74: ("ram_failure", "Ошибка ОЗУ"),
    0x75: ("power_failure", "Ошибка питания"),
    0x77: ("sensor_failure", "Нет сигнала с датчиков"),
    0x78: ("firmware_replaced", "Замена ПО"),
    0x79: ("memory_replaced", "Замена ФП"),
    0x7A: ("field_locked", "Поле не редактируется"),
    0x7B: ("hardware_failure", "Ошибка оборудования"),
    0x7C: ("date_mismatch", "Не совпадает дата"),
    0x7D: ("bad_date", "Неверный формат даты"),
    0x7E: ("bad_length", "Неверное значение в поле длины"),
    0x7F: ("total_range", "Переполнение диапазона итога чека"),
    0x84: ("cash_overflow", "Переполнение наличности"),
    0x8E: ("zero_receipt", "Нулевой итог чека"),
    0x8F: ("not_fiscalised", "Касса не зарегистрирована"),
    0x90: ("field_too_long", "Поле превышает размер, заданный в настройках"),
    0x91: ("outside_print_area", "Выход за границу поля печати"),
    0x93: ("ram_restored", "ОЗУ восстановлено"),
    0x94: ("operation_limit", "Исчерпан лимит операций в чеке"),
    0x96: ("close_shift_first", "Выполните отчёт о закрытии смены"),
    0xC0: ("confirm_date", "Контроль даты и времени: подтвердите дату и время"),
    0xC2: ("over_voltage", "Превышение напряжения в блоке питания"),
    0xC4: ("shift_mismatch", "Несовпадение номеров смен"),
    0xC7: ("field_locked_in_mode", "Поле не редактируется в данном режиме"),
    0xC8: ("printer_link", "Нет связи с принтером"),
    0xC9: ("head_overheated", "Перегрев термоголовки"),
    0xCF: ("clock_reset", "Сбиты часы"),
}
_TABLE |= dict.fromkeys(range(0xA0, 0xA6), ("marking_error", "Ошибка проверки маркировки"))
ERRORS = MappingProxyType(_TABLE)

UNSUPPORTED = 0x37

# Nothing was carried out: the previous command prints, or waits for "continue".
PRINTS, WAITS = 0x50, 0x58
NOT_YET = (PRINTS, WAITS)
# After these FF45, E0 or 41 may have been carried out all the same: look into the drive (shtrih.md#doubt).
DOUBTFUL = frozenset({0x2F, 0x30, 0x50, 0x58, 0x6B, 0x72, 0x75, 0x7B})


def error_word(code: int) -> str:
    """A stable snake_case word; `error_xx` for a code the table does not hold."""
    return ERRORS[code][0] if code in ERRORS else f"error_{code:02x}"


def error_text(code: int) -> str:
    return ERRORS[code][1] if code in ERRORS else f"Ошибка {code:02X}h"
