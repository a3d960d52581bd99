"""The Debian package as far as it can be judged without building it; `debian/try` does the rest in a bare Debian."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from kiosk.config import load
from kiosk.config.settings import Config

ROOT = Path(__file__).parent.parent
DEBIAN = ROOT / "debian"
SCRIPTS = ["build", "kiosk", "kiosk-update", "postinst", "postrm", "preinst", "prerm"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_is_one_that_a_shell_reads(name: str) -> None:
    done = subprocess.run(["sh", "-n", DEBIAN / name], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.access(DEBIAN / name, os.X_OK)


def test_settings_of_the_package_are_taken_and_stand_where_its_unit_may_write(tmp_path: Path) -> None:
    config: Config = load(DEBIAN / "config.toml", must_exist=True)
    assert config.is_demo
    assert str(config.database.path).startswith("/var/lib/kiosk/")
    unit = (ROOT / "systemd/kiosk.service").read_text() + (DEBIAN / "package.conf").read_text()
    credentials = {*re.findall(r"LoadCredential=(\w+):", unit)}
    named = {Path(config.auth.secret_file).name, Path(config.service.pin_file).name}
    assert named == credentials


def test_what_the_package_calls_settings_is_installed_there() -> None:
    build = (DEBIAN / "build").read_text()
    for line in (DEBIAN / "conffiles").read_text().split():
        assert Path(line).name in build
        assert str(Path(line).parent) in build


def test_unit_and_scripts_agree_where_the_program_lies() -> None:
    (start,) = re.findall(r"ExecStart=(\S+)", (ROOT / "systemd/kiosk.service").read_text())
    assert start in (DEBIAN / "kiosk").read_text()
    assert f"#!{Path(start).parent}/python3" in (DEBIAN / "build").read_text()
