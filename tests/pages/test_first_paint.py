"""What the browser fetches before the first screen: all of it named in the page, and light."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

WEB = Path(__file__).parent.parent.parent / "web"
BARE = {
    "preact": "vendor/preact/preact.mjs",
    "preact/hooks": "vendor/preact/hooks.mjs",
    "htm": "vendor/htm/htm.mjs",
}
LIMIT_BYTES = 150 * 1024
_IMPORT = re.compile(r"^(?:import|export)\b[^\"';()]*?from\s*[\"']([^\"']+)[\"']", re.MULTILINE)
_VENDORED = re.compile(r"import\s*[^\"';()]*?from\s*[\"']([^\"']+)[\"']")


def modules(entry: str) -> list[str]:
    """Every module that `entry` imports statically, itself first."""
    found, todo = [], [WEB / entry]
    while todo:
        path = todo.pop(0).resolve()
        if path in found:
            continue
        found.append(path)
        pattern = _VENDORED if "vendor" in path.parts else _IMPORT
        for name in pattern.findall(path.read_text()):
            todo.append(WEB / BARE[name] if name in BARE else path.parent / name)
    return [path.relative_to(WEB).as_posix() for path in found]


def linked(rel: str) -> list[str]:
    return re.findall(rf'<link rel="{rel}" href="/assets/([^"]+)"', (WEB / "index.html").read_text())


def test_page_names_every_module_of_the_first_screen_and_no_other() -> None:
    assert sorted(linked("modulepreload")) == sorted(modules("js/main.mjs")[1:])


def test_first_screen_stays_within_its_weight() -> None:
    files = ["index.html", "js/main.mjs", *linked("modulepreload"), *linked("stylesheet")]
    packed = sum(len(gzip.compress((WEB / name).read_bytes(), 6)) for name in files)
    fonts = sum((WEB / name).stat().st_size for name in linked("preload"))
    assert packed + fonts <= LIMIT_BYTES


def test_no_file_of_the_page_waits_for_a_picture_that_is_missing() -> None:
    text = "".join(path.read_text() for path in [*WEB.rglob("js/**/*.mjs"), *WEB.rglob("css/*.css")])
    named = set(re.findall(r"images/([a-z]+\.webp)", text))
    assert [name for name in sorted(named) if not (WEB / "images" / name).exists()] == []
