"""The simulated registrar's settings tables: shape, defaults and what was written (shtrih.md#settings)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.fiscal.fields import text_bytes, text_of
from drivers.sim.drive import ADDRESS, INN, PLACE, REGISTRATION_NUMBER, TAX_SYSTEMS
from drivers.sim.refusal import Refusal
from drivers.sim.shtrih.columns import Field, Table, number, numbered, numbers, text, texts
from drivers.sim.shtrih.service_tables import SERVICE_TABLES
from drivers.sim.world import Change, World

CASHIERS, RATES, REGIONAL, DRIVE = 2, 6, 17, 18
DATE_IN_CLOSE = 36  # table 17: 1 adds the date to the answer of FF45
EARLY_EXPIRY = 8  # table 17: mode 3 comes that many minutes early
FFD = 17  # table 17: 2 is 1.05, 3 is 1.1, 4 is 1.2
FFD_VALUES: Mapping[str, int] = MappingProxyType({"1.05": 2, "1.1": 3, "1.2": 4})
AUTOMATIC, INTERNET, MODE_OF_WORK = 0x04, 0x20, 6  # table 18 field 6
SKIP_PRINTING = 7  # table 17: 1 keeps the next document off the paper, then goes back to 0
TURNS_RATES = 71  # table 17: 1 makes 22 % of 20 % from 2026 on
CASHIER_NAME = 2  # table 2
EMBEDDED, AUTOMAT_NUMBER = 24, 1
CUT_IN_RECEIPT = 22  # table 1: 25h is allowed in mode 8
OFD, OFD_ADDRESS, OFD_PORT = 19, 1, 2
NETWORK, OFD_EXCHANGE = 21, 2  # 0: the host carries documents, 1: the register's own network does


TABLES: Mapping[int, Table] = MappingProxyType(
    {
        **SERVICE_TABLES,
        1: Table(
            "Тип и режим кассы",
            1,
            numbered(
                60,
                f1=number("Номер кассы в магазине", default=1),
                f14=number("Начисление налогов"),
                f22=number("Отрезка при открытом чеке"),
            ),
        ),
        CASHIERS: Table(
            "Пароли кассиров и администраторов",
            30,
            (number("Пароли кассиров", 4), text("Должности и фамилии кассиров", 21, "Оператор")),
        ),
        5: Table("Наименование типов оплаты", 16, (text("Запрограммированные типы оплаты", 30, "ОПЛАТА"),)),
        RATES: Table("Налоговые ставки", 12, (number("Величина налога", 2), text("Название налога", 57, "НДС"))),
        REGIONAL: Table(
            "Региональные настройки",
            1,
            numbered(
                75,
                f7=number("Rus не печатать документ"),
                f8=number("Rus ограничить время смены", default=1),
                f12=number("Rus печать реквизитов пользователя", 4, 63),
                f13=text("Rus наименование реквизита пользователя", 64, "Код"),
                f17=number("Rus формат ФД", default=4),
                f19=text("Rus название бонуса 1", 32),
                f20=text("Rus название бонуса 2", 32),
                f28=number("Rus минимизация данных чека", 2),
                f36=number("Rus расшир. отв. на команды форм. ФД"),
                f41=number("Rus принимать все КТ", 2),
                f48=text("Автопечать", 64),
                f51=text("Rus ЕГАИС КПП", 9),
                f52=text("Rus ЕГАИС касса", 12),
                f67=number("Rus расширенный номер ККТ в магазине", 4, 99999),
                f71=number("Rus замена НДС 20 на 22", default=1),
            ),
        ),
        EMBEDDED: Table(
            "Встраиваемая и интернет техника",
            1,
            (
                text("Заводской номер автомата", 20, "1"),
                *numbers("Тип принтера", "Выброс чеков", "Выброс отчетов", "Длина презентации чека"),
                *numbers("Таймаут ретракции", "Делать петлю при печати", "Метод печати QR-кода"),
                *numbers("Режим снятия отчетов с гашением", "Направление автоотчетов с гашением"),
                *numbers("Часы автоотчета", "Минуты автоотчета", "Режим автооткрытия смены"),
                *numbers("Направление автооткрытия смены", "Вендинг или транспорт с QR"),
                text("HTTP имя пользователя:пароль", 64),
            ),
        ),
        DRIVE: Table(
            "Fiscal storage",
            1,
            (
                text("Serial number", 20, "0000000000000001"),
                text("Inn", 12, INN),
                text("Rnm", 20, REGISTRATION_NUMBER),
                text("Fs serial number", 16),
                number("Tax system", default=TAX_SYSTEMS),
                number("Work mode", default=AUTOMATIC | INTERNET),
                text("User", 64, "ООО «Огонёк»"),
                text("Operator", 64, "СИС. АДМИНИСТРАТОР"),
                text("Address", 64, ADDRESS),
                text("Ofd name", 64, "ОФД"),
                text("Ofd url", 64, "ofd.example"),
                text("Ofd inn", 12, "7700000000"),
                text("Tax office url", 64, "nalog.gov.ru"),
                text("Место расчета", 64, PLACE),
                text("Эл. адр. отправителя", 64, "check@example.org"),
                number("Признак агента"),
                *texts("User строка 2", "Address строка 2", "Ofd name строка 2", "Место расчета строка 2", size=128),
                number("Расширенные признаки работы ККТ"),
                number("Код причины изм. сведений о ККТ", 4),
                text("Инн кассира", 13),
                number("Блокировка закрытия смены (дней)", default=7),
                number("Часовая зона"),
            ),
            locked=True,
        ),
        OFD: Table(
            "Параметры ОФД",
            1,
            (
                text("Сервер", 64, "connect.ofd.example"),
                number("Порт", 2, 7779),
                number("Таймаут чтения ответа", 2, 1000),
                number("Задержка между пакетами, мс", 2, 100),
                text("Сервер КМ", 64, "connect.ofd.example"),
                number("Порт КМ", 2, 7778),
                number("Таймаут чтения ответа КМ", 2, 33),
                number("Таймаут чтения ответа КМ при проверке", 2, 5),
                text("Сервер АС ОКП", 128),
                number("Порт АС ОКП", 2, 31101),
                number("Таймаут АС ОКП", 2, 5),
            ),
        ),
        NETWORK: Table(
            "Сетевые интерфейсы",
            1,
            (
                number("Режим PPP"),
                number("Режим обмена с ОФД", default=1),
                number("Запуск TCP-сервера", default=1),
                number("Порт TCP-сервера", 2, 7778),
                *numbers("Наличие WiFi", "Использовать WiFi"),
                *texts("WiFi SSID", "WiFi passphrase", size=64),
                number("Rndis"),
                text("Версия ПО WiFi", 32, "-"),
                text("Уровень сигнала WiFi", 16, "-"),
                *numbers("Использовать Bluetooth", "Мин. уровень сигнала BT", "Макс. уровень сигнала BT"),
                number("Разрешить изменение режима соединения"),
                number("Таймаут TCP соединения", 2, 60),
                number("Пытаться подключиться по Socks5"),
            ),
        ),
    }
)


# In hundredths of a per cent: the basic rate, 10, 0, none, both inside the sum, those of 2025, then what is left free.
_RATE_NAMES = ("20%", "10%", "0%", "", "20/120", "10/110", "5%", "7%", "5/105", "7/107", "22%", "22/122")
_RATES: Mapping[tuple[int, int, int], bytes] = MappingProxyType(
    {
        (RATES, row, 1): rate.to_bytes(2, "little")
        for row, rate in enumerate((2000, 1000, 0, 0, 2000, 1000, 500, 700, 500, 700, 2200, 2200), 1)
    }
    | {(RATES, row, 2): text_bytes(f"НДС {name}" if name else "БЕЗ НДС", 57) for row, name in enumerate(_RATE_NAMES, 1)}
)


class Tables:
    """Written cells live in the world's memory; `made` are those of the model and of its registration."""

    def __init__(self, world: World, made: Mapping[tuple[int, int, int], bytes]) -> None:
        self._world = world
        self._made = {**_RATES, **made}

    def table(self, number: int) -> Table:
        if number not in TABLES:
            raise Refusal(0x5D)
        return TABLES[number]

    def field(self, table: int, field: int) -> Field:
        fields = self.table(table).fields
        if not 1 <= field <= len(fields):
            raise Refusal(0x5D)
        return fields[field - 1]

    def read(self, table: int, row: int, field: int) -> bytes:
        found = self._cell(table, row, field)
        stored = self._world.get(_key(table, row, field))
        default = self._made.get((table, row, field), found.default).ljust(found.size, b"\0")
        return default if stored is None else bytes.fromhex(stored)

    def number(self, table: int, field: int) -> int:
        return int.from_bytes(self.read(table, 1, field), "little")

    def text(self, table: int, row: int, field: int) -> str:
        return text_of(self.read(table, row, field)).strip()

    def write(self, table: int, row: int, field: int, value: bytes) -> None:
        found = self._cell(table, row, field)
        if self.table(table).locked:
            raise Refusal(0x7A)
        if len(value) > found.size or not value:
            raise Refusal(0x33)
        with self._world.change() as change:
            self.put(change, table, field, value.ljust(found.size, b"\0"), row)

    @staticmethod
    def put(change: Change, table: int, field: int, value: bytes, row: int = 1) -> None:
        """What the register itself writes."""
        change.put(_key(table, row, field), value.hex())

    def _cell(self, table: int, row: int, field: int) -> Field:
        found = self.field(table, field)
        if not 1 <= row <= self.table(table).rows:
            raise Refusal(0x5D)
        return found


def _key(table: int, row: int, field: int) -> str:
    return f"table:{table}:{row}:{field}"
