"""A new site is set up by answers alone: what the settings do not take is asked again, what was there stays."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from kiosk.config import load
from kiosk.site_setup import QUESTIONS
from kiosk.wiring.setting_up import set_up

ANSWERS = {
    "restaurant.name": "Уголёк",
    "restaurant.legal_name": "ООО «Уголёк»",
    "restaurant.address": "г. Казань, ул. Баумана, 1",
    "restaurant.inn": "7707083893",
    "restaurant.tax_system": "usn_income",
    "restaurant.timezone": "Europe/Moscow",
    "fiscal.driver": "atol",
    "fiscal.port": "/dev/kiosk/fiscal",
    "robot.port": "tcp://192.168.1.20:502",
    "payment.methods": "terminal, till",
    "terminal.port": "/dev/kiosk/reader",
    "standby.folder": "",
}
_KEYS = {question.words.en: question.where.removeprefix("$.") for question in QUESTIONS}
_MOST = 50


class Person:
    """Answers by the question; wrong at first where `slips` says so."""

    def __init__(self, slips: Mapping[str, str] = MappingProxyType({})) -> None:
        self._slips = dict(slips)
        self.told: list[str] = []
        self.asked: list[str] = []

    def answer(self, words: str, now: str) -> str:
        key = _KEYS[words]
        self.asked.append(key)
        assert len(self.asked) < _MOST, self.told[-5:]
        return self._slips.pop(key, ANSWERS[key])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "config.toml"
    found.write_text('# ours\n[server]\nport = 8090 # the panel asks here\n\n[fiscal]\nport = "/dev/old"\n')
    return found


async def test_answers_become_settings_and_comments_stay(file: Path) -> None:
    person = Person()
    assert await set_up(file, load(file), "en", person.answer, person.told.append)
    config = load(file)
    assert (config.restaurant.name, config.restaurant.inn) == ("Уголёк", "7707083893")
    assert (config.registrars[0].driver, config.registrars[0].port) == ("atol", "/dev/kiosk/fiscal")
    assert config.payment.methods == ["terminal", "till"]
    assert config.server.port == 8090
    assert "# the panel asks here" in file.read_text()
    assert "/dev/old" in file.with_name("config.toml.before").read_text()
    assert person.asked == list(ANSWERS)  # nobody pays by a code: its bank is not asked about


async def test_what_cannot_be_is_asked_again_with_its_line(file: Path) -> None:
    person = Person({"restaurant.inn": "12", "payment.methods": "barter", "restaurant.timezone": "Moscow"})
    assert await set_up(file, load(file), "en", person.answer, person.told.append)
    assert {line.split(":")[0] for line in person.told if line.startswith("$")} >= {
        "$.restaurant.inn",
        "$.restaurant.timezone",
    }
    assert load(file).restaurant.inn == "7707083893"


async def test_who_leaves_in_between_has_changed_nothing(file: Path) -> None:
    before = file.read_text()
    left = iter(["Уголёк", "ООО «Уголёк»"])

    def ask(words: str, now: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    with pytest.raises(EOFError):
        await set_up(file, load(file), "en", ask, lambda line: None)
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


async def test_an_empty_folder_gets_its_first_file(tmp_path: Path) -> None:
    person, file = Person(), tmp_path / "config.toml"
    # a registrar that is not simulated: no port of this machine is looked at
    file.write_text('[fiscal]\nport = "/dev/kiosk/fiscal"\n')
    config = load(file)
    file.unlink()
    assert await set_up(file, config, "en", person.answer, person.told.append)
    assert tomllib.loads(file.read_text())["robot"]["port"] == "tcp://192.168.1.20:502"
