"""What the browser fetches: every name that a page's modules import leads to a file, and what comes before the first
screen is all named in the page, and light."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parent.parent.parent / "web"
PAGES = sorted(path.name for path in WEB.glob("*.html"))
LIMIT_BYTES = 150 * 1024
_STATIC = re.compile(r"^(?:import|export)\b[^\"';()]*?from\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_STATIC_VENDORED = re.compile(r"import\s*[^\"';()]*?from\s*[\"']([^\"']+)[\"']")
_LATER = re.compile(r"\bimport\([\"']([^\"']+)[\"']\)")
_ENTRY = re.compile(r'<script type="module" src="/assets/([^"]+)"')
_MAP = re.compile(r'<script type="importmap">(.+?)</script>')


class Unresolved(Exception):
    """A name that the page's import map does not know, or that leads to no file."""


def modules(page: str, *, later: bool = False) -> list[str]:
    """Every module that a page's entry imports statically, the entry first; `later`: by `import()` too.
    Paths below `web`. Raises `Unresolved`."""
    named: dict[str, str] = json.loads(_MAP.findall(page)[0])["imports"]
    found, todo = [], [WEB / entry for entry in _ENTRY.findall(page)]
    while todo:
        path = todo.pop(0).resolve()
        if path in found:
            continue
        found.append(path)
        text = path.read_text()
        names = (_STATIC_VENDORED if "vendor" in path.parts else _STATIC).findall(text)
        for name in [*names, *(_LATER.findall(text) if later else [])]:
            todo.append(_file_of(name, path, named))
    return [path.relative_to(WEB).as_posix() for path in found]


def _file_of(name: str, importer: Path, named: dict[str, str]) -> Path:
    if name.startswith("."):
        path = importer.parent / name
    elif name in named:
        path = WEB / named[name].removeprefix("/assets/")
    else:
        raise Unresolved(f"{importer.name}: {name} is not in the page's import map")
    if not path.is_file():
        raise Unresolved(f"{importer.name}: there is no {name}")
    return path


def linked(page: str, rel: str) -> list[str]:
    return re.findall(rf'<link rel="{rel}" href="/assets/([^"]+)"', page)


def preload_faults(page: str) -> list[str]:
    """What the page should fetch ahead and does not, and the other way round."""
    wanted, there = modules(page)[1:], linked(page, "modulepreload")
    return [
        *(f"missing: {name}" for name in wanted if name not in there),
        *(f"needless: {name}" for name in there if name not in wanted),
        *(f"twice: {name}" for name in set(there) if there.count(name) > 1),
    ]


def index() -> str:
    return (WEB / "index.html").read_text()


def test_page_names_every_module_of_the_first_screen_and_no_other() -> None:
    assert preload_faults(index()) == []


def test_module_left_out_of_the_list_and_one_too_many_are_caught() -> None:
    line = '<link rel="modulepreload" href="/assets/js/format.mjs">\n'
    assert preload_faults(index().replace(line, "")) == ["missing: js/format.mjs"]
    needless = line.replace("format", "kiosk")
    assert preload_faults(index().replace(line, line + needless)) == ["needless: js/kiosk.mjs"]
    assert preload_faults(index().replace(line, line + line)) == ["twice: js/format.mjs"]


@pytest.mark.parametrize("name", PAGES)
def test_every_import_of_a_page_leads_to_a_file(name: str) -> None:
    assert len(modules((WEB / name).read_text(), later=True)) > 3


def test_name_missing_in_an_import_map_is_caught() -> None:
    page = re.sub(r',"qrcode-generator":"[^"]+"', "", (WEB / "pickup.html").read_text())
    with pytest.raises(Unresolved, match="qrcode-generator"):
        modules(page, later=True)


def test_no_module_is_left_that_no_page_imports() -> None:
    imported = {name for page in PAGES for name in modules((WEB / page).read_text(), later=True)}
    there = {path.relative_to(WEB).as_posix() for path in [*WEB.glob("js/**/*.mjs"), *WEB.glob("vendor/**/*.mjs")]}
    assert sorted(there - imported) == []


def test_first_screen_stays_within_its_weight() -> None:
    page = index()
    files = ["index.html", *_ENTRY.findall(page), *linked(page, "modulepreload"), *linked(page, "stylesheet")]
    packed = sum(len(gzip.compress((WEB / name).read_bytes(), 6)) for name in files)
    fonts = sum((WEB / name).stat().st_size for name in linked(page, "preload"))
    assert packed + fonts <= LIMIT_BYTES


def test_no_file_of_the_page_waits_for_a_picture_that_is_missing() -> None:
    text = "".join(path.read_text() for path in [*WEB.rglob("js/**/*.mjs"), *WEB.rglob("css/*.css")])
    named = set(re.findall(r"images/([a-z]+\.webp)", text))
    assert [name for name in sorted(named) if not (WEB / "images" / name).exists()] == []
