"""The touch screen's unit as systemd judges it, its flags against the browser that is installed, its policies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.chromium import QUIET_FEATURES
from tests.test_systemd import UNITS, analyze, needs_systemd

UNIT = UNITS / "kiosk-browser.service"
#: Measured to be in the binary of Debian 12's Chromium; others have gone from it over the years.
_LIBRARY = Path("/usr/lib/chromium/chromium")


def flags() -> list[str]:
    return re.findall(r"(?<= )--([a-z][a-z-]+)", UNIT.read_text().partition("ExecStart=")[2].partition("\nRestart")[0])


@needs_systemd
def test_systemd_understands_every_line_of_the_browsers_unit(tmp_path: Path) -> None:
    unit = tmp_path / "kiosk-browser.service"
    text = re.sub(r"(?ms)^ExecStart=.*?[^\\]$", "ExecStart=/bin/true", UNIT.read_text(), count=1)
    unit.write_text(text.replace("Wants=kiosk.service\n", "").replace(" kiosk.service", ""))
    done = analyze("verify", "--man=no", str(unit))
    assert done.stdout + done.stderr == ""


@needs_systemd
def test_systemd_understands_the_units_that_restart_the_browser(tmp_path: Path) -> None:
    units = [tmp_path / f"kiosk-browser-restart.{kind}" for kind in ("path", "service")]
    for unit in units:
        unit.write_text((UNITS / unit.name).read_text().replace("/bin/systemctl", "/bin/true"))
    done = analyze("verify", "--man=no", *map(str, units))
    assert done.stdout + done.stderr == ""
    assert "Also=kiosk-browser-restart.path" in UNIT.read_text().splitlines()


def test_the_browser_is_locked_in_and_forgets_at_each_start() -> None:
    wanted = {"kiosk", "noerrdialogs", "no-first-run", "hide-crash-restore-bubble", "disable-pinch"}
    wanted |= {"overscroll-history-navigation", "disable-component-update", "ozone-platform", "user-data-dir"}
    assert wanted <= set(flags())
    assert "--user-data-dir=/run/kiosk-browser/" in UNIT.read_text()
    assert "IPAddressDeny=any" in UNIT.read_text().splitlines()


@pytest.mark.skipif(not _LIBRARY.exists(), reason="no chromium to look into")
def test_every_flag_is_one_the_installed_browser_knows() -> None:
    binary = _LIBRARY.read_bytes()
    assert [flag for flag in flags() if flag.encode() not in binary] == []


def test_the_page_is_measured_in_a_browser_that_lacks_what_the_restaurants_lacks() -> None:
    named = re.search(r"--disable-features=(\S+)", UNIT.read_text())
    assert named is not None
    assert set(QUIET_FEATURES) <= set(named[1].split(","))


def test_policies_let_nothing_in_but_the_kiosk_itself() -> None:
    policies = json.loads((UNITS / "kiosk-browser.json").read_text())
    assert policies["URLBlocklist"] == ["*"]
    assert all(re.match(r"http://(127\.0\.0\.1|localhost):\d+$", url) for url in policies["URLAllowlist"])
    assert (policies["DeveloperToolsAvailability"], policies["PrintingEnabled"]) == (2, False)
