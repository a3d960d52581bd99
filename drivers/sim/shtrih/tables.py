"""The simulated registrar's settings tables: shape, defaults and what was written (protocols/shtrih.md §2, 1Eh…2Eh)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.fiscal.fields import fixed_text, text_of
from drivers.fiscal.shtrih.table_answers import FieldShape, TableShape
from drivers.sim.drive import ADDRESS, INN, PLACE, REGISTRATION_NUMBER, TAX_SYSTEMS
from drivers.sim.refusal import Refusal
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


@dataclass(frozen=True, slots=True)
class Field:
    """One column; `default` is raw."""

    name: str
    size: int
    default: bytes
    is_text: bool = False

    def shape(self) -> FieldShape:
        bounds = () if self.is_text else (0, 256**self.size - 1)
        return FieldShape(self.name, self.is_text, self.size, *bounds)


def _number(name: str, size: int = 1, default: int = 0) -> Field:
    return Field(name, size, default.to_bytes(size, "little"))


def _text(name: str, size: int, default: str = "") -> Field:
    return Field(name, size, fixed_text(default, size), is_text=True)


def _numbered(count: int, **named: tuple[str, int]) -> tuple[Field, ...]:
    """`count` byte fields, some with a name and a default: `f8=("…", 1)`."""
    fields = [_number(f"Параметр {number}") for number in range(1, count + 1)]
    for key, (name, default) in named.items():
        fields[int(key[1:]) - 1] = _number(name, default=default)
    return tuple(fields)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: int
    fields: tuple[Field, ...]
    locked: bool = False

    def shape(self) -> TableShape:
        return TableShape(self.name, self.rows, len(self.fields))


TABLES: Mapping[int, Table] = MappingProxyType(
    {
        1: Table(
            "Тип и режим кассы",
            1,
            _numbered(60, f1=("Номер в зале", 1), f14=("Налоги от хоста", 0), f22=("Отрезка в открытом чеке", 0)),
        ),
        CASHIERS: Table("Пароли кассиров и администраторов", 30, (_number("Пароль", 4), _text("Имя", 21, "Оператор"))),
        5: Table("Наименования типов оплаты", 16, (_text("Тип оплаты", 30, "ОПЛАТА"),)),
        RATES: Table("Налоговые ставки", 12, (_number("Ставка", 2), _text("Название", 57, "НДС"))),
        REGIONAL: Table(
            "Региональные настройки",
            1,
            _numbered(
                75,
                f7=("Печатать документ", 0),
                f8=("Минут до истечения смены", 1),
                f17=("Формат ФД", 4),
                f36=("Дата в ответе", 0),
                f71=("Замена ставки 20 на 22", 1),
            ),
        ),
        EMBEDDED: Table("Встраиваемая и интернет техника", 1, (_text("Номер автомата", 20, "1"),)),
        DRIVE: Table(
            "Fiscal storage",
            1,
            (
                _text("Заводской номер", 20, "0000000000000001"),
                _text("ИНН", 12, INN),
                _text("Рег. номер", 20, REGISTRATION_NUMBER),
                _text("Номер ФН", 16),
                _number("Системы налогообложения", default=TAX_SYSTEMS),
                _number("Режим работы", default=AUTOMATIC | INTERNET),
                _text("Пользователь", 64, "ООО «Огонёк»"),
                _text("Оператор", 64, "СИС. АДМИНИСТРАТОР"),
                _text("Адрес", 64, ADDRESS),
                _text("Наименование ОФД", 64, "ОФД"),
                _text("URL ОФД", 64, "ofd.example"),
                _text("ИНН ОФД", 12, "7700000000"),
                _text("Сайт ФНС", 64, "nalog.gov.ru"),
                _text("Место расчётов", 64, PLACE),
                _text("Отправитель чеков", 64, "check@example.org"),
            ),
            locked=True,
        ),
        OFD: Table(
            "Параметры ОФД",
            1,
            (
                _text("Сервер", 64, "connect.ofd.example"),
                _number("Порт", 2, 7779),
                _number("Таймаут чтения ответа", 2, 1000),
            ),
        ),
        NETWORK: Table(
            "Сетевые интерфейсы",
            1,
            _numbered(9, f1=("Режим PPP", 0), f2=("Режим обмена с ОФД", 1), f9=("Rndis активный", 0)),
        ),
    }
)


# In hundredths of a per cent: the basic rate, 10, 0, none, both inside the sum, those of 2025, then what is left free.
_RATES: Mapping[tuple[int, int, int], bytes] = MappingProxyType(
    {
        (RATES, row, 1): rate.to_bytes(2, "little")
        for row, rate in enumerate((2000, 1000, 0, 0, 2000, 1000, 500, 700, 500, 700, 2200, 2200), 1)
    }
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
