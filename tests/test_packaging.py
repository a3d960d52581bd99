"""The wheel: everything the process reads besides Python travels in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built without network: hatchling alone, called as a front end would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def tree(folder: str, pattern: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(pattern) if path.is_file()}


def test_the_wheel_holds_every_module(wheel: zipfile.ZipFile) -> None:
    assert tree("kiosk", "*.py") | tree("drivers", "*.py") <= set(wheel.namelist())


def test_the_wheel_holds_the_demo_and_the_schema(wheel: zipfile.ZipFile) -> None:
    wanted = {"kiosk/demo/menu.toml", "kiosk/store/schema.sql"}
    assert wanted | tree("kiosk/demo", "*.toml") | tree("kiosk/store", "*.sql") <= set(wheel.namelist())
    assert any(name.startswith("kiosk/store/migrations/") for name in wheel.namelist())


def test_the_wheel_holds_the_pages(wheel: zipfile.ZipFile) -> None:
    assert "kiosk/web/index.html" in wheel.namelist()
    pages = {f"kiosk/{name}" for name in tree("web", "*")}
    kinds = {Path(name).suffix for name in pages}
    assert {".html", ".mjs", ".css", ".webp", ".woff2"} <= kinds
    assert pages == {name for name in wheel.namelist() if name.startswith("kiosk/web/")}


def test_nothing_of_a_run_or_of_the_tests_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    rooms = {name.split("/")[0] for name in wheel.namelist()}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"kiosk", "drivers"}
    assert [name for name in wheel.namelist() if name.endswith((".pyc", ".db", ".secret", ".sock"))] == []


def test_the_wheel_brings_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert "kiosk = kiosk.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


def test_what_was_unpacked_reads_its_menu_pages_and_schema_elsewhere(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    script = (
        "import kiosk; from kiosk.catalogue import load_menu, web_root\n"
        "from kiosk.store.file.opening import migrations\n"
        "assert load_menu(None).dishes and migrations() and (web_root() / 'index.html').is_file()\n"
        "print(kiosk.__file__, web_root())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert all(word.startswith(str(tmp_path / "site")) for word in done.stdout.split()), done.stdout
