"""Documents keep their word: the README is short and right, the glossary's words exist, versions agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from drivers.sim.atol import device as atol
from drivers.sim.atol_web import device as atol_web
from drivers.sim.complex2.firmware import FAULTS as COMPLEX2_FAULTS
from drivers.sim.gateways.http import FAULTS as HTTP_FAULTS
from drivers.sim.gateways.menu import FAULTS as MENU_FAULTS
from drivers.sim.gateways.yookassa import FAULTS as YOOKASSA_FAULTS
from drivers.sim.inpas import device as inpas
from drivers.sim.nut.device import FAULTS as NUT_FAULTS
from drivers.sim.ofd import device as ofd
from drivers.sim.raif import device as raif
from drivers.sim.robot import device as robot
from drivers.sim.shtrih import device as shtrih
from drivers.sim.smtp.device import FAULTS as SMTP_FAULTS
from drivers.sim.tbank import device as tbank
from drivers.sim.vtk import device as vtk
from kiosk.cli import main
from kiosk.config.settings import Config
from kiosk.domain.events import EVENT_TYPES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
SOURCES = [
    path
    for folder in ("kiosk", "drivers", "web")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".sql", ".mjs") and "vendor" not in path.parts
]

PATH = re.compile(r"[\"'](/(?:api|internal)/[\w{}/-]+)")
CALL = re.compile(r"(/(?:api|internal)/[\w/?=&-]+)")
FAULTS = (
    shtrih.KNOWN_FAULTS,
    atol.KNOWN_FAULTS,
    atol_web.KNOWN_FAULTS,
    robot.FAULTS,
    COMPLEX2_FAULTS,
    HTTP_FAULTS,
    MENU_FAULTS,
    SMTP_FAULTS,
    NUT_FAULTS,
    ofd.FAULTS,
    vtk.KNOWN_FAULTS,
    tbank.FAULTS,
    inpas.FAULTS,
    raif.FAULTS,
    YOOKASSA_FAULTS,
)


def words_of_the_code() -> set[str]:
    return {word for path in SOURCES for word in re.findall(r"\w+", path.read_text("utf-8"))}


def words_of_the_glossary(text: str) -> set[str]:
    """What stands in backticks in the second column of its tables."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
    return {word for row in rows for word in re.findall(r"`(\w+)`", row[2])} - {"code"}


def test_readme_can_be_read_at_one_look() -> None:
    assert len(README.splitlines()) <= 140


def test_settings_of_the_readme_are_settings() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert msgspec.convert(tomllib.loads(block), Config)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(tomllib.loads(block.replace("driver =", "drivr =")), Config)


def test_words_of_the_glossary_are_words_of_the_code() -> None:
    words = words_of_the_glossary(GLOSSARY)
    assert len(words) > 80
    assert words - words_of_the_code() == set()
    assert words_of_the_glossary("| x | `no_such_word_anywhere` | |") - words_of_the_code() == {"no_such_word_anywhere"}


def test_version_of_the_command_is_that_of_the_project_and_the_newest_of_the_changelog(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    told = capsys.readouterr().out.strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] – \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)
    assert told == project["version"] == versions[0], "make setup tells the installed command of another version"
    assert versions == sorted(versions, reverse=True)


def names_of_the_settings() -> set[str]:
    """Every key, also of sections in sections."""
    found: set[str] = set()
    left = [Config]
    while left:
        for field in msgspec.structs.fields(left.pop()):
            inner = [kind for kind in (field.type, *get_args(field.type)) if is_struct(kind)]
            inner += [kind for part in get_args(field.type) for kind in get_args(part) if is_struct(kind)]
            left += inner
            found |= set() if inner else {field.encode_name}
    return found


def is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def test_every_setting_is_in_the_document() -> None:
    told = set(re.findall(r"\w+", (ROOT / "docs/settings.md").read_text("utf-8")))
    names = names_of_the_settings()
    assert len(names) > 60
    assert names - told == set()


def paths_of_the_code() -> set[str]:
    """Every path of the API that code names, its places in braces as `*`."""
    named = {path for file in (ROOT / "kiosk").rglob("*.py") for path in PATH.findall(file.read_text("utf-8"))}
    return {re.sub(r"\{[^}]*\}", "*", path) for path in named}


def paths_of_the_document(text: str) -> set[str]:
    return {re.sub(r"/[A-Z]{2,}(?=/|$)", "/*", path.partition("?")[0].rstrip("*/")) for path in CALL.findall(text)}


def test_calls_of_the_document_are_calls_of_the_code() -> None:
    known = paths_of_the_code()
    named = paths_of_the_document((ROOT / "docs/http.md").read_text("utf-8"))
    assert len(named) > 20
    assert {path for path in named if not any(one == path or one.startswith(f"{path}/") for one in known)} == set()
    assert paths_of_the_document("`POST /api/orders/ID/paymant`") & known == set()


def test_events_of_the_document_are_the_events() -> None:
    listed = set(re.findall(r"`(\w+Event)`", (ROOT / "docs/http.md").read_text("utf-8")))
    assert listed == EVENT_TYPES.keys()


def test_faults_of_the_document_are_those_that_devices_know() -> None:
    text = (ROOT / "docs/simulators.md").read_text("utf-8")
    rows = text.split("| device | faults |", 1)[1].split("\n\n", 1)[0]
    known = {name for device in FAULTS for name in device}
    assert set(re.findall(r"`(\w+)`", rows)) == known
