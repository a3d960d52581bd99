"""Settings of the simulated registrar that no receipt depends on: printing, networks, remote service.

Shapes are those of a ШТРИХ-НАНО-Ф of January 2026, firmware C.3.664, as the vendor's program writes them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.sim.shtrih.columns import Table, number, numbered, numbers, text, texts

EXCHANGE = 20  # its fields 1…5 are the state of the queue, not settings
_SEASONS, _HEADER_LINES, _DEPARTMENTS, _FORMAT_LINES, _FONTS = 20, 14, 16, 17, 25
_IP = ("1", "2", "3", "4")
_ADDRESSES = tuple(f"{name}{part}" for name in ("Local ip", "Gw", "Mask", "Dns") for part in _IP)
_FISCALISATION = {
    "1048": 128, "1018": 17, "1062": 0, "1037": 21, "1002": 0, "1221": 0, "1110": 0, "1056": 0, "1001": 0, "1108": 0,
    "1036": 20, "1207": 0, "1109": 0, "1193": 0, "1126": 0, "1057": 0, "1021": 64, "1203": 17, "1009": 128, "1187": 128,
    "1060": 64, "1117": 64, "1017": 17, "1046": 128, "1209": 0, "1101": 0,
}  # fmt: skip

SERVICE_TABLES: Mapping[int, Table] = MappingProxyType(
    {
        3: Table(
            "Таблица перевода времени",
            _SEASONS,
            (
                number("Разрешение перевода"),
                number("Число", default=28),
                number("Месяц", default=3),
                text("Время года", 15),
            ),
        ),
        4: Table("Текст в чеке", _HEADER_LINES, (text("Запрограммированные строки", 64),)),
        7: Table("Наименование отделов", _DEPARTMENTS, (text("Запрограммированные названия секций", 64, "1"),)),
        8: Table(
            "Настройка шрифтов",
            1,
            tuple(number(f"Шрифт {at}", default=1) for at in range(1, _FONTS + 1)),
        ),
        9: Table(
            "Таблица формата чека",
            _FORMAT_LINES,
            (
                number("Номер строки", default=1),
                number("Смещение в строке (в символах)"),
                number("Размер (в символах)", default=48),
            ),
        ),
        10: Table(
            "Служебная",
            1,
            numbered(
                19,
                f3=number("Нижний порог напряжения", default=30),
                f4=number("Верхний порог напряжения", default=50),
                f10=number("Время ожидания ФН", default=30),
                **{f"f{at}": number(f"Time {at - 14}", 4) for at in range(15, 20)},
            ),
        ),
        11: Table("Параметры кодирования QR-кодов", 1, numbered(9, f1=number("Кодировать текст в UTF-8", default=1))),
        12: Table("Веб-ссылка", 1, texts("Ссылка строка 1", "Ссылка строка 2", "Ссылка строка 3", size=40)),
        13: Table(
            "Параметры термопечати",
            1,
            numbered(
                7,
                f1=number("Standart printing energy, uj", 2, 250),
                f3=number("Ajusted resistance, ohms", 2, 210),
                f5=number("Standart printing energy (step), uj", 2, 15),
                f6=number("Сдвиг области печати (точки)", 2, 16),
            ),
        ),
        14: Table(
            "Sdcard status",
            1,
            (
                number("Status"),
                *numbers("Cluster size", "Total sectors", "Free sectors", "I/o errors", "Retry count", size=4),
            ),
        ),
        15: Table(
            "Сервер транзакций",
            1,
            (
                *numbers("Режим передачи", *(f"Server ip{part}" for part in _IP)),
                number("Server port", 2, 7779),
            ),
        ),
        16: Table(
            "Cетевой адрес",
            1,
            (
                *numbers("Static ip", "Статус dhcp", *_ADDRESSES, "Socks5 клиент", *(f"Socks5 ip{x}" for x in _IP)),
                number("Socks5 port", 2, 1080),
            ),
        ),
        EXCHANGE: Table(
            "Статус обмена фн",
            1,
            (
                *numbers("Exchangestate", "Readstate"),
                number("Numbermessages", 2),
                number("Numberfirstdocumentqueue", 4),
                text("Datetimefirstdocumentqueue", 32),
                *numbers("Last 26h cmd answer code", "Last ofd answer code"),
                *texts(*(f"Log{at}" for at in range(10)), size=64),
            ),
            locked=True,
        ),
        22: Table(
            "Cетевой адрес wifi (устарела)", 1, (number("Static ip"), *texts("Local ip", "Mask", "Gw", "Dns", size=16))
        ),
        23: Table(
            "Удаленный мониторинг и администрирование",
            1,
            numbered(
                24,
                f1=number("Работать с сервером СКОК"),
                f3=number("Период опроса СКОК", 2, 600),
                f4=number("Период отправки МОНО", 2, 120),
                f9=text("Описание обновления 1 (ro)", 64, "---"),
                f10=text("Описание обновления 2 (ro)", 64, "---"),
                f11=text("Uin (ro)", 32, "410001248"),
                f13=text("ЛСКОК хост", 64, "192.168.1.1"),
                f14=number("ЛСКОК порт", 2, 4243),
                f15=text("Лицензии функций", 128),
                f16=text("Подпись лицензий функций", 128),
                f17=text("СКОК log", 32),
                f18=text("Зарезервировано", 120),
                f19=text("Rs_config", 4, "0000"),
                f21=number("Vif reconnect timeout", 2, 10),
                f22=number("Vif idle timeout", 2, 25),
                f23=number("Vif flags", 4, 1),
                f24=text("Vif status", 32),
            ),
        ),
        25: Table(
            "Фискализация",
            1,
            (
                *(text(tag, size) if size else number(tag) for tag, size in _FISCALISATION.items()),
                number("1205", 4),
                *texts("1048_2", "1009_2", "1187_2", "1046_2", size=128),
            ),
        ),
    }
)
