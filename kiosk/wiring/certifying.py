"""`kiosk robot certify`: the robot's contract held against a complex with dishes of the menu, and what is told of it.

A complex that the running kiosk works with, or that has jobs of somebody, is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec

from drivers.errors import DeviceError
from drivers.robot.certify.certification import Terms, certify
from drivers.robot.certify.clauses import Certificate, Clause, Unfit, Verdict
from drivers.robot.certify.power import PowerByHand, PowerCommand
from drivers.robot.certify.trial import Power, Sample
from drivers.robot.port import Phase
from kiosk.config import ConfigError, forms, problem
from kiosk.config.settings import Config
from kiosk.domain.errors import DatabaseInUse
from kiosk.domain.kitchen import certificate_words as words
from kiosk.domain.menu.menu import Menu
from kiosk.domain.text import Text
from kiosk.store.file.opening import take_lock
from kiosk.wiring.preconditions import prepared

_OUTCOME_WIDTH, _CLAUSE_WIDTH = 12, 16
_IDENTITY = Text("заводской номер {}, прошивка {}", "serial number {}, firmware {}")


class Row(msgspec.Struct, frozen=True):
    """A clause: what it says and, where it is not kept, what was found."""

    clause: str
    outcome: str
    says: str
    code: str = ""
    detail: str = ""
    found: str = ""


class Certified(msgspec.Struct, frozen=True):
    """`code`, `detail`, `says`: why nothing was examined. `headline` is the certificate in a word."""

    port: str
    passed: bool
    headline: str = ""
    serial: int = 0
    firmware: int = 0
    left: str = ""
    clauses: list[Row] = []
    code: str = ""
    detail: str = ""
    says: str = ""

    def lines(self, language: str) -> list[str]:
        """For a person."""
        if self.code:
            return [f"kiosk: {self.port}: {self.says} ({' '.join(filter(None, (self.code, self.detail)))})"]
        found = [_line(row, language) for row in self.clauses]
        identity = _IDENTITY.into(language).format(self.serial, self.firmware)
        left = [f"{words.LEFT.into(language)}: {self.left}"] if self.left else []
        return [*found, "", f"{self.headline}: {self.port}, {identity}", *left]


def _line(row: Row, language: str) -> str:
    outcome = words.OUTCOMES[row.outcome].into(language)
    found = f": {row.found} ({' '.join(filter(None, (row.code, row.detail)))})" if row.code else ""
    return f"{outcome:{_OUTCOME_WIDTH}} {row.clause:{_CLAUSE_WIDTH}} {row.says}{found}"


def complex_at(config: Config, named: str | None) -> str:
    """Where it is: as it is named, else as the settings say. Raises `ConfigError`."""
    port = named or ("" if config.robot.simulated else config.robot.port)
    try:
        forms.line(port)
    except ValueError as error:
        raise ConfigError(problem("$.robot.port", f"name the complex by --port: {error}")) from error
    return port


def is_the_kiosks(config: Config, port: str) -> bool:
    """Whether the settings lead to the same line, by whatever name."""
    return port == config.robot.port or os.path.realpath(port) == os.path.realpath(config.robot.port)


@contextmanager
def without_the_kiosk(config: Config, port: str) -> Iterator[None]:
    """While the complex is examined that the settings lead to, no kiosk of these settings starts. Raises
    `DatabaseInUse` where one runs."""
    if not is_the_kiosks(config, port):
        yield
        return
    path = config.database.path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseInUse(f"{path.parent}: {error.strerror}") from error
    lock = take_lock(path)
    try:
        yield
    finally:
        os.close(lock)


def unfit(port: str, code: str, detail: str, language: str) -> Certified:
    """Nothing was examined."""
    return Certified(port, passed=False, code=code, detail=detail, says=words.words_of(code, language))


async def certified(
    config: Config,
    port: str,
    language: str,
    say: Callable[[str], None],
    *,
    jobs: int,
    clauses: Collection[str] | None,
    power: Power | None,
) -> Certified:
    """`say` hears line by line what goes on and what a person is asked to do. All clauses where none is named. Raises
    `ConfigError`."""
    menu = (await prepared(config)).menu
    wanted = frozenset(map(Clause, clauses or Clause))
    terms = Terms(port, _samples(menu), config.robot.baudrate, config.robot.unit, jobs, power, wanted)
    try:
        return _told(port, await certify(terms, lambda word, detail: say(_progress(word, detail, language))), language)
    except (Unfit, DeviceError) as error:
        return unfit(port, error.code, error.detail, language)


def power_switch(command: str | None, *, person: bool) -> Power | None:
    """By the command; else by the person who is there, if one is."""
    if command is not None:
        return PowerCommand(command)
    return PowerByHand() if person else None


def _progress(word: str, detail: str, language: str) -> str:
    if word in words.ASKED:
        return f"{words.ASKED[word].into(language)} {detail}".rstrip()
    return f"{word:{_CLAUSE_WIDTH}} {words.OUTCOMES[detail].into(language)}"


def _told(port: str, certificate: Certificate, language: str) -> Certified:
    return Certified(
        port,
        passed=certificate.passed,
        headline=_headline(certificate).into(language),
        serial=certificate.serial,
        firmware=certificate.firmware,
        left=certificate.left,
        clauses=[_row(verdict, language) for verdict in certificate.verdicts],
    )


def _row(verdict: Verdict, language: str) -> Row:
    found = words.words_of(verdict.code, language) if verdict.code else ""
    says = words.CLAUSES[verdict.clause].into(language)
    return Row(str(verdict.clause), str(verdict.outcome), says, verdict.code, verdict.detail, found)


def _headline(certificate: Certificate) -> Text:
    if certificate.broken or certificate.left:
        return words.REFUSED
    if certificate.kept:
        return words.CERTIFIED
    return words.RESERVED if certificate.passed else words.UNSEEN


def _samples(menu: Menu) -> list[Sample]:
    """A dish for each chart of the menu."""
    codes = {row.id: row.code for row in menu.ingredients.values()}
    return [
        Sample(
            chart.code,
            tuple(Phase(phase.operation, phase.station, phase.p1, phase.p2, phase.max_s) for phase in chart.phases),
            tuple((codes[name], amount) for name, amount in chart.formula.items()),
        )
        for chart in menu.charts()
    ]
