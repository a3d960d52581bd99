"""What an ATOL registrar refuses with: wire codes, the driver's codes, stable words (atol.md#errors)."""

from __future__ import annotations

from types import MappingProxyType

# What the register answers → what the vendor's driver, so also its web server, calls it.
_WIRE: dict[int, int] = {
    0x08: 16, 0x0A: 17, 0x0B: 18, 0x0C: 19, 0x0D: 20, 0x0E: 21, 0x0F: 22, 0x10: 23, 0x11: 24, 0x12: 25, 0x13: 26,
    0x14: 27, 0x15: 28, 0x16: 29, 0x18: 30, 0x19: 31, 0x1A: 32, 0x1B: 33, 0x1E: 34, 0x1F: 35, 0x20: 36, 0x21: 37,
    0x3D: 38, 0x3E: 39, 0x3F: 40, 0x40: 41, 0x41: 42, 0x42: 43, 0x43: 43, 0x46: 5, 0x66: 12, 0x67: 44, 0x68: 46,
    0x69: 47, 0x6A: 48, 0x6B: 30, 0x6C: 11, 0x6D: 49, 0x6E: 50, 0x6F: 51, 0x70: 42, 0x71: 52, 0x72: 66, 0x73: 53,
    0x75: 54, 0x77: 56, 0x7A: 11, 0x7B: 57, 0x7C: 58, 0x7D: 59, 0x7E: 60, 0x7F: 61, 0x80: 62, 0x81: 63, 0x82: 64,
    0x83: 65, 0x84: 65, 0x86: 66, 0x87: 67, 0x88: 68, 0x89: 69, 0x8A: 70, 0x8C: 71, 0x8E: 72, 0x8F: 73, 0x91: 74,
    0x92: 75, 0x93: 76, 0x94: 77, 0x95: 77, 0x96: 78, 0x97: 79, 0x98: 80, 0x9A: 81, 0x9B: 82, 0x9C: 83, 0x9E: 84,
    0x9F: 85, 0xA2: 86, 0xA3: 11, 0xA4: 71, 0xA5: 87, 0xA6: 88, 0xA7: 88, 0xA8: 89, 0xA9: 90, 0xAA: 91, 0xAB: 92,
    0xAC: 93, 0xAD: 30, 0xAE: 94, 0xAF: 30, 0xB0: 95, 0xB1: 96, 0xB2: 97, 0xB3: 98, 0xB4: 99, 0xB5: 100, 0xB6: 101,
    0xB7: 102, 0xB8: 103, 0xBA: 104, 0xBE: 105, 0xBF: 106, 0xC8: 107, 0xC9: 108, 0xCA: 109, 0xCB: 110, 0xCC: 111,
    0xCD: 112, 0xD0: 113, 0xD1: 114, 0xD2: 115, 0xD3: 116, 0xD4: 117, 0xD5: 118, 0xD6: 119, 0xD7: 120, 0xD8: 121,
    0xD9: 122, 0xDA: 123, 0xDB: 124, 0xDC: 125, 0xDD: 126, 0xDE: 127, 0xDF: 128, 0xE0: 129, 0xE1: 130, 0xE4: 131,
    0xE6: 132, 0xE7: 133, 0xE8: 134, 0xE9: 135, 0xEA: 136, 0xEB: 137, 0xEC: 138, 0xED: 139, 0xEF: 140, 0xF0: 141,
    0xF1: 142, 0xF2: 26, 0xF3: 110, 0xF4: 26, 0xF5: 147, 0xF6: 110,
}  # fmt: skip
_UNKNOWN = 15

# The driver's code → a stable word and the text the web server shows.
_DRIVER: dict[int, tuple[str, str]] = {
    1: ("not_connected", "Соединение не установлено"),
    2: ("no_link", "Нет связи"),
    3: ("port_busy", "Порт занят"),
    4: ("port_missing", "Порт недоступен"),
    5: ("bad_data", "Некорректные данные от устройства"),
    6: ("internal_error", "Внутренняя ошибка"),
    11: ("unsupported_command", "Не поддерживается"),
    12: ("wrong_mode", "Неверный режим"),
    15: ("unknown_error", "Неизвестная ошибка"),
    16: ("price_range", "Неверная цена"),
    17: ("quantity_range", "Неверное количество"),
    26: ("bad_format", "Неверный формат команды"),
    27: ("bad_length", "Неверная длина"),
    30: ("no_data", "Нет данных"),
    32: ("z_report_interrupted", "Закрытие смены прервано"),
    34: ("mode_locked", "Вход в режим заблокирован"),
    35: ("check_clock", "Проверьте дату и время"),
    36: ("clock_behind", "Дата и время меньше, чем в последнем документе"),
    40: ("receipt_buffer_full", "Переполнение буфера чека"),
    44: ("no_receipt_paper", "Нет бумаги"),
    46: ("printer_link", "Нет связи с принтером"),
    47: ("printer_mechanics", "Механическая ошибка печатающего устройства"),
    48: ("wrong_receipt_type", "Неверный тип чека"),
    52: ("cashless_over_total", "Безналичная оплата больше суммы чека"),
    60: ("payment_type", "Неверный тип оплаты"),
    61: ("multiplication_overflow", "Переполнение при умножении"),
    63: ("total_overflow", "Переполнение итога чека"),
    66: ("payments_below_total", "Чек оплачен не полностью"),
    68: ("shift_over_24h", "Смена превысила 24 часа"),
    71: ("wrong_password", "Неверный пароль"),
    73: ("shift_closed", "Смена закрыта"),
    77: ("bad_date", "Неверные дата или время"),
    80: ("not_enough_cash", "Недостаточно наличных в кассе"),
    81: ("receipt_closed", "Чек закрыт, операция невозможна"),
    82: ("receipt_open", "Чек открыт, операция невозможна"),
    83: ("shift_open", "Смена открыта, операция невозможна"),
    89: ("not_fiscalised", "Касса не зарегистрирована"),
    92: ("mode_inactive", "Режим неактивен"),
    93: ("no_such_document", "Нет такого документа"),
    106: ("shift_mismatch", "Номера смен кассы и ФН различаются"),
    114: ("head_overheated", "Перегрев головки принтера"),
    115: ("drive_no_answer", "Нет связи с ФН"),
    116: ("drive_bad_format", "ФН: неверный формат"),
    117: ("drive_wrong_state", "ФН: неверное состояние"),
    118: ("drive_failure", "ФН: неисправность"),
    119: ("drive_crypto_failure", "ФН: ошибка криптографического сопроцессора"),
    120: ("drive_expired", "ФН: истёк срок эксплуатации"),
    121: ("drive_full", "ФН: память переполнена"),
    122: ("drive_bad_time", "ФН: неверные дата или время"),
    123: ("drive_no_data", "ФН: нет запрошенных данных"),
    124: ("total_range", "Неверная итоговая сумма документа"),
    128: ("tax_range", "Неверная сумма налога"),
    133: ("drive_bad_parameters", "ФН: неверные параметры команды"),
    134: ("tlv_too_big", "Превышен размер TLV-данных"),
    137: ("ofd_wait_expired", "Исчерпано время ожидания передачи документов ОФД"),
    139: ("ofd_store_full", "Есть документы, не переданные ОФД"),
    140: ("drive_timeout", "ФН: превышено время ожидания"),
    141: ("drive_shift_over_24h", "ФН: смена длится более 24 часов"),
    142: ("drive_time_gap", "ФН: неверная разница во времени между документами"),
    501: ("bad_task", "Ошибка разбора задания"),
    502: ("interrupted", "Выполнение прервано из-за предыдущих ошибок"),
    503: ("script_failure", "Ошибка скрипта"),
    505: ("web_failure", "Ошибка веб-сервера"),
}
ERRORS = MappingProxyType(_DRIVER)

EXTENDED = 0xEE  # register 37 says more
NO_PAPER = 0x67
WRONG_RECEIPT_TYPE = 0x6A
RECEIPT_CLOSED = 0x9A
RECEIPT_OPEN = 0x9B
SHIFT_OPEN = 0x9C
SHIFT_CLOSED = 0x8F
NO_DRIVE_DATA = 0xDA
NO_DOCUMENT = 0xAC


def driver_code(wire: int) -> int:
    return _WIRE.get(wire, _UNKNOWN)


def error_word(wire: int) -> str:
    """A stable word of a wire code; `error_xx` where the table has none."""
    code = driver_code(wire)
    return ERRORS[code][0] if code in ERRORS and code != _UNKNOWN else f"error_{wire:02x}"


def error_text(wire: int) -> str:
    code = driver_code(wire)
    return ERRORS[code][1] if code in ERRORS else f"Ошибка {wire:02X}h"


def driver_word(code: int) -> str:
    """A stable word of one of the driver's codes."""
    return ERRORS[code][0] if code in ERRORS else f"atol_{code}"


def driver_text(code: int) -> str:
    return ERRORS[code][1] if code in ERRORS else f"Ошибка {code}"
