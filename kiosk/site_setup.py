"""A new site's settings, question by question (`kiosk check --setup`): the file that is there keeps its comments and
whatever is not asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import tomlkit
from tomlkit.items import Table

from kiosk.domain.text import Text

#: What is wrong with the settings when they stand in a file, a line each with the key in front.
Problems = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Question:
    """`key` in its section; `many`: several words with commas. Asked where the way to pay `of` is wanted."""

    section: str
    key: str
    words: Text
    many: bool = False
    of: str = ""

    @property
    def where(self) -> str:
        return f"$.{self.section}.{self.key}"


QUESTIONS = (
    Question("restaurant", "name", Text("Название, как его видят гости", "The name that guests see")),
    Question("restaurant", "legal_name", Text("Продавец, как в чеке (ООО …)", "The seller as on the receipt")),
    Question("restaurant", "address", Text("Адрес расчётов, как в чеке", "The address as on the receipt")),
    Question("restaurant", "inn", Text("ИНН продавца", "The seller's INN")),
    Question(
        "restaurant",
        "tax_system",
        Text(
            "Система налогообложения: general, usn_income, usn_income_expense, eshn, patent",
            "Tax system: general, usn_income, usn_income_expense, eshn, patent",
        ),
    ),
    Question("restaurant", "timezone", Text("Часовой пояс (Europe/Moscow)", "Time zone (Europe/Moscow)")),
    Question(
        "fiscal",
        "driver",
        Text("Касса: shtrih, atol или atol-web", "Registrar: shtrih, atol or atol-web"),
    ),
    Question("fiscal", "port", Text("Порт кассы, sim для пробы", "Port of the registrar, sim for a trial")),
    Question("robot", "port", Text("Порт робота, sim для пробы", "Port of the robot, sim for a trial")),
    Question(
        "payment",
        "methods",
        Text("Чем платят гости: terminal, sbp, till", "How guests pay: terminal, sbp, till"),
        many=True,
    ),
    Question("terminal", "port", Text("Порт терминала для карт", "Port of the card reader"), of="terminal"),
    Question("sbp", "url", Text("Адрес банка с QR-кодами", "Address of the bank of QR codes"), of="sbp"),
    Question("sbp", "terminal_key", Text("Ключ терминала у этого банка", "The terminal's key there"), of="sbp"),
    Question("sbp", "password_file", Text("Файл с паролем терминала", "File with the terminal's password"), of="sbp"),
    Question(
        "standby",
        "folder",
        Text("Папка на втором диске для копий", "Folder on a second disk for copies"),
    ),
)


class Guide:
    """`ask` takes a line with what stands there now and gives the answer, empty to keep it."""

    def __init__(
        self, text: str, ask: Callable[[str, str], str], say: Callable[[str], None], problems: Problems, language: str
    ) -> None:
        self._document = tomlkit.parse(text)
        self._ask = ask
        self._say = say
        self._problems = problems
        self._language = language

    def fill(self, section: str, values: dict[str, str | int]) -> None:
        """What was found out without asking."""
        for key, value in values.items():
            self._table(section)[key] = value

    def run(self) -> str:
        """The settings as they are to be written. Raises `EOFError` where nobody answers any more."""
        for question in QUESTIONS:
            if not question.of or question.of in self._now("payment", "methods"):
                self._settle(question)
        return tomlkit.dumps(self._document)

    def _settle(self, question: Question) -> None:
        """Asked again until the settings take it."""
        while True:
            now = self._now(question.section, question.key)
            answer = self._ask(question.words.into(self._language), now).strip()
            if not answer and not self._wrong(question):
                return
            if answer:
                table = self._table(question.section)
                before = table.get(question.key)
                table[question.key] = answer.replace(",", " ").split() if question.many else answer
                if not (wrong := self._wrong(question)):
                    return
                if before is None:
                    del table[question.key]
                else:
                    table[question.key] = before
            else:
                wrong = self._wrong(question)
            for line in wrong:
                self._say(line)

    def _wrong(self, question: Question) -> list[str]:
        """Of this key alone: the others are still to be asked."""
        return [line for line in self._problems(tomlkit.dumps(self._document)) if line.startswith(question.where)]

    def _now(self, section: str, key: str) -> str:
        found = self._table(section).get(key, "")
        return ", ".join(found) if isinstance(found, list) else str(found)

    def _table(self, section: str) -> Table:
        if section not in self._document:
            self._document[section] = tomlkit.table()
        found = self._document[section]
        if not isinstance(found, Table):
            raise TypeError(section)
        return found
